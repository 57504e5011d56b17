//! Session variables (Spark's `TempVariableManager`).

use std::collections::BTreeMap;

use datafusion::scalar::ScalarValue;
use kindling_spec::{DataType, Expr};

/// A variable with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionVariable {
    /// Name as it was declared.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// Value.
    pub value: ScalarValue,
    /// The value as SQL, which names of columns show.
    pub text: String,
    /// What `SET VAR … = DEFAULT` evaluates again.
    pub default: Option<Expr>,
}

/// The variables of a session, by their names in lower case.
pub type SessionVariables = BTreeMap<String, SessionVariable>;

/// The name of a variable without `system.session`; `None` for the names of other things.
pub fn variable_name(parts: &[String]) -> Option<&String> {
    match parts {
        [name] => Some(name),
        [session, name] if session.eq_ignore_ascii_case("session") => Some(name),
        [system, session, name] if system.eq_ignore_ascii_case("system") && session.eq_ignore_ascii_case("session") => {
            Some(name)
        }
        _ => None,
    }
}
