//! Interval literals and the interval texts they hold (Spark's `IntervalUtils`).

use kindling_common::SparkError;
use kindling_spec::{DayTimeField, Expr, ExprKind, Literal, Origin, YearMonthField};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

const UNITS: &[K] = &[
    K::NANOSECOND,
    K::NANOSECONDS,
    K::MICROSECOND,
    K::MICROSECONDS,
    K::MILLISECOND,
    K::MILLISECONDS,
    K::SECOND,
    K::SECONDS,
    K::MINUTE,
    K::MINUTES,
    K::HOUR,
    K::HOURS,
    K::DAY,
    K::DAYS,
    K::WEEK,
    K::WEEKS,
    K::MONTH,
    K::MONTHS,
    K::YEAR,
    K::YEARS,
];
const FROM_TO: &[K] = &[K::SECOND, K::MINUTE, K::HOUR, K::DAY, K::MONTH, K::YEAR];
const MICROS_PER_SECOND: i128 = 1_000_000;

/// A calendar interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CalendarInterval {
    months: i128,
    days: i128,
    micros: i128,
}

impl Parser<'_> {
    /// Whether `INTERVAL` begins a literal here, rather than being a name.
    pub(crate) fn is_interval_literal(&self) -> bool {
        if !self.is(K::INTERVAL) {
            return false;
        }
        let sign = matches!(self.token(1).kind, TokenKind::Symbol(Symbol::Plus | Symbol::Minus));
        let value = 1 + usize::from(sign);
        self.is_interval_value_at(value) && self.is_any_at(value + 1, UNITS)
    }

    fn is_interval_value_at(&self, ahead: usize) -> bool {
        matches!(self.token(ahead).kind, TokenKind::Integer | TokenKind::Decimal) || self.is_string_at(ahead)
    }

    fn is_unit_pair(&self) -> bool {
        let sign = usize::from(matches!(self.kind(), TokenKind::Symbol(Symbol::Plus | Symbol::Minus)));
        self.is_interval_value_at(sign) && self.is_any_at(sign + 1, UNITS)
    }

    /// `INTERVAL value unit …` and `INTERVAL value from TO to`.
    pub(crate) fn interval_literal(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.advance();
        let body = self.start();
        let sign = usize::from(matches!(self.kind(), TokenKind::Symbol(Symbol::Plus | Symbol::Minus)));
        if self.is_at(sign + 2, K::TO) && self.is_any_at(sign + 3, FROM_TO) {
            let literal = self.unit_to_unit(body)?;
            if self.is_unit_pair() {
                self.skip_interval_rest();
                return Err(error::at("_LEGACY_ERROR_TEMP_0024", &self.origin(start)));
            }
            return Ok(self.expr(start, ExprKind::Literal(literal)));
        }
        let mut text = String::new();
        let mut units = vec![];
        while self.is_unit_pair() {
            let sign = usize::from(matches!(self.kind(), TokenKind::Symbol(Symbol::Plus | Symbol::Minus)));
            if self.is_at(sign + 2, K::TO) {
                self.skip_interval_rest();
                return Err(error::at("_LEGACY_ERROR_TEMP_0024", &self.origin(start)));
            }
            let (value, is_string) = self.interval_value()?;
            let unit = self.advance();
            let unit = self.text_of(unit).to_ascii_lowercase();
            if is_string && value.chars().any(char::is_alphabetic) {
                let end = self.origin(body);
                return Err(error::at("_LEGACY_ERROR_TEMP_0026", &end).param("value", value));
            }
            text.push_str(&format!("{value} {unit} "));
            units.push(unit.strip_suffix('s').unwrap_or(&unit).to_string());
        }
        let origin = self.origin(body);
        let interval = parse_interval(&text).map_err(|error| at_origin(error, &origin))?;
        let literal = self.typed_interval(start, interval, &units)?;
        Ok(self.expr(start, ExprKind::Literal(literal)))
    }

    fn skip_interval_rest(&mut self) {
        while self.is_unit_pair() {
            let sign = usize::from(matches!(self.kind(), TokenKind::Symbol(Symbol::Plus | Symbol::Minus)));
            self.skip(sign + 2);
            if self.is(K::TO) {
                self.skip(2);
            }
        }
    }

    /// The value's text with its sign, and whether it was a string.
    fn interval_value(&mut self) -> PResult<(String, bool)> {
        let negative = self.is_symbol(Symbol::Minus);
        if negative || self.is_symbol(Symbol::Plus) {
            self.advance();
        }
        let is_string = self.is_string_at(0);
        let value = if is_string {
            self.string()?
        } else {
            let token = self.advance();
            self.text_of(token).to_string()
        };
        let value = match (negative, value.strip_prefix('-')) {
            (false, _) => value,
            (true, Some(rest)) => rest.to_string(),
            (true, None) => format!("-{value}"),
        };
        Ok((value, is_string))
    }

    fn unit_to_unit(&mut self, body: usize) -> PResult<Literal> {
        let (value, is_string) = self.interval_value()?;
        let from = self.advance();
        let from = self.text_of(from).to_ascii_lowercase();
        self.expect(K::TO)?;
        let to = self.advance();
        let to = self.text_of(to).to_ascii_lowercase();
        let origin = self.origin(body);
        if !is_string {
            return Err(error::at("_LEGACY_ERROR_TEMP_0027", &origin));
        }
        let result = match (from.as_str(), to.as_str()) {
            ("year", "month") => parse_year_month(&value).map(|months| Literal::YearMonthInterval {
                months,
                start: YearMonthField::Year,
                end: YearMonthField::Month,
            }),
            _ => match (day_time_field(&from), day_time_field(&to)) {
                (Some(start), Some(end)) if start < end => parse_day_time(&value, start, end)
                    .map(|microseconds| Literal::DayTimeInterval { microseconds, start, end }),
                _ => Err(SparkError::parse("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION")
                    .param("input", &value)
                    .param("from", &from)
                    .param("to", &to)),
            },
        };
        result.map_err(|error| error.at(&origin))
    }

    /// The literal of the narrowest type that has the units.
    pub(crate) fn typed_interval(&self, start: usize, value: CalendarInterval, units: &[String]) -> PResult<Literal> {
        let overflow = || error::at("_LEGACY_ERROR_TEMP_0062", &self.origin(start)).param("msg", "long overflow");
        let months = i32::try_from(value.months).map_err(|_| overflow())?;
        if self.options.legacy_interval {
            return Ok(Literal::CalendarInterval {
                months,
                days: i32::try_from(value.days).map_err(|_| overflow())?,
                microseconds: i64::try_from(value.micros).map_err(|_| overflow())?,
            });
        }
        let mut year_month = vec![];
        let mut day_time = vec![];
        for unit in units {
            match unit.as_str() {
                "year" => year_month.push(YearMonthField::Year),
                "month" => year_month.push(YearMonthField::Month),
                "week" => day_time.push(DayTimeField::Day),
                other => day_time.push(day_time_field(other).unwrap_or(DayTimeField::Second)),
            }
        }
        match (year_month.iter().min(), year_month.iter().max(), day_time.iter().min(), day_time.iter().max()) {
            (Some(_), _, Some(_), _) => {
                Err(error::at("_LEGACY_ERROR_TEMP_0029", &self.origin(start)).param("literal", self.source(start)))
            }
            (Some(start), Some(end), ..) => Ok(Literal::YearMonthInterval { months, start: *start, end: *end }),
            (.., Some(start), Some(end)) => {
                let micros = value.days * 86_400 * MICROS_PER_SECOND + value.micros;
                let microseconds = i64::try_from(micros).map_err(|_| overflow())?;
                Ok(Literal::DayTimeInterval { microseconds, start: *start, end: *end })
            }
            _ => Err(overflow()),
        }
    }
}

