//! Data types and column lists.

use kindling_common::SparkError;
use kindling_spec::{DataType, DayTimeField, StructField, StructType, YearMonthField};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

/// A JSON object with a column's comment, as `StructField.metadata` holds it.
pub(crate) fn comment_metadata(comment: &str) -> String {
    let mut out = String::from("{\"comment\":\"");
    for c in comment.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push_str("\"}");
    out
}

impl Parser<'_> {
    /// `dataType`
    pub(crate) fn data_type(&mut self) -> PResult<DataType> {
        self.nested(Self::data_type_here)
    }

    fn data_type_here(&mut self) -> PResult<DataType> {
        let start = self.start();
        let keyword = self.keyword_at(0);
        match keyword {
            Some(K::ARRAY) => {
                self.advance();
                if !self.eat_symbol(Symbol::Lt) {
                    return Err(self.incomplete(start, "INCOMPLETE_TYPE_DEFINITION.ARRAY"));
                }
                let element = self.data_type()?;
                self.close_angle()?;
                Ok(DataType::array(element))
            }
            Some(K::MAP) => {
                self.advance();
                if !self.eat_symbol(Symbol::Lt) {
                    return Err(self.incomplete(start, "INCOMPLETE_TYPE_DEFINITION.MAP"));
                }
                let key = self.data_type()?;
                self.expect_symbol(Symbol::Comma)?;
                let value = self.data_type()?;
                self.close_angle()?;
                Ok(DataType::map(key, value))
            }
            Some(K::STRUCT) => {
                self.advance();
                if self.eat_symbol(Symbol::NotEqAngle) {
                    return Ok(DataType::Struct(StructType::default()));
                }
                if !self.eat_symbol(Symbol::Lt) {
                    return Err(self.incomplete(start, "INCOMPLETE_TYPE_DEFINITION.STRUCT"));
                }
                let fields = if self.is_symbol(Symbol::Gt) { vec![] } else { self.comma_list(|p| p.column(true))? };
                self.close_angle()?;
                Ok(DataType::Struct(StructType { fields }))
            }
            Some(K::INTERVAL) => {
                self.advance();
                self.interval_type(start)
            }
            _ => self.primitive_type(start, keyword),
        }
    }

    fn incomplete(&self, start: usize, condition: &'static str) -> SparkError {
        error::at(condition, &self.origin(start)).param("elementType", "<INT>")
    }

    /// `>`; `>>` and `>>>` close more than one level.
    fn close_angle(&mut self) -> PResult<()> {
        self.split_shift();
        self.expect_symbol(Symbol::Gt)
    }

    fn interval_type(&mut self, start: usize) -> PResult<DataType> {
        if let Some(from) = self.eat_any(&[K::YEAR, K::MONTH]) {
            let to = if self.eat(K::TO) {
                if !self.eat(K::MONTH) {
                    return Err(self.unexpected());
                }
                K::MONTH
            } else {
                from
            };
            let field = |k| if k == K::YEAR { YearMonthField::Year } else { YearMonthField::Month };
            let (from, to) = (field(from), field(to));
            self.check_fields(start, from.name(), to.name(), from <= to)?;
            return Ok(DataType::YearMonthInterval { start: from, end: to });
        }
        const FIELDS: [K; 4] = [K::DAY, K::HOUR, K::MINUTE, K::SECOND];
        if let Some(from) = self.eat_any(&FIELDS) {
            let to = if self.eat(K::TO) {
                self.eat_any(&[K::HOUR, K::MINUTE, K::SECOND]).ok_or_else(|| self.unexpected())?
            } else {
                from
            };
            let field = |k| match k {
                K::DAY => DayTimeField::Day,
                K::HOUR => DayTimeField::Hour,
                K::MINUTE => DayTimeField::Minute,
                _ => DayTimeField::Second,
            };
            let (from, to) = (field(from), field(to));
            self.check_fields(start, from.name(), to.name(), from <= to)?;
            return Ok(DataType::DayTimeInterval { start: from, end: to });
        }
        Ok(DataType::CalendarInterval)
    }

    fn check_fields(&self, start: usize, from: &str, to: &str, in_order: bool) -> PResult<()> {
        if in_order {
            return Ok(());
        }
        Err(error::at("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", &self.origin(start))
            .param("input", self.source(start))
            .param("from", from)
            .param("to", to))
    }

    fn primitive_type(&mut self, start: usize, keyword: Option<K>) -> PResult<DataType> {
        if !self.is_identifier() {
            return Err(self.unexpected());
        }
        let token = self.advance();
        let name = self.text_of(token).to_string();
        let simple = match keyword {
            Some(K::BOOLEAN) => Some(DataType::Boolean),
            Some(K::TINYINT | K::BYTE) => Some(DataType::Byte),
            Some(K::SMALLINT | K::SHORT) => Some(DataType::Short),
            Some(K::INT | K::INTEGER) => Some(DataType::Integer),
            Some(K::BIGINT | K::LONG) => Some(DataType::Long),
            Some(K::FLOAT | K::REAL) => Some(DataType::Float),
            Some(K::DOUBLE) => Some(DataType::Double),
            Some(K::DATE) => Some(DataType::Date),
            Some(K::TIMESTAMP_NTZ) => Some(DataType::TimestampNtz),
            Some(K::TIMESTAMP_LTZ) => Some(DataType::Timestamp),
            Some(K::BINARY) => Some(DataType::Binary),
            Some(K::VOID) => Some(DataType::Null),
            Some(K::VARIANT) => Some(DataType::Variant),
            Some(K::TIMESTAMP) => Some(self.timestamp_type()),
            Some(K::STRING) => {
                self.collation(start)?;
                Some(DataType::String)
            }
            _ => None,
        };
        let arguments = if self.is_symbol(Symbol::LeftParen) && self.token(1).kind == TokenKind::Integer {
            Some(self.paren_list(Self::type_parameter)?)
        } else {
            None
        };
        let type_ = match (simple, keyword, arguments.as_deref()) {
            (Some(simple), _, None) => simple,
            (None, Some(K::DECIMAL | K::DEC | K::NUMERIC), arguments) => {
                return self.decimal_type(start, arguments.unwrap_or(&[]));
            }
            (None, Some(K::CHAR | K::CHARACTER), Some([length])) => DataType::Char(*length),
            (None, Some(K::VARCHAR), Some([length])) => DataType::Varchar(*length),
            (None, Some(K::CHAR | K::CHARACTER | K::VARCHAR), None) => {
                return Err(error::at("DATATYPE_MISSING_SIZE", &self.origin(start))
                    .param("type", format!("\"{}\"", name.to_uppercase())));
            }
            (None, Some(K::TIME), None) => {
                self.eat_seq(&[K::WITHOUT, K::TIME, K::ZONE]);
                DataType::Time { precision: 6 }
            }
            (None, Some(K::TIME), Some([precision])) if *precision <= 6 => {
                self.eat_seq(&[K::WITHOUT, K::TIME, K::ZONE]);
                DataType::Time { precision: *precision as u8 }
            }
            (_, _, arguments) => {
                let suffix = arguments.map_or(String::new(), |arguments| {
                    let texts: Vec<String> = arguments.iter().map(u32::to_string).collect();
                    format!("({})", texts.join(","))
                });
                return Err(error::at("UNSUPPORTED_DATATYPE", &self.origin(start))
                    .param("typeName", format!("\"{}{suffix}\"", name.to_uppercase())));
            }
        };
        if matches!(type_, DataType::Char(_) | DataType::Varchar(_)) {
            self.collation(start)?;
        }
        Ok(type_)
    }

    fn timestamp_type(&mut self) -> DataType {
        if self.eat_seq(&[K::WITH, K::LOCAL, K::TIME, K::ZONE]) {
            return DataType::Timestamp;
        }
        if self.eat_seq(&[K::WITHOUT, K::TIME, K::ZONE]) || self.options.timestamp_ntz_is_default {
            return DataType::TimestampNtz;
        }
        DataType::Timestamp
    }

    /// `COLLATE name`: only the collation of plain strings has a type here.
    fn collation(&mut self, start: usize) -> PResult<()> {
        if !self.eat(K::COLLATE) {
            return Ok(());
        }
        let name = self.multipart()?;
        if name.last().is_some_and(|name| name.eq_ignore_ascii_case("UTF8_BINARY")) {
            return Ok(());
        }
        Err(SparkError::unsupported(format!("the collation {}", name.join("."))).at(&self.origin(start)))
    }

    fn type_parameter(&mut self) -> PResult<u32> {
        if self.kind() != TokenKind::Integer {
            return Err(self.unexpected());
        }
        let token = self.advance();
        Ok(self.text_of(token).parse().unwrap_or(u32::MAX))
    }

    fn decimal_type(&self, start: usize, arguments: &[u32]) -> PResult<DataType> {
        let (precision, scale) = match arguments {
            [] => (10, 0),
            [precision] => (*precision, 0),
            [precision, scale] => (*precision, *scale),
            _ => {
                let texts: Vec<String> = arguments.iter().map(u32::to_string).collect();
                return Err(error::at("UNSUPPORTED_DATATYPE", &self.origin(start))
                    .param("typeName", format!("\"DECIMAL({})\"", texts.join(","))));
            }
        };
        if precision > 38 {
            return Err(error::at("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", &self.origin(start))
                .param("precision", precision.to_string())
                .param("maxPrecision", "38"));
        }
        if scale > precision {
            return Err(SparkError::analysis("_LEGACY_ERROR_TEMP_1228")
                .param("scale", scale.to_string())
                .param("precision", precision.to_string()));
        }
        Ok(DataType::Decimal { precision: precision as u8, scale: scale as i8 })
    }

    /// `name [:] type [NOT NULL] [COMMENT 'text']`
    pub(crate) fn column(&mut self, colon: bool) -> PResult<StructField> {
        let name = self.plain_identifier()?;
        if colon {
            self.eat_symbol(Symbol::Colon);
        }
        let data_type = self.data_type()?;
        let nullable = !self.eat_not_null()?;
        let metadata = if self.eat(K::COMMENT) { Some(comment_metadata(&self.string()?)) } else { None };
        Ok(StructField { name, data_type, nullable, metadata })
    }

    /// `NOT NULL`, also written `! NULL`.
    pub(crate) fn eat_not_null(&mut self) -> PResult<bool> {
        let not = self.is(K::NOT) || self.is_symbol(Symbol::Bang);
        if not && self.is_at(1, K::NULL) {
            self.skip(2);
            return Ok(true);
        }
        Ok(false)
    }

    /// `a INT, b STRING …`; with `colon`, `a: int` too.
    pub(crate) fn column_list(&mut self, colon: bool) -> PResult<StructType> {
        Ok(StructType { fields: self.comma_list(|p| p.column(colon))? })
    }
}
