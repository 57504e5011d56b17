//! Function calls and their clauses.

use kindling_spec::{Expr, ExprKind, UnresolvedFunction};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `name(arguments) [WITHIN GROUP …] [FILTER …] [IGNORE NULLS] [OVER …]`, from the parenthesis on.
    pub(super) fn function_call(&mut self, start: usize, name: Vec<String>) -> PResult<Expr> {
        self.expect_symbol(Symbol::LeftParen)?;
        let mut call = UnresolvedFunction { name, ..Default::default() };
        if !self.is_symbol(Symbol::RightParen) {
            if self.is_any(&[K::DISTINCT, K::ALL]) && self.can_start_expression(1) {
                call.is_distinct = self.is(K::DISTINCT);
                self.advance();
            }
            call.arguments = self.comma_list(Self::function_argument)?;
            // `first(x IGNORE NULLS)`
            if self.eat_seq(&[K::IGNORE, K::NULLS]) {
                call.ignore_nulls = Some(true);
            }
        }
        self.expect_symbol(Symbol::RightParen)?;
        self.function_clauses(start, call)
    }

    /// `expression` or `name => expression`
    pub(crate) fn function_argument(&mut self) -> PResult<Expr> {
        if self.is_identifier() && self.is_symbol_at(1, Symbol::FatArrow) {
            let start = self.start();
            let name = self.identifier()?;
            self.advance();
            let value = Box::new(self.expression()?);
            return Ok(self.expr(start, ExprKind::NamedArgument { name, value }));
        }
        self.expression()
    }

    fn function_clauses(&mut self, start: usize, mut call: UnresolvedFunction) -> PResult<Expr> {
        if self.is_seq(&[K::WITHIN, K::GROUP]) && self.is_symbol_at(2, Symbol::LeftParen) {
            self.skip(3);
            self.expect_seq(&[K::ORDER, K::BY])?;
            call.order_within_group = self.comma_list(Self::sort_item)?;
            self.expect_symbol(Symbol::RightParen)?;
        }
        if self.is(K::FILTER) && self.is_symbol_at(1, Symbol::LeftParen) && self.is_at(2, K::WHERE) {
            self.skip(3);
            call.filter = Some(Box::new(self.expression()?));
            self.expect_symbol(Symbol::RightParen)?;
        }
        if self.is_any(&[K::IGNORE, K::RESPECT]) && self.is_at(1, K::NULLS) {
            call.ignore_nulls = Some(self.is(K::IGNORE));
            self.skip(2);
        }
        let over = self.is(K::OVER) && (self.is_symbol_at(1, Symbol::LeftParen) || self.is_window_name_at(1));
        if !over {
            return Ok(self.expr(start, ExprKind::UnresolvedFunction(call)));
        }
        self.advance();
        let mut window = self.window_spec()?;
        window.function = self.expr(start, ExprKind::UnresolvedFunction(call));
        Ok(self.expr(start, ExprKind::Window(Box::new(window))))
    }

    fn is_window_name_at(&self, ahead: usize) -> bool {
        self.is_identifier_at(ahead, false) && !self.is_any_at(ahead, &[K::FROM, K::AS])
    }
}
