//! Constants: numbers, typed literals, strings, `NULL`, booleans.

use kindling_common::SparkError;
use kindling_spec::{DataType, Expr, ExprKind, Literal};

use crate::{
    datetime, error, interval,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    pub(crate) fn is_number_at(&self, ahead: usize) -> bool {
        use TokenKind::*;
        matches!(
            self.token(ahead).kind,
            Integer | Decimal | Exponent | BigInt | SmallInt | TinyInt | Double | Float | BigDecimal
        )
    }

    /// `[-] number`
    pub(crate) fn number(&mut self) -> PResult<Expr> {
        let start = self.start();
        let negative = self.eat_symbol(Symbol::Minus);
        let token = self.advance();
        let text = format!("{}{}", if negative { "-" } else { "" }, self.text_of(token));
        let stripped = |n: usize| text.get(..text.len() - n).unwrap_or(&text).to_string();
        let literal = match token.kind {
            TokenKind::Integer => self.integer(start, &text)?,
            TokenKind::BigInt => self.ranged(start, &stripped(1), "bigint", i64::MIN, i64::MAX).map(Literal::Long)?,
            TokenKind::SmallInt => {
                let value = self.ranged(start, &stripped(1), "smallint", i16::MIN.into(), i16::MAX.into())?;
                Literal::Short(value as i16)
            }
            TokenKind::TinyInt => {
                let value = self.ranged(start, &stripped(1), "tinyint", i8::MIN.into(), i8::MAX.into())?;
                Literal::Byte(value as i8)
            }
            TokenKind::Double => Literal::Double(self.double(start, &stripped(1))?),
            TokenKind::Float => self.float(start, &stripped(1))?,
            TokenKind::Exponent if !self.options.exponent_literal_as_decimal => {
                Literal::Double(self.double(start, &text)?)
            }
            TokenKind::BigDecimal => self.decimal(start, &stripped(2))?,
            _ => self.decimal(start, &text)?,
        };
        Ok(self.expr(start, ExprKind::Literal(literal)))
    }

    fn integer(&self, start: usize, text: &str) -> PResult<Literal> {
        if let Ok(value) = text.parse::<i32>() {
            return Ok(Literal::Integer(value));
        }
        if let Ok(value) = text.parse::<i64>() {
            return Ok(Literal::Long(value));
        }
        self.decimal(start, text)
    }

    fn out_of_range(&self, start: usize, text: &str, type_name: &str, min: String, max: String) -> SparkError {
        error::at("INVALID_NUMERIC_LITERAL_RANGE", &self.origin(start))
            .param("rawStrippedQualifier", text)
            .param("minValue", min)
            .param("maxValue", max)
            .param("typeName", type_name)
    }

    fn ranged(&self, start: usize, text: &str, type_name: &str, min: i64, max: i64) -> PResult<i64> {
        let value = text.parse::<i64>().ok().filter(|value| (min..=max).contains(value));
        value.ok_or_else(|| self.out_of_range(start, text, type_name, min.to_string(), max.to_string()))
    }

    fn double(&self, start: usize, text: &str) -> PResult<f64> {
        let value: f64 = text.parse().unwrap_or(f64::INFINITY);
        if value.is_finite() {
            return Ok(value);
        }
        let max = "1.7976931348623157E+308";
        Err(self.out_of_range(start, text, "double", format!("-{max}"), max.into()))
    }

    fn float(&self, start: usize, text: &str) -> PResult<Literal> {
        let value: f32 = text.parse().unwrap_or(f32::INFINITY);
        if value.is_finite() {
            return Ok(Literal::Float(value));
        }
        let max = "3.4028234663852886E+38";
        Err(self.out_of_range(start, text, "float", format!("-{max}"), max.into()))
    }

    /// A decimal of the narrowest type that holds it.
    fn decimal(&self, start: usize, text: &str) -> PResult<Literal> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => {
                (text.get(..at).unwrap_or(""), text.get(at + 1..).and_then(|e| e.parse::<i64>().ok()).unwrap_or(0))
            }
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_string();
        let mut scale = fraction.len() as i64 - exponent;
        if scale < 0 {
            if !digits.is_empty() {
                digits.push_str(&"0".repeat(scale.unsigned_abs().min(100) as usize));
            }
            scale = 0;
        }
        let precision = (digits.len().max(1) as i64).max(scale);
        if precision > 38 {
            return Err(error::at("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", &self.origin(start))
                .param("precision", precision.to_string())
                .param("maxPrecision", "38"));
        }
        let value: i128 = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(0) };
        let value = if negative { -value } else { value };
        Ok(Literal::Decimal { value, precision: precision as u8, scale: scale as i8 })
    }

    /// `type 'text'`: the word before a string names its type.
    pub(crate) fn typed_literal(&mut self) -> PResult<Expr> {
        let start = self.start();
        let word = self.advance();
        let keyword = match word.kind {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        };
        let name = self.text_of(word).to_uppercase();
        let token = self.advance();
        let value = crate::strings::unescape(self.text_of(token), !self.options.escaped_string_literals);
        let literal = match keyword {
            Some(K::DATE | K::TIME | K::TIMESTAMP | K::TIMESTAMP_LTZ | K::TIMESTAMP_NTZ) => {
                self.datetime_literal(keyword, &value)
            }
            Some(K::INTERVAL) => return self.interval_text(start, &value),
            Some(K::BINARY_HEX) => hex(&value).map(Literal::Binary),
            _ => {
                let supported =
                    "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"";
                return Err(error::at("UNSUPPORTED_TYPED_LITERAL", &self.origin(start))
                    .param("unsupportedType", format!("\"{name}\""))
                    .param("supportedTypes", supported));
            }
        };
        match literal {
            Some(literal) => Ok(self.expr(start, ExprKind::Literal(literal))),
            None => Err(self.invalid_typed_literal(start, &name, &value)),
        }
    }

    fn invalid_typed_literal(&self, start: usize, type_name: &str, value: &str) -> SparkError {
        error::at("INVALID_TYPED_LITERAL", &self.origin(start))
            .param("valueType", format!("\"{type_name}\""))
            .param("value", format!("'{}'", value.replace('\'', "\\'")))
    }

    fn datetime_literal(&self, keyword: Option<K>, value: &str) -> Option<Literal> {
        let (now, zone) = (self.options.current_timestamp, self.options.session_time_zone.as_str());
        match keyword {
            Some(K::DATE) => datetime::parse_date(value, now, zone).map(Literal::Date),
            Some(K::TIME) => {
                datetime::parse_time(value).map(|micros| Literal::Time { nanos: micros * 1000, precision: 6 })
            }
            _ => {
                let parsed = datetime::parse_timestamp(value, now, zone)?;
                let ntz = keyword == Some(K::TIMESTAMP_NTZ)
                    || (keyword == Some(K::TIMESTAMP) && self.options.timestamp_ntz_is_default && !parsed.has_zone());
                if ntz {
                    Some(Literal::TimestampNtz(parsed.local()))
                } else {
                    parsed.instant(zone).map(Literal::Timestamp)
                }
            }
        }
    }

    fn interval_text(&self, start: usize, value: &str) -> PResult<Expr> {
        let Ok(parsed) = interval::parse_interval(value) else {
            return Err(self.invalid_typed_literal(start, "INTERVAL", value));
        };
        let literal = self.typed_interval(start, parsed, &interval::units_of(value))?;
        Ok(self.expr(start, ExprKind::Literal(literal)))
    }

    /// A constant, where only one may stand (`PARTITION (a = 1)`).
    pub(crate) fn constant(&mut self) -> PResult<Expr> {
        let start = self.start();
        if self.is_symbol(Symbol::Minus) && self.is_number_at(1) || self.is_number_at(0) {
            return self.number();
        }
        if self.is_string_at(0) {
            let value = self.string()?;
            return Ok(self.expr(start, ExprKind::Literal(Literal::String(value))));
        }
        if self.is_interval_literal() {
            return self.interval_literal();
        }
        if let Some(parameter) = self.parameter()? {
            return Ok(parameter);
        }
        let literal = match self.keyword_at(0) {
            Some(K::NULL) => Literal::Null(DataType::Null),
            Some(K::TRUE) => Literal::Boolean(true),
            Some(K::FALSE) => Literal::Boolean(false),
            _ if self.is_identifier() && self.is_string_at(1) => return self.typed_literal(),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(self.expr(start, ExprKind::Literal(literal)))
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_string() };
    if !padded.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..padded.len())
        .step_by(2)
        .map(|i| padded.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}
