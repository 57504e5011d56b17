//! `UNION`, `INTERSECT`, `EXCEPT`.

use std::sync::Arc;

use datafusion::{
    common::{JoinType, NullEquality},
    logical_expr::{Expr as DfExpr, Join, JoinConstraint, LogicalPlan, Union},
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{TypedExpr, error::from_datafusion};
use kindling_spec::{DataType, Relation, SetOpType};

use super::{Resolved, Resolver, plan};
use crate::Attribute;

impl Resolver<'_> {
    #[allow(clippy::too_many_arguments)] // They are the relation's fields.
    pub(super) fn set_operation(
        &mut self,
        left: &Relation,
        right: &Relation,
        op: SetOpType,
        all: bool,
        by_name: bool,
        allow_missing_columns: bool,
    ) -> SparkResult<Resolved> {
        let left = self.relation(left)?;
        let right = self.relation(right)?;
        let (left, right) =
            if by_name { self.match_by_name(left, right, allow_missing_columns)? } else { (left, right) };
        self.set_operation_resolved(left, right, op, all)
    }

    pub(super) fn set_operation_resolved(
        &mut self,
        left: Resolved,
        right: Resolved,
        op: SetOpType,
        all: bool,
    ) -> SparkResult<Resolved> {
        let (left, right, columns) = self.widen(left, right, op, all)?;
        match (op, all) {
            (SetOpType::Union, all) => {
                let union = union(vec![left, right])?;
                let plan = if all { union } else { plan::distinct(union) };
                Ok(Resolved::new(plan, columns))
            }
            (SetOpType::Intersect, false) => self.semi(left, right, columns, JoinType::LeftSemi),
            (SetOpType::Except, false) => self.semi(left, right, columns, JoinType::LeftAnti),
            (SetOpType::Intersect | SetOpType::Except, true) => self.counted(left, right, columns, op),
        }
    }

    /// Projects both sides to the same new columns, cast to their common types.
    fn widen(
        &mut self,
        left: Resolved,
        right: Resolved,
        op: SetOpType,
        all: bool,
    ) -> SparkResult<(LogicalPlan, LogicalPlan, Vec<Attribute>)> {
        let operator = operator_name(op, all);
        // Rows are compared, for which there is one zero and one NaN.
        let compared = op != SetOpType::Union || !all;
        let (a, b) = (left.attributes().to_vec(), right.attributes().to_vec());
        if a.len() != b.len() {
            return Err(SparkError::analysis("NUM_COLUMNS_MISMATCH")
                .param("operator", operator)
                .param("firstNumColumns", a.len().to_string())
                .param("invalidOrdinalNum", "second")
                .param("invalidNumColumns", b.len().to_string()));
        }
        let mut columns = Vec::with_capacity(a.len());
        let mut left_items = Vec::with_capacity(a.len());
        let mut right_items = Vec::with_capacity(a.len());
        for (index, (x, y)) in a.iter().zip(&b).enumerate() {
            let (ansi, types) = (self.functions.ansi, (&x.data_type, &y.data_type));
            let common = if types.0 == types.1 {
                x.data_type.clone()
            } else {
                kindling_functions::coercion::wider_type_for_set_operation(types.0, types.1, ansi).ok_or_else(|| {
                    SparkError::analysis("INCOMPATIBLE_COLUMN_TYPE")
                        .param("operator", operator)
                        .param("columnOrdinalNumber", ordinal(index))
                        .param("tableOrdinalNumber", "second")
                        .param("dataType1", format!("\"{}\"", y.data_type.sql()))
                        .param("dataType2", format!("\"{}\"", x.data_type.sql()))
                        .param("hint", "")
                })?
            };
            if compared && holds_map(&common) {
                return Err(SparkError::analysis("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE")
                    .param("colName", kindling_spec::quote_identifier(&x.name))
                    .param("dataType", format!("\"{}\"", common.sql())));
            }
            let nullable = match op {
                SetOpType::Union => x.nullable || y.nullable,
                SetOpType::Intersect => x.nullable && y.nullable,
                SetOpType::Except => x.nullable,
            };
            let column = Attribute {
                id: self.state.next_id(),
                data_type: common.clone(),
                nullable,
                qualifier: vec![],
                ..x.clone()
            };
            for (side, items) in [(x, &mut left_items), (y, &mut right_items)] {
                let mut value = self.cast_typed(side.typed(), &common)?;
                if compared {
                    value = self.normalized_for_grouping(value)?;
                }
                items.push((value.expr, column.clone()));
            }
            columns.push(column);
        }
        let left = plan::project_items(left.plan, &left_items)?;
        let right = plan::project_items(right.plan, &right_items)?;
        Ok((left, right, columns))
    }

    /// Brings the right side's columns into the left's order by name.
    fn match_by_name(
        &mut self,
        left: Resolved,
        right: Resolved,
        allow_missing: bool,
    ) -> SparkResult<(Resolved, Resolved)> {
        for side in [&left, &right] {
            self.check_duplicates(side.attributes())?;
        }
        let (a, b) = (left.attributes().to_vec(), right.attributes().to_vec());
        let find = |list: &[Attribute], name: &str| list.iter().find(|c| self.names.same(&c.name, name)).cloned();
        let mut left_items: Vec<(DfExpr, Attribute)> = a.iter().map(|c| (c.column(), c.clone())).collect();
        let mut right_items = Vec::with_capacity(a.len());
        for column in &a {
            match find(&b, &column.name) {
                Some(found) => right_items.push((found.column(), found)),
                None if allow_missing => right_items.push(self.missing(column)?),
                None => {
                    let names: Vec<&str> = b.iter().map(|column| column.name.as_str()).collect();
                    return Err(SparkError::analysis("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES")
                        .param("colName", format!("\"{}\"", column.name))
                        .param("fieldNames", names.join(", ")));
                }
            }
        }
        for column in &b {
            if find(&a, &column.name).is_some() {
                continue;
            }
            if !allow_missing {
                return Err(SparkError::analysis("NUM_COLUMNS_MISMATCH")
                    .param("operator", "UNION")
                    .param("firstNumColumns", a.len().to_string())
                    .param("invalidOrdinalNum", "second")
                    .param("invalidNumColumns", b.len().to_string()));
            }
            left_items.push(self.missing(column)?);
            right_items.push((column.column(), column.clone()));
        }
        let project = |side: Resolved, items: Vec<(DfExpr, Attribute)>| -> SparkResult<Resolved> {
            let plan = plan::project_items(side.plan, &items)?;
            Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
        };
        Ok((project(left, left_items)?, project(right, right_items)?))
    }

    fn missing(&self, column: &Attribute) -> SparkResult<(DfExpr, Attribute)> {
        let null = TypedExpr::null(column.data_type.clone())?;
        let attribute = Attribute { id: self.state.next_id(), nullable: true, plan_ids: vec![], ..column.clone() };
        Ok((null.expr, attribute))
    }

    pub(super) fn check_duplicates(&self, columns: &[Attribute]) -> SparkResult<()> {
        let mut seen = std::collections::HashSet::new();
        match columns.iter().find(|column| !seen.insert(self.names.key(&column.name))) {
            Some(column) => Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                .param("columnName", kindling_spec::quote_identifier(&self.names.key(&column.name)))),
            None => Ok(()),
        }
    }

    /// Distinct rows of the left side that are (not) on the right; nulls are equal.
    fn semi(
        &mut self,
        left: LogicalPlan,
        right: LogicalPlan,
        columns: Vec<Attribute>,
        join_type: JoinType,
    ) -> SparkResult<Resolved> {
        let (right, renamed) = self.renamed(right, &columns)?;
        let on = columns.iter().zip(&renamed).map(|(a, b)| (a.column(), b.column())).collect();
        let join = Join::try_new(
            Arc::new(plan::distinct(left)),
            Arc::new(right),
            on,
            None,
            join_type,
            JoinConstraint::On,
            NullEquality::NullEqualsNull,
            false,
        )
        .map_err(from_datafusion)?;
        Ok(Resolved::new(LogicalPlan::Join(join), columns))
    }

    fn renamed(&mut self, plan: LogicalPlan, columns: &[Attribute]) -> SparkResult<(LogicalPlan, Vec<Attribute>)> {
        let items: Vec<_> = columns
            .iter()
            .map(|column| (column.column(), Attribute { id: self.state.next_id(), ..column.clone() }))
            .collect();
        let plan = plan::project_items(plan, &items)?;
        Ok((plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    /// `INTERSECT ALL` and `EXCEPT ALL`: rows are counted on both sides and repeated (Spark's
    /// `RewriteIntersectAll` and `RewriteExceptAll`).
    fn counted(
        &mut self,
        left: LogicalPlan,
        right: LogicalPlan,
        columns: Vec<Attribute>,
        op: SetOpType,
    ) -> SparkResult<Resolved> {
        let sides = [left, right];
        let mark = |name: &str| self.attribute(name, &TypedExpr::long(0));
        let marks = [mark("vcol1"), mark("vcol2")];
        let mut inputs = vec![];
        for (side, plan) in sides.into_iter().enumerate() {
            let mut items: Vec<(DfExpr, Attribute)> = columns.iter().map(|c| (c.column(), c.clone())).collect();
            for (index, mark) in marks.iter().enumerate() {
                let one = i64::from(index == side);
                items.push((datafusion::logical_expr::lit(one), mark.clone()));
            }
            inputs.push(plan::project_items(plan, &items)?);
        }
        let sum = |mark: &Attribute| datafusion::functions_aggregate::expr_fn::sum(mark.column());
        let sums: Vec<DfExpr> = marks.iter().map(sum).collect();
        let group = columns.iter().map(Attribute::column).collect();
        let aggregated = plan::aggregate(union(inputs)?, group, sums.clone())?;
        let count = |index: usize| {
            let name = sums.get(index).map(|sum| sum.schema_name().to_string()).unwrap_or_default();
            TypedExpr::column(name, DataType::Long, false)
        };
        let value = |typed: TypedExpr| super::expression::Value::new(typed, "count");
        let times = match op {
            SetOpType::Except => self.scalar("-", vec![value(count(0)), value(count(1))])?,
            _ => self.scalar("least", vec![value(count(0)), value(count(1))])?,
        };
        let zero = super::expression::Value::new(TypedExpr::long(0), "0");
        let positive = self.scalar(">", vec![times.clone(), zero])?;
        let filtered = plan::filter(aggregated, positive.typed.expr)?;
        self.replicate(filtered, times, columns)
    }
}

fn operator_name(op: SetOpType, all: bool) -> &'static str {
    match (op, all) {
        (SetOpType::Union, _) => "UNION",
        (SetOpType::Intersect, false) => "INTERSECT",
        (SetOpType::Intersect, true) => "INTERSECT ALL",
        (SetOpType::Except, false) => "EXCEPT",
        (SetOpType::Except, true) => "EXCEPT ALL",
    }
}

fn holds_map(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map { .. } => true,
        DataType::Array { element, .. } => holds_map(element),
        DataType::Struct(fields) => fields.fields.iter().any(|field| holds_map(&field.data_type)),
        _ => false,
    }
}

fn ordinal(index: usize) -> String {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    WORDS.get(index).map_or_else(|| format!("{}th", index + 1), ToString::to_string)
}

/// A union of plans whose columns have the same names and types.
pub(super) fn union(inputs: Vec<LogicalPlan>) -> SparkResult<LogicalPlan> {
    match <[LogicalPlan; 1]>::try_from(inputs) {
        Ok([only]) => Ok(only),
        Err(inputs) => {
            // A union of unions is one union, as Spark's `CombineUnions` makes it.
            let mut flat = vec![];
            for input in inputs {
                match input {
                    LogicalPlan::Union(union) => flat.extend(union.inputs),
                    other => flat.push(Arc::new(other)),
                }
            }
            Union::try_new_with_loose_types(flat).map(LogicalPlan::Union).map_err(from_datafusion)
        }
    }
}
