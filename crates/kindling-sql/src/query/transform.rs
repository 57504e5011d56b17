//! Script transformation, `SELECT TRANSFORM (…) USING 'command'`: understood and not carried out (no processes in a tab).

use kindling_spec::{Relation, RelationKind};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    /// Whether `SELECT TRANSFORM (…)` is a script's and not the function's: `USING` follows.
    pub(super) fn is_transform(&self) -> bool {
        if !self.is_at(1, K::TRANSFORM) || !self.is_symbol_at(2, Symbol::LeftParen) {
            return false;
        }
        let (mut depth, mut ahead) = (0usize, 2);
        loop {
            match self.token(ahead).kind {
                TokenKind::Symbol(Symbol::LeftParen) => depth += 1,
                TokenKind::Symbol(Symbol::RightParen) => depth -= 1,
                TokenKind::Eof => return false,
                _ => {}
            }
            ahead += 1;
            if depth == 0 {
                return self.is_any_at(ahead, &[K::USING, K::ROW, K::RECORDWRITER]);
            }
        }
    }

    pub(super) fn select_transform(&mut self) -> PResult<Relation> {
        let start = self.start();
        self.skip(3);
        if self.is_any(&[K::DISTINCT, K::ALL]) && self.can_start_expression(1) {
            return Err(error::at("UNSUPPORTED_FEATURE.TRANSFORM_DISTINCT_ALL", &self.origin_to_end(start)));
        }
        self.comma_list(Self::expression)?;
        self.expect_symbol(Symbol::RightParen)?;
        self.transform_rest(start)
    }

    /// `MAP a, b USING 'command'`, `REDUCE …`
    pub(super) fn map_reduce(&mut self) -> PResult<Relation> {
        let start = self.start();
        self.advance();
        if self.is_any(&[K::DISTINCT, K::ALL]) && self.can_start_expression(1) {
            return Err(error::at("UNSUPPORTED_FEATURE.TRANSFORM_DISTINCT_ALL", &self.origin_to_end(start)));
        }
        self.comma_list(Self::expression)?;
        if !self.is_any(&[K::USING, K::ROW, K::RECORDWRITER]) {
            return Err(self.unexpected());
        }
        self.transform_rest(start)
    }

    /// Skips to the end of the script's clauses: the end of the statement or of the parentheses around it.
    fn transform_rest(&mut self, start: usize) -> PResult<Relation> {
        let mut depth = 0usize;
        while !self.at_statement_end() {
            match self.kind() {
                TokenKind::Symbol(Symbol::LeftParen) => depth += 1,
                TokenKind::Symbol(Symbol::RightParen) if depth == 0 => break,
                TokenKind::Symbol(Symbol::RightParen) => depth -= 1,
                _ => {}
            }
            self.advance();
        }
        Ok(self.relation(start, RelationKind::Unsupported { name: "SELECT TRANSFORM ... USING".into() }))
    }
}
