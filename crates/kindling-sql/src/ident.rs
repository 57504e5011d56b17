//! Identifiers: plain, quoted, keywords in their place, dotted names, `IDENTIFIER(…)`.

use kindling_common::SparkError;
use kindling_spec::{Expr, ExprKind, Literal, Origin};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    strings,
    token::{Symbol, Token, TokenKind},
};

impl Parser<'_> {
    /// Whether the token `ahead` can be an identifier; strict ones exclude the words of joins and set operations.
    pub(crate) fn is_identifier_at(&self, ahead: usize, strict: bool) -> bool {
        match self.token(ahead).kind {
            TokenKind::Identifier | TokenKind::BackquotedIdentifier => true,
            TokenKind::DoubleQuoted => self.options.double_quoted_identifiers,
            TokenKind::Keyword(keyword) if self.options.enforce_reserved_keywords => !keyword.is_reserved(),
            TokenKind::Keyword(keyword) => !(strict && keyword.is_strict()),
            _ => false,
        }
    }

    pub(crate) fn is_identifier(&self) -> bool {
        self.is_identifier_at(0, false)
    }

    fn identifier_text(&self, token: Token) -> PResult<String> {
        let text = self.text_of(token);
        match token.kind {
            TokenKind::BackquotedIdentifier | TokenKind::DoubleQuoted => Ok(strings::unquote_identifier(text)),
            TokenKind::Identifier if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                Err(error::invalid_identifier(&self.text, token.start, text))
            }
            _ => Ok(text.to_string()),
        }
    }

    /// `identifier`
    pub(crate) fn identifier(&mut self) -> PResult<String> {
        if !self.is_identifier() {
            return Err(self.unexpected());
        }
        if let Some(name) = self.identifier_literal()? {
            return Ok(name);
        }
        let token = self.advance();
        self.identifier_text(token)
    }

    /// `IDENTIFIER('name')` with one part, where an identifier stands.
    fn identifier_literal(&mut self) -> PResult<Option<String>> {
        let literal = self.is(K::IDENTIFIER_KW)
            && self.is_symbol_at(1, Symbol::LeftParen)
            && self.token(2).kind == TokenKind::String
            && self.is_symbol_at(3, Symbol::RightParen);
        if !literal {
            return Ok(None);
        }
        self.skip(2);
        let text = self.string()?;
        self.advance();
        let parts = crate::parse_multipart_identifier(&text)?;
        Ok(Some(parts.join(".")))
    }

    /// `errorCapturingIdentifier`: an identifier where `a-b` can only be a mistake.
    pub(crate) fn plain_identifier(&mut self) -> PResult<String> {
        let start = self.start();
        let name = self.identifier()?;
        if !self.is_symbol(Symbol::Minus) || !self.is_identifier_at(1, false) {
            return Ok(name);
        }
        while self.is_symbol(Symbol::Minus) && self.is_identifier_at(1, false) {
            self.skip(2);
        }
        let wrong = self.source(start);
        Err(error::invalid_identifier(&self.text, start, &wrong))
    }

    /// `multipartIdentifier`
    pub(crate) fn multipart(&mut self) -> PResult<Vec<String>> {
        let mut parts = vec![self.plain_identifier()?];
        while self.eat_symbol(Symbol::Dot) {
            parts.push(self.plain_identifier()?);
        }
        Ok(parts)
    }

    /// `identifierReference`: a dotted name or `IDENTIFIER(expression)`.
    pub(crate) fn reference(&mut self) -> PResult<Vec<String>> {
        if self.is(K::IDENTIFIER_KW) && self.is_symbol_at(1, Symbol::LeftParen) {
            let start = self.start();
            self.skip(2);
            let expr = self.expression()?;
            self.expect_symbol(Symbol::RightParen)?;
            return self.constant_identifier(start, &expr);
        }
        self.multipart()
    }

    /// The name parts that the argument of `IDENTIFIER(…)` evaluates to. What the parser cannot evaluate it gives back to
    /// its caller, who knows the session and parses again: see [`COMPUTED_IDENTIFIER`](crate::COMPUTED_IDENTIFIER).
    pub(crate) fn constant_identifier(&self, start: usize, expr: &Expr) -> PResult<Vec<String>> {
        let text = match constant_string(expr) {
            Some(text) => text,
            None => {
                let (from, to) = match &expr.origin {
                    Origin::Sql(sql) => (sql.start, sql.end),
                    _ => (start, self.end()),
                };
                match self.options.identifiers.get(&from) {
                    Some(text) => text.clone(),
                    None => {
                        return Err(SparkError::parse(crate::COMPUTED_IDENTIFIER)
                            .param("start", from.to_string())
                            .param("end", to.to_string())
                            .param("parameters", self.positional_before(from).to_string()));
                    }
                }
            }
        };
        // A string that is no name is wrong at the call.
        crate::parse_multipart_identifier(&text).map_err(|mut error| {
            error.message_tail = None;
            error.at(&self.origin(start))
        })
    }

    /// `(a, b, …)`
    pub(crate) fn identifier_list(&mut self) -> PResult<Vec<String>> {
        self.paren_list(Self::plain_identifier)
    }

    /// `a, b, …`
    pub(crate) fn identifier_seq(&mut self) -> PResult<Vec<String>> {
        self.comma_list(Self::plain_identifier)
    }

    /// Whether a string literal comes next.
    pub(crate) fn is_string_at(&self, ahead: usize) -> bool {
        match self.token(ahead).kind {
            TokenKind::String => true,
            TokenKind::DoubleQuoted => !self.options.double_quoted_identifiers,
            _ => false,
        }
    }

    /// One or more string literals, joined; or a parameter whose value is a string.
    pub(crate) fn string(&mut self) -> PResult<String> {
        let mut out = String::new();
        let mut any = false;
        loop {
            if self.is_string_at(0) {
                let token = self.advance();
                out.push_str(&strings::unescape(self.text_of(token), !self.options.escaped_string_literals));
            } else if let Some(Literal::String(text)) = self.parameter_value() {
                out.push_str(&text);
            } else if any {
                return Ok(out);
            } else {
                return Err(self.unexpected());
            }
            any = true;
        }
    }

    /// Consumes a parameter marker whose value was given and is a literal.
    fn parameter_value(&mut self) -> Option<Literal> {
        let named = self.is_symbol(Symbol::Colon) && self.is_identifier_at(1, false);
        let value = if named {
            let name = self.text_of(self.token(1)).to_string();
            self.options.named_parameters.get(&name)?
        } else if self.is_symbol(Symbol::Question) {
            self.positional_value()?
        } else {
            return None;
        };
        let ExprKind::Literal(literal) = &value.kind else { return None };
        let literal = literal.clone();
        self.skip(if named { 2 } else { 1 });
        Some(literal)
    }
}

/// The value of a constant string expression: of literals, `||` and `concat`.
fn constant_string(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text.clone()),
        ExprKind::UnresolvedFunction(call) => match call.name.last().map(|name| name.to_ascii_lowercase()).as_deref() {
            Some("concat" | "||") => call.arguments.iter().map(constant_string).collect(),
            _ => None,
        },
        _ => None,
    }
}
