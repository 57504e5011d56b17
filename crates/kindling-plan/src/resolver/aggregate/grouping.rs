//! Keys: ordinals, aliases of the select list, `GROUP BY ALL`, and grouping sets.

use arrow::datatypes::DataType as ArrowType;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr as DfExpr, Operator, lit};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_functions::TypedExpr;
use kindling_spec::{DataType, Expr, ExprKind, GroupType, Literal};

use super::state::{GroupKey, GroupingColumn, ordered};
use crate::resolver::{
    Resolved, Resolver,
    expression::{ExprContext, Value},
    plan,
    scope::Scope,
};

impl Resolver<'_> {
    /// The grouping expressions as written, with ordinals, aliases and `ALL` replaced by what they stand for.
    pub(super) fn written_keys(
        &mut self,
        grouping: &[Expr],
        list: &[Expr],
        is_sql: bool,
        scope: &Scope,
    ) -> SparkResult<Vec<Expr>> {
        if let [Expr { kind: ExprKind::UnresolvedAttribute { name_parts, plan_id: None, .. }, .. }] = grouping
            && is_sql
            && matches!(name_parts.as_slice(), [name] if name.eq_ignore_ascii_case("all"))
            && scope.find(self.names, name_parts)?.is_none()
            && self.alias_of(list, name_parts).is_none()
        {
            let mut keys = vec![];
            for item in list {
                if !self.holds_aggregate(item)? {
                    keys.push(without_alias(item).clone());
                }
            }
            return Ok(keys);
        }
        grouping.iter().map(|key| self.written_key(key, list, is_sql, scope)).collect()
    }

    pub(super) fn written_key(&mut self, key: &Expr, list: &[Expr], is_sql: bool, scope: &Scope) -> SparkResult<Expr> {
        match &key.kind {
            ExprKind::Literal(Literal::Integer(ordinal)) if is_sql && self.conf.boolean(&conf::GROUP_BY_ORDINAL) => {
                if list.iter().any(|item| matches!(item.kind, ExprKind::UnresolvedStar { .. })) {
                    return Err(SparkError::analysis("STAR_GROUP_BY_POS"));
                }
                let expanded = self.expand_list(list, scope)?;
                let item = usize::try_from(*ordinal).ok().and_then(|n| n.checked_sub(1)).and_then(|n| expanded.get(n));
                let Some(item) = item else {
                    return Err(SparkError::analysis("GROUP_BY_POS_OUT_OF_RANGE")
                        .param("index", ordinal.to_string())
                        .param("size", expanded.len().to_string())
                        .at(&key.origin));
                };
                if self.holds_aggregate(item)? {
                    return Err(SparkError::analysis("GROUP_BY_POS_AGGREGATE")
                        .param("index", ordinal.to_string())
                        .param("aggExpr", "an aggregate function")
                        .at(&key.origin));
                }
                Ok(without_alias(item).clone())
            }
            ExprKind::UnresolvedAttribute { name_parts, plan_id: None, .. } => {
                let [name] = name_parts.as_slice() else { return Ok(key.clone()) };
                if scope.find(self.names, name_parts)?.is_some() {
                    return Ok(key.clone());
                }
                Ok(self.alias_of(list, std::slice::from_ref(name)).unwrap_or_else(|| key.clone()))
            }
            _ => Ok(key.clone()),
        }
    }

    /// The item of a select list that has an alias.
    fn alias_of(&self, list: &[Expr], name: &[String]) -> Option<Expr> {
        let [name] = name else { return None };
        list.iter().find_map(|item| match &item.kind {
            ExprKind::Alias { expr, names, .. } => match names.as_slice() {
                [alias] if self.names.same(alias, name) => Some(expr.as_ref().clone()),
                _ => None,
            },
            _ => None,
        })
    }

    /// A select list with its stars replaced by columns, for ordinals.
    fn expand_list(&mut self, list: &[Expr], scope: &Scope) -> SparkResult<Vec<Expr>> {
        let mut out = vec![];
        for item in list {
            if let ExprKind::UnresolvedStar { target: None, except, plan_id: None } = &item.kind
                && except.is_empty()
            {
                out.extend(
                    scope
                        .attributes
                        .iter()
                        .map(|attribute| Expr::column(attribute.qualifier.iter().chain([&attribute.name]).cloned())),
                );
            } else {
                out.push(item.clone());
            }
        }
        Ok(out)
    }

    /// Resolves keys over the input; those that are not columns are computed below the aggregate. Equal ones are one
    /// key: the third result says which keys each expression is.
    pub(super) fn keys(
        &mut self,
        input: Resolved,
        written: &[Expr],
    ) -> SparkResult<(Resolved, Vec<GroupKey>, Vec<Vec<usize>>)> {
        let input = self.with_time_windows(input, written)?;
        let scope = input.scope.clone();
        let mut keys: Vec<GroupKey> = Vec::with_capacity(written.len());
        let mut computed = vec![];
        let mut places = Vec::with_capacity(written.len());
        for expr in written {
            let mut place = vec![];
            let mut context = ExprContext::new(&scope, "GROUP BY");
            let values = match self.expand_if_star(expr, &mut context)? {
                Some(values) => values,
                None => vec![self.expression(expr, &mut context)?],
            };
            for value in values {
                let same =
                    |key: &GroupKey| key.expr == value.typed.expr || ordered(&key.expr) == ordered(&value.typed.expr);
                if let Some(known) = keys.iter().position(same) {
                    place.push(known);
                    continue;
                }
                place.push(keys.len());
                check_groupable(&value, expr)?;
                if matches!(value.typed.data_type, DataType::Map { .. }) {
                    let (key, entries) = self.map_key(value, expr)?;
                    computed.push((entries, key.column.clone()));
                    keys.push(key);
                    continue;
                }
                let (_, column) = self.named(&value);
                let is_column = value.attribute.is_some() && value.aliases.is_empty();
                let needs_normalizing = kindling_functions::coercion::holds_floats(&value.typed.data_type);
                let text = value.text.clone();
                let expr = value.typed.expr.clone();
                if is_column && !needs_normalizing {
                    keys.push(GroupKey { expr, text, column, restored: None });
                    continue;
                }
                // NaNs are one group, and so are zeros of both signs.
                let normalized = self.normalized_for_grouping(value.typed)?;
                let column = if is_column { crate::Attribute { id: self.state.next_id(), ..column } } else { column };
                computed.push((normalized.expr, column.clone()));
                keys.push(GroupKey { expr, text, column, restored: None });
            }
            places.push(place);
        }
        if computed.is_empty() {
            return Ok((input, keys, places));
        }
        let mut items: Vec<_> = scope
            .attributes
            .iter()
            .chain(&scope.hidden)
            .map(|attribute| (attribute.column(), attribute.clone()))
            .collect();
        items.extend(computed);
        let plan = plan::project_items(input.plan, &items)?;
        Ok((Resolved { plan, ..input }, keys, places))
    }

    /// A map as a key: its sorted entries, and the map that they make again.
    fn map_key(&mut self, value: Value, expr: &Expr) -> SparkResult<(GroupKey, DfExpr)> {
        let entries = self
            .scalar("map_entries", vec![value.clone()])
            .and_then(|entries| self.scalar("sort_array", vec![entries]))
            .map_err(|_| not_orderable(&value, expr))?;
        let column = self.attribute(value.text.clone(), &entries.typed);
        let restored = self.scalar("map_from_entries", vec![Value::of_attribute(&column)])?.typed;
        let key = GroupKey { expr: value.typed.expr, text: value.text, column, restored: Some(restored) };
        Ok((key, entries.typed.expr))
    }

    pub(in crate::resolver) fn normalized_for_grouping(&self, typed: TypedExpr) -> SparkResult<TypedExpr> {
        let text = crate::resolver::expression::Text { call: String::new(), arguments: vec![] };
        self.with_call_context(&kindling_spec::Origin::None, &text, |call| {
            Ok(kindling_functions::coercion::normalize_for_grouping(call, typed))
        })
    }
}

