//! `format_number` with a pattern (`java.text.DecimalFormat`, US symbols).

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use crate::{
    CallContext, TypedExpr,
    cast::{cast, plain_text},
    kernels::Str,
    udf::call,
};

/// A parsed pattern.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    prefix: String,
    suffix: String,
    negative: Option<(String, String)>,
    least_whole: usize,
    least_fraction: usize,
    most_fraction: usize,
    group: usize,
    exponent: Option<usize>,
    /// Powers of ten that a percent or per mille sign multiplies by.
    shift: i32,
}

impl Pattern {
    fn parse(pattern: &str) -> Option<Pattern> {
        let (positive, negative) = match pattern.split_once(';') {
            Some((positive, negative)) => (positive, Some(negative)),
            None => (pattern, None),
        };
        let is_digit = |c: char| matches!(c, '#' | '0' | ',' | '.');
        let start = positive.find(is_digit)?;
        let body = &positive[start..];
        let end = body.find(|c| !is_digit(c)).unwrap_or(body.len());
        let (number, mut suffix) = body.split_at(end);
        let mut exponent = None;
        if let Some(rest) = suffix.strip_prefix('E')
            && rest.starts_with('0')
        {
            let zeros = rest.len() - rest.trim_start_matches('0').len();
            exponent = Some(zeros);
            suffix = &rest[zeros..];
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains([',', '.']) || fraction.trim_start_matches('0').contains('0') {
            return None;
        }
        let group = whole.rfind(',').map_or(0, |at| whole.len() - at - 1);
        let digits = whole.replace(',', "");
        if digits.trim_start_matches('#').contains('#') {
            return None;
        }
        let affix = |text: &str| text.replace('\'', "");
        let sign = |c: char| positive.contains(c);
        let negative = negative.map(|text| {
            let start = text.find(is_digit).unwrap_or(text.len());
            let end = text.rfind(is_digit).map_or(start, |at| at + 1);
            (affix(&text[..start]), affix(&text[end..]))
        });
        Some(Pattern {
            prefix: affix(&positive[..start]),
            suffix: affix(suffix),
            negative,
            least_whole: digits.matches('0').count(),
            least_fraction: fraction.matches('0').count(),
            most_fraction: fraction.len(),
            group,
            exponent,
            shift: if sign('%') {
                2
            } else if sign('\u{2030}') {
                3
            } else {
                0
            },
        })
    }

    /// Formats a plain decimal text.
    fn format(&self, text: &str) -> String {
        let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let digits = shifted(digits, self.shift);
        let (number, zero) = match self.exponent {
            Some(width) => self.scientific(&digits, width),
            None => self.plain(&digits),
        };
        let (prefix, suffix) = match (&self.negative, is_negative && !zero) {
            (Some((prefix, suffix)), true) => (prefix.clone(), suffix.clone()),
            (None, true) => (format!("-{}", self.prefix), self.suffix.clone()),
            (_, false) => (self.prefix.clone(), self.suffix.clone()),
        };
        format!("{prefix}{number}{suffix}")
    }

    fn plain(&self, digits: &str) -> (String, bool) {
        let rounded = round_half_even(digits, self.most_fraction);
        let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
        let whole = whole.trim_start_matches('0');
        let zero = whole.is_empty() && fraction.bytes().all(|b| b == b'0');
        let mut fraction = fraction.trim_end_matches('0').to_string();
        while fraction.len() < self.least_fraction {
            fraction.push('0');
        }
        let mut whole = format!("{whole:0>width$}", width = self.least_whole);
        if whole.is_empty() && fraction.is_empty() {
            whole.push('0');
        }
        let mut out = String::new();
        for (index, digit) in whole.chars().enumerate() {
            let left = whole.len() - index;
            if index > 0 && self.group > 0 && left.is_multiple_of(self.group) {
                out.push(',');
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(&fraction);
        }
        (out, zero)
    }

    fn scientific(&self, digits: &str, width: usize) -> (String, bool) {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let zero = significant.is_empty();
        let first = all.len() - significant.len();
        let whole_digits = self.least_whole.max(1) as i32;
        let exponent = if zero { 0 } else { whole.len() as i32 - first as i32 - whole_digits };
        let padded = format!("{significant:0<width$}", width = whole_digits as usize);
        let (mantissa, rest) = padded.split_at(whole_digits as usize);
        let plain = Pattern { exponent: None, group: 0, shift: 0, ..self.clone() };
        let (text, _) = plain.plain(&format!("{mantissa}.{rest}"));
        let sign = if exponent < 0 { "-" } else { "" };
        (format!("{text}E{sign}{:0>width$}", exponent.unsigned_abs()), zero)
    }
}

/// A plain decimal times a power of ten.
fn shifted(text: &str, by: i32) -> String {
    if by == 0 {
        return text.to_string();
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let padded = format!("{fraction:0<width$}", width = by as usize);
    let (moved, rest) = padded.split_at(by as usize);
    format!("{whole}{moved}.{rest}")
}

/// Rounds a plain decimal to digits after the point, halves to the even neighbour, as `DecimalFormat` does.
fn round_half_even(text: &str, places: usize) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() <= places {
        return text.to_string();
    }
    let (kept, dropped) = fraction.split_at(places);
    let mut digits: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    let half = dropped.starts_with('5') && dropped[1..].bytes().all(|b| b == b'0');
    let odd = digits.last().is_some_and(|digit| (digit - b'0') % 2 == 1);
    let up = dropped.as_bytes()[0] >= b'5' && (!half || odd);
    if up {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, b'1');
                break;
            }
            at -= 1;
            if digits[at] == b'9' {
                digits[at] = b'0';
            } else {
                digits[at] += 1;
                break;
            }
        }
    }
    let text: String = digits.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    format!("{whole}.{fraction}")
}

