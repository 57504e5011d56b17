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
    /// The label of the block of a script that it belongs to; none for those of the session.
    pub scope: Option<String>,
}

impl SessionVariable {
    /// The parts of its whole name.
    pub fn path(&self) -> Vec<&str> {
        match &self.scope {
            Some(label) => vec!["local", label, &self.name],
            None => vec!["system", "session", &self.name],
        }
    }
}

/// The variables of a block of a script that runs.
#[derive(Debug, Default)]
pub struct ScriptScope {
    /// The block's label, or a made-up one.
    pub label: String,
    /// By name in lower case.
    pub variables: SessionVariables,
}

/// The local variable that begins a name, the innermost first, with how many parts it takes.
pub(crate) fn local_variable(scopes: &[ScriptScope], parts: &[String]) -> Option<(SessionVariable, usize)> {
    let [first, rest @ ..] = parts else { return None };
    scopes.iter().rev().find_map(|scope| {
        if let Some(variable) = scope.variables.get(&first.to_lowercase()) {
            return Some((variable.clone(), 1));
        }
        let name = rest.first().filter(|_| scope.label.eq_ignore_ascii_case(first))?;
        scope.variables.get(&name.to_lowercase()).map(|variable| (variable.clone(), 2))
    })
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
