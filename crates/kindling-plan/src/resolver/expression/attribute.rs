//! Column references.

use std::sync::Arc;

use datafusion::{common::Column, logical_expr::Expr};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::TypedExpr;

use super::{ExprContext, Resolver, Value};
use crate::{
    SessionVariable,
    attribute::quote_parts,
    resolver::{plan::internal_field, scope::Found},
    variable::local_variable,
};

/// Functions that may be written without parentheses where no column has their name.
const LITERAL_FUNCTIONS: &[&str] =
    &["current_date", "current_timestamp", "localtimestamp", "current_time", "current_user", "user", "session_user"];

impl Resolver<'_> {
    pub(super) fn attribute_reference(
        &mut self,
        parts: &[String],
        plan_id: Option<i64>,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        if plan_id.is_none()
            && let Some(value) = self.variable(parts, context)?
        {
            return Ok(value);
        }
        // Aggregates' arguments see the aggregate's input before its output.
        let first = if context.inside_aggregate { context.aggregate_scope } else { 0 };
        let order: Vec<usize> = match self.grouping_column(parts, plan_id, context)? {
            Some(scope) => vec![scope, 0],
            None => (first..context.scopes.len()).chain(0..first).filter(|i| *i >= context.first_scope).collect(),
        };
        let mut failed = None;
        for (place, index) in order.iter().copied().enumerate() {
            let Some(scope) = context.scopes.get(index).copied() else { continue };
            // `HAVING` and `ORDER BY` go on where a column has not the parts that are asked for.
            let goes_on =
                place + 1 < order.len() && plan_id.is_none() && matches!(context.clause, "HAVING" | "ORDER BY");
            let found = match plan_id {
                Some(plan_id) => scope.find_of_plan(self.names, plan_id, parts),
                None => scope.find(self.names, parts),
            };
            let found = match found {
                // To `ORDER BY`, a name that the select list has twice is one of what is below.
                Err(error) if goes_on && context.clause == "ORDER BY" => {
                    failed = Some(error);
                    continue;
                }
                found => found?,
            };
            let Some(found) = found else { continue };
            let attribute = found.attribute.clone();
            match self.found(found, parts) {
                Err(error) if goes_on => failed = Some(error),
                result => {
                    if index > 0 && !context.inside_aggregate && !context.missing.contains(&attribute) {
                        context.missing.push(attribute);
                    }
                    return result;
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if let Some(plan_id) = plan_id {
            return self.outer_of_plan(plan_id, parts, context);
        }
        if let Some(value) = self.lateral_alias(parts, context)? {
            return Ok(value);
        }
        if let Some(value) = self.outer_reference(parts)? {
            return Ok(value);
        }
        if let [name] = parts
            && LITERAL_FUNCTIONS.contains(&name.to_lowercase().as_str())
        {
            return self.expression(&kindling_spec::Expr::call(name.to_lowercase(), vec![]), context);
        }
        if let [name] = parts
            && name.eq_ignore_ascii_case("grouping__id")
            && !context.grouping.is_empty()
        {
            // Hive's name of the grouping id.
            let call = kindling_spec::UnresolvedFunction { name: vec!["grouping_id".into()], ..Default::default() };
            let mut value = self.grouping_call("grouping_id", &call, context)?;
            value.text = "grouping__id".into();
            return Ok(value);
        }
        if let Some(value) = self.session_variable(parts)? {
            return Ok(value);
        }
        Err(context.scopes.first().map_or_else(|| SparkError::internal("no scope"), |scope| scope.unresolved(parts)))
    }

    /// The scope of a grouping column that `HAVING` means: it comes before an alias of the same name.
    fn grouping_column(
        &self,
        parts: &[String],
        plan_id: Option<i64>,
        context: &ExprContext<'_>,
    ) -> SparkResult<Option<usize>> {
        if context.clause != "HAVING" || context.inside_aggregate || plan_id.is_some() {
            return Ok(None);
        }
        let Some(input) = context.scopes.get(1) else { return Ok(None) };
        let found = input.find(self.names, parts).ok().flatten();
        Ok(found.filter(|found| context.keys.contains(&found.attribute.column())).map(|_| 1))
    }

    fn found(&mut self, found: Found, parts: &[String]) -> SparkResult<Value> {
        let mut value = Value::of_attribute(&found.attribute);
        for field in &found.nested {
            value = self.field(value, field)?;
        }
        if !found.nested.is_empty() {
            value.default_name = parts.last().cloned();
        }
        Ok(value)
    }

    fn variable(&mut self, parts: &[String], context: &ExprContext<'_>) -> SparkResult<Option<Value>> {
        let Some((name, fields)) = parts.split_first() else { return Ok(None) };
        let variable = context.variables.iter().rev().find(|(variable, _)| self.names.same(variable, name));
        let Some((name, typed)) = variable else { return Ok(None) };
        // A struct of variables has fields of their names.
        let mut value =
            Value { default_name: Some(name.clone()), ..Value::new(typed.clone(), "namedlambdavariable()") };
        for field in fields {
            value = self.field(value, field)?;
            value.default_name = None;
        }
        Ok(Some(value))
    }

    pub(super) fn lambda_variable(&mut self, parts: &[String], context: &ExprContext<'_>) -> SparkResult<Value> {
        self.variable(parts, context)?
            .ok_or_else(|| SparkError::internal(format!("lambda variable {} is not bound", quote_parts(parts))))
    }

    fn lateral_alias(&mut self, parts: &[String], context: &ExprContext<'_>) -> SparkResult<Option<Value>> {
        let Some((name, fields)) = parts.split_first() else { return Ok(None) };
        let mut matching = context.lateral.iter().filter(|(alias, _)| self.names.same(alias, name));
        let (Some((alias, value)), another) = (matching.next(), matching.next()) else { return Ok(None) };
        if another.is_some() {
            return Err(SparkError::analysis("AMBIGUOUS_LATERAL_COLUMN_ALIAS")
                .param("name", quote_parts(&[name]))
                .param("n", context.lateral.iter().filter(|(a, _)| self.names.same(a, name)).count().to_string()));
        }
        let mut value = Value::new(value.typed.clone(), format!("lateralAliasReference({alias})"));
        value.default_name = Some(alias.clone());
        for field in fields {
            value = self.field(value, field)?;
        }
        Ok(Some(value))
    }

    fn outer_reference(&mut self, parts: &[String]) -> SparkResult<Option<Value>> {
        // As in Spark: the query that the subquery stands in, none farther out.
        let Some(scope) = self.outer.last() else { return Ok(None) };
        match scope.find(self.names, parts)? {
            Some(found) => self.outer_found(found, parts).map(Some),
            None => Ok(None),
        }
    }

    /// A session variable: what is left where nothing else has the name.
    fn session_variable(&mut self, parts: &[String]) -> SparkResult<Option<Value>> {
        let local = local_variable(&self.state.script_scopes.read(), parts);
        if let Some((variable, taken)) = local {
            return self.variable_value(variable, parts, taken).map(Some);
        }
        let is = |part: Option<&String>, name: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(name));
        let skipped = match (is(parts.first(), "system") && is(parts.get(1), "session"), is(parts.first(), "session")) {
            (true, _) => 2,
            (false, true) if parts.len() > 1 => 1,
            _ => 0,
        };
        let Some(name) = parts.get(skipped) else { return Ok(None) };
        let Some(variable) = self.state.variables.read().get(&name.to_lowercase()).cloned() else { return Ok(None) };
        if self.views.is_empty() {
            self.temporary_used.push(("VARIABLE", variable.name.clone()));
        }
        self.variable_value(variable, parts, skipped + 1).map(Some)
    }

    /// A variable as a value; parts of the name after `taken` are fields of it.
    fn variable_value(&mut self, variable: SessionVariable, parts: &[String], taken: usize) -> SparkResult<Value> {
        let path: Vec<String> =
            variable.path().into_iter().map(|part| kindling_spec::quote_if_needed(&part.to_lowercase())).collect();
        let nullable = variable.value.is_null();
        let typed = TypedExpr::new(Expr::Literal(variable.value, None), variable.data_type, nullable);
        let mut value = Value::new(typed, format!("variablereference({}={})", path.join("."), variable.text));
        value.default_name = parts.last().cloned();
        for field in parts.get(taken..).unwrap_or(&[]) {
            value = self.field(value, field)?;
            value.default_name = Some(field.clone());
        }
        Ok(value)
    }

    fn outer_of_plan(&mut self, plan_id: i64, parts: &[String], context: &ExprContext<'_>) -> SparkResult<Value> {
        for scope in self.outer.iter().rev() {
            if let Some(found) = scope.find_of_plan(self.names, plan_id, parts)? {
                return self.outer_found(found, parts);
            }
        }
        match context.scopes.iter().find(|scope| scope.has_plan(plan_id)) {
            Some(scope) => Err(scope.unresolved(parts)),
            None => Err(SparkError::analysis("CANNOT_RESOLVE_DATAFRAME_COLUMN").param("name", quote_parts(parts))),
        }
    }

    pub(super) fn outer_found(&mut self, found: Found, parts: &[String]) -> SparkResult<Value> {
        let attribute = &found.attribute;
        let column = Column::new_unqualified(attribute.internal_name());
        let expr = Expr::OuterReferenceColumn(Arc::new(internal_field(attribute)), column);
        let typed = TypedExpr::new(expr, attribute.data_type.clone(), attribute.nullable);
        let mut value = Value::new(typed, format!("outer({})", attribute.sql()));
        value.default_name = parts.last().cloned();
        for field in &found.nested {
            value = self.field(value, field)?;
        }
        Ok(value)
    }
}
