//! `LIMIT`, `OFFSET` and the last rows.

use std::sync::Arc;

use datafusion::{
    logical_expr::{Limit, LogicalPlan, lit},
    scalar::ScalarValue,
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, ExprKind, Relation, RelationKind};

use super::{Resolved, Resolver, expression::ExprContext, scope::Scope};
use crate::logical::{Tail, extension};

impl Resolver<'_> {
    pub(super) fn limit(&mut self, input: &Relation, limit: &Expr) -> SparkResult<Resolved> {
        if passes_rows(input) {
            // A recursive CTE below need not give more rows.
            self.row_goal =
                self.row_count("limit", limit, &Scope::default()).ok().and_then(|n| usize::try_from(n).ok());
        }
        let input = self.relation(input);
        self.row_goal = None;
        let input = input?;
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

/// Whether a relation gives a row for each row of a named table.
fn passes_rows(relation: &Relation) -> bool {
    let is_column = |expr: &Expr| {
        let inner = match &expr.kind {
            ExprKind::Alias { expr, .. } => &expr.kind,
            kind => kind,
        };
        matches!(inner, ExprKind::UnresolvedAttribute { .. } | ExprKind::UnresolvedStar { .. })
    };
    match &relation.kind {
        RelationKind::NamedTable { .. } => true,
        RelationKind::SubqueryAlias { input, .. } | RelationKind::WithCtes { input, .. } => passes_rows(input),
        RelationKind::Project { input, expressions } => expressions.iter().all(is_column) && passes_rows(input),
        _ => false,
    }
}

fn limited(input: Resolved, skip: Option<i64>, fetch: Option<i64>) -> Resolved {
    let count = |n: i64| Box::new(lit(n));
    let plan =
        LogicalPlan::Limit(Limit { skip: skip.map(count), fetch: fetch.map(count), input: Arc::new(input.plan) });
    Resolved { plan, scope: input.scope, below: super::Below::Nothing }
}
