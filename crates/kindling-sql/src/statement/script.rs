//! SQL scripts: `BEGIN … END` with variables, handlers, branches and loops.

use kindling_common::SparkError;
use kindling_spec::{
    Command, CompoundBody, ExceptionHandler, Expr, HandlerCondition, Plan, Relation, ScriptStatement, quote_identifier,
};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

/// Labels around a statement, the innermost last, and whether each is a loop's.
#[derive(Debug, Default)]
pub(crate) struct Labels(Vec<(String, bool)>);

impl Parser<'_> {
    /// A whole script.
    pub(super) fn script(&mut self) -> PResult<Command> {
        self.in_script = true;
        let mut labels = Labels::default();
        let body = self.block(None, &mut labels);
        self.in_script = false;
        Ok(Command::Script(Box::new(body?)))
    }

    /// `BEGIN … END [label]`
    fn block(&mut self, label: Option<String>, labels: &mut Labels) -> PResult<CompoundBody> {
        self.expect(K::BEGIN)?;
        self.eat_seq(&[K::NOT, K::ATOMIC]);
        let depth = labels.enter(label.as_deref(), false)?;
        let body = self.compound_body(true, labels)?;
        self.expect(K::END)?;
        labels.0.truncate(depth);
        self.end_label(label.as_deref())?;
        Ok(CompoundBody { label, ..body })
    }

    /// Statements, each with its semicolon. Declarations come first, in a block only.
    fn compound_body(&mut self, is_block: bool, labels: &mut Labels) -> PResult<CompoundBody> {
        let mut body = CompoundBody { label: None, handlers: vec![], conditions: vec![], statements: vec![] };
        let mut begun = false;
        while !self.is_any(&[K::END, K::ELSE, K::ELSEIF, K::WHEN, K::UNTIL]) {
            if self.is(K::DECLARE) {
                self.declaration(is_block, begun, &mut body, labels)?;
            } else {
                begun = true;
                let statement = self.nested(|p| p.script_statement(labels))?;
                body.statements.push(statement);
            }
            self.expect_symbol(Symbol::Semicolon)?;
        }
        Ok(body)
    }

    fn declaration(
        &mut self,
        is_block: bool,
        begun: bool,
        body: &mut CompoundBody,
        labels: &mut Labels,
    ) -> PResult<()> {
        if self.is_any_at(1, &[K::CONTINUE, K::EXIT]) && self.is_at(2, K::HANDLER) {
            if begun || !is_block {
                return Err(SparkError::parse("INVALID_HANDLER_DECLARATION.WRONG_PLACE_OF_DECLARATION"));
            }
            let handler = self.handler(body, labels)?;
            body.handlers.push(handler);
            return Ok(());
        }
        if self.is_at(2, K::CONDITION) {
            if begun || !body.handlers.is_empty() || !is_block {
                return Err(SparkError::parse(
                    "INVALID_ERROR_CONDITION_DECLARATION.NOT_AT_START_OF_COMPOUND_STATEMENT",
                )
                .param("conditionName", quote_identifier(self.text_of(self.token(1)))));
            }
            return self.condition_declaration(body);
        }
        let declared = self.declare()?;
        let Command::DeclareVariable { names, .. } = &declared else {
            body.statements.push(ScriptStatement::Single(Box::new(Plan::Command(declared))));
            return Ok(());
        };
        let name = names.first().map(|name| quoted(name)).unwrap_or_default();
        if !is_block {
            return Err(SparkError::parse("INVALID_VARIABLE_DECLARATION.NOT_ALLOWED_IN_SCOPE").param("varName", name));
        }
        if begun || !body.handlers.is_empty() {
            return Err(SparkError::parse("INVALID_VARIABLE_DECLARATION.ONLY_AT_BEGINNING").param("varName", name));
        }
        body.statements.push(ScriptStatement::Single(Box::new(Plan::Command(declared))));
        Ok(())
    }

    /// `DECLARE name CONDITION [FOR SQLSTATE [VALUE] 'xxxxx']`
    fn condition_declaration(&mut self, body: &mut CompoundBody) -> PResult<()> {
        self.expect(K::DECLARE)?;
        let name = self.identifier()?.to_uppercase();
        self.expect(K::CONDITION)?;
        let state = if self.eat(K::FOR) { self.sql_state()? } else { "45000".to_string() };
        if body.conditions.iter().any(|(known, _)| *known == name) {
            return Err(SparkError::parse("DUPLICATE_CONDITION_IN_SCOPE").param("condition", quote_identifier(&name)));
        }
        body.conditions.push((name, state));
        Ok(())
    }

    /// `SQLSTATE [VALUE] 'xxxxx'`
    fn sql_state(&mut self) -> PResult<String> {
        self.expect(K::SQLSTATE)?;
        self.eat(K::VALUE);
        let state = self.string()?;
        let valid = state.len() == 5
            && state.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && !["00", "01", "XX"].iter().any(|class| state.starts_with(class));
        if valid { Ok(state) } else { Err(SparkError::parse("INVALID_SQLSTATE").param("sqlState", state)) }
    }

    fn handler(&mut self, body: &CompoundBody, labels: &mut Labels) -> PResult<ExceptionHandler> {
        self.expect(K::DECLARE)?;
        if self.eat(K::CONTINUE) {
            return Err(SparkError::parse("UNSUPPORTED_FEATURE.CONTINUE_EXCEPTION_HANDLER"));
        }
        self.expect_seq(&[K::EXIT, K::HANDLER, K::FOR])?;
        let conditions = self.comma_list(Self::handler_condition)?;
        for condition in &conditions {
            if body.handlers.iter().any(|handler| handler.conditions.contains(condition)) {
                return Err(match condition {
                    HandlerCondition::SqlState(state) => {
                        SparkError::parse("DUPLICATE_EXCEPTION_HANDLER.SQLSTATE").param("sqlState", state.clone())
                    }
                    HandlerCondition::SqlException => duplicate_handler("SQLEXCEPTION"),
                    HandlerCondition::NotFound => duplicate_handler("NOT FOUND"),
                    HandlerCondition::Named(name) => duplicate_handler(name),
                });
            }
        }
        let action = if self.is(K::BEGIN) {
            self.block(None, labels)?
        } else {
            let statement = self.script_statement(labels)?;
            CompoundBody { label: None, handlers: vec![], conditions: vec![], statements: vec![statement] }
        };
        Ok(ExceptionHandler { conditions, body: action })
    }

    fn handler_condition(&mut self) -> PResult<HandlerCondition> {
        if self.eat(K::SQLEXCEPTION) {
            return Ok(HandlerCondition::SqlException);
        }
        if self.eat_seq(&[K::NOT, K::FOUND]) {
            return Ok(HandlerCondition::NotFound);
        }
        if self.is(K::SQLSTATE) && (self.is_string_at(1) || self.is_at(1, K::VALUE)) {
            return Ok(HandlerCondition::SqlState(self.sql_state()?));
        }
        Ok(HandlerCondition::Named(self.multipart()?.join(".").to_uppercase()))
    }

    fn script_statement(&mut self, labels: &mut Labels) -> PResult<ScriptStatement> {
        let label = if self.is_identifier() && self.is_symbol_at(1, Symbol::Colon) {
            let label = self.identifier()?.to_lowercase();
            self.advance();
            Some(label)
        } else {
            None
        };
        match self.keyword_at(0) {
            Some(K::BEGIN) => Ok(ScriptStatement::Block(self.block(label, labels)?)),
            Some(K::WHILE) => {
                self.advance();
                let condition = self.expression()?;
                self.expect(K::DO)?;
                let body = self.loop_body(&label, K::WHILE, labels)?;
                Ok(ScriptStatement::While { condition, body })
            }
            Some(K::REPEAT) => {
                self.advance();
                let depth = labels.enter(label.as_deref(), true)?;
                let body = self.compound_body(false, labels)?;
                self.expect(K::UNTIL)?;
                let condition = self.expression()?;
                self.expect_seq(&[K::END, K::REPEAT])?;
                labels.0.truncate(depth);
                self.end_label(label.as_deref())?;
                Ok(ScriptStatement::Repeat { condition, body: CompoundBody { label, ..body } })
            }
            Some(K::LOOP) => {
                self.advance();
                Ok(ScriptStatement::Loop(self.loop_body(&label, K::LOOP, labels)?))
            }
            Some(K::FOR) => self.for_statement(label, labels),
            _ if label.is_some() => Err(self.unexpected()),
            Some(K::IF) => self.if_statement(labels),
            Some(K::CASE) => self.case_statement(labels),
            Some(K::LEAVE) => {
                self.advance();
                let label = self.identifier()?.to_lowercase();
                labels.check(&label, "LEAVE")?;
                Ok(ScriptStatement::Leave(label))
            }
            Some(K::ITERATE) => {
                self.advance();
                let label = self.identifier()?.to_lowercase();
                if !labels.check(&label, "ITERATE")? {
                    return Err(SparkError::parse("INVALID_LABEL_USAGE.ITERATE_IN_COMPOUND")
                        .param("labelName", label.to_uppercase()));
                }
                Ok(ScriptStatement::Iterate(label))
            }
            Some(K::SET) => self.set_in_script(),
            Some(K::DROP) if self.is_at(1, K::TEMPORARY) && self.is_any_at(2, &[K::VARIABLE, K::VAR]) => {
                Err(SparkError::parse("UNSUPPORTED_FEATURE.SQL_SCRIPTING_DROP_TEMPORARY_VARIABLE"))
            }
            _ => Ok(ScriptStatement::Single(Box::new(self.statement()?))),
        }
    }

    /// In a script `SET` means variables.
    fn set_in_script(&mut self) -> PResult<ScriptStatement> {
        let start = self.start();
        if self.is_any_at(1, &[K::TIME, K::CATALOG]) && !self.is_symbol_at(2, Symbol::Eq) {
            return Ok(ScriptStatement::Single(Box::new(self.statement()?)));
        }
        self.expect(K::SET)?;
        if self.is_any(&[K::VARIABLE, K::VAR]) && !self.is_symbol_at(1, Symbol::Eq) {
            self.advance();
        }
        let command = self.set_variable(start)?;
        Ok(ScriptStatement::Single(Box::new(Plan::Command(command))))
    }

    /// `… END keyword [label]`
    fn loop_body(&mut self, label: &Option<String>, keyword: K, labels: &mut Labels) -> PResult<CompoundBody> {
        let depth = labels.enter(label.as_deref(), true)?;
        let body = self.compound_body(false, labels)?;
        self.expect_seq(&[K::END, keyword])?;
        labels.0.truncate(depth);
        self.end_label(label.as_deref())?;
        Ok(CompoundBody { label: label.clone(), ..body })
    }

    fn for_statement(&mut self, label: Option<String>, labels: &mut Labels) -> PResult<ScriptStatement> {
        self.expect(K::FOR)?;
        let variable = if self.is_identifier() && self.is_at(1, K::AS) {
            let name = self.identifier()?.to_lowercase();
            self.advance();
            Some(name)
        } else {
            None
        };
        let query: Relation = self.query()?;
        self.expect(K::DO)?;
        let depth = labels.enter(variable.as_deref(), false)?;
        let body = self.loop_body(&label, K::FOR, labels)?;
        labels.0.truncate(depth);
        Ok(ScriptStatement::For { variable, query, body })
    }

    fn if_statement(&mut self, labels: &mut Labels) -> PResult<ScriptStatement> {
        self.expect(K::IF)?;
        let mut branches = vec![];
        loop {
            let condition = self.expression()?;
            self.expect(K::THEN)?;
            branches.push((condition, self.compound_body(false, labels)?));
            if !self.eat(K::ELSEIF) {
                break;
            }
        }
        let otherwise = if self.eat(K::ELSE) { Some(self.compound_body(false, labels)?) } else { None };
        self.expect_seq(&[K::END, K::IF])?;
        Ok(ScriptStatement::If { branches, otherwise })
    }

    fn case_statement(&mut self, labels: &mut Labels) -> PResult<ScriptStatement> {
        self.expect(K::CASE)?;
        let operand = if self.is(K::WHEN) { None } else { Some(self.expression()?) };
        let mut branches = vec![];
        while self.eat(K::WHEN) {
            let start = self.start();
            let value = self.expression()?;
            let condition = match &operand {
                Some(operand) => Expr::call("=", vec![operand.clone(), value]).at(self.origin(start)),
                None => value,
            };
            self.expect(K::THEN)?;
            branches.push((condition, self.compound_body(false, labels)?));
        }
        if branches.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.eat(K::ELSE) { Some(self.compound_body(false, labels)?) } else { None };
        self.expect_seq(&[K::END, K::CASE])?;
        Ok(ScriptStatement::If { branches, otherwise })
    }

    fn end_label(&mut self, label: Option<&str>) -> PResult<()> {
        if matches!(self.kind(), TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon)) {
            return Ok(());
        }
        let end = self.identifier()?.to_lowercase();
        match label {
            Some(label) if label == end => Ok(()),
            Some(label) => Err(SparkError::parse("LABELS_MISMATCH")
                .param("beginLabel", quote_identifier(label))
                .param("endLabel", quote_identifier(&end))),
            None => Err(SparkError::parse("END_LABEL_WITHOUT_BEGIN_LABEL").param("endLabel", quote_identifier(&end))),
        }
    }
}

