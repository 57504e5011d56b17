//! Statements about statements: `EXPLAIN`, `EXECUTE IMMEDIATE`.

use std::collections::BTreeMap;

use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, ExplainMode, Expr, ExprKind, Literal, MultipartIdentifier, Origin, Plan};

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
        // Arguments are values: the text does not see the variables that they came from.
        for value in named.values_mut().chain(&mut positional) {
            if let Some(literal) = self.argument_value(value)? {
                *value = Expr::literal(literal).at(value.origin.clone());
            }
        }
        if !named.is_empty() && using.iter().any(|argument| !matches!(argument.kind, ExprKind::Alias { .. })) {
            return Err(SparkError::analysis("INVALID_QUERY_MIXED_QUERY_PARAMETERS"));
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

impl CommandContext<'_> {
    /// A variable's value as a literal, where literals have its type.
    fn argument_value(&self, expr: &Expr) -> SparkResult<Option<Literal>> {
        let ExprKind::UnresolvedAttribute { name_parts, plan_id: None, .. } = &expr.kind else { return Ok(None) };
        let Ok(variable) = self.variable(name_parts) else { return Ok(None) };
        Ok(match (variable.value, variable.data_type) {
            (value, data_type) if value.is_null() => Some(Literal::Null(data_type)),
            (ScalarValue::Utf8(Some(text)), DataType::String) => Some(Literal::String(text)),
            (ScalarValue::Boolean(Some(value)), _) => Some(Literal::Boolean(value)),
            (ScalarValue::Int8(Some(value)), _) => Some(Literal::Byte(value)),
            (ScalarValue::Int16(Some(value)), _) => Some(Literal::Short(value)),
            (ScalarValue::Int32(Some(value)), DataType::Integer) => Some(Literal::Integer(value)),
            (ScalarValue::Int64(Some(value)), DataType::Long) => Some(Literal::Long(value)),
            (ScalarValue::Float64(Some(value)), _) => Some(Literal::Double(value)),
            (ScalarValue::Date32(Some(days)), _) => Some(Literal::Date(days)),
            _ => None,
        })
    }
}

fn shown(expr: &Expr) -> String {
    match (&expr.kind, &expr.origin) {
        (ExprKind::UnresolvedAttribute { name_parts, .. }, _) => crate::attribute::quote_parts(name_parts),
        (_, Origin::Sql(sql)) => sql.fragment().to_string(),
        _ => String::new(),
    }
}