fn check_groupable(value: &Value, expr: &Expr) -> SparkResult<()> {
    match &value.typed.data_type {
        DataType::Variant => Err(not_orderable(value, expr)),
        _ => Ok(()),
    }
}

fn not_orderable(value: &Value, expr: &Expr) -> SparkError {
    SparkError::analysis("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE")
        .param("sqlExpr", format!("\"{}\"", value.text))
        .param("dataType", format!("\"{}\"", value.typed.data_type.sql()))
        .at(&expr.origin)
}

fn without_alias(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Alias { expr, .. } => expr,
        _ => expr,
    }
}

/// Grouping sets as positions in the list of keys.
pub(super) fn grouping_sets(group_type: GroupType, count: usize) -> Option<Vec<Vec<usize>>> {
    match group_type {
        GroupType::Rollup => Some((0..=count).rev().map(|n| (0..n).collect()).collect()),
        GroupType::Cube => {
            // Spark's order: all keys first, the bit of the first key changes last.
            let sets = (0..1_usize << count.min(20))
                .rev()
                .map(|bits| (0..count).filter(|index| bits >> (count - 1 - index) & 1 == 1).collect());
            Some(sets.collect())
        }
        GroupType::GroupBy | GroupType::GroupingSets => None,
    }
}

fn as_long(id: TypedExpr) -> DfExpr {
    DfExpr::Cast(Cast::new(Box::new(id.expr), ArrowType::Int64))
}

fn binary(left: DfExpr, op: Operator, right: DfExpr) -> DfExpr {
    DfExpr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

/// `grouping_id(…)`: the bits of its columns, the first one's highest.
pub(in crate::resolver) fn grouping_id(id: &TypedExpr, columns: &[GroupingColumn]) -> TypedExpr {
    let mut sum = lit(0_i64);
    for (index, column) in columns.iter().rev().enumerate() {
        let weight = lit(1_i64.checked_shl(index as u32).unwrap_or(0));
        sum = binary(sum, Operator::Plus, binary(bit_of(id, column), Operator::Multiply, weight));
    }
    TypedExpr::new(sum, DataType::Long, false)
}

/// `grouping(k)`: one bit of DataFusion's id.
pub(in crate::resolver) fn grouping_bit(id: &TypedExpr, column: &GroupingColumn) -> TypedExpr {
    let bit = DfExpr::Cast(Cast::new(Box::new(bit_of(id, column)), ArrowType::Int8));
    TypedExpr::new(bit, DataType::Byte, false)
}

fn bit_of(id: &TypedExpr, column: &GroupingColumn) -> DfExpr {
    match column.bit {
        Some(position) => {
            let shifted = binary(as_long(id.clone()), Operator::BitwiseShiftRight, lit(position as i64));
            binary(shifted, Operator::BitwiseAnd, lit(1_i64))
        }
        None => lit(1_i64),
    }
}
