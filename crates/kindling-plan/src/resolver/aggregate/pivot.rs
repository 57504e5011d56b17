//! `PIVOT` and `groupBy(…).pivot(…)`.
//!
//! As Spark does it: groups by the keys and the pivot column first, then one column a value picks its group's
//! aggregates, so that a combination without rows is null.

use arrow::array::Array;
use datafusion::{logical_expr::Expr as DfExpr, scalar::ScalarValue};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_functions::{AggregateOptions, TypedExpr};
use kindling_spec::{
    Aggregate, CastMode, DataType, Expr, ExprKind, GroupType, Literal, Origin, PivotClause, Relation, RelationKind,
};

use crate::{
    AnalyzedPlan, Attribute,
    resolver::{
        Resolved, Resolver,
        expression::{ExprContext, Text, Value, replace_calls},
        plan,
        scope::Scope,
    },
};

/// A value of the pivot column and the name of its columns.
struct PivotValue {
    value: Value,
    name: String,
}

impl Resolver<'_> {
    pub(super) fn pivot_aggregate(&mut self, aggregate: &Aggregate) -> SparkResult<Resolved> {
        let Some((column, values)) = &aggregate.pivot else {
            return Err(SparkError::internal("a pivot without its column"));
        };
        if aggregate.group_type != GroupType::GroupBy {
            return Err(SparkError::unsupported("pivot over ROLLUP or CUBE"));
        }
        let mut pivot_values = vec![];
        for literal in values {
            let value = self.constant(&Expr::literal(literal.clone()))?;
            let name = self.value_name(&value)?;
            pivot_values.push(PivotValue { value, name });
        }
        if values.is_empty() {
            pivot_values = self.distinct_values(&aggregate.input, column)?;
        }
        self.pivoted(&aggregate.input, &aggregate.grouping, column, &aggregate.aggregates, pivot_values)
    }

    pub(in crate::resolver) fn pivot(&mut self, pivot: &PivotClause) -> SparkResult<Resolved> {
        let input = self.relation(&pivot.input)?;
        let scope = input.scope.clone();
        let mut used: Vec<u64> = vec![];
        for expr in pivot.aggregates.iter().chain(&pivot.columns) {
            let mut names = vec![];
            referenced(expr, &mut names);
            for name in names {
                if let Some(found) = scope.find(self.names, &name)? {
                    used.push(found.attribute.id);
                }
            }
        }
        let grouping: Vec<Expr> = scope
            .attributes
            .iter()
            .filter(|attribute| !used.contains(&attribute.id))
            .map(|attribute| Expr::column(attribute.qualifier.iter().chain([&attribute.name]).cloned()))
            .collect();
        let column = match pivot.columns.as_slice() {
            [column] => column.clone(),
            columns => Expr::call("struct", columns.to_vec()),
        };
        let mut values = vec![];
        for expr in &pivot.values {
            let (inner, alias) = match &expr.kind {
                ExprKind::Alias { expr, names, .. } => (expr.as_ref(), names.first().cloned()),
                _ => (expr, None),
            };
            let value = self.constant(inner)?;
            let name = match alias {
                Some(alias) => alias,
                None => self.value_name(&value)?,
            };
            values.push(PivotValue { value, name });
        }
        self.pivoted(&pivot.input, &grouping, &column, &pivot.aggregates, values)
    }

    fn pivoted(
        &mut self,
        input: &Relation,
        grouping: &[Expr],
        column: &Expr,
        aggregates: &[Expr],
        values: Vec<PivotValue>,
    ) -> SparkResult<Resolved> {
        let mut keys = grouping.to_vec();
        keys.push(column.clone());
        let grouped = Aggregate {
            input: input.clone(),
            group_type: GroupType::GroupBy,
            grouping: keys,
            grouping_sets: vec![],
            aggregates: aggregates.to_vec(),
            with_grouping_expressions: true,
            pivot: None,
        };
        let grouped = self.relation(&RelationKind::Aggregate(Box::new(grouped)).into())?;
        let attributes = grouped.attributes().to_vec();
        let split = attributes.len().saturating_sub(aggregates.len() + 1);
        let (keys, rest) = attributes.split_at(split.min(attributes.len()));
        let Some((pivot, results)) = rest.split_first() else {
            return Err(SparkError::internal("a pivot without its column"));
        };
        let mut calls: Vec<DfExpr> = vec![];
        let mut items: Vec<(DfExpr, Attribute)> = keys.iter().map(|key| (key.column(), key.clone())).collect();
        for value in &values {
            let mut wanted = value.value.clone();
            if let (DataType::Struct(of), DataType::Struct(to)) = (&wanted.typed.data_type, &pivot.data_type)
                && of.fields.len() == to.fields.len()
            {
                // The fields of a tuple of values have no names of their own.
                wanted.typed = self.cast_typed(wanted.typed, &pivot.data_type)?;
            }
            let matches = self.scalar("<=>", vec![Value::of_attribute(pivot), wanted])?;
            for result in results {
                let name = match results {
                    [_] => value.name.clone(),
                    _ => format!("{}_{}", value.name, result.name),
                };
                let picked = self.first_where(result, matches.typed.expr.clone(), &mut calls)?;
                let attribute = self.attribute(name, &picked);
                items.push((picked.expr, attribute));
            }
        }
        let group: Vec<DfExpr> = keys.iter().map(Attribute::column).collect();
        let plan = plan::aggregate(grouped.plan, group, calls)?;
        let plan = plan::project_items(plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    /// `first(column) FILTER (WHERE condition)`
    fn first_where(
        &mut self,
        column: &Attribute,
        condition: DfExpr,
        calls: &mut Vec<DfExpr>,
    ) -> SparkResult<TypedExpr> {
        let entry = kindling_functions::lookup("first").ok_or_else(|| SparkError::unsupported("function first"))?;
        let text = Text { call: format!("first({})", column.name), arguments: vec![column.name.clone()] };
        let options = AggregateOptions { filter: Some(condition), ..AggregateOptions::default() };
        let built = self.with_call_context(&Origin::None, &text, |call| {
            entry.build_aggregate(call, vec![column.typed()], &options)
        })?;
        let expr = replace_calls(built.expr, |node| matches!(node, DfExpr::AggregateFunction(_)), calls)?;
        Ok(TypedExpr::new(expr, built.data_type, true))
    }

    fn constant(&mut self, expr: &Expr) -> SparkResult<Value> {
        let scope = Scope::default();
        let mut context = ExprContext::new(&scope, "PIVOT");
        let value = self.expression(expr, &mut context)?;
        if kindling_functions::fold(&value.typed)?.is_none() {
            return Err(SparkError::analysis("NON_LITERAL_PIVOT_VALUES")
                .param("expression", format!("\"{}\"", value.text))
                .at(&expr.origin));
        }
        Ok(value)
    }

    /// A value cast to a string, which names its columns.
    fn value_name(&mut self, value: &Value) -> SparkResult<String> {
        let text = self.cast(value.clone(), &DataType::String, CastMode::Legacy, &Origin::None)?;
        Ok(match kindling_functions::fold(&text.typed)? {
            Some(ScalarValue::Utf8(Some(text))) => text,
            _ => "null".into(),
        })
    }

    /// The distinct values of the pivot column in order: Spark runs a query for them, too.
    fn distinct_values(&mut self, input: &Relation, column: &Expr) -> SparkResult<Vec<PivotValue>> {
        let limit = self.conf.integer(&conf::PIVOT_MAX_VALUES).max(0);
        let distinct: Relation =
            RelationKind::Distinct { input: Box::new(input.clone().project(vec![column.clone().alias("value")])) }
                .into();
        let order = kindling_spec::SortOrder {
            child: Expr::column(["value"]),
            direction: kindling_spec::SortDirection::Ascending,
            null_ordering: None,
        };
        let sorted: Relation =
            RelationKind::Sort { input: Box::new(distinct), order: vec![order], global: true }.into();
        let limited: Relation =
            RelationKind::Limit { input: Box::new(sorted), limit: Box::new(Expr::literal(Literal::Long(limit + 1))) }
                .into();
        let resolved = self.relation(&limited)?;
        let output = resolved.attributes().to_vec();
        let data_type = output.first().map_or(DataType::Null, |a| a.data_type.clone());
        let plan = plan::select_attributes(resolved.plan, &output)?;
        let batches =
            self.state.collect(&AnalyzedPlan { plan, output, analyzed_at: self.functions.query_start_micros })?;
        let mut values = vec![];
        for batch in batches {
            let Some(array) = batch.columns().first() else { continue };
            for row in 0..array.len() {
                let scalar =
                    ScalarValue::try_from_array(array, row).map_err(kindling_functions::error::from_datafusion)?;
                let nullable = scalar.is_null();
                let typed = TypedExpr::new(DfExpr::Literal(scalar, None), data_type.clone(), nullable);
                let value = Value::new(typed, "value");
                let name = self.value_name(&value)?;
                values.push(PivotValue { value, name });
            }
        }
        if values.len() as i64 > limit {
            return Err(SparkError::internal(format!(
                "The pivot column has more than {limit} distinct values, this could indicate an error. If this was \
                 intended, set spark.sql.pivotMaxValues to at least the number of distinct values of the pivot column"
            )));
        }
        Ok(values)
    }
}

/// The columns that an expression names.
fn referenced(expr: &Expr, names: &mut Vec<Vec<String>>) {
    match &expr.kind {
        ExprKind::UnresolvedAttribute { name_parts, .. } => names.push(name_parts.clone()),
        ExprKind::UnresolvedFunction(function) => {
            function.arguments.iter().chain(function.filter.as_deref()).for_each(|expr| referenced(expr, names));
        }
        ExprKind::Alias { expr, .. } | ExprKind::Cast { expr, .. } => referenced(expr, names),
        ExprKind::UnresolvedExtractValue { child, extraction } => {
            referenced(child, names);
            referenced(extraction, names);
        }
        _ => {}
    }
}
