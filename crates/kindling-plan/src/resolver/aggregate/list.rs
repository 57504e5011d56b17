//! An aggregate with its select list.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Aggregate, Expr, ExprKind, GroupType};

use super::{grouping::grouping_sets, state::AggregateState};
use crate::resolver::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Value},
    scope::Scope,
};

impl Resolver<'_> {
    pub(in crate::resolver) fn aggregate(&mut self, aggregate: &Aggregate) -> SparkResult<Resolved> {
        if aggregate.pivot.is_some() {
            return self.pivot_aggregate(aggregate);
        }
        let input = self.relation(&aggregate.input)?;
        let is_sql = !aggregate.with_grouping_expressions;
        let list = &aggregate.aggregates;
        let mut written = self.written_keys(&aggregate.grouping, list, is_sql, &input.scope)?;
        let sets = match aggregate.group_type {
            GroupType::GroupingSets => {
                let mut sets = vec![];
                for set in &aggregate.grouping_sets {
                    let mut positions = vec![];
                    for expr in set {
                        let key = self.written_key(expr, list, is_sql, &input.scope)?;
                        let known = written.iter().position(|known| known.kind == key.kind);
                        positions.push(known.unwrap_or_else(|| {
                            written.push(key);
                            written.len() - 1
                        }));
                    }
                    sets.push(positions);
                }
                Some(sets)
            }
            group_type => grouping_sets(group_type, written.len()),
        };
        let (input, keys, places) = self.keys(input, &written).map_err(|error| lateral_alias(error, list))?;
        let all_inferred = written.is_empty() && !aggregate.grouping.is_empty() && sets.is_none();
        // Equal expressions are one key.
        let sets = sets.map(|sets| {
            let set = |set: Vec<usize>| {
                let mut positions: Vec<usize> = vec![];
                for place in set.into_iter().filter_map(|index| places.get(index)).flatten() {
                    if !positions.contains(place) {
                        positions.push(*place);
                    }
                }
                positions
            };
            sets.into_iter().map(set).collect::<Vec<_>>()
        });
        let mut state = AggregateState {
            input_scope: input.scope.clone(),
            input: input.plan,
            keys,
            sets: None,
            written: vec![],
            aggregates: vec![],
            having: vec![],
            having_adds: false,
            windows: vec![],
            items: vec![],
        };
        if let Some(sets) = sets {
            in_order_of_appearance(&mut state, sets);
        }
        let mut leading = vec![];
        if aggregate.with_grouping_expressions {
            leading.extend(state.keys.iter().map(|key| Value {
                attribute: key.restored.is_none().then(|| key.column.clone()),
                ..Value::new(key.value(), key.text.clone())
            }));
        }
        self.with_list(state, leading, list).map_err(|error| match error.condition {
            "MISSING_GROUP_BY" if all_inferred => SparkError::analysis("UNRESOLVED_ALL_IN_GROUP_BY"),
            _ => error,
        })
    }

    /// A select list with aggregates and no `GROUP BY`, or with resolved keys.
    pub(in crate::resolver) fn aggregate_list(
        &mut self,
        input: Resolved,
        grouping: &[Expr],
        list: &[Expr],
    ) -> SparkResult<Resolved> {
        let (input, keys, _) = self.keys(input, grouping)?;
        let state = AggregateState {
            input_scope: input.scope.clone(),
            input: input.plan,
            keys,
            sets: None,
            written: vec![],
            aggregates: vec![],
            having: vec![],
            having_adds: false,
            windows: vec![],
            items: vec![],
        };
        self.with_list(state, vec![], list)
    }

    fn with_list(&mut self, mut state: AggregateState, leading: Vec<Value>, list: &[Expr]) -> SparkResult<Resolved> {
        let scope = state.input_scope.clone();
        let mut context = ExprContext::new(&scope, "SELECT");
        context.aggregates = Some(vec![]);
        context.windows = Some(vec![]);
        context.grouping = state.grouping_columns();
        let mut values = leading;
        values.extend(self.items(list, &mut context)?);
        state.aggregates = context.aggregates.take().unwrap_or_default();
        // Windows see groups, so their arguments are checked like the list's.
        let windows = context.windows.take().unwrap_or_default();
        let mut renamed = vec![];
        for window in windows {
            let old = window.schema_name().to_string();
            let over = state.replace_keys(window, "")?;
            renamed.push((old, over.schema_name().to_string()));
            state.windows.push(over);
        }
        let mut items = Vec::with_capacity(values.len());
        for value in values {
            let (expr, mut attribute) = self.named(&value);
            let expr = rename_columns(expr, &renamed)?;
            let expr = state.replace_keys(expr, &value.text)?;
            // A key is null in the sets that leave it out.
            if state.sets.is_some() && state.holds_key(&expr) {
                attribute.nullable = true;
            }
            items.push((expr, attribute));
        }
        state.items = self.with_unique_ids(items);
        finish(state)
    }
}

/// Windows were renamed when their keys were replaced; what refers to them follows.
fn rename_columns(
    expr: datafusion::logical_expr::Expr,
    renamed: &[(String, String)],
) -> SparkResult<datafusion::logical_expr::Expr> {
    use datafusion::{
        common::{
            Column,
            tree_node::{Transformed, TreeNode},
        },
        logical_expr::Expr as DfExpr,
    };
    expr.transform_up(|node| {
        let DfExpr::Column(column) = &node else { return Ok(Transformed::no(node)) };
        Ok(match renamed.iter().find(|(old, new)| *old == column.name && old != new) {
            Some((_, new)) => Transformed::yes(DfExpr::Column(Column::new_unqualified(new))),
            None => Transformed::no(node),
        })
    })
    .map(|transformed| transformed.data)
    .map_err(kindling_functions::error::from_datafusion)
}

/// The resolved relation of an aggregate.
pub(super) fn finish(state: AggregateState) -> SparkResult<Resolved> {
    let plan = state.build(&[])?;
    let scope = Scope::new(state.output());
    Ok(Resolved { plan, scope, below: Below::Aggregate(Box::new(state)) })
}

/// DataFusion numbers keys of grouping sets as they first appear in the sets; keys follow it.
fn in_order_of_appearance(state: &mut AggregateState, sets: Vec<Vec<usize>>) {
    let mut order: Vec<usize> = vec![];
    for index in sets.iter().flatten().copied().chain(0..state.keys.len()) {
        if !order.contains(&index) {
            order.push(index);
        }
    }
    let position = |index: &usize| order.iter().position(|known| known == index).unwrap_or(0);
    state.sets = Some(sets.iter().map(|set| set.iter().map(position).collect()).collect());
    state.written = (0..state.keys.len()).map(|index| position(&index)).collect();
    state.keys = order.iter().filter_map(|index| state.keys.get(*index).cloned()).collect();
}

/// A key that is an item of the select list may not use another item's alias.
fn lateral_alias(error: SparkError, list: &[Expr]) -> SparkError {
    let Some(name) = error.parameters.get("objectName") else { return error };
    let is_alias = |item: &Expr| match &item.kind {
        ExprKind::Alias { names, .. } => {
            names.iter().any(|alias| kindling_spec::quote_identifier(alias).eq_ignore_ascii_case(name))
        }
        _ => false,
    };
    if error.condition.starts_with("UNRESOLVED_COLUMN") && list.iter().any(is_alias) {
        return SparkError::analysis("UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY");
    }
    error
}
