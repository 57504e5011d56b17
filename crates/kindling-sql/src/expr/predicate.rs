//! What follows a value: `BETWEEN`, `IN`, `LIKE`, `RLIKE`, `IS …`. Their origin is the predicate without the value.

use kindling_spec::{Expr, ExprKind, Literal, SubqueryKind, UnresolvedFunction};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn predicate(&mut self, value: Expr) -> PResult<Expr> {
        let start = self.start();
        let not = usize::from(self.is(K::NOT) || self.is_symbol(Symbol::Bang));
        let Some(keyword) = self.keyword_at(not) else { return Ok(value) };
        match keyword {
            K::BETWEEN if self.can_start_expression(not + 1) => {
                self.skip(not + 1);
                let lower = self.value_expression()?;
                self.expect(K::AND)?;
                let upper = self.value_expression()?;
                let between = self.call(start, "between", vec![value, lower, upper]);
                Ok(self.negated(start, not, between))
            }
            K::IN if self.is_symbol_at(not + 1, Symbol::LeftParen) => {
                self.skip(not + 1);
                let found = self.in_predicate(start, value)?;
                Ok(self.negated(start, not, found))
            }
            K::RLIKE if self.can_start_expression(not + 1) => {
                self.skip(not + 1);
                let pattern = self.value_expression()?;
                let found = self.call(start, "rlike", vec![value, pattern]);
                Ok(self.negated(start, not, found))
            }
            K::LIKE | K::ILIKE if self.can_start_expression(not + 1) => {
                self.skip(not + 1);
                self.like(start, not, keyword, value)
            }
            K::IS if not == 0 => self.is_predicate(start, value),
            _ => Ok(value),
        }
    }

    fn negated(&self, start: usize, not: usize, expr: Expr) -> Expr {
        if not == 0 { expr } else { self.call(start, "not", vec![expr]) }
    }

    fn in_predicate(&mut self, start: usize, value: Expr) -> PResult<Expr> {
        if self.is_symbol_at(1, Symbol::RightParen) {
            self.skip(2);
            return Err(
                error::at("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", &self.origin(start)).param("alternative", "")
            );
        }
        if let Some(query) = self.attempt_parenthesized_query()? {
            return Ok(self.subquery(start, SubqueryKind::In { values: self.row_fields(value) }, query));
        }
        let list = self.paren_list(Self::expression)?;
        let mut arguments = vec![value];
        arguments.extend(list);
        Ok(self.call(start, "in", arguments))
    }

    fn like(&mut self, start: usize, not: usize, keyword: K, value: Expr) -> PResult<Expr> {
        let name = if keyword == K::ILIKE { "ilike" } else { "like" };
        let quantified = self.is_any(&[K::ANY, K::SOME, K::ALL]) && self.is_symbol_at(1, Symbol::LeftParen);
        if !quantified {
            let pattern = self.value_expression()?;
            let mut arguments = vec![value, pattern];
            if self.is(K::ESCAPE) && self.is_string_at(1) {
                self.advance();
                let escape = self.escape_character(start)?;
                arguments.push(Expr::literal(Literal::String(escape)).at(self.origin(start)));
            }
            let like = self.call(start, name, arguments);
            return Ok(self.negated(start, not, like));
        }
        let all = self.is(K::ALL);
        self.advance();
        if self.is_symbol_at(1, Symbol::RightParen) {
            self.skip(2);
            return Err(error::at("_LEGACY_ERROR_TEMP_0064", &self.origin(start))
                .param("msg", "Expected something between '(' and ')'."));
        }
        let patterns = self.paren_list(Self::expression)?;
        // Constant patterns are one test (`LikeAny` and its kin).
        let is_text = |pattern: &Expr| matches!(pattern.kind, ExprKind::Literal(Literal::String(_)));
        if patterns.iter().all(is_text) {
            let name = match (not, all) {
                (0, true) => "likeall",
                (0, false) => "likeany",
                (_, true) => "notlikeall",
                (_, false) => "notlikeany",
            };
            let value = if keyword == K::ILIKE { self.call(start, "lower", vec![value]) } else { value };
            let lower = |pattern: Expr| match pattern.kind {
                ExprKind::Literal(Literal::String(text)) if keyword == K::ILIKE => {
                    Expr { kind: ExprKind::Literal(Literal::String(text.to_lowercase())), ..pattern }
                }
                _ => pattern,
            };
            let arguments = [value].into_iter().chain(patterns.into_iter().map(lower)).collect();
            let name = vec![name.to_string()];
            let call = UnresolvedFunction { name, arguments, is_internal: true, ..Default::default() };
            return Ok(self.expr(start, ExprKind::UnresolvedFunction(call)));
        }
        let tests = patterns.into_iter().map(|pattern| {
            let like = self.call(start, name, vec![value.clone(), pattern]);
            self.negated(start, not, like)
        });
        let tests: Vec<Expr> = tests.collect();
        Ok(self.balanced(start, if all { "and" } else { "or" }, tests))
    }

    fn is_predicate(&mut self, start: usize, value: Expr) -> PResult<Expr> {
        let not = usize::from(self.is_at(1, K::NOT) || self.is_symbol_at(1, Symbol::Bang));
        let boolean = |p: &Self, value: Expr, test: bool| {
            let literal = p.expr(start, ExprKind::Literal(Literal::Boolean(test)));
            p.call(start, "<=>", vec![value, literal])
        };
        match self.keyword_at(not + 1) {
            Some(K::NULL | K::UNKNOWN) => {
                self.skip(not + 2);
                Ok(self.call(start, if not == 0 { "isnull" } else { "isnotnull" }, vec![value]))
            }
            Some(test @ (K::TRUE | K::FALSE)) => {
                self.skip(not + 2);
                let equal = boolean(self, value, test == K::TRUE);
                Ok(self.negated(start, not, equal))
            }
            Some(K::DISTINCT) if self.is_at(not + 2, K::FROM) => {
                self.skip(not + 3);
                let right = self.value_expression()?;
                let equal = self.call(start, "<=>", vec![value, right]);
                Ok(self.negated(start, 1 - not, equal))
            }
            _ => Ok(value),
        }
    }
}
