#![doc = include_str!("../README.md")]
// Rules are named after those of the grammar: `from_clause`, `is_predicate`.
#![allow(clippy::wrong_self_convention)]

mod data_type;
mod datetime;
mod error;
mod expr;
mod ident;
mod interval;
mod keyword;
mod lexer;
mod literal;
mod options;
mod parser;
mod query;
mod statement;
mod strings;
mod token;

use kindling_common::SparkResult;
use kindling_spec::{DataType, Expr, Plan, Relation, SortOrder, StructType};

pub use keyword::keywords;
pub use options::ParserOptions;

/// The condition of the error by which a parse asks for the value of an `IDENTIFIER(…)`: bytes `start` to `end` of the text are
/// an expression, before which `parameters` markers stand. With the value in [`ParserOptions::identifiers`] the text parses.
pub const COMPUTED_IDENTIFIER: &str = "COMPUTED_IDENTIFIER";

use parser::{PResult, Parser};

/// Parses a whole text with one rule.
fn parse<'o, T>(
    sql: &str,
    options: &'o ParserOptions,
    rule: impl FnOnce(&mut Parser<'o>) -> PResult<T>,
) -> SparkResult<T> {
    let mut parser = Parser::new(sql, options)?;
    if parser.at_end() {
        return Err(error::empty_statement(sql));
    }
    let result = rule(&mut parser).and_then(|value| {
        parser.expect_end()?;
        Ok(value)
    });
    result.map_err(|error| parser.final_error(error))
}

/// One statement; semicolons may follow it.
pub fn parse_plan(sql: &str) -> SparkResult<Plan> {
    parse_plan_with(sql, &ParserOptions::default())
}

/// One statement, with options.
pub fn parse_plan_with(sql: &str, options: &ParserOptions) -> SparkResult<Plan> {
    parse(sql, options, Parser::statement)
}

/// A query.
pub fn parse_query(sql: &str, options: &ParserOptions) -> SparkResult<Relation> {
    parse(sql, options, Parser::query)
}

/// An expression.
pub fn parse_expression(sql: &str, options: &ParserOptions) -> SparkResult<Expr> {
    parse(sql, options, Parser::expression)
}

/// An expression with or without an alias (`F.expr`, `selectExpr`).
pub fn parse_named_expression(sql: &str, options: &ParserOptions) -> SparkResult<Expr> {
    parse(sql, options, Parser::named_expression)
}

/// A data type: `INT`, `array<string>`.
pub fn parse_data_type(sql: &str) -> SparkResult<DataType> {
    parse(sql, &ParserOptions::default(), Parser::data_type)
}

/// A schema in DDL: `a INT, b STRING NOT NULL COMMENT 'x'`, or `a: int, b: string`, or `struct<a: int>`.
pub fn parse_table_schema(ddl: &str) -> SparkResult<StructType> {
    let options = ParserOptions::default();
    let columns = parse(ddl, &options, |p| p.column_list(false));
    let Err(error) = columns else { return columns };
    if let Ok(DataType::Struct(fields)) = parse_data_type(ddl) {
        return Ok(fields);
    }
    parse(ddl, &options, |p| p.column_list(true)).map_err(|_| error)
}

/// A dotted name: `a.b`, `` `x y`.z ``.
pub fn parse_multipart_identifier(sql: &str) -> SparkResult<Vec<String>> {
    parse(sql, &ParserOptions::default(), Parser::multipart)
}

/// `expr [ASC|DESC] [NULLS FIRST|LAST]`
pub fn parse_sort_order(sql: &str, options: &ParserOptions) -> SparkResult<SortOrder> {
    parse(sql, options, Parser::sort_item)
}
