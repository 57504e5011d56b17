//! Statements about statements: `EXPLAIN`, `EXECUTE IMMEDIATE`; and functions by name.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{ExplainMode, Expr, ExprKind, Literal, MultipartIdentifier, Plan};
use kindling_sql::ParserOptions;

use super::{
    CommandContext, CommandOutput,
    rows::{output, text},
};

impl CommandContext<'_> {
    pub(super) fn explain(&self, plan: &Plan, mode: ExplainMode) -> SparkResult<CommandOutput> {
        let shown = self.runner.explain(self.state, plan, mode)?;
        output(vec![text("plan", false)], vec![vec![shown.into()]])
    }

    pub(super) fn execute_immediate(
        &self,
        query: &Expr,
        into: &[MultipartIdentifier],
        using: &[Expr],
    ) -> SparkResult<CommandOutput> {
        if !into.is_empty() {
            return Err(SparkError::unsupported("EXECUTE IMMEDIATE ... INTO"));
        }
        let ExprKind::Literal(Literal::String(sql)) = &query.kind else {
            return Err(SparkError::unsupported("EXECUTE IMMEDIATE of an expression").at(&query.origin));
        };
        let mut options = ParserOptions::default();
        for argument in using {
            match &argument.kind {
                ExprKind::Alias { expr, names, .. } => {
                    options.named_parameters.extend(names.first().map(|name| (name.clone(), (**expr).clone())));
                }
                _ => options.positional_parameters.push(argument.clone()),
            }
        }
        self.rows_of(&kindling_sql::parse_plan_with(sql, &options)?)
    }

    pub(super) fn drop_function(
        &self,
        name: &[String],
        if_exists: bool,
        temporary: bool,
    ) -> SparkResult<CommandOutput> {
        if if_exists {
            // Functions of users cannot be made yet, so there is none to drop.
            return Ok(CommandOutput::empty());
        }
        let parts: Vec<String> = match name {
            [single] if !temporary => vec![
                crate::catalog::SESSION_CATALOG.to_string(),
                self.state.catalog.current_database(),
                single.to_lowercase(),
            ],
            parts => parts.to_vec(),
        };
        Err(SparkError::analysis("ROUTINE_NOT_FOUND").param("routineName", crate::attribute::quote_parts(&parts)))
    }
}
