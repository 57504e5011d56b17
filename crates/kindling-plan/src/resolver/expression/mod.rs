//! Expressions: names, calls, windows, subqueries; each becomes a typed DataFusion expression and its SQL text.

mod attribute;
mod call;
mod cast;
mod column_regex;
mod extract;
mod item;
mod lambda;
mod named_arguments;
mod pipe;
mod star;
mod subquery;
pub(super) mod text;
mod typed_text;
mod value;
mod window;

use kindling_common::{SparkError, SparkResult};
use kindling_functions::{CallContext, CallText, TypedExpr};
use kindling_spec::{Expr, ExprKind, Origin, Parameter};

pub(super) use self::call::{builtin_name, replace_calls, sort_key};
pub(crate) use self::value::{ExprContext, Generator, Value};
use super::Resolver;

/// The text of a call, for the errors of functions.
pub(super) struct Text {
    pub call: String,
    pub arguments: Vec<String>,
}

impl CallText for Text {
    fn call(&self) -> String {
        self.call.clone()
    }

    fn argument(&self, index: usize) -> String {
        self.arguments.get(index).cloned().unwrap_or_default()
    }
}

impl Resolver<'_> {
    /// Resolves an expression.
    pub(super) fn expression(&mut self, expr: &Expr, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        self.expression_kind(expr, context).map_err(|error| error.at(&expr.origin))
    }

    fn expression_kind(&mut self, expr: &Expr, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        match &expr.kind {
            ExprKind::Literal(literal) => {
                let text = text::literal(literal, &self.functions.time_zone);
                Ok(Value::new(TypedExpr::literal(literal)?, text))
            }
            ExprKind::UnresolvedAttribute { name_parts, plan_id, .. } => {
                self.attribute_reference(name_parts, *plan_id, context)
            }
            ExprKind::UnresolvedStar { .. } | ExprKind::UnresolvedRegex { .. } => {
                let mut found = self.expand_star(expr, context)?;
                match (found.pop(), found.is_empty()) {
                    (Some(value), true) if matches!(expr.kind, ExprKind::UnresolvedRegex { .. }) => Ok(value),
                    _ => Err(SparkError::analysis("INVALID_USAGE_OF_STAR_OR_REGEX")
                        .param("elem", "'*'")
                        .param("prettyName", format!("expression `{}`", context.clause.to_lowercase()))),
                }
            }
            ExprKind::UnresolvedFunction(function) => self.call(function, expr, context),
            ExprKind::Alias { expr: inner, names, metadata } => {
                let value = self.expression(inner, context)?;
                Ok(value.aliased(names, metadata.clone()))
            }
            ExprKind::Stored { child, column, to } => {
                let value = self.expression(child, context)?;
                self.stored(value, column, to)
            }
            ExprKind::Pipe { child, clause } => self.pipe_expression(child, *clause, context),
            ExprKind::Cast { expr: inner, to, mode } => {
                let value = self.expression(inner, context)?;
                self.cast(value, to, *mode, &expr.origin)
            }
            ExprKind::Window(window) => self.window(window, expr, context),
            ExprKind::UnresolvedNamedLambdaVariable { name_parts } => self.lambda_variable(name_parts, context),
            ExprKind::UnresolvedExtractValue { child, extraction } => {
                self.extract_value(child, extraction, &expr.origin, context)
            }
            ExprKind::UpdateFields { child, field_name, value } => {
                self.update_fields(child, field_name, value.as_deref(), context)
            }
            ExprKind::Parameter(parameter) => {
                let name = match parameter {
                    Parameter::Named(name) => name.clone(),
                    Parameter::Positional(position) => format!("_{position}"),
                };
                Err(SparkError::analysis("UNBOUND_SQL_PARAMETER").param("name", name))
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery, context),
            ExprKind::ExpressionString(text) => {
                let parsed = kindling_sql::parse_named_expression(text, &self.parser_options())?;
                self.expression(&parsed, context)
            }
            ExprKind::LambdaFunction { .. } => {
                Err(SparkError::analysis("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION").param("class", "?"))
            }
            ExprKind::SortOrder(_) => Err(SparkError::internal("a sort order outside ORDER BY")),
            ExprKind::NamedArgument { .. } => Err(SparkError::unsupported("named arguments of functions")),
            ExprKind::PythonUdf(udf) => Err(SparkError::unsupported(format!("Python function {}", udf.name))),
            ExprKind::MergeAction(_) => Err(SparkError::unsupported("MERGE INTO")),
        }
    }

    /// Calls `f` with the context that a function's builder gets.
    pub(super) fn with_call_context<T>(
        &self,
        origin: &Origin,
        text: &Text,
        f: impl FnOnce(&CallContext<'_>) -> SparkResult<T>,
    ) -> SparkResult<T> {
        f(&CallContext::new(&self.functions, origin.clone(), text)).map_err(|error| error.at(origin))
    }

    /// Builds a call of a scalar function by name over resolved values.
    pub(super) fn scalar(&self, name: &'static str, arguments: Vec<Value>) -> SparkResult<Value> {
        let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
        let text = text::call(name, &texts);
        let entry =
            kindling_functions::lookup(name).ok_or_else(|| SparkError::unsupported(format!("function {name}")))?;
        let call_text = Text { call: text.clone(), arguments: texts };
        let typed = self.with_call_context(&Origin::None, &call_text, |call| {
            entry.build_scalar(call, arguments.into_iter().map(|value| value.typed).collect())
        })?;
        Ok(Value::new(typed, text))
    }
}
