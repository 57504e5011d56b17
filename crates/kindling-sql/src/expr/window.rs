//! Window specifications and frames.

use kindling_common::SparkResult;
use kindling_spec::{DataType, Expr, ExprKind, FrameBoundary, FrameType, Literal, WindowExpr, WindowFrame};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `windowSpec`; its function is a null literal until the caller sets it.
    pub(crate) fn window_spec(&mut self) -> PResult<WindowExpr> {
        let mut window = WindowExpr {
            function: Expr::literal(Literal::Null(DataType::Null)),
            partition_spec: vec![],
            order_spec: vec![],
            frame: None,
            window_name: None,
        };
        if !self.is_symbol(Symbol::LeftParen) {
            window.window_name = Some(self.plain_identifier()?);
            return Ok(window);
        }
        self.advance();
        if self.is_identifier() && self.is_symbol_at(1, Symbol::RightParen) {
            window.window_name = Some(self.plain_identifier()?);
            self.advance();
            return Ok(window);
        }
        if self.is_any(&[K::PARTITION, K::DISTRIBUTE, K::CLUSTER]) && self.is_at(1, K::BY) {
            self.skip(2);
            window.partition_spec = self.comma_list(Self::expression)?;
        }
        if self.is_any(&[K::ORDER, K::SORT]) && self.is_at(1, K::BY) {
            self.skip(2);
            window.order_spec = self.comma_list(Self::sort_item)?;
        }
        if self.is_any(&[K::ROWS, K::RANGE]) {
            window.frame = Some(self.window_frame()?);
        }
        self.expect_symbol(Symbol::RightParen)?;
        Ok(window)
    }

    fn window_frame(&mut self) -> PResult<WindowFrame> {
        let frame_type = if self.is(K::ROWS) { FrameType::Rows } else { FrameType::Range };
        self.advance();
        if self.eat(K::BETWEEN) {
            let lower = self.frame_bound()?;
            self.expect(K::AND)?;
            let upper = self.frame_bound()?;
            return Ok(WindowFrame { frame_type, lower, upper });
        }
        let lower = self.frame_bound()?;
        Ok(WindowFrame { frame_type, lower, upper: FrameBoundary::CurrentRow })
    }

    fn frame_bound(&mut self) -> SparkResult<FrameBoundary> {
        if self.is(K::UNBOUNDED) && self.is_any_at(1, &[K::PRECEDING, K::FOLLOWING]) {
            self.skip(2);
            return Ok(FrameBoundary::Unbounded);
        }
        if self.eat_seq(&[K::CURRENT, K::ROW]) {
            return Ok(FrameBoundary::CurrentRow);
        }
        let start = self.start();
        let offset = self.expression()?;
        if self.is_any(&[K::PRECEDING, K::FOLLOWING]) && !is_constant(&offset) {
            return Err(error::at("_LEGACY_ERROR_TEMP_0064", &self.origin(start))
                .param("msg", "Frame bound value must be a literal."));
        }
        match self.eat_any(&[K::PRECEDING, K::FOLLOWING]) {
            Some(K::PRECEDING) => Ok(FrameBoundary::Value(Box::new(self.negative(start, offset)))),
            Some(_) => Ok(FrameBoundary::Value(Box::new(offset))),
            None => Err(self.unexpected()),
        }
    }

    fn negative(&self, start: usize, offset: Expr) -> Expr {
        let negated = match &offset.kind {
            ExprKind::Literal(Literal::Integer(n)) => n.checked_neg().map(Literal::Integer),
            ExprKind::Literal(Literal::Long(n)) => n.checked_neg().map(Literal::Long),
            ExprKind::Literal(Literal::Short(n)) => n.checked_neg().map(Literal::Short),
            ExprKind::Literal(Literal::Byte(n)) => n.checked_neg().map(Literal::Byte),
            ExprKind::Literal(Literal::Double(n)) => Some(Literal::Double(-n)),
            ExprKind::Literal(Literal::Float(n)) => Some(Literal::Float(-n)),
            ExprKind::Literal(Literal::Decimal { value, precision, scale }) => {
                Some(Literal::Decimal { value: -value, precision: *precision, scale: *scale })
            }
            ExprKind::Literal(Literal::DayTimeInterval { microseconds, start, end }) => {
                let microseconds = microseconds.checked_neg();
                microseconds.map(|microseconds| Literal::DayTimeInterval { microseconds, start: *start, end: *end })
            }
            ExprKind::Literal(Literal::YearMonthInterval { months, start, end }) => {
                months.checked_neg().map(|months| Literal::YearMonthInterval { months, start: *start, end: *end })
            }
            _ => None,
        };
        match negated {
            Some(literal) => Expr { kind: ExprKind::Literal(literal), origin: offset.origin },
            None => self.call(start, "-", vec![offset]),
        }
    }
}

/// Whether an expression is one before names are looked up: literals, and operators and casts of them.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Cast { expr, .. } => is_constant(expr),
        ExprKind::UnresolvedFunction(function) => {
            let is_operator = matches!(function.name.as_slice(), [name] if !name.starts_with(char::is_alphabetic));
            is_operator && function.arguments.iter().all(is_constant)
        }
        // Parameters have their values by now.
        _ => false,
    }
}
