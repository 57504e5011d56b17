//! `ORDER BY` and `SORT BY`.

use std::sync::Arc;

use datafusion::{
    common::{Column, tree_node::TreeNode},
    logical_expr::{Expr as DfExpr, LogicalPlan, Sort, SortExpr},
};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_functions::TypedExpr;
use kindling_spec::{Expr, ExprKind, Literal, Relation, SortOrder};

use super::{
    Below, Resolved, Resolver,
    aggregate::AggregateState,
    expression::{ExprContext, Value, sort_key},
    plan,
    scope::Scope,
    with_windows::with_windows,
};
use crate::{
    Attribute,
    logical::{SortWithinPartitions, extension},
    optimizer::never_raises,
};

impl Resolver<'_> {
    pub(super) fn sort(&mut self, input: &Relation, order: &[SortOrder], global: bool) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let order = self.written_order(order, &input)?;
        match input.below {
            Below::Aggregate(state) => self.sort_aggregate(*state, &order, global),
            _ => self.sort_plain(input, &order, global),
        }
    }

    /// Replaces ordinals and `ALL`.
    fn written_order(&mut self, order: &[SortOrder], input: &Resolved) -> SparkResult<Vec<SortOrder>> {
        let columns = input.attributes();
        if let [key] = order
            && let ExprKind::UnresolvedAttribute { name_parts, plan_id: None, .. } = &key.child.kind
            && matches!(name_parts.as_slice(), [name] if name.eq_ignore_ascii_case("all"))
            && input.scope.find(self.names, name_parts)?.is_none()
        {
            return Ok((1..=columns.len()).map(|n| ordinal_key(key, n)).collect());
        }
        for key in order {
            if let ExprKind::Literal(Literal::Integer(n)) = &key.child.kind
                && self.conf.boolean(&conf::ORDER_BY_ORDINAL)
                && !(1..=columns.len() as i64).contains(&i64::from(*n))
            {
                return Err(SparkError::analysis("ORDER_BY_POS_OUT_OF_RANGE")
                    .param("index", n.to_string())
                    .param("size", columns.len().to_string())
                    .at(&key.child.origin));
            }
        }
        Ok(order.to_vec())
    }

    /// The column that an ordinal means.
    fn ordinal(&self, key: &SortOrder, columns: &[Attribute]) -> Option<Value> {
        let ExprKind::Literal(Literal::Integer(n)) = &key.child.kind else { return None };
        if !self.conf.boolean(&conf::ORDER_BY_ORDINAL) {
            return None;
        }
        usize::try_from(*n).ok().and_then(|n| n.checked_sub(1)).and_then(|n| columns.get(n)).map(Value::of_attribute)
    }

    fn sort_plain(&mut self, input: Resolved, order: &[SortOrder], global: bool) -> SparkResult<Resolved> {
        let below = match &input.below {
            Below::Project(below) => Some(below.clone()),
            _ => None,
        };
        let mut context = ExprContext::new(&input.scope, "ORDER BY");
        if let Some(below) = &below {
            context.scopes.push(below);
        }
        context.windows = Some(vec![]);
        let mut keys = Vec::with_capacity(order.len());
        for key in order {
            let value = match self.ordinal(key, input.attributes()) {
                Some(value) => value,
                None => self.expression(&key.child, &mut context)?,
            };
            keys.push(self.sort_expr(value, key)?);
        }
        let missing = std::mem::take(&mut context.missing);
        let windows = context.windows.take().unwrap_or_default();
        let mut plan = input.plan;
        if !missing.is_empty() {
            let Some(extended) = plan::add_to_projection(&plan, &missing)? else {
                return Err(input.scope.unresolved(&[missing.first().map_or(String::new(), |a| a.name.clone())]));
            };
            plan = extended;
        }
        let restore = !missing.is_empty() || !windows.is_empty();
        plan = with_windows(plan, windows)?;
        plan = sorted(plan, keys, global)?;
        if restore {
            let output: Vec<_> = input.scope.attributes.iter().chain(&input.scope.hidden).cloned().collect();
            plan = plan::select_attributes(plan, &output)?;
        }
        Ok(Resolved { plan, scope: input.scope, below: if restore { Below::Nothing } else { input.below } })
    }

    fn sort_aggregate(
        &mut self,
        mut state: AggregateState,
        order: &[SortOrder],
        global: bool,
    ) -> SparkResult<Resolved> {
        let output = state.output();
        let mut keys = Vec::with_capacity(order.len());
        let mut extra = vec![];
        for key in order {
            if let Some(value) = self.ordinal(key, &output) {
                keys.push(self.sort_expr(value, key)?);
                continue;
            }
            if state.having_adds && state.sets.is_none() {
                self.check_order_over_having(&state, &key.child)?;
            }
            let (value, over_output) = self.over_aggregate(&mut state, &key.child, "ORDER BY")?;
            let expr = match over_output {
                Some(expr) => expr,
                None => {
                    let column = self.attribute(value.text.clone(), &value.typed);
                    extra.push((value.typed.expr.clone(), column.clone()));
                    column.column()
                }
            };
            let typed = TypedExpr::new(expr, value.typed.data_type.clone(), value.typed.nullable);
            keys.push(self.sort_expr(Value { typed, ..value }, key)?);
        }
        let plan = state.build(&extra)?;
        let mut plan = sorted(plan, keys, global)?;
        if !extra.is_empty() {
            plan = plan::select_attributes(plan, &output)?;
        }
        Ok(Resolved::new(plan, output))
    }

    /// Above a condition that the select list was extended for, Spark sorts by output columns and by columns that are
    /// grouped by, and takes no aggregate (`ResolveReferencesInSort`).
    fn check_order_over_having(&mut self, state: &AggregateState, key: &Expr) -> SparkResult<()> {
        let is_key = |attribute: &&Attribute| state.keys.iter().any(|key| key.expr == attribute.column());
        let keys = Scope {
            attributes: state.input_scope.attributes.iter().filter(is_key).cloned().collect(),
            hidden: state.input_scope.hidden.iter().filter(is_key).cloned().collect(),
            ..Scope::default()
        };
        let output = Scope::new(state.output());
        let mut context = ExprContext::new(&output, "ORDER BY");
        context.scopes.push(&keys);
        context.windows = Some(vec![]);
        self.expression(key, &mut context).map(|_| ())
    }

    fn sort_expr(&self, mut value: Value, key: &SortOrder) -> SparkResult<SortExpr> {
        // Both zeros are one key, so that the keys after it decide.
        value.typed = self.normalized_for_grouping(value.typed)?;
        let (key, _) = sort_key(value, key)?;
        Ok(SortExpr::new(key.expr.expr, key.ascending, key.nulls_first))
    }
}

