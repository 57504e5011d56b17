//! Spark Connect messages to the unresolved plan (Spark's `SparkConnectPlanner`, without the planning).
//!
//! A file per message family. Lowering needs no session: names stay unresolved, SQL texts unparsed.

mod catalog;
mod command;
mod data_type;
mod expression;
mod literal;
mod relation;
mod value;

use kindling_common::{ExceptionClass, SparkError, SparkResult};

pub use catalog::{lower_storage_level, raise_storage_level};
pub use command::lower_command;
pub use data_type::{parse_schema, raise_data_type};
pub use relation::lower_relation;
pub use value::raise_value;

/// A required field of a message, or the error that names it.
fn required<T>(value: Option<T>, field: &str) -> SparkResult<T> {
    value.ok_or_else(|| invalid_plan(format!("{field} is not set")))
}

fn invalid_plan(message: String) -> SparkError {
    SparkError::new(ExceptionClass::IllegalArgument, "CONNECT_INVALID_PLAN.FIELD").param("detail", message)
}

/// The values of a count that the protocol carries as a signed integer.
fn count(value: i32, field: &str) -> SparkResult<usize> {
    usize::try_from(value).map_err(|_| invalid_plan(format!("{field} must not be negative, but is {value}")))
}

/// Splits a column name as `UnresolvedAttribute.parseAttributeName` does: dots separate, backquotes protect.
fn parse_attribute_name(name: &str) -> SparkResult<Vec<String>> {
    let error = || SparkError::analysis("INVALID_ATTRIBUTE_NAME_SYNTAX").param("name", name);
    let mut parts = vec![];
    let mut part = String::new();
    let mut chars = name.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '`') if chars.peek() == Some(&'`') => {
                chars.next();
                part.push('`');
            }
            (true, '`') => {
                quoted = false;
                if chars.peek().is_some_and(|next| *next != '.') {
                    return Err(error());
                }
            }
            (true, c) => part.push(c),
            (false, '`') if part.is_empty() => quoted = true,
            (false, '`') => return Err(error()),
            (false, '.') => {
                if parts.is_empty() && part.is_empty() && chars.peek().is_none() || name.ends_with('.') {
                    return Err(error());
                }
                parts.push(std::mem::take(&mut part));
            }
            (false, c) => part.push(c),
        }
    }
    if quoted {
        return Err(error());
    }
    parts.push(part);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_names_split_at_dots_outside_backquotes() {
        assert_eq!(parse_attribute_name("a.b").unwrap(), ["a", "b"]);
        assert_eq!(parse_attribute_name("`a.b`.c").unwrap(), ["a.b", "c"]);
        assert_eq!(parse_attribute_name("`a``b`").unwrap(), ["a`b"]);
        assert_eq!(parse_attribute_name("`a").unwrap_err().condition, "INVALID_ATTRIBUTE_NAME_SYNTAX");
    }
}