impl Labels {
    /// Notes a label; gives the depth to return to.
    fn enter(&mut self, label: Option<&str>, is_loop: bool) -> PResult<usize> {
        let depth = self.0.len();
        let Some(label) = label else { return Ok(depth) };
        if ["builtin", "session", "sys", "system"].contains(&label) {
            return Err(
                SparkError::parse("LABEL_OR_FOR_VARIABLE_NAME_FORBIDDEN").param("label", quote_identifier(label))
            );
        }
        if self.0.iter().any(|(known, _)| known == label) {
            return Err(
                SparkError::parse("LABEL_OR_FOR_VARIABLE_ALREADY_EXISTS").param("label", quote_identifier(label))
            );
        }
        self.0.push((label.to_string(), is_loop));
        Ok(depth)
    }

    /// Whether a label around here is a loop's; an error where there is none.
    fn check(&self, label: &str, statement: &str) -> PResult<bool> {
        match self.0.iter().find(|(known, _)| known == label) {
            Some((_, is_loop)) => Ok(*is_loop),
            None => Err(SparkError::parse("INVALID_LABEL_USAGE.DOES_NOT_EXIST")
                .param("labelName", label.to_uppercase())
                .param("statementType", statement)),
        }
    }
}

fn duplicate_handler(condition: &str) -> SparkError {
    SparkError::parse("DUPLICATE_EXCEPTION_HANDLER.CONDITION").param("condition", condition)
}

fn quoted(parts: &[String]) -> String {
    parts.iter().map(|part| quote_identifier(part)).collect::<Vec<_>>().join(".")
}