fn ordinal_key(key: &SortOrder, n: usize) -> SortOrder {
    SortOrder { child: Expr::literal(Literal::Integer(n as i32)), ..key.clone() }
}

fn sorted(plan: LogicalPlan, keys: Vec<SortExpr>, global: bool) -> SparkResult<LogicalPlan> {
    let lazy: Vec<usize> =
        (0..keys.len()).filter(|index| keys.get(*index).is_some_and(|key| is_lazy(&key.expr))).collect();
    if lazy.is_empty() {
        return Ok(ordered(plan, keys, global));
    }
    // Only a projection asks the right side of an AND about the rows that the left side leaves open.
    let columns: Vec<_> = plan.schema().columns().into_iter().map(DfExpr::Column).collect();
    let mut exprs = columns.clone();
    let mut keys = keys;
    for (index, key) in keys.iter_mut().enumerate().filter(|(index, _)| lazy.contains(index)) {
        let name = format!("_s{index}");
        let column = DfExpr::Column(Column::new_unqualified(name.clone()));
        exprs.push(std::mem::replace(&mut key.expr, column).alias(name));
    }
    plan::project(ordered(plan::project(plan, exprs)?, keys, global), columns)
}

fn ordered(plan: LogicalPlan, keys: Vec<SortExpr>, global: bool) -> LogicalPlan {
    if keys.is_empty() {
        plan
    } else if global {
        LogicalPlan::Sort(Sort { expr: keys, input: Arc::new(plan), fetch: None })
    } else {
        extension(SortWithinPartitions { input: plan, order: keys })
    }
}

/// Whether a value holds an AND or OR that may raise.
fn is_lazy(expr: &DfExpr) -> bool {
    let logic = |node: &DfExpr| Ok(matches!(node, DfExpr::BinaryExpr(binary) if binary.op.is_logic_operator()));
    !never_raises(expr) && expr.exists(logic).unwrap_or(true)
}
