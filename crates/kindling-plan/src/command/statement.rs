//! Statements about statements: `EXPLAIN`, `EXECUTE IMMEDIATE`.

use std::collections::BTreeMap;

use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, ExplainMode, Expr, ExprKind, MultipartIdentifier, Origin, Plan};

use super::{
    CommandContext, CommandOutput,
    rows::{output, text},
};

impl CommandContext<'_> {
    pub(super) fn explain(&self, plan: &Plan, mode: ExplainMode) -> SparkResult<CommandOutput> {
        let shown = self.explain_text(plan, mode)?;
        output(vec![text("plan", false)], vec![vec![shown.into()]])
    }

    pub(super) fn execute_immediate(
        &self,
        query: &Expr,
        into: &[MultipartIdentifier],
        using: &[Expr],
    ) -> SparkResult<CommandOutput> {
        let (sql, data_type, _) = self.evaluate(Some(query), None)?;
        let sql = match (sql, &data_type) {
            (ScalarValue::Utf8(Some(sql)), _) => sql,
            (ScalarValue::Utf8(None), _) | (_, DataType::Null) => {
                return Err(SparkError::analysis("NULL_QUERY_STRING_EXECUTE_IMMEDIATE").param("varName", shown(query)));
            }
            _ => {
                return Err(SparkError::analysis("INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE")
                    .param("exprType", format!("\"{}\"", data_type.sql())));
            }
        };
        let mut named = BTreeMap::new();
        let mut positional = vec![];
        for argument in using {
            match &argument.kind {
                ExprKind::Alias { expr, names, .. } => {
                    let Some(name) = names.first() else { continue };
                    if named.insert(name.clone(), (**expr).clone()).is_some() {
                        return Err(SparkError::analysis("EXEC_IMMEDIATE_DUPLICATE_ARGUMENT_ALIASES")
                            .param("aliases", kindling_spec::quote_identifier(name)));
                    }
                }
                _ => positional.push(argument.clone()),
            }
        }
        let plan = crate::parse_sql(self.state, &sql, &named, &positional)?;
        if into.is_empty() {
            return self.rows_of(&plan);
        }
        let Plan::Relation(relation) = &plan else {
            return Err(SparkError::analysis("INVALID_STATEMENT_FOR_EXECUTE_INTO").param("sqlString", sql));
        };
        let targets = into.iter().map(|name| self.variable(name)).collect::<SparkResult<Vec<_>>>()?;
        self.assign_row(&targets, relation)?;
        Ok(CommandOutput::empty())
    }
}

fn shown(expr: &Expr) -> String {
    match (&expr.kind, &expr.origin) {
        (ExprKind::UnresolvedAttribute { name_parts, .. }, _) => crate::attribute::quote_parts(name_parts),
        (_, Origin::Sql(sql)) => sql.fragment().to_string(),
        _ => String::new(),
    }
}
