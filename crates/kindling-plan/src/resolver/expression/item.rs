//! Items of a select list: resolved expressions as named output columns.

use datafusion::logical_expr::Expr;
use kindling_common::{SparkError, SparkResult};

use super::{ExprContext, Resolver, Value};
use crate::Attribute;

impl Resolver<'_> {
    /// The output column of a resolved expression (Spark's `ResolveAliases`): a column stays itself, anything else
    /// becomes a new column.
    pub(in crate::resolver) fn named(&self, value: &Value) -> (Expr, Attribute) {
        if let Some(attribute) = &value.attribute
            && value.aliases.is_empty()
        {
            return (value.typed.expr.clone(), attribute.clone());
        }
        let mut attribute = self.attribute(value.output_name(), &value.typed);
        attribute.metadata.clone_from(&value.metadata);
        (value.typed.expr.clone(), attribute)
    }

    /// Resolves a list of expressions, stars expanded; each may refer to the aliases before it.
    pub(in crate::resolver) fn items(
        &mut self,
        expressions: &[kindling_spec::Expr],
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Vec<Value>> {
        let mut values = Vec::with_capacity(expressions.len());
        for expr in expressions {
            if let Some(expanded) = self.expand_if_star(expr, context)? {
                values.extend(expanded);
                continue;
            }
            let value = self.expression(expr, context)?;
            if context.nested_generator {
                return Err(SparkError::analysis("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS")
                    .param("expression", format!("\"{}\"", value.text))
                    .at(&expr.origin));
            }
            if let [alias] = value.aliases.as_slice() {
                context.lateral.push((alias.clone(), value.clone()));
            }
            values.push(value);
        }
        Ok(values)
    }
}
