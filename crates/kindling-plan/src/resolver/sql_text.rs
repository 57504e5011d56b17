//! SQL texts: how a session parses them.

use std::collections::BTreeMap;

use kindling_common::{SparkError, SparkResult, conf};
use kindling_spec::{Expr, Origin, Plan, RelationKind, SqlOrigin};
use kindling_sql::ParserOptions;

use super::{Resolved, Resolver, scope::Scope};
use crate::substitution::substitute;

impl Resolver<'_> {
    /// How SQL texts of this session are parsed.
    pub(super) fn parser_options(&self) -> ParserOptions {
        let flag = |key: &str| self.conf.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        ParserOptions {
            ansi: self.functions.ansi,
            enforce_reserved_keywords: flag("spark.sql.ansi.enforceReservedKeywords"),
            double_quoted_identifiers: flag("spark.sql.ansi.doubleQuotedIdentifiers"),
            escaped_string_literals: flag("spark.sql.parser.escapedStringLiterals"),
            exponent_literal_as_decimal: flag("spark.sql.legacy.exponentLiteralAsDecimal.enabled"),
            legacy_setops_precedence: flag("spark.sql.legacy.setopsPrecedence.enabled"),
            legacy_interval: flag("spark.sql.legacy.interval.enabled"),
            timestamp_ntz_is_default: self.functions.timestamp_ntz_default,
            session_time_zone: self.conf.value(&conf::SESSION_TIME_ZONE).to_string(),
            current_timestamp: self.functions.query_start_micros,
            view_schema_binding: !self
                .conf
                .get("spark.sql.legacy.viewSchemaBindingMode")
                .is_some_and(|value| value.eq_ignore_ascii_case("false")),
            ..ParserOptions::default()
        }
    }

    /// Parses a SQL text of this session, with its arguments.
    pub(crate) fn parse_sql(
        &self,
        query: &str,
        named: &BTreeMap<String, Expr>,
        positional: &[Expr],
    ) -> SparkResult<Plan> {
        let options = ParserOptions {
            named_parameters: named.clone(),
            positional_parameters: positional.to_vec(),
            ..self.parser_options()
        };
        let query = substitute(query, &self.conf)?;
        self.with_identifiers(&query, options, kindling_sql::parse_plan_with)
    }

    /// Parses a text, and again each time that an `IDENTIFIER(…)` had to be evaluated for it.
    fn with_identifiers<T>(
        &self,
        text: &str,
        mut options: ParserOptions,
        parse: impl Fn(&str, &ParserOptions) -> SparkResult<T>,
    ) -> SparkResult<T> {
        loop {
            let error = match parse(text, &options) {
                Err(error) if error.condition == kindling_sql::COMPUTED_IDENTIFIER => error,
                result => return result,
            };
            let number = |key: &str| error.parameters.get(key).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
            let (start, end) = (number("start"), number("end"));
            let written = text.get(start..end).unwrap_or("");
            let taken = number("parameters").min(options.positional_parameters.len());
            let own = ParserOptions {
                positional_parameters: options.positional_parameters.split_off(taken),
                ..options.clone()
            };
            let value = Resolver::new(self.state)?.identifier_text(
                written,
                &own,
                &SqlOrigin { text: text.into(), start, end, object_type: None, object_name: None },
            );
            options.positional_parameters.extend(own.positional_parameters);
            options.identifiers.insert(start, value?);
        }
    }

    /// The string that the argument of an `IDENTIFIER(…)` evaluates to.
    fn identifier_text(&mut self, written: &str, options: &ParserOptions, origin: &SqlOrigin) -> SparkResult<String> {
        let origin = Origin::Sql(origin.clone());
        let parsed = kindling_sql::parse_expression(written, options)?.at(origin.clone());
        let scope = Scope::default();
        let wrong = |condition: &'static str, text: &str| {
            SparkError::analysis(condition).param("name", "IDENTIFIER").param("expr", text).at(&origin)
        };
        let value = match self.expression(&parsed, &mut super::expression::ExprContext::new(&scope, "IDENTIFIER")) {
            Ok(value) => value,
            Err(error) if error.condition.starts_with("UNRESOLVED_COLUMN") => {
                return Err(wrong("NOT_A_CONSTANT_STRING.NOT_CONSTANT", written));
            }
            Err(error) => return Err(error),
        };
        if !value.typed.data_type.is_string() {
            return Err(wrong("NOT_A_CONSTANT_STRING.WRONG_TYPE", &value.text)
                .param("dataType", value.typed.data_type.simple_string()));
        }
        match kindling_functions::fold(&value.typed)? {
            Some(datafusion::scalar::ScalarValue::Utf8(Some(text))) => Ok(text),
            Some(_) => Err(wrong("NOT_A_CONSTANT_STRING.NULL", &value.text)),
            None => Err(wrong("NOT_A_CONSTANT_STRING.NOT_CONSTANT", &value.text)),
        }
    }

    /// `spark.sql(text, args)` as a relation.
    pub(super) fn sql(
        &mut self,
        query: &str,
        named: &BTreeMap<String, Expr>,
        positional: &[Expr],
    ) -> SparkResult<Resolved> {
        let relation = match self.parse_sql(query, named, positional)? {
            Plan::Relation(relation) => relation,
            Plan::Command(command) => RelationKind::Command(Box::new(command)).into(),
        };
        self.relation(&relation)
    }
}
