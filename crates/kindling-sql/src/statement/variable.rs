//! Session variables and `EXECUTE IMMEDIATE`.

use kindling_spec::{Command, Expr, MultipartIdentifier};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    /// `DECLARE [OR REPLACE] [VARIABLE] names [type] [DEFAULT|= expression]`
    pub(super) fn declare(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::DECLARE)?;
        let replace = self.eat_seq(&[K::OR, K::REPLACE]);
        if self.is_any_at(1, &[K::CURSOR, K::ASENSITIVE, K::INSENSITIVE]) && !replace {
            return Ok(self.unsupported("SQL cursors"));
        }
        if self.is_any(&[K::VARIABLE, K::VAR]) && self.is_identifier_at(1, false) && !self.is_at(1, K::DEFAULT) {
            self.advance();
        }
        let names = self.comma_list(Self::reference)?;
        let mut data_type = None;
        if !self.at_statement_end() && !self.is(K::DEFAULT) && !self.is_symbol(Symbol::Eq) {
            data_type = Some(self.data_type()?);
        }
        let mut default = None;
        if self.eat(K::DEFAULT) || self.eat_symbol(Symbol::Eq) {
            default = Some(self.expression()?);
        }
        if data_type.is_none() && default.is_none() {
            let condition = "INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED";
            return Err(error::at(condition, &self.origin(start)));
        }
        Ok(Command::DeclareVariable { names, data_type, default, replace })
    }

    /// `SET VAR a = 1, b = DEFAULT` and `SET VAR (a, b) = (query)`
    pub(super) fn set_variable(&mut self, start: usize) -> PResult<Command> {
        if self.is_symbol(Symbol::LeftParen) {
            if self.is_symbol_at(1, Symbol::RightParen) {
                return Err(error::at("INVALID_SET_SYNTAX", &self.origin_to_end(start)));
            }
            let names: Vec<MultipartIdentifier> = self.paren_list(Self::multipart)?;
            self.expect_symbol(Symbol::Eq)?;
            self.expect_symbol(Symbol::LeftParen)?;
            let query = Some(Box::new(self.query()?));
            self.expect_symbol(Symbol::RightParen)?;
            let assignments = names.into_iter().map(|name| (name, None)).collect();
            return Ok(Command::SetVariable { assignments, query });
        }
        let assignments = self.comma_list(|p| {
            let name = p.multipart()?;
            p.expect_symbol(Symbol::Eq)?;
            let ends = p.is_symbol_at(1, Symbol::Comma)
                || matches!(p.token(1).kind, TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon));
            if p.is(K::DEFAULT) && ends {
                p.advance();
                return Ok((name, None));
            }
            Ok((name, Some(p.expression()?)))
        })?;
        Ok(Command::SetVariable { assignments, query: None })
    }

    /// `EXECUTE IMMEDIATE text [INTO variables] [USING arguments]`
    pub(super) fn execute_immediate(&mut self) -> PResult<Command> {
        self.expect_seq(&[K::EXECUTE, K::IMMEDIATE])?;
        let query = self.expression()?;
        let into = if self.eat(K::INTO) { self.comma_list(Self::multipart)? } else { vec![] };
        let mut using: Vec<Expr> = vec![];
        if self.eat(K::USING) {
            let listed = if self.is_symbol(Symbol::LeftParen) {
                self.attempt(|p| {
                    let list = p.paren_list(Self::named_expression)?;
                    if p.at_statement_end() { Ok(list) } else { Err(p.unexpected()) }
                })?
            } else {
                None
            };
            using = match listed {
                Some(list) => list,
                None => self.comma_list(Self::named_expression)?,
            };
        }
        Ok(Command::ExecuteImmediate { query, into, using })
    }
}
