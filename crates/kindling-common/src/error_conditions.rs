//! The catalogue of error conditions: name, SQLSTATE and message template.
//!
//! Names, states and wording are Spark's (its `error-conditions.json` is the reference), so that what a user
//! searches for is found. `<parameter>` marks a message parameter. Kept sorted by name; a condition is added
//! when the first code raises it.

use std::collections::BTreeMap;

/// One error condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCondition {
    /// Condition with its subcondition, e.g. `UNRESOLVED_COLUMN.WITH_SUGGESTION`.
    pub name: &'static str,
    /// SQLSTATE.
    pub sql_state: &'static str,
    /// Message template.
    pub template: &'static str,
}

impl ErrorCondition {
    /// The template with its parameters filled in.
    pub fn format(&self, parameters: &BTreeMap<String, String>) -> String {
        let mut out = String::with_capacity(self.template.len() + 64);
        let mut rest = self.template;
        while let Some(open) = rest.find('<') {
            let (text, tail) = rest.split_at(open);
            out.push_str(text);
            let name = tail.get(1..).and_then(|tail| tail.split_once('>')).map(|(name, _)| name);
            match name.and_then(|name| parameters.get_key_value(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = tail.get(name.len() + 2..).unwrap_or("");
                }
                None => {
                    out.push('<');
                    rest = tail.get(1..).unwrap_or("");
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// Looks a condition up by its full name.
pub fn find_condition(name: &str) -> Option<&'static ErrorCondition> {
    CONDITIONS.binary_search_by(|condition| condition.name.cmp(name)).ok().and_then(|i| CONDITIONS.get(i))
}

const fn condition(name: &'static str, sql_state: &'static str, template: &'static str) -> ErrorCondition {
    ErrorCondition { name, sql_state, template }
}

/// Sorted by name (a test checks it).
#[rustfmt::skip]
static CONDITIONS: &[ErrorCondition] = &[
    condition("DIVIDE_BY_ZERO", "22012", "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error."),
    condition("INTERNAL_ERROR", "XX000", "<message>"),
    condition("PARSE_SYNTAX_ERROR", "42601", "Syntax error at or near <error><hint>."),
    condition("UNSUPPORTED_ARROWTYPE", "0A000", "Unsupported arrow type <typeName>."),
    condition("UNSUPPORTED_FEATURE.NOT_IN_KINDLING", "0A000", "The feature is not supported: <feature> is not available in Kindling yet."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_sorted_and_unique() {
        for pair in CONDITIONS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} must come after {}", pair[0].name, pair[1].name);
        }
    }
}