fn day_time_field(unit: &str) -> Option<DayTimeField> {
    match unit {
        "day" => Some(DayTimeField::Day),
        "hour" => Some(DayTimeField::Hour),
        "minute" => Some(DayTimeField::Minute),
        "second" => Some(DayTimeField::Second),
        _ => None,
    }
}

fn at_origin(error: SparkError, origin: &Origin) -> SparkError {
    error.at(origin)
}

fn invalid(subcondition: &'static str, input: &str) -> SparkError {
    SparkError::parse(subcondition).param("input", input)
}

/// `[interval] value unit value unit …`
pub(crate) fn parse_interval(text: &str) -> Result<CalendarInterval, SparkError> {
    let lower = text.trim().to_ascii_lowercase();
    let body = match lower.strip_prefix("interval") {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest,
        Some(_) => return Err(invalid("INVALID_INTERVAL_FORMAT.INVALID_PREFIX", text).param("prefix", &lower)),
        None => lower.as_str(),
    };
    if body.trim().is_empty() {
        return Err(invalid("INVALID_INTERVAL_FORMAT.INPUT_IS_EMPTY", text));
    }
    let mut interval = CalendarInterval::default();
    let mut rest = body.trim_start();
    while !rest.is_empty() {
        let (negative, tail) = match rest.as_bytes().first() {
            Some(b'-') => (true, rest.get(1..).unwrap_or("").trim_start()),
            Some(b'+') => (false, rest.get(1..).unwrap_or("").trim_start()),
            _ => (false, rest),
        };
        let word = tail.split_whitespace().next().unwrap_or("").to_string();
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let after = tail.get(digits..).unwrap_or("");
        let fraction = after.strip_prefix('.').map(|tail| tail.bytes().take_while(u8::is_ascii_digit).count());
        let used = digits + fraction.map_or(0, |n| n + 1);
        let has_number = digits > 0 || fraction.is_some_and(|n| n > 0);
        if !has_number {
            return Err(invalid("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", text).param("number", word));
        }
        let whole: i128 =
            tail.get(..digits).filter(|d| !d.is_empty()).map_or(Ok(0), str::parse).unwrap_or(i128::MAX / 1000);
        let fraction_text = fraction.map(|n| after.get(1..=n).unwrap_or("").to_string());
        if fraction_text.as_ref().is_some_and(|digits| digits.len() > 9) {
            return Err(invalid("INVALID_INTERVAL_FORMAT.INVALID_PRECISION", text).param("value", word));
        }
        let unit_part = tail.get(used..).unwrap_or("");
        let unit_text = unit_part.trim_start();
        if !unit_part.is_empty() && unit_part.len() == unit_text.len() {
            return Err(invalid("INVALID_INTERVAL_FORMAT.INVALID_VALUE", text).param("value", word));
        }
        let unit_len = unit_text.find(char::is_whitespace).unwrap_or(unit_text.len());
        let unit = unit_text.get(..unit_len).unwrap_or("");
        if unit.is_empty() {
            return Err(invalid("INVALID_INTERVAL_FORMAT.MISSING_UNIT", text).param("word", word));
        }
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        if fraction_text.is_some() && singular != "second" {
            return Err(invalid("INVALID_INTERVAL_FORMAT.INVALID_FRACTION", text).param("unit", unit));
        }
        let sign = if negative { -1 } else { 1 };
        let value = whole * sign;
        match singular {
            "year" => interval.months += value * 12,
            "month" => interval.months += value,
            "week" => interval.days += value * 7,
            "day" => interval.days += value,
            "hour" => interval.micros += value * 3600 * MICROS_PER_SECOND,
            "minute" => interval.micros += value * 60 * MICROS_PER_SECOND,
            "second" => {
                let digits = format!("{:0<6}", fraction_text.unwrap_or_default());
                let micros: i128 = digits.get(..6).and_then(|d| d.parse().ok()).unwrap_or(0);
                interval.micros += value * MICROS_PER_SECOND + micros * sign;
            }
            "millisecond" => interval.micros += value * 1000,
            "microsecond" => interval.micros += value,
            "nanosecond" => interval.micros += value / 1000,
            _ => return Err(invalid("INVALID_INTERVAL_FORMAT.INVALID_UNIT", text).param("unit", unit)),
        }
        rest = unit_text.get(unit_len..).unwrap_or("").trim_start();
    }
    Ok(interval)
}

