//! `DECLARE`, `SET VARIABLE` and `DROP TEMPORARY VARIABLE`.

use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::error::from_datafusion;
use kindling_spec::{CastMode, DataType, Expr, ExprKind, Literal, MultipartIdentifier, Relation, RelationKind};

use super::{CommandContext, CommandOutput};
use crate::{
    AnalyzedPlan, SessionVariable, analyze,
    attribute::quote_parts,
    batch_strings,
    variable::{local_variable, variable_name},
};

impl CommandContext<'_> {
    pub(super) fn declare_variables(
        &self,
        names: &[MultipartIdentifier],
        data_type: Option<&DataType>,
        default: Option<&Expr>,
        replace: bool,
    ) -> SparkResult<CommandOutput> {
        let mut seen: Vec<String> = vec![];
        for name in names {
            let Some(short) = variable_name(name) else {
                return Err(SparkError::analysis("UNRESOLVED_VARIABLE")
                    .param("variableName", quote_parts(name))
                    .param("searchPath", self.routine_path()));
            };
            if seen.contains(&short.to_lowercase()) {
                return Err(SparkError::analysis("DUPLICATE_VARIABLE_NAME_INSIDE_DECLARE")
                    .param("variableName", kindling_spec::quote_identifier(short)));
            }
            seen.push(short.to_lowercase());
        }
        if let Some(default) = default
            && holds_subquery(default)
        {
            return Err(SparkError::analysis("INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION")
                .param("statement", "DECLARE VARIABLE")
                .param("colName", names.first().map(|name| quote_parts(name)).unwrap_or_default())
                .param("defaultValue", text_of(default)));
        }
        let (value, data_type, text) = self.evaluate(default, data_type)?;
        for name in names {
            let Some(short) = variable_name(name) else { continue };
            let mut variables = self.state.variables.write();
            if !replace && variables.contains_key(&short.to_lowercase()) {
                return Err(SparkError::analysis("VARIABLE_ALREADY_EXISTS").param("variableName", qualified(short)));
            }
            let variable = SessionVariable {
                name: short.clone(),
                data_type: data_type.clone(),
                value: value.clone(),
                text: text.clone(),
                default: default.cloned(),
                scope: None,
            };
            variables.insert(short.to_lowercase(), variable);
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn drop_variable(&self, name: &[String], if_exists: bool) -> SparkResult<CommandOutput> {
        let removed = match variable_name(name) {
            Some(short) => self.state.variables.write().remove(&short.to_lowercase()).is_some(),
            None => {
                return Err(SparkError::analysis("UNRESOLVED_VARIABLE")
                    .param("variableName", quote_parts(name))
                    .param("searchPath", self.routine_path()));
            }
        };
        if !removed && !if_exists {
            let shown = variable_name(name).map(|name| qualified(name)).unwrap_or_default();
            return Err(SparkError::analysis("VARIABLE_NOT_FOUND").param("variableName", shown));
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn set_variables(
        &self,
        assignments: &[(MultipartIdentifier, Option<Expr>)],
        query: Option<&Relation>,
    ) -> SparkResult<CommandOutput> {
        let mut targets = vec![];
        for (name, _) in assignments {
            let variable = self.variable(name)?;
            if targets.iter().any(|known: &SessionVariable| known.name.eq_ignore_ascii_case(&variable.name)) {
                return Err(SparkError::analysis("DUPLICATE_ASSIGNMENTS")
                    .param("nameList", kindling_spec::quote_identifier(&variable.name)));
            }
            targets.push(variable);
        }
        match query {
            Some(query) => self.assign_row(&targets, query)?,
            None => {
                let mut values = vec![];
                for (variable, (_, value)) in targets.iter().zip(assignments) {
                    let expr = value.as_ref().or(variable.default.as_ref());
                    values.push(self.evaluate(expr, Some(&variable.data_type))?);
                }
                for (variable, (value, _, text)) in targets.into_iter().zip(values) {
                    self.assign(SessionVariable { value, text, ..variable });
                }
            }
        }
        Ok(CommandOutput::empty())
    }

    /// Gives the variables the values of a query's only row; NULL where it has none.
    pub(super) fn assign_row(&self, targets: &[SessionVariable], query: &Relation) -> SparkResult<()> {
        let width = analyze(self.state, query)?.output.len();
        if width != targets.len() {
            return Err(SparkError::analysis("ASSIGNMENT_ARITY_MISMATCH")
                .param("numTarget", targets.len().to_string())
                .param("numExpr", width.to_string()));
        }
        // Each column under a name of its own, cast as an assignment casts it.
        let names: Vec<String> = (0..width).map(|index| format!("_{index}")).collect();
        let renamed: Relation =
            RelationKind::ToDf { input: Box::new(query.clone()), column_names: names.clone() }.into();
        let casts =
            names.iter().zip(targets).map(|(name, target)| cast(Expr::column([name.clone()]), &target.data_type));
        let analyzed = analyze(self.state, &renamed.project(casts.collect()))?;
        let rows = self.values(&analyzed)?;
        if rows.len() > 1 {
            return Err(SparkError::runtime("ROW_SUBQUERY_TOO_MANY_ROWS"));
        }
        let row = rows.into_iter().next();
        for (index, target) in targets.iter().enumerate() {
            let (value, text) = match row.as_ref().and_then(|row| row.get(index)) {
                Some((value, text)) => (value.clone(), text.clone()),
                None => null_of(&target.data_type)?,
            };
            self.assign(SessionVariable { value, text, ..target.clone() });
        }
        Ok(())
    }

    /// Where names of variables and functions are looked for.
    pub(super) fn routine_path(&self) -> String {
        let path = [
            quote_parts(&["system", "builtin"]),
            quote_parts(&["system", "session"]),
            quote_parts(&[crate::catalog::SESSION_CATALOG, &self.state.catalog.current_database()]),
        ];
        format!("[{}]", path.join(", "))
    }

    /// The variable of a name.
    pub(super) fn variable(&self, name: &[String]) -> SparkResult<SessionVariable> {
        if let Some((variable, taken)) = local_variable(&self.state.script_scopes.read(), name)
            && taken == name.len()
        {
            return Ok(variable);
        }
        variable_name(name)
            .and_then(|short| self.state.variables.read().get(&short.to_lowercase()).cloned())
            .ok_or_else(|| {
                SparkError::analysis("UNRESOLVED_VARIABLE")
                    .param("variableName", quote_parts(name))
                    .param("searchPath", self.routine_path())
            })
    }

    fn assign(&self, variable: SessionVariable) {
        let name = variable.name.to_lowercase();
        if let Some(label) = &variable.scope {
            if let Some(scope) = self.state.script_scopes.write().iter_mut().rev().find(|scope| scope.label == *label) {
                scope.variables.insert(name, variable);
            }
            return;
        }
        self.state.variables.write().insert(name, variable);
    }

    /// A constant expression's value, its type and its SQL text.
    pub(super) fn evaluate(
        &self,
        expr: Option<&Expr>,
        data_type: Option<&DataType>,
    ) -> SparkResult<(ScalarValue, DataType, String)> {
        let expr = expr.cloned().unwrap_or_else(|| Expr::literal(Literal::Null(DataType::Null)));
        let expr = match data_type {
            Some(data_type) => cast(expr, data_type),
            None => expr,
        };
        let one_row: Relation = RelationKind::OneRow.into();
        let analyzed = analyze(self.state, &one_row.project(vec![expr]))?;
        let data_type = analyzed.output.first().map(|column| column.data_type.clone()).unwrap_or(DataType::Null);
        let row = self.values(&analyzed)?.into_iter().next().and_then(|row| row.into_iter().next());
        let (value, text) = match row {
            Some(value) => value,
            None => null_of(&data_type)?,
        };
        Ok((value, data_type, text))
    }

    pub(super) fn values(&self, plan: &AnalyzedPlan) -> SparkResult<Vec<Vec<(ScalarValue, String)>>> {
        let schema = plan.schema();
        let mut rows = vec![];
        for batch in self.runner.collect(self.state, plan)? {
            let texts = batch_strings(self.state, &schema, &batch)?;
            for row in 0..batch.num_rows() {
                let mut values = vec![];
                for ((column, text), field) in batch.columns().iter().zip(texts.columns()).zip(&schema.fields) {
                    let value = ScalarValue::try_from_array(column, row).map_err(from_datafusion)?;
                    let text = ScalarValue::try_from_array(text, row).map_err(from_datafusion)?;
                    let text = match (value.is_null(), text) {
                        (false, ScalarValue::Utf8(Some(text))) => sql_text(&field.data_type, &text),
                        _ => null_text(&field.data_type),
                    };
                    values.push((value, text));
                }
                rows.push(values);
            }
        }
        Ok(rows)
    }
}

fn qualified(name: &str) -> String {
    quote_parts(&["system", "session", name])
}

fn cast(expr: Expr, to: &DataType) -> Expr {
    let origin = expr.origin.clone();
    let kind = ExprKind::Cast { expr: Box::new(expr), to: to.clone(), mode: CastMode::Ansi };
    Expr { kind, origin }
}

fn null_of(data_type: &DataType) -> SparkResult<(ScalarValue, String)> {
    let value = ScalarValue::try_from(&kindling_common::to_arrow(data_type)).map_err(from_datafusion)?;
    Ok((value, null_text(data_type)))
}

fn null_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "NULL".into(),
        other => format!("CAST(NULL AS {})", other.sql()),
    }
}

/// A value as a SQL literal (Spark's `Literal.sql`).
fn sql_text(data_type: &DataType, shown: &str) -> String {
    match data_type {
        DataType::Byte => format!("{shown}Y"),
        DataType::Short => format!("{shown}S"),
        DataType::Long => format!("{shown}L"),
        DataType::Double => format!("{shown}D"),
        DataType::Float => format!("CAST({shown} AS FLOAT)"),
        DataType::Decimal { .. } => format!("{shown}BD"),
        DataType::String => format!("'{}'", shown.replace('\\', "\\\\").replace('\'', "\\'")),
        DataType::Date => format!("DATE '{shown}'"),
        DataType::Timestamp => format!("TIMESTAMP '{shown}'"),
        DataType::TimestampNtz => format!("TIMESTAMP_NTZ '{shown}'"),
        _ => shown.to_string(),
    }
}

fn holds_subquery(expr: &Expr) -> bool {
    // The unresolved tree has no visitor.
    format!("{:?}", expr.kind).contains("Subquery(SubqueryExpr")
}

fn text_of(expr: &Expr) -> String {
    match &expr.origin {
        kindling_spec::Origin::Sql(sql) => sql.fragment().to_string(),
        _ => String::new(),
    }
}
