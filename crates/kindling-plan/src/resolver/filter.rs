//! `WHERE`.

use datafusion::{
    logical_expr::{BinaryExpr, Expr as DfExpr, Operator},
    scalar::ScalarValue,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, Expr, Relation};

use super::{Below, Resolved, Resolver, expression::ExprContext, plan};

impl Resolver<'_> {
    pub(super) fn filter(&mut self, input: &Relation, condition: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        // Over an aggregate it may hold aggregates and grouping columns, as HAVING does.
        if let Below::Aggregate(state) = &input.below
            && self.needs_aggregate(condition, &input.scope)?
        {
            return self.having_over(state.as_ref().clone(), condition);
        }
        self.filter_resolved(input, condition)
    }

    /// Whether a condition needs more than an aggregate's output.
    fn needs_aggregate(&mut self, condition: &Expr, output: &super::scope::Scope) -> SparkResult<bool> {
        if self.holds_aggregate(condition)? {
            return Ok(true);
        }
        let mut context = ExprContext::new(output, "WHERE");
        Ok(self
            .expression(condition, &mut context)
            .is_err_and(|error| error.condition.starts_with("UNRESOLVED_COLUMN")))
    }

    pub(super) fn filter_resolved(&mut self, input: Resolved, condition: &Expr) -> SparkResult<Resolved> {
        let mut context = ExprContext::new(&input.scope, "WHERE");
        if let Below::Project(below) = &input.below {
            context.scopes.push(below);
        }
        context.aggregates = Some(vec![]);
        context.windows = Some(vec![]);
        let condition_value = self.expression(condition, &mut context)?;
        if context.windows.as_ref().is_some_and(|windows| !windows.is_empty()) {
            return Err(SparkError::analysis("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE").param("clauseName", "WHERE"));
        }
        let misplaced: Vec<String> = [context.aggregates.take(), context.windows.take()]
            .into_iter()
            .flatten()
            .flatten()
            .map(|call| misplaced_text(&condition_value.text, &call))
            .collect();
        if !misplaced.is_empty() {
            return Err(SparkError::analysis("INVALID_WHERE_CONDITION")
                .param("condition", format!("\"{}\"", condition_value.text))
                .param("expressionList", misplaced.join(", ")));
        }
        let predicate = only_true(self.predicate(condition_value, condition)?);
        let missing = std::mem::take(&mut context.missing);
        if missing.is_empty() {
            let filtered = plan::filter(input.plan, predicate)?;
            return Ok(Resolved { plan: filtered, ..input });
        }
        let Some(extended) = plan::add_to_projection(&input.plan, &missing)? else {
            return Err(input.scope.unresolved(&[missing.first().map_or(String::new(), |a| a.name.clone())]));
        };
        let filtered = plan::filter(extended, predicate)?;
        let output: Vec<_> = input.scope.attributes.iter().chain(&input.scope.hidden).cloned().collect();
        Ok(Resolved { plan: plan::select_attributes(filtered, &output)?, ..input })
    }

    /// A condition as a boolean; strings and the like are an error.
    pub(super) fn predicate(
        &mut self,
        value: super::expression::Value,
        condition: &Expr,
    ) -> SparkResult<datafusion::logical_expr::Expr> {
        match value.typed.data_type {
            DataType::Boolean => Ok(value.typed.expr),
            DataType::Null => Ok(self.cast_implicitly(&value, &DataType::Boolean)?.expr),
            ref other => Err(SparkError::analysis("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN")
                .param("sqlExpr", format!("\"{}\"", value.text))
                .param("filter", format!("\"{}\"", value.text))
                .param("type", format!("\"{}\"", other.sql()))
                .at(&condition.origin)),
        }
    }
}

/// A condition without what tells false from NULL, which a filter does not: `CASE WHEN a THEN true WHEN b THEN NULL ELSE
/// false END` is `a`.
fn only_true(predicate: DfExpr) -> DfExpr {
    let is = |expr: &DfExpr, value: Option<bool>| matches!(expr, DfExpr::Literal(ScalarValue::Boolean(found), _) if *found == value);
    match predicate {
        DfExpr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => only_true(*left).and(only_true(*right)),
        DfExpr::Case(case) => match (case.expr.as_ref(), case.when_then_expr.as_slice(), case.else_expr.as_ref()) {
            (None, [(found, yes), (_, unknown)], Some(otherwise))
                if is(yes, Some(true)) && is(unknown, None) && is(otherwise, Some(false)) =>
            {
                found.as_ref().clone()
            }
            _ => DfExpr::Case(case),
        },
        other => other,
    }
}

/// The text of a call that may not stand in a condition: the condition's own where it is the whole of it.
fn misplaced_text(condition: &str, call: &datafusion::logical_expr::Expr) -> String {
    let name = match call {
        datafusion::logical_expr::Expr::AggregateFunction(call) => call.func.name().to_string(),
        datafusion::logical_expr::Expr::WindowFunction(call) => call.fun.name().to_string(),
        other => other.to_string(),
    };
    let Some(start) = condition.find(&format!("{name}(")) else { return condition.to_string() };
    let rest = condition.get(start..).unwrap_or(condition);
    let mut depth = 0;
    for (index, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return rest.get(..=index).unwrap_or(rest).to_string();
                }
            }
            _ => {}
        }
    }
    rest.to_string()
}
