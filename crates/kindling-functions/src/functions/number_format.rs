//! `to_number` and `to_char` formats (`ToNumberParser`): `9 0 . D , G $ S MI PR`.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::string::typed;
use crate::{
    CallContext, TypedExpr,
    cast::{cast, decimal_text, parse_decimal},
    coercion::{Accept, expect, non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    kernels::{Bin, Dec, Str},
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("to_number", 2, 2, |ctx, args| to_number(ctx, args, true)),
    scalar("try_to_number", 2, 2, |ctx, args| to_number(ctx, args, false)),
    scalar("to_char", 2, 2, to_char),
    scalar("to_varchar", 2, 2, to_char),
    scalar("to_binary", 1, 2, |ctx, args| to_binary(ctx, args, true)),
    scalar("try_to_binary", 1, 2, |ctx, args| to_binary(ctx, args, false)),
];

/// A parsed format.
#[derive(Debug, Clone)]
struct Format {
    /// `9`, `0` and `,` before the point.
    whole: Vec<char>,
    /// Digits after it.
    fraction: Vec<char>,
    dollar: bool,
    /// `S` or `MI` in front, or behind.
    leading: Option<&'static str>,
    trailing: Option<&'static str>,
    brackets: bool,
}

fn parse_format(text: &str) -> Option<Format> {
    let upper = text.to_uppercase();
    let mut rest = upper.as_str();
    let mut format =
        Format { whole: vec![], fraction: vec![], dollar: false, leading: None, trailing: None, brackets: false };
    if let Some(after) = rest.strip_prefix("MI") {
        format.leading = Some("MI");
        rest = after;
    } else if let Some(after) = rest.strip_prefix('S') {
        format.leading = Some("S");
        rest = after;
    }
    if let Some(after) = rest.strip_prefix('$') {
        format.dollar = true;
        rest = after;
    }
    let mut point = false;
    let end = rest.find(|c: char| !"90,G.D".contains(c)).unwrap_or(rest.len());
    for c in rest[..end].chars() {
        match c {
            '.' | 'D' if !point => point = true,
            ',' | 'G' if !point => format.whole.push(','),
            '9' | '0' if point => format.fraction.push(c),
            '9' | '0' => format.whole.push(c),
            _ => return None,
        }
    }
    rest = &rest[end..];
    if let Some(after) = rest.strip_prefix("PR") {
        format.brackets = true;
        rest = after;
    } else if let Some(after) = rest.strip_prefix("MI") {
        format.trailing = Some("MI");
        rest = after;
    } else if let Some(after) = rest.strip_prefix('S') {
        format.trailing = Some("S");
        rest = after;
    }
    let digits = format.whole.iter().chain(&format.fraction).filter(|c| **c != ',').count();
    (rest.is_empty() && digits > 0).then_some(format)
}

impl Format {
    fn digits(&self) -> usize {
        self.whole.iter().filter(|c| **c != ',').count()
    }

    fn shape(&self) -> (u8, i8) {
        ((self.digits() + self.fraction.len()).clamp(1, 38) as u8, self.fraction.len() as i8)
    }

    /// Reads a text; `None` when it does not match.
    fn parse(&self, text: &str) -> Option<i128> {
        let mut text = text.trim();
        let mut negative = false;
        if self.brackets
            && let Some(inner) = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'))
        {
            negative = true;
            text = inner;
        }
        if self.leading.is_some() {
            if let Some(rest) = text.strip_prefix('-') {
                negative = true;
                text = rest;
            } else {
                text = text.strip_prefix('+').filter(|_| self.leading == Some("S")).unwrap_or(text);
            }
        }
        if self.trailing.is_some() {
            if let Some(rest) = text.strip_suffix('-') {
                negative = true;
                text = rest;
            } else {
                text = text.strip_suffix('+').filter(|_| self.trailing == Some("S")).unwrap_or(text);
            }
        }
        if self.dollar {
            text = text.strip_prefix('$')?;
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > self.fraction.len() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let given: String = whole.chars().filter(|c| *c != ',').collect();
        if !given.bytes().all(|b| b.is_ascii_digit())
            || given.len() > self.digits()
            || given.is_empty() && fraction.is_empty()
        {
            return None;
        }
        // Groups, where there are any, stand where the format has them.
        if whole.contains(',') {
            let expected: Vec<usize> = self.whole.split(|c| *c == ',').map(<[char]>::len).collect();
            let found: Vec<usize> = whole.split(',').map(str::len).collect();
            let tail = expected.len().checked_sub(found.len())?;
            let matches =
                expected[tail..].iter().zip(&found).enumerate().all(|(i, (e, f))| if i == 0 { f <= e } else { f == e });
            if !matches {
                return None;
            }
        } else if self.whole.contains(&',')
            && given.len() > self.whole.rsplit(|c| *c == ',').next().map_or(0, <[char]>::len)
        {
            return None;
        }
        // A leading zero in the format asks for every digit.
        if self.whole.first() == Some(&'0') && given.len() != self.digits() {
            return None;
        }
        let (precision, scale) = self.shape();
        let value =
            parse_decimal(&format!("{}.{fraction}", if given.is_empty() { "0" } else { &given }), precision, scale)??;
        Some(if negative { -value } else { value })
    }

    /// Writes a decimal of `scale`; hashes where it does not fit.
    fn write(&self, value: i128, scale: i8) -> String {
        let text = decimal_text(value.abs(), scale);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let whole = if whole == "0" { "" } else { whole };
        let fraction = fraction.trim_end_matches('0');
        let overflow = whole.len() > self.digits() || fraction.len() > self.fraction.len();
        let body = self.whole_digits(whole, overflow);
        let mut out = self.with_signs(body, value < 0);
        if !self.fraction.is_empty() {
            // A number without whole digits has one zero, unless its sign stands there.
            if !self.whole.is_empty() && out.ends_with(' ') {
                out.pop();
                out.push('0');
            }
            let (blank, width) = (if overflow { '#' } else { '0' }, self.fraction.len());
            out.push('.');
            let shown = if overflow { "" } else { fraction };
            out.push_str(shown);
            out.extend(std::iter::repeat_n(blank, width.saturating_sub(shown.len())));
        }
        let sign = match self.trailing {
            Some(_) if value < 0 => Some('-'),
            Some("S") => Some('+'),
            Some(_) => Some(' '),
            None => None,
        };
        match sign {
            Some(sign) if out.trim().is_empty() => out.insert(0, sign),
            Some(sign) => out.push(sign),
            None => {}
        }
        if self.brackets {
            out.push_str(if value < 0 { ">" } else { "  " });
        }
        out
    }

    /// Digits before the point: a group that begins with `0` is filled with zeros, one that begins with `9` with spaces.
    fn whole_digits(&self, whole: &str, overflow: bool) -> String {
        let missing = self.digits().saturating_sub(whole.len());
        let mut digits = whole.chars();
        let (mut out, mut group, mut place) = (String::new(), None, 0);
        for c in &self.whole {
            if *c == ',' {
                group = None;
                out.push(if out.ends_with(|last: char| last.is_ascii_digit()) { ',' } else { ' ' });
                continue;
            }
            let filled = if *group.get_or_insert(*c) == '0' { '0' } else { ' ' };
            out.push(match () {
                () if overflow => '#',
                () if place < missing => filled,
                () => digits.next().unwrap_or(filled),
            });
            place += 1;
        }
        out
    }

    /// A sign in front stands right before the digits; a currency does not move, nor what is before it.
    fn with_signs(&self, body: String, negative: bool) -> String {
        let sign = match self.leading {
            Some(_) if negative => "-",
            Some("S") => "+",
            Some(_) => " ",
            None if self.brackets && negative => "<",
            None => "",
        };
        if self.dollar {
            return format!("{sign}${body}");
        }
        let digits = body.trim_start_matches(' ');
        format!("{}{sign}{digits}", " ".repeat(body.len() - digits.len()))
    }
}

fn constant_format(ctx: &CallContext<'_>, arg: &TypedExpr) -> SparkResult<Option<String>> {
    let arg = expect(ctx, arg.clone(), 1, Accept::Type(DataType::String))?;
    match crate::fold(&arg)? {
        Some(datafusion::common::ScalarValue::Utf8(text)) => Ok(text),
        _ => Err(non_foldable(ctx, 1, "format", "\"STRING\"")),
    }
}

fn bad_format(text: &str) -> SparkError {
    SparkError::analysis("INVALID_FORMAT.UNEXPECTED_TOKEN")
        .param("format", format!("'{text}'"))
        .param("token", "?")
        .param("position", "the format")
}

fn to_number(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let Some(text) = constant_format(ctx, &args[1])? else {
        return TypedExpr::null(DataType::Decimal { precision: 38, scale: 0 });
    };
    let format = parse_format(&text).ok_or_else(|| bad_format(&text))?;
    let (precision, scale) = format.shape();
    let (args, n) = typed(ctx, vec![args[0].clone()], &[DataType::String])?;
    let data_type = DataType::Decimal { precision, scale };
    let key = format!("{text} {fail}");
    Ok(call(ctx, "to_number").key(key).map1::<Str, i128>(args, data_type, n || !fail, move |s| match format.parse(s) {
        Some(value) => Ok(Some(value)),
        None if fail => Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_FORMAT.MISMATCH_INPUT")
            .param("inputType", "\"STRING\"")
            .param("input", s.to_string())
            .param("format", text.clone())),
        None => Ok(None),
    }))
}

/// `to_char(number, format)`, `to_char(date, pattern)`, `to_char(bytes, charset)`.
fn to_char(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    match &args[0].data_type {
        DataType::Date | DataType::Timestamp | DataType::TimestampNtz => match crate::lookup("date_format") {
            Some(entry) => return entry.build_scalar(ctx, args),
            None => return Err(SparkError::internal("no date_format")),
        },
        DataType::Binary => {
            let Some(text) = constant_format(ctx, &args[1])? else { return TypedExpr::null(DataType::String) };
            let function = match text.to_lowercase().as_str() {
                "base64" => "base64",
                "hex" => "hex",
                "utf-8" => {
                    let n = args[0].nullable;
                    return Ok(call(ctx, "to_char").map1::<Bin, String>(
                        vec![args[0].clone()],
                        DataType::String,
                        n,
                        |b| Ok(Some(String::from_utf8_lossy(b).into_owned())),
                    ));
                }
                _ => return Err(binary_format(&text)),
            };
            return match crate::lookup(function) {
                Some(entry) => entry.build_scalar(ctx, vec![args[0].clone()]),
                None => Err(SparkError::internal("no such encoding")),
            };
        }
        t if t.is_numeric() || t.is_string() || *t == DataType::Null => {}
        other => {
            return Err(unexpected_type(
                ctx,
                0,
                "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP WITHOUT TIME ZONE\" or \"BINARY\")",
                other,
            ));
        }
    }
    let Some(text) = constant_format(ctx, &args[1])? else { return TypedExpr::null(DataType::String) };
    let format = parse_format(&text).ok_or_else(|| bad_format(&text))?;
    let (precision, scale) = match args[0].data_type {
        DataType::Decimal { precision, scale } => (precision, scale),
        ref number if number.is_integral() => (20, 0),
        DataType::Float => (14, 7),
        DataType::Double => (30, 15),
        _ => (38, 18),
    };
    let value = cast(ctx, args[0].clone(), &DataType::Decimal { precision, scale }, CastMode::Session)?;
    let n = value.nullable;
    Ok(call(ctx, "to_char")
        .key(text)
        .map1::<Dec, String>(vec![value], DataType::String, n, move |v| Ok(Some(format.write(v, scale)))))
}

fn binary_format(text: &str) -> SparkError {
    SparkError::analysis("INVALID_PARAMETER_VALUE.BINARY_FORMAT")
        .param("functionName", "`to_binary`")
        .param("parameter", "`fmt`")
        .param("invalidFormat", format!("'{text}'"))
}

fn to_binary(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let format = match args.get(1) {
        Some(arg) => match constant_format(ctx, arg)? {
            Some(text) => text.to_lowercase(),
            None => return TypedExpr::null(DataType::Binary),
        },
        None => "hex".into(),
    };
    if !matches!(format.as_str(), "hex" | "utf-8" | "utf8" | "base64") {
        // `try_to_binary` tolerates bad values, and bad formats too.
        return if fail { Err(binary_format(&format)) } else { TypedExpr::null(DataType::Binary) };
    }
    let (args, n) = typed(ctx, vec![args[0].clone()], &[DataType::String])?;
    let key = format!("{format} {fail}");
    Ok(call(ctx, "to_binary").key(key).map1::<Str, Vec<u8>>(args, DataType::Binary, n || !fail, move |s| {
        let bytes = match format.as_str() {
            "hex" => super::math::unhex(s),
            "base64" => super::string::decode_base64(s),
            _ => Some(s.as_bytes().to_vec()),
        };
        match bytes {
            Some(bytes) => Ok(Some(bytes)),
            None if fail => Err(SparkError::new(ExceptionClass::IllegalArgument, "CONVERSION_INVALID_INPUT")
                .param("str", format!("'{s}'"))
                .param("fmt", format!("'{}'", format.to_uppercase()))
                .param("targetType", "\"BINARY\"")
                .param("suggestion", "`try_to_binary`")),
            None => Ok(None),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written_by_format() {
        let format = |text: &str| parse_format(text).unwrap();
        assert_eq!(format("999").parse("454"), Some(454));
        assert_eq!(format("$99.99").parse("$78.12"), Some(7812));
        assert_eq!(format("99,999").parse("12,454"), Some(12_454));
        assert_eq!(format("99,999.9S").parse("12,454.8-"), Some(-124_548));
        assert_eq!(format("999").write(454, 0), "454");
        assert_eq!(format("000D00").write(45_400, 2), "454.00");
        assert_eq!(format("99G999").write(12_454, 0), "12,454");
        assert_eq!(format("99,999.9S").write(-124_548, 1), "12,454.8-");
        assert_eq!(format("9.99").write(0, 0), "0.00");
        assert_eq!(format("S9.9").write(-5, 1), " -.5");
        assert_eq!(format("999").write(0, 0), "   ");
        assert_eq!(format("9,999").write(12_345, 0), "# ###");
        assert_eq!(format("9.9").write(125, 2), "#.#");
        assert!(parse_format("abc").is_none());
    }
}
