//! `WHERE`.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, Expr, Relation};

use super::{Below, Resolved, Resolver, expression::ExprContext, plan};

impl Resolver<'_> {
    pub(super) fn filter(&mut self, input: &Relation, condition: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        // A DataFrame's filter over an aggregate may hold aggregates only as HAVING does.
        self.filter_resolved(input, condition)
    }

    pub(super) fn filter_resolved(&mut self, input: Resolved, condition: &Expr) -> SparkResult<Resolved> {
        let mut context = ExprContext::new(&input.scope, "WHERE");
        if let Below::Project(below) = &input.below {
            context.scopes.push(below);
        }
        let condition_value = self.expression(condition, &mut context)?;
        let predicate = self.predicate(condition_value, condition)?;
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
