//! `LIMIT`, `OFFSET` and the last rows.

use std::sync::Arc;

use datafusion::{
    logical_expr::{Limit, LogicalPlan, lit},
    scalar::ScalarValue,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, Relation};

use super::{Resolved, Resolver, expression::ExprContext, scope::Scope};
use crate::logical::{Tail, extension};

impl Resolver<'_> {
    pub(super) fn limit(&mut self, input: &Relation, limit: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let fetch = self.row_count("limit", limit, &input.scope)?;
        Ok(limited(input, None, Some(fetch)))
    }

    pub(super) fn offset(&mut self, input: &Relation, offset: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let skip = self.row_count("offset", offset, &input.scope)?;
        Ok(limited(input, Some(skip), None))
    }

    pub(super) fn tail(&mut self, input: &Relation, limit: &Expr) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let limit = self.row_count("tail", limit, &input.scope)?;
        let node = Tail { input: input.plan, limit: usize::try_from(limit).unwrap_or(usize::MAX) };
        Ok(Resolved { plan: extension(node), scope: input.scope, below: super::Below::Nothing })
    }

    /// A constant, non-negative number of rows.
    fn row_count(&mut self, name: &str, expr: &Expr, scope: &Scope) -> SparkResult<i64> {
        let mut context = ExprContext::new(scope, "LIMIT");
        let value = self.expression(expr, &mut context)?;
        let error = |condition: &'static str| {
            SparkError::analysis(condition)
                .param("name", name)
                .param("expr", format!("\"{}\"", value.text))
                .at(&expr.origin)
        };
        let Some(scalar) = kindling_functions::fold(&value.typed)? else {
            return Err(error("INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE"));
        };
        let count = match scalar {
            ScalarValue::Int8(v) => v.map(i64::from),
            ScalarValue::Int16(v) => v.map(i64::from),
            ScalarValue::Int32(v) => v.map(i64::from),
            ScalarValue::Int64(v) => v,
            ScalarValue::Null => None,
            _ => {
                return Err(error("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE")
                    .param("dataType", format!("\"{}\"", value.typed.data_type.sql())));
            }
        };
        match count {
            None => Err(error("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL")),
            Some(n) if n < 0 => Err(error("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE").param("v", n.to_string())),
            Some(n) => Ok(n),
        }
    }
}

fn limited(input: Resolved, skip: Option<i64>, fetch: Option<i64>) -> Resolved {
    let count = |n: i64| Box::new(lit(n));
    let plan =
        LogicalPlan::Limit(Limit { skip: skip.map(count), fetch: fetch.map(count), input: Arc::new(input.plan) });
    Resolved { plan, scope: input.scope, below: super::Below::Nothing }
}