/// The units an `INTERVAL '…'` text names, singular.
pub(crate) fn units_of(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(str::to_ascii_lowercase)
        .map(|word| word.strip_suffix('s').map(str::to_string).unwrap_or(word))
        .filter(|word| word != "interval" && !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
        .collect()
}

fn signed(text: &str) -> (i64, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, text.get(1..).unwrap_or("")),
        Some(b'+') => (1, text.get(1..).unwrap_or("")),
        _ => (1, text),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// Spark allows a sign before the quote and one inside it.
fn all_signs(text: &str) -> (i64, &str) {
    let (first, rest) = signed(text);
    let (second, rest) = signed(rest);
    (first * second, rest)
}

fn out_of_range(field: &str, value: &str, max: i64) -> SparkError {
    SparkError::parse("_LEGACY_ERROR_TEMP_0063")
        .param("msg", format!("requirement failed: {field} {value} outside range [0, {max}]"))
}

fn parse_year_month(text: &str) -> Result<i32, SparkError> {
    let unmatched = || {
        SparkError::parse("INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING")
            .param("input", text)
            .param("intervalStr", "year-month")
            .param("supportedFormat", "`[+|-]y-m`, `INTERVAL [+|-]'[+|-]y-m' YEAR TO MONTH`")
            .param("typeName", "interval year to month")
    };
    let (sign, body) = all_signs(text.trim());
    let (years, months) = body.split_once('-').ok_or_else(unmatched)?;
    let (years, months) = (digits(years).ok_or_else(unmatched)?, digits(months).ok_or_else(unmatched)?);
    let overflow = || {
        SparkError::parse("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING")
            .param("input", text)
            .param("interval", "year-month")
    };
    let years: i64 = years.parse().map_err(|_| overflow())?;
    let month: i64 = months.parse().map_err(|_| overflow())?;
    if month > 11 {
        return Err(out_of_range("month", months, 11));
    }
    years.checked_mul(12).and_then(|total| i32::try_from(sign * (total + month)).ok()).ok_or_else(overflow)
}

fn parse_day_time(text: &str, from: DayTimeField, to: DayTimeField) -> Result<i64, SparkError> {
    let shape = match (from, to) {
        (DayTimeField::Day, DayTimeField::Hour) => "d h",
        (DayTimeField::Day, DayTimeField::Minute) => "d h:m",
        (DayTimeField::Day, _) => "d h:m:s.n",
        (DayTimeField::Hour, DayTimeField::Minute) => "h:m",
        (DayTimeField::Hour, _) => "h:m:s.n",
        _ => "m:s.n",
    };
    let type_name = format!("{} to {}", from.name(), to.name());
    let unmatched = || {
        SparkError::parse("INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE")
            .param("input", text)
            .param("intervalStr", "day-time")
            .param(
                "supportedFormat",
                format!("`[+|-]{shape}`, `INTERVAL [+|-]'[+|-]{shape}' {}`", type_name.to_uppercase()),
            )
            .param("typeName", format!("interval {type_name}"))
    };
    let (sign, mut body) = all_signs(text.trim());
    let mut micros: i128 = 0;
    if from == DayTimeField::Day {
        let (days, rest) = body.split_once(' ').ok_or_else(unmatched)?;
        let days = digits(days).ok_or_else(unmatched)?;
        micros += range(days, "day", 106_751_991)? * 86_400 * MICROS_PER_SECOND;
        body = rest;
    }
    let (clock, fraction) = match body.split_once('.') {
        Some((clock, fraction)) if to == DayTimeField::Second => (clock, fraction),
        Some(_) => return Err(unmatched()),
        None => (body, "0"),
    };
    let fraction = digits(fraction).filter(|f| f.len() <= 9).ok_or_else(unmatched)?;
    let first = if from == DayTimeField::Day { DayTimeField::Hour } else { from };
    let fields: Vec<DayTimeField> = [DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second]
        .into_iter()
        .filter(|f| *f >= first && *f <= to)
        .collect();
    let parts: Vec<&str> = clock.split(':').collect();
    if parts.len() != fields.len() {
        return Err(unmatched());
    }
    for (field, part) in fields.iter().zip(parts) {
        let part = digits(part).ok_or_else(unmatched)?;
        let leading = *field == from;
        let (max, scale) = match field {
            DayTimeField::Hour => (if leading { 2_562_047_788 } else { 23 }, 3600),
            DayTimeField::Minute => (if leading { 153_722_867_280 } else { 59 }, 60),
            _ => (59, 1),
        };
        micros += range(part, field.name(), max)? * scale * MICROS_PER_SECOND;
    }
    let nanos = format!("{fraction:0<6}");
    micros += nanos.get(..6).and_then(|n| n.parse::<i128>().ok()).unwrap_or(0);
    i64::try_from(micros * i128::from(sign))
        .map_err(|_| SparkError::parse("INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION").param("input", text))
}

fn range(digits: &str, field: &str, max: i64) -> Result<i128, SparkError> {
    let value: i64 = digits.parse().unwrap_or(i64::MAX);
    if value > max {
        return Err(out_of_range(field, digits, max));
    }
    Ok(i128::from(value))
}
