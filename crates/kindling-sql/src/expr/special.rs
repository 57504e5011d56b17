//! Forms with a grammar of their own: `CASE`, `CAST`, `EXTRACT`, `TRIM`, `SUBSTRING`, `POSITION`, `OVERLAY`, date arithmetic.

use kindling_spec::{CastMode, Expr, ExprKind, Literal};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

const DATETIME_UNITS: &[K] = &[
    K::YEAR,
    K::QUARTER,
    K::MONTH,
    K::WEEK,
    K::DAY,
    K::DAYOFYEAR,
    K::HOUR,
    K::MINUTE,
    K::SECOND,
    K::MILLISECOND,
    K::MICROSECOND,
];

impl Parser<'_> {
    /// A primary that begins with a keyword; `None` when the keyword is a name here.
    pub(super) fn keyword_primary(&mut self, keyword: K) -> PResult<Option<Expr>> {
        let call = self.is_symbol_at(1, Symbol::LeftParen);
        let plain = !call && !self.is_symbol_at(1, Symbol::Dot) && !self.is_symbol_at(1, Symbol::Arrow);
        match keyword {
            K::NULL if plain => Ok(Some(self.null_literal())),
            K::TRUE if plain => Ok(Some(self.literal_keyword(Literal::Boolean(true)))),
            K::FALSE if plain => Ok(Some(self.literal_keyword(Literal::Boolean(false)))),
            K::CASE if self.can_start_expression(1) && !self.is_symbol_at(1, Symbol::Asterisk) => {
                self.attempt(Self::case_expression)
            }
            K::CAST | K::TRY_CAST if call => self.attempt(Self::cast),
            K::INTERVAL if self.is_interval_literal() => self.interval_literal().map(Some),
            // `INTERVAL 1` can only go on with a unit.
            K::INTERVAL if self.is_number_at(1) => {
                self.skip(2);
                Err(self.unexpected())
            }
            K::EXTRACT if call && self.is_identifier_at(2, false) && self.is_at(3, K::FROM) => self.extract().map(Some),
            K::SUBSTR | K::SUBSTRING if call => self.attempt(Self::substring),
            K::TRIM if call => self.attempt(Self::trim),
            K::POSITION if call => self.attempt(Self::position),
            K::OVERLAY if call => self.attempt(Self::overlay),
            K::TIMESTAMPADD | K::DATEADD | K::DATE_ADD if call => self.unit_call(keyword, "timestampadd"),
            K::TIMESTAMPDIFF | K::DATEDIFF | K::DATE_DIFF | K::TIMEDIFF if call => {
                self.unit_call(keyword, "timestampdiff")
            }
            K::STRUCT if call => self.attempt(Self::struct_call),
            _ => Ok(None),
        }
    }

    fn case_expression(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.advance();
        let value = if self.is(K::WHEN) { None } else { Some(self.expression()?) };
        let mut arguments = vec![];
        while self.eat(K::WHEN) {
            let when = self.start();
            let condition = self.expression()?;
            let condition = match &value {
                Some(value) => self.call(when, "=", vec![value.clone(), condition]),
                None => condition,
            };
            self.expect(K::THEN)?;
            arguments.push(condition);
            arguments.push(self.expression()?);
        }
        if arguments.is_empty() {
            return Err(self.unexpected());
        }
        if self.eat(K::ELSE) {
            arguments.push(self.expression()?);
        }
        self.expect(K::END)?;
        let mut case = self.call(start, "when", arguments);
        if let (Some(_), ExprKind::UnresolvedFunction(call)) = (&value, &mut case.kind) {
            // Spark gives the comparisons of `CASE value WHEN …` the origin of the whole expression.
            for argument in call.arguments.iter_mut() {
                if matches!(&argument.kind, ExprKind::UnresolvedFunction(f) if f.name == ["="]) {
                    argument.origin = case.origin.clone();
                }
            }
        }
        Ok(case)
    }

    fn cast(&mut self) -> PResult<Expr> {
        let start = self.start();
        let mode = if self.is(K::TRY_CAST) { CastMode::Try } else { CastMode::Session };
        self.skip(2);
        let expr = Box::new(self.expression()?);
        self.expect(K::AS)?;
        let to = self.data_type()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.expr(start, ExprKind::Cast { expr, to, mode }))
    }

    fn extract(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let field_start = self.start();
        let field = self.identifier()?;
        let field = self.expr(field_start, ExprKind::Literal(Literal::String(field)));
        self.expect(K::FROM)?;
        let source = self.value_expression()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.call(start, "extract", vec![field, source]))
    }

    fn substring(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let mut arguments = vec![self.value_expression()?];
        self.expect(K::FROM)?;
        arguments.push(self.value_expression()?);
        if self.eat(K::FOR) {
            arguments.push(self.value_expression()?);
        }
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.call(start, "substring", arguments))
    }

    fn trim(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let option = self.eat_any(&[K::BOTH, K::LEADING, K::TRAILING]);
        let trimmed = if self.is(K::FROM) { None } else { Some(self.value_expression()?) };
        self.expect(K::FROM)?;
        let source = self.value_expression()?;
        self.expect_symbol(Symbol::RightParen)?;
        let name = match option {
            Some(K::LEADING) => "ltrim",
            Some(K::TRAILING) => "rtrim",
            _ => "trim",
        };
        Ok(self.call(start, name, trimmed.into_iter().chain([source]).collect()))
    }

    fn position(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let needle = self.value_expression()?;
        self.expect(K::IN)?;
        let text = self.value_expression()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.call(start, "locate", vec![needle, text]))
    }

    fn overlay(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let mut arguments = vec![self.value_expression()?];
        self.expect(K::PLACING)?;
        arguments.push(self.value_expression()?);
        self.expect(K::FROM)?;
        arguments.push(self.value_expression()?);
        if self.eat(K::FOR) {
            arguments.push(self.value_expression()?);
        }
        self.expect_symbol(Symbol::RightParen)?;
        Ok(self.call(start, "overlay", arguments))
    }

    /// `dateadd(unit, amount, time)`; with two arguments the name is an ordinary function's.
    fn unit_call(&mut self, keyword: K, name: &str) -> PResult<Option<Expr>> {
        let unit = self.is_any_at(2, DATETIME_UNITS) && self.is_symbol_at(3, Symbol::Comma);
        let quoted = self.is_string_at(2) && self.is_symbol_at(3, Symbol::Comma);
        if !unit && !quoted {
            return Ok(None);
        }
        self.attempt(|p| {
            let start = p.start();
            p.skip(2);
            let unit_start = p.start();
            let unit_token = p.advance();
            let unit_text = p.text_of(unit_token).to_string();
            let unit = p.expr(unit_start, ExprKind::Literal(Literal::String(unit_text.clone())));
            p.expect_symbol(Symbol::Comma)?;
            let amount = p.value_expression()?;
            p.expect_symbol(Symbol::Comma)?;
            let time = p.value_expression()?;
            p.expect_symbol(Symbol::RightParen)?;
            if quoted {
                return Err(error::at("INVALID_PARAMETER_VALUE.DATETIME_UNIT", &p.origin(start))
                    .param("functionName", format!("`{}`", keyword.text().to_lowercase()))
                    .param("parameter", "`unit`")
                    .param("invalidValue", unit_text));
            }
            Ok(p.call(start, name, vec![unit, amount, time]))
        })
    }

    fn struct_call(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.skip(2);
        let arguments =
            if self.is_symbol(Symbol::RightParen) { vec![] } else { self.comma_list(Self::named_expression)? };
        self.expect_symbol(Symbol::RightParen)?;
        if self.is_any(&[K::FILTER, K::OVER]) && self.is_symbol_at(1, Symbol::LeftParen) {
            return Err(self.unexpected());
        }
        Ok(self.call(start, "struct", arguments))
    }
}
