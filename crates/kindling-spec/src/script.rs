//! SQL scripts: `BEGIN … END`.

use crate::{Expr, Origin, Plan, Relation};

/// `[label:] BEGIN … END`, or the statements of a branch or a loop.
#[derive(Debug, Clone, PartialEq)]
pub struct CompoundBody {
    /// The label.
    pub label: Option<String>,
    /// Exception handlers, as declared.
    pub handlers: Vec<ExceptionHandler>,
    /// Declared conditions and their SQLSTATEs.
    pub conditions: Vec<(String, String)>,
    /// The statements, in order.
    pub statements: Vec<ScriptStatement>,
}

/// `DECLARE EXIT HANDLER FOR conditions body`
#[derive(Debug, Clone, PartialEq)]
pub struct ExceptionHandler {
    /// What it handles.
    pub conditions: Vec<HandlerCondition>,
    /// What it does.
    pub body: CompoundBody,
}

/// What a handler handles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerCondition {
    /// `SQLEXCEPTION`
    SqlException,
    /// `NOT FOUND`
    NotFound,
    /// `SQLSTATE 'xxxxx'`
    SqlState(String),
    /// An error condition by name, or one that was declared.
    Named(String),
}

/// A statement of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum ScriptStatement {
    /// A query or a command.
    Single(Box<Plan>),
    /// `BEGIN … END`
    Block(CompoundBody),
    /// `IF`, and `CASE` whose conditions are written out.
    If {
        /// Conditions and what each leads to.
        branches: Vec<(Expr, CompoundBody)>,
        /// `ELSE`
        otherwise: Option<CompoundBody>,
    },
    /// `WHILE condition DO … END WHILE`
    While {
        /// The condition.
        condition: Expr,
        /// The body, which carries the loop's label.
        body: CompoundBody,
    },
    /// `REPEAT … UNTIL condition END REPEAT`
    Repeat {
        /// The condition.
        condition: Expr,
        /// The body, which carries the loop's label.
        body: CompoundBody,
    },
    /// `LOOP … END LOOP`
    Loop(CompoundBody),
    /// `FOR variable AS query DO … END FOR`
    For {
        /// What qualifies the columns of the current row.
        variable: Option<String>,
        /// The query.
        query: Relation,
        /// The body, which carries the loop's label.
        body: CompoundBody,
    },
    /// `LEAVE label`
    Leave(String),
    /// `ITERATE label`
    Iterate(String),
}

/// A boolean statement's text, for errors.
pub fn statement_text(expr: &Expr) -> String {
    match &expr.origin {
        Origin::Sql(sql) => sql.fragment().to_string(),
        _ => String::new(),
    }
}
