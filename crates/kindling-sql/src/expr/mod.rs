//! Expressions by precedence: `OR`, `AND`, `NOT`, predicates, operators, primaries.

mod function;
mod predicate;
mod primary;
mod special;
mod window;

use kindling_spec::{
    Expr, ExprKind, Literal, NullOrdering, Relation, SortDirection, SortOrder, SubqueryExpr, SubqueryKind, SubqueryPlan,
};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    /// `expression`
    pub(crate) fn expression(&mut self) -> PResult<Expr> {
        self.nested(Self::or_expression)
    }

    fn or_expression(&mut self) -> PResult<Expr> {
        let start = self.start();
        let mut operands = vec![self.and_expression()?];
        while self.is(K::OR) && self.can_start_expression(1) {
            self.advance();
            operands.push(self.and_expression()?);
        }
        Ok(self.balanced(start, "or", operands))
    }

    fn and_expression(&mut self) -> PResult<Expr> {
        let start = self.start();
        let mut operands = vec![self.not_expression()?];
        while self.is(K::AND) && self.can_start_expression(1) {
            self.advance();
            operands.push(self.not_expression()?);
        }
        Ok(self.balanced(start, "and", operands))
    }

    /// A chain as a tree of logarithmic depth, halved as Spark halves it.
    fn balanced(&self, start: usize, name: &str, mut operands: Vec<Expr>) -> Expr {
        match operands.len() {
            0 => Expr::literal(Literal::Boolean(true)),
            1 => operands.remove(0),
            len => {
                let right = operands.split_off((len - 1) / 2 + 1);
                let left = self.balanced(start, name, operands);
                let right = self.balanced(start, name, right);
                self.call(start, name, vec![left, right])
            }
        }
    }

    fn not_expression(&mut self) -> PResult<Expr> {
        let start = self.start();
        let not = self.is(K::NOT) && self.can_start_expression(1) || self.is_symbol(Symbol::Bang);
        if not {
            self.advance();
            let operand = self.nested(Self::not_expression)?;
            return Ok(self.call(start, "not", vec![operand]));
        }
        if self.is(K::EXISTS)
            && self.is_symbol_at(1, Symbol::LeftParen)
            && self.is_query_start_at(2)
            && let Some(exists) = self.attempt(Self::exists)?
        {
            return Ok(exists);
        }
        let value = self.operators(1)?;
        self.predicate(value)
    }

    fn exists(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let query = self.query()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.subquery(start, SubqueryKind::Exists, query))
    }

    pub(crate) fn subquery(&self, start: usize, kind: SubqueryKind, query: Relation) -> Expr {
        self.expr(start, ExprKind::Subquery(Box::new(SubqueryExpr { kind, plan: SubqueryPlan::Inline(query) })))
    }

    /// `valueExpression`: everything tighter than a predicate.
    pub(crate) fn value_expression(&mut self) -> PResult<Expr> {
        self.nested(|p| p.operators(1))
    }

    fn operators(&mut self, min: u8) -> PResult<Expr> {
        let start = self.start();
        let mut left = self.unary()?;
        while let Some((name, precedence)) = self.binary_operator()
            && precedence >= min
        {
            self.advance();
            let right = self.operators(precedence + 1)?;
            left = match name {
                "!=" => {
                    let equal = self.call(start, "=", vec![left, right]);
                    self.call(start, "not", vec![equal])
                }
                name => self.call(start, name, vec![left, right]),
            };
        }
        Ok(left)
    }

    fn binary_operator(&self) -> Option<(&'static str, u8)> {
        use Symbol::*;
        if self.is(K::DIV) && self.can_start_expression(1) {
            return Some(("div", 7));
        }
        let TokenKind::Symbol(symbol) = self.kind() else { return None };
        Some(match symbol {
            Asterisk => ("*", 7),
            Slash => ("/", 7),
            Percent => ("%", 7),
            Plus => ("+", 6),
            Minus => ("-", 6),
            Concat => ("concat", 6),
            ShiftLeft => ("<<", 5),
            ShiftRight => (">>", 5),
            ShiftRightUnsigned => (">>>", 5),
            Ampersand => ("&", 4),
            Hat => ("^", 3),
            Pipe => ("|", 2),
            Eq | EqEq => ("=", 1),
            NullSafeEq => ("<=>", 1),
            NotEq | NotEqAngle => ("!=", 1),
            Lt => ("<", 1),
            Lte | LteBang => ("<=", 1),
            Gt => (">", 1),
            Gte | GteBang => (">=", 1),
            _ => return None,
        })
    }

    fn unary(&mut self) -> PResult<Expr> {
        let start = self.start();
        let name = match self.kind() {
            TokenKind::Symbol(Symbol::Minus) if self.is_number_at(1) => return self.primary(),
            TokenKind::Symbol(Symbol::Minus) => "-",
            TokenKind::Symbol(Symbol::Plus) => "+",
            TokenKind::Symbol(Symbol::Tilde) => "~",
            _ => return self.primary(),
        };
        self.advance();
        let operand = self.nested(Self::unary)?;
        Ok(self.call(start, name, vec![operand]))
    }

    /// Whether the token `ahead` may begin an expression, so that a keyword before it is an operator and not a name.
    pub(crate) fn can_start_expression(&self, ahead: usize) -> bool {
        use Symbol::*;
        match self.token(ahead).kind {
            TokenKind::Eof => false,
            TokenKind::Keyword(K::FROM | K::AS) => false,
            TokenKind::Symbol(symbol) => {
                matches!(symbol, LeftParen | Plus | Minus | Tilde | Bang | Asterisk | Colon | Question)
            }
            _ => true,
        }
    }

    /// `expression [AS] name` or `expression [AS] (names)`
    pub(crate) fn named_expression(&mut self) -> PResult<Expr> {
        let start = self.start();
        let expr = self.expression()?;
        let Some(names) = self.select_alias()? else { return Ok(expr) };
        Ok(self.expr(start, ExprKind::Alias { expr: Box::new(expr), names, metadata: None }))
    }

    fn select_alias(&mut self) -> PResult<Option<Vec<String>>> {
        // `a AS FROM t` names the column `AS`.
        let as_is_name = self.is_at(1, K::FROM) && self.is_identifier_at(2, false) && !self.is_at(2, K::FROM);
        if self.is(K::AS) && !as_is_name {
            self.advance();
            if self.is_symbol(Symbol::LeftParen) {
                return self.identifier_list().map(Some);
            }
            return self.plain_identifier().map(|name| Some(vec![name]));
        }
        if self.is_symbol(Symbol::LeftParen) {
            return self.identifier_list().map(Some);
        }
        if self.is_identifier() && !self.is_clause_start() {
            return self.plain_identifier().map(|name| Some(vec![name]));
        }
        Ok(None)
    }

    /// `sortItem`
    pub(crate) fn sort_item(&mut self) -> PResult<SortOrder> {
        let child = self.expression()?;
        let direction = match self.eat_any(&[K::ASC, K::DESC]) {
            Some(K::DESC) => SortDirection::Descending,
            _ => SortDirection::Ascending,
        };
        let mut null_ordering = None;
        if self.is(K::NULLS) && self.is_any_at(1, &[K::FIRST, K::LAST]) {
            null_ordering =
                Some(if self.is_at(1, K::FIRST) { NullOrdering::NullsFirst } else { NullOrdering::NullsLast });
            self.skip(2);
        }
        Ok(SortOrder { child, direction, null_ordering })
    }

    /// An escape character must be one character.
    fn escape_character(&mut self, start: usize) -> PResult<String> {
        let text = self.string()?;
        if text.chars().count() == 1 {
            return Ok(text);
        }
        Err(error::at("INVALID_ESCAPE_CHAR", &self.origin(start)).param("sqlExpr", format!("\"{text}\"")))
    }
}
