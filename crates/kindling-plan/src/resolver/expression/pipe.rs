//! Expressions of pipe operators (Spark's `PipeExpression`).

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, ExprKind, Literal, PipeClause};

use super::{ExprContext, Resolver, Value};

impl Resolver<'_> {
    /// The expression, when aggregates are in it where its operator wants them and nowhere else.
    pub(super) fn pipe_expression(
        &mut self,
        child: &Expr,
        clause: PipeClause,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        if let ExprKind::UnresolvedStar { .. } = child.kind {
            return Err(SparkError::analysis("INVALID_USAGE_OF_STAR_OR_REGEX")
                .param("elem", "'*'")
                .param("prettyName", "expression `pipeexpression`"));
        }
        match clause {
            PipeClause::GroupBy => self.input_column(child, context),
            PipeClause::Aggregate if self.holds_aggregate(child)? => self.expression(child, context),
            PipeClause::Aggregate => {
                let value = self.expression(child, context)?;
                let condition = "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION";
                Err(SparkError::analysis(condition).param("expr", value.text).at(&child.origin))
            }
            PipeClause::Extend | PipeClause::Set if self.holds_aggregate(child)? => {
                let value = self.expression(child, context)?;
                Err(SparkError::analysis("PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION")
                    .param("expr", value.text)
                    .param("clause", if clause == PipeClause::Set { "SET" } else { "EXTEND" })
                    .at(&child.origin))
            }
            PipeClause::Extend | PipeClause::Set => self.expression(child, context),
        }
    }

    /// A key; a number is the position of a column of the input.
    fn input_column(&mut self, key: &Expr, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        let ExprKind::Literal(Literal::Integer(ordinal)) = &key.kind else { return self.expression(key, context) };
        let attributes = context.scopes.first().map(|scope| scope.attributes.as_slice()).unwrap_or_default();
        let attribute = usize::try_from(*ordinal).ok().and_then(|n| n.checked_sub(1)).and_then(|n| attributes.get(n));
        attribute.map(Value::of_attribute).ok_or_else(|| {
            SparkError::analysis("GROUP_BY_POS_OUT_OF_RANGE")
                .param("index", ordinal.to_string())
                .param("size", attributes.len().to_string())
                .at(&key.origin)
        })
    }
}
