//! Java's `Formatter`, the part that `format_string` is used with.

use kindling_common::{ExceptionClass, SparkError, SparkResult};

/// An argument.
pub(super) enum Value {
    Null,
    Long(i64),
    Double(f64),
    Text(String),
}

fn bad(text: String) -> SparkError {
    let mut error = SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR").param("message", text.clone());
    error.message_override = Some(text);
    error
}

/// Formats by a Java format string.
pub(super) fn format(pattern: &str, values: &[Value]) -> SparkResult<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut next = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        let mut number = String::new();
        let mut index = None;
        while let Some(&c) = chars.peek() {
            if c.is_ascii_digit() && !(c == '0' && number.is_empty()) {
                number.push(c);
            } else if c == '$' {
                index = number.parse::<usize>().ok();
                number.clear();
            } else if "-#+ 0,(".contains(c) {
                flags.push(c);
            } else {
                break;
            }
            chars.next();
        }
        let width: usize = number.parse().unwrap_or(0);
        let mut precision = None;
        if chars.peek() == Some(&'.') {
            chars.next();
            let mut digits = String::new();
            while let Some(&c) = chars.peek().filter(|c| c.is_ascii_digit()) {
                digits.push(c);
                chars.next();
            }
            precision = digits.parse::<usize>().ok();
        }
        let Some(conversion) = chars.next() else {
            return Err(bad("Conversion = '%'".into()));
        };
        if conversion == '%' || conversion == 'n' {
            out.push(if conversion == 'n' { '\n' } else { '%' });
            continue;
        }
        let at = match index {
            Some(index) => index.wrapping_sub(1),
            None => {
                next += 1;
                next - 1
            }
        };
        let value = values.get(at).ok_or_else(|| bad(format!("Format specifier '%{conversion}'")))?;
        let text = convert(conversion, &flags, precision, value)?;
        let text = if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text };
        let missing = width.saturating_sub(text.chars().count());
        if flags.contains('-') {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if flags.contains('0') && !matches!(value, Value::Text(_) | Value::Null) {
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(&text);
        }
    }
    Ok(out)
}

fn convert(conversion: char, flags: &str, precision: Option<usize>, value: &Value) -> SparkResult<String> {
    let signed = |text: String| {
        if flags.contains('+') && !text.starts_with('-') {
            format!("+{text}")
        } else if flags.contains(' ') && !text.starts_with('-') {
            format!(" {text}")
        } else {
            text
        }
    };
    let kind = conversion.to_ascii_lowercase();
    Ok(match (kind, value) {
        ('b', Value::Null) => "false".into(),
        ('b', Value::Text(t)) if t == "false" => "false".into(),
        ('b', _) => "true".into(),
        (_, Value::Null) => "null".into(),
        ('s', value) => {
            let text = match value {
                Value::Long(v) => v.to_string(),
                Value::Double(v) => crate::cast::double_text(*v),
                Value::Text(t) => t.clone(),
                Value::Null => "null".into(),
            };
            precision.map_or(text.clone(), |n| text.chars().take(n).collect())
        }
        ('d', Value::Long(v)) => signed(if flags.contains(',') { group(&v.to_string()) } else { v.to_string() }),
        ('d', Value::Text(t)) if t.parse::<i128>().is_ok() => signed(t.clone()),
        ('x', Value::Long(v)) => {
            let digits =
                if *v < 0 && *v >= i64::from(i32::MIN) { format!("{:x}", *v as i32) } else { format!("{v:x}") };
            if flags.contains('#') { format!("0x{digits}") } else { digits }
        }
        ('o', Value::Long(v)) => format!("{v:o}"),
        ('c', Value::Long(v)) => u32::try_from(*v)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
            .ok_or_else(|| bad(format!("Code point = {v}")))?,
        ('c', Value::Text(t)) => t.chars().take(1).collect(),
        ('f', Value::Double(v)) => {
            let text = round_half_up(*v, precision.unwrap_or(6));
            signed(if flags.contains(',') { group(&text) } else { text })
        }
        ('f', Value::Text(t)) if t.parse::<f64>().is_ok() => signed(round_text_half_up(t, precision.unwrap_or(6))),
        ('e', Value::Double(v)) => {
            let text = format!("{v:.*e}", precision.unwrap_or(6));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            signed(format!("{mantissa}e{sign}{:02}", exponent.abs()))
        }
        ('g', Value::Double(v)) => signed(format!("{v:.*}", precision.unwrap_or(6))),
        (kind, value) => {
            let class = match value {
                Value::Long(_) => "java.lang.Long",
                Value::Double(_) => "java.lang.Double",
                _ => "org.apache.spark.unsafe.types.UTF8String",
            };
            return Err(bad(format!("{kind} != {class}")));
        }
    })
}

fn round_half_up(v: f64, places: usize) -> String {
    if !v.is_finite() {
        return crate::cast::double_text(v);
    }
    // Java rounds the shortest decimal text half up.
    round_text_half_up(&crate::cast::double_text(v), places)
}

fn round_text_half_up(text: &str, places: usize) -> String {
    let plain = plain(text);
    match crate::cast::parse_decimal(&plain, 38, places.min(37) as i8) {
        Some(Some(v)) => crate::cast::decimal_text(v, places.min(37) as i8),
        _ => plain,
    }
}

fn plain(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(v) if text.contains(['e', 'E']) => format!("{v}"),
        _ => text.to_string(),
    }
}

fn group(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A plain number's text rounded half even to some places.
pub(super) fn round_text(text: &str, places: usize) -> String {
    let (sign, body) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    if fraction.len() <= places {
        let padded = format!("{fraction:0<places$}");
        return if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{padded}") };
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(places)).map(|b| b - b'0').collect();
    let rest = &fraction.as_bytes()[places..];
    let half = rest[0] == b'5' && rest[1..].iter().all(|b| *b == b'0');
    let odd = digits.last().is_some_and(|d| d % 2 == 1);
    if rest[0] > b'5' || rest[0] == b'5' && (!half || odd) {
        let mut i = digits.len();
        loop {
            if i == 0 {
                digits.insert(0, 1);
                break;
            }
            i -= 1;
            if digits[i] == 9 {
                digits[i] = 0;
            } else {
                digits[i] += 1;
                break;
            }
        }
    }
    let text: String = digits.iter().map(|d| (b'0' + d) as char).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    let sign = if digits.iter().all(|d| *d == 0) { "" } else { sign };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_java_does() {
        let values = [Value::Long(100), Value::Text("days".into())];
        assert_eq!(format("Hello World %d %s", &values).unwrap(), "Hello World 100 days");
        assert_eq!(
            format("%05d|%-6s|%.2f", &[Value::Long(7), Value::Text("ab".into()), Value::Double(2.345)]).unwrap(),
            "00007|ab    |2.35"
        );
        assert_eq!(round_text("12332.123456", 4), "12332.1235");
        assert_eq!(round_text("2.5", 0), "2");
    }
}
