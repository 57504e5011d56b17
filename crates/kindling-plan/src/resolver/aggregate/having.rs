//! `HAVING`, and conditions and orders over an aggregate that look below its select list.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::SparkResult;
use kindling_spec::{Expr, Relation};

use super::{list::finish, state::AggregateState};
use crate::resolver::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Value},
    scope::Scope,
};

impl Resolver<'_> {
    pub(in crate::resolver) fn having(&mut self, input: &Relation, condition: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        match input.below {
            Below::Aggregate(state) => self.having_over(*state, condition),
            // Without an aggregate it is a condition on rows, as in Spark.
            _ => self.filter_resolved(input, condition),
        }
    }

    pub(in crate::resolver) fn having_over(
        &mut self,
        mut state: AggregateState,
        condition: &Expr,
    ) -> SparkResult<Resolved> {
        let (value, _) = self.over_aggregate(&mut state, condition, "HAVING")?;
        // The parser makes a boolean of any other condition.
        let origin = condition.origin.clone();
        let boolean = kindling_spec::DataType::Boolean;
        let predicate = self.cast(value, &boolean, kindling_spec::CastMode::Session, &origin)?.typed;
        state.having_adds |= !state.is_in_list(&predicate.expr);
        state.having.push(predicate.expr);
        finish(state)
    }

    /// Resolves an expression over an aggregate: its select list first, then its input. Calls of aggregates are added
    /// to the state. The second result says whether it needs no more than the select list's columns.
    pub(in crate::resolver) fn over_aggregate(
        &mut self,
        state: &mut AggregateState,
        expr: &Expr,
        clause: &'static str,
    ) -> SparkResult<(Value, Option<DfExpr>)> {
        let output = Scope::new(state.output());
        let input_scope = state.input_scope.clone();
        let mut context = ExprContext::new(&output, clause);
        context.scopes.push(&input_scope);
        context.aggregate_scope = 1;
        context.aggregates = Some(state.aggregates.clone());
        if clause != "HAVING" {
            context.windows = Some(state.windows.clone());
        }
        context.grouping = state.grouping_columns();
        context.keys = state.keys.iter().map(|key| key.expr.clone()).collect();
        let mut value = self.expression(expr, &mut context)?;
        let plain = context.missing.is_empty()
            && context.aggregates.as_ref().is_some_and(|calls| calls.len() == state.aggregates.len())
            && context.windows.as_ref().is_none_or(|calls| calls.len() == state.windows.len())
            && value
                .typed
                .expr
                .column_refs()
                .iter()
                .all(|column| output.attributes.iter().any(|attribute| attribute.internal_name() == column.name));
        let over_output = plain.then(|| value.typed.expr.clone());
        state.aggregates = context.aggregates.take().unwrap_or_default();
        let known = state.windows.len();
        let mut windows = context.windows.take().unwrap_or_default();
        let new = windows.split_off(known.min(windows.len()));
        for window in new {
            let window = state.replace_keys(window, &value.text)?;
            state.windows.push(window);
        }
        // A column that is neither an output nor a key is not there at all.
        let missing = std::mem::take(&mut context.missing);
        value.typed.expr = state.over_groups(value.typed.expr, &value.text).map_err(|error| match missing.first() {
            Some(column) if error.condition.starts_with("MISSING_") => {
                output.unresolved(std::slice::from_ref(&column.name))
            }
            _ => error,
        })?;
        Ok((value, over_output))
    }
}
