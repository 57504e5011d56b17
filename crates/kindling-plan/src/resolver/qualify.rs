//! `QUALIFY`: a condition on window functions over a select list.

use datafusion::logical_expr::LogicalPlan;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, Relation};

use super::{
    Below, Resolved, Resolver,
    expression::ExprContext,
    plan,
    with_windows::{is_windowed, with_windows},
};

impl Resolver<'_> {
    pub(super) fn qualify(&mut self, input: &Relation, condition: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let no_window = || SparkError::analysis("QUALIFY_REQUIRES_WINDOW_FUNCTION");
        if let Below::Aggregate(state) = input.below {
            let mut state = *state;
            let (value, _) = self.over_aggregate(&mut state, condition, "QUALIFY")?;
            if state.windows.is_empty() {
                return Err(no_window());
            }
            let column = self.attribute("qualify", &value.typed);
            let output = state.output();
            let predicate = self.predicate(value, condition)?;
            let plan = state.build(&[(predicate, column.clone())])?;
            let plan = plan::filter(plan, column.column())?;
            return Ok(Resolved::new(plan::select_attributes(plan, &output)?, output));
        }
        let below = match &input.below {
            Below::Project(below) => Some(below.clone()),
            _ => None,
        };
        let mut context = ExprContext::new(&input.scope, "QUALIFY");
        if let Some(below) = &below {
            context.scopes.push(below);
        }
        context.windows = Some(vec![]);
        let value = self.expression(condition, &mut context)?;
        let windows = context.windows.take().unwrap_or_default();
        let missing = std::mem::take(&mut context.missing);
        if windows.is_empty() && !lists_window(&input.plan) {
            return Err(no_window());
        }
        let predicate = self.predicate(value, condition)?;
        let mut plan = input.plan;
        if !missing.is_empty() {
            plan = plan::add_to_projection(&plan, &missing)?.ok_or_else(|| {
                input.scope.unresolved(&[missing.first().map_or(String::new(), |column| column.name.clone())])
            })?;
        }
        plan = plan::filter(with_windows(plan, windows)?, predicate)?;
        let output = input.scope.attributes;
        Ok(Resolved::new(plan::select_attributes(plan, &output)?, output))
    }
}

/// Whether a select list was computed from window functions.
fn lists_window(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_windowed(&projection.input),
        _ => false,
    }
}
