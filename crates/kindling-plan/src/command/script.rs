//! SQL scripts: runs the statements of `BEGIN … END` one after the other (Spark's `SqlScriptingExecution`).
//!
//! A script answers with the rows of the last query that it ran. Its variables are in
//! [`SessionState::script_scopes`](crate::SessionState), a scope for each block and for each row of a `FOR`.

use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult, find_condition};
use kindling_spec::{
    Command, CompoundBody, DataType, Expr, HandlerCondition, MultipartIdentifier, Plan, Relation, ScriptStatement,
    quote_identifier, statement_text,
};

use super::{CommandContext, CommandOutput};
use crate::{ScriptScope, SessionVariable, analyze, attribute::quote_parts};

/// What comes after a statement.
enum Flow {
    /// The next one.
    Next,
    /// What follows the block or loop of a label.
    Leave(String),
    /// The next round of a labelled loop.
    Iterate(String),
}

impl CommandContext<'_> {
    pub(super) fn script(&self, body: &CompoundBody) -> SparkResult<CommandOutput> {
        let depth = self.state.script_scopes.read().len();
        let mut output = CommandOutput::empty();
        let result = self.block(body, &mut output);
        self.state.script_scopes.write().truncate(depth);
        result.map(|_| output)
    }

    /// A block with its variables and its handlers.
    fn block(&self, body: &CompoundBody, output: &mut CommandOutput) -> SparkResult<Flow> {
        check_handlers(body)?;
        let label = body.label.clone().unwrap_or_else(|| self.unique_label());
        let flow = self.in_scope(ScriptScope { label, ..ScriptScope::default() }, || {
            match self.statements(&body.statements, output) {
                Ok(flow) => Ok(flow),
                Err(error) => match handler_of(body, &error) {
                    Some(handler) => self.block(handler, output),
                    None => Err(error),
                },
            }
        })?;
        Ok(match flow {
            Flow::Leave(label) if body.label.as_ref() == Some(&label) => Flow::Next,
            other => other,
        })
    }

    fn statements(&self, statements: &[ScriptStatement], output: &mut CommandOutput) -> SparkResult<Flow> {
        for statement in statements {
            match self.script_statement(statement, output)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn script_statement(&self, statement: &ScriptStatement, output: &mut CommandOutput) -> SparkResult<Flow> {
        match statement {
            ScriptStatement::Single(plan) => self.single(plan, output),
            ScriptStatement::Block(body) => self.block(body, output),
            ScriptStatement::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.holds(condition)? {
                        return self.statements(&body.statements, output);
                    }
                }
                match otherwise {
                    Some(body) => self.statements(&body.statements, output),
                    None => Ok(Flow::Next),
                }
            }
            ScriptStatement::While { condition, body } => {
                while self.holds(condition)? {
                    if let Some(flow) = self.round(body, output)? {
                        return Ok(flow);
                    }
                }
                Ok(Flow::Next)
            }
            ScriptStatement::Repeat { condition, body } => loop {
                if let Some(flow) = self.round(body, output)? {
                    return Ok(flow);
                }
                if self.holds(condition)? {
                    return Ok(Flow::Next);
                }
            },
            ScriptStatement::Loop(body) => loop {
                if let Some(flow) = self.round(body, output)? {
                    return Ok(flow);
                }
            },
            ScriptStatement::For { variable, query, body } => self.for_rows(variable.as_deref(), query, body, output),
            ScriptStatement::Leave(label) => Ok(Flow::Leave(label.clone())),
            ScriptStatement::Iterate(label) => Ok(Flow::Iterate(label.clone())),
        }
    }

    /// One round of a loop; what comes after it, where that is no further round.
    fn round(&self, body: &CompoundBody, output: &mut CommandOutput) -> SparkResult<Option<Flow>> {
        Ok(match self.statements(&body.statements, output)? {
            Flow::Next => None,
            Flow::Leave(label) if body.label.as_ref() == Some(&label) => Some(Flow::Next),
            Flow::Iterate(label) if body.label.as_ref() == Some(&label) => None,
            other => Some(other),
        })
    }

    fn for_rows(
        &self,
        variable: Option<&str>,
        query: &Relation,
        body: &CompoundBody,
        output: &mut CommandOutput,
    ) -> SparkResult<Flow> {
        let analyzed = analyze(self.state, query)?;
        let fields = analyzed.schema().fields;
        for row in self.values(&analyzed)? {
            let label = variable.map_or_else(|| self.unique_label(), str::to_string);
            let mut scope = ScriptScope { label: label.clone(), ..ScriptScope::default() };
            for (field, (value, text)) in fields.iter().zip(row) {
                let column = SessionVariable {
                    name: field.name.clone(),
                    data_type: field.data_type.clone(),
                    value,
                    text,
                    default: None,
                    scope: Some(label.clone()),
                };
                scope.variables.insert(field.name.to_lowercase(), column);
            }
            if let Some(flow) = self.in_scope(scope, || self.round(body, output))? {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    /// A query or a command.
    fn single(&self, plan: &Plan, output: &mut CommandOutput) -> SparkResult<Flow> {
        match plan {
            Plan::Command(Command::DeclareVariable { names, data_type, default, replace }) => {
                self.declare_local(names, data_type.as_ref(), default.as_ref(), *replace)?;
            }
            Plan::Relation(_) => *output = self.rows_of(plan)?,
            Plan::Command(Command::ExecuteImmediate { .. }) => {
                let rows = self.rows_of(plan)?;
                if !rows.schema.fields.is_empty() {
                    *output = rows;
                }
            }
            Plan::Command(_) => {
                self.rows_of(plan)?;
            }
        }
        Ok(Flow::Next)
    }

    fn declare_local(
        &self,
        names: &[MultipartIdentifier],
        data_type: Option<&DataType>,
        default: Option<&Expr>,
        replace: bool,
    ) -> SparkResult<()> {
        let wrong =
            |condition, name: &[String]| Err(SparkError::analysis(condition).param("varName", quote_parts(name)));
        for name in names {
            if name.len() > 1 {
                return wrong("INVALID_VARIABLE_DECLARATION.QUALIFIED_LOCAL_VARIABLE", name);
            }
            if replace {
                return wrong("INVALID_VARIABLE_DECLARATION.REPLACE_LOCAL_VARIABLE", name);
            }
        }
        let (value, data_type, text) = self.evaluate(default, data_type)?;
        let mut scopes = self.state.script_scopes.write();
        let Some(scope) = scopes.last_mut() else { return Err(SparkError::internal("a declaration outside a block")) };
        for short in names.iter().flatten() {
            if scope.variables.contains_key(&short.to_lowercase()) {
                let shown = format!("{}.{}", quote_identifier(&scope.label), quote_identifier(short));
                return Err(SparkError::analysis("VARIABLE_ALREADY_EXISTS").param("variableName", shown));
            }
            let variable = SessionVariable {
                name: short.clone(),
                data_type: data_type.clone(),
                value: value.clone(),
                text: text.clone(),
                default: default.cloned(),
                scope: Some(scope.label.clone()),
            };
            scope.variables.insert(short.to_lowercase(), variable);
        }
        Ok(())
    }

    /// Whether a condition is true; NULL is not.
    fn holds(&self, condition: &Expr) -> SparkResult<bool> {
        match self.evaluate(Some(condition), None)? {
            (ScalarValue::Boolean(value), ..) => Ok(value == Some(true)),
            _ => {
                Err(SparkError::analysis("INVALID_BOOLEAN_STATEMENT")
                    .param("invalidStatement", statement_text(condition)))
            }
        }
    }

    fn in_scope<T>(&self, scope: ScriptScope, run: impl FnOnce() -> SparkResult<T>) -> SparkResult<T> {
        self.state.script_scopes.write().push(scope);
        let result = run();
        self.state.script_scopes.write().pop();
        result
    }

    /// The label of a block without one, in the form of a UUID.
    fn unique_label(&self) -> String {
        let (a, b) = (self.state.random_seed(), self.state.random_seed());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

/// Handlers name conditions of Spark or declared ones.
fn check_handlers(body: &CompoundBody) -> SparkResult<()> {
    for condition in body.handlers.iter().flat_map(|handler| &handler.conditions) {
        if let HandlerCondition::Named(name) = condition
            && !body.conditions.iter().any(|(declared, _)| declared == name)
            && !is_known(name)
        {
            return Err(SparkError::analysis("INVALID_HANDLER_DECLARATION.CONDITION_NOT_FOUND")
                .param("condition", name.clone()));
        }
    }
    Ok(())
}

/// Whether a condition, or a group of them, is in the catalogue.
fn is_known(name: &str) -> bool {
    find_condition(name).is_some() || kindling_common::has_condition_group(name)
}

/// What handles an error: a handler of its condition, then one of its SQLSTATE, then one of everything.
fn handler_of<'b>(body: &'b CompoundBody, error: &SparkError) -> Option<&'b CompoundBody> {
    let state = error.sql_state();
    let named = |condition: &HandlerCondition| match condition {
        HandlerCondition::Named(name) => {
            let declared = body.conditions.iter().find(|(declared, _)| declared == name);
            match declared {
                Some((_, declared)) => declared == state,
                None => {
                    error.condition == name
                        || error.condition.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
                }
            }
        }
        _ => false,
    };
    let of_state = |condition: &HandlerCondition| matches!(condition, HandlerCondition::SqlState(s) if s == state);
    let of_class = |condition: &HandlerCondition| match condition {
        HandlerCondition::NotFound => state.starts_with("02"),
        HandlerCondition::SqlException => !["00", "01", "02", "XX"].iter().any(|class| state.starts_with(class)),
        _ => false,
    };
    let find = |matches: &dyn Fn(&HandlerCondition) -> bool| {
        body.handlers.iter().find(|handler| handler.conditions.iter().any(matches)).map(|handler| &handler.body)
    };
    find(&named).or_else(|| find(&of_state)).or_else(|| find(&of_class))
}