/// `format_number(number, pattern)`; an empty pattern groups by thousands.
pub(super) fn format_with_pattern(
    ctx: &CallContext<'_>,
    value: TypedExpr,
    pattern: TypedExpr,
) -> SparkResult<TypedExpr> {
    let number = cast(ctx, value, &DataType::String, CastMode::Session)?;
    let pattern = cast(ctx, pattern, &DataType::String, CastMode::Session)?;
    let nullable = number.nullable || pattern.nullable;
    let kernel = |number: &str, pattern: &str| {
        let pattern = if pattern.is_empty() { "#,###,###,###,###,###,##0" } else { pattern };
        let parsed = Pattern::parse(pattern).ok_or_else(|| {
            SparkError::runtime("INVALID_PARAMETER_VALUE.PATTERN")
                .param("parameter", "`pattern`")
                .param("functionName", "`format_number`")
                .param("value", format!("'{pattern}'"))
        })?;
        Ok(Some(match number {
            "NaN" => "NaN".to_string(),
            "Infinity" => "\u{221e}".to_string(),
            "-Infinity" => "-\u{221e}".to_string(),
            number => parsed.format(&plain_text(number)),
        }))
    };
    Ok(call(ctx, "format_number").key("pattern").map2::<Str, Str, String>(
        vec![number, pattern],
        DataType::String,
        nullable,
        kernel,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_format_as_javas() {
        let check = |number: &str, pattern: &str, expected: &str| {
            assert_eq!(Pattern::parse(pattern).unwrap().format(number), expected, "{number} {pattern}");
        };
        check("12332.123456", "##################.###", "12332.123");
        check("12332.5", "#,###.00", "12,332.50");
        check("0.5", "00.0#", "00.5");
        check("-1234.567", "#,##0.00;(#,##0.00)", "(1,234.57)");
        check("12.3", "0.###E0", "1.23E1");
        check("0.256", "#%", "26%");
        check("10000000000", "#,###,###,###,###,###,##0", "10,000,000,000");
        check("0.125", "0.00", "0.12");
        check("-0.001", "0.0", "0.0");
    }
}
