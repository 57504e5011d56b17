//! Numbers as Java reads and prints them.

/// `Long.parseLong`: an optional sign and digits, nothing else.
#[inline]
pub(crate) fn parse_integer(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    if digits.len() <= 18 {
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + i64::from(digit);
        }
        return Some(if negative { -value } else { value });
    }
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Counts down: the smallest value has no positive twin.
        value = value.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// `Double.parseDouble`: trims, takes `NaN`, `Infinity`, exponents and a trailing `d` or `f`.
#[inline]
pub(crate) fn parse_double(bytes: &[u8]) -> Option<f64> {
    if let Some(value) = parse_short_double(bytes) {
        return Some(value);
    }
    parse_java_double(bytes)?.parse().ok()
}

/// `Float.parseFloat`.
pub(crate) fn parse_float(bytes: &[u8]) -> Option<f32> {
    parse_java_double(bytes)?.parse().ok()
}

/// Digits with at most one point: exact when mantissa and power of ten both are exact doubles (Clinger's fast path).
#[inline]
fn parse_short_double(bytes: &[u8]) -> Option<f64> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let (mut mantissa, mut point, mut count) = (0u64, None, 0usize);
    for (i, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
            count += 1;
        } else if *byte == b'.' && point.is_none() {
            point = Some(i);
        } else {
            return None;
        }
    }
    if count == 0 || mantissa > (1 << 53) {
        return None;
    }
    let scale = point.map_or(0, |point| digits.len() - point - 1);
    let value = mantissa as f64 / POWERS[scale];
    Some(if negative { -value } else { value })
}

/// The text that Rust's parser takes for what Java's takes; `None` for anything else.
fn parse_java_double(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(super::trim(bytes)).ok()?;
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "NaN" || unsigned == "Infinity" {
        return Some(text);
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    Some(text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text))
}

/// `true` and `false` without regard to case, as `String.toBoolean`.
pub(crate) fn parse_boolean(bytes: &[u8]) -> Option<bool> {
    if bytes.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if bytes.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}

/// `new BigDecimal(text)` as unscaled value and scale, without trimming; `None` past 38 digits.
pub(crate) fn parse_unscaled(bytes: &[u8]) -> Option<(i128, i32)> {
    let (negative, rest) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let (mut value, mut scale, mut digits, mut point) = (0i128, 0i32, 0usize, false);
    let mut exponent = 0i32;
    let mut i = 0;
    while i < rest.len() {
        match rest[i] {
            byte @ b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                digits += 1;
                scale += i32::from(point);
            }
            b'.' if !point => point = true,
            b'e' | b'E' if digits > 0 => {
                exponent = i32::try_from(parse_integer(&rest[i + 1..])?).ok()?;
                break;
            }
            _ => return None,
        }
        i += 1;
    }
    if digits == 0 {
        return None;
    }
    Some((if negative { -value } else { value }, scale.checked_sub(exponent)?))
}

/// Digits of an unscaled value.
pub(crate) fn digits(value: i128) -> u32 {
    let value = value.unsigned_abs();
    if value == 0 { 1 } else { value.ilog10() + 1 }
}

/// A decimal's precision and scale as `BigDecimal` counts them, with its unscaled value.
pub(crate) fn parse_decimal(bytes: &[u8]) -> Option<(i128, u32, i32)> {
    let (value, scale) = parse_unscaled(bytes)?;
    Some((value, digits(value), scale))
}

/// A decimal of a given type, rounded half up; `None` where it does not fit.
pub(crate) fn parse_decimal_as(bytes: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (value, found) = parse_unscaled(bytes)?;
    let shift = i32::from(scale).checked_sub(found)?;
    let value = if shift >= 0 {
        if value == 0 { 0 } else { value.checked_mul(10i128.checked_pow(shift as u32)?)? }
    } else {
        match 10i128.checked_pow(shift.unsigned_abs()) {
            Some(divisor) => {
                let (quotient, rest) = (value / divisor, value % divisor);
                // Twice the rest cannot overflow: it is below the divisor, and that is at most 10^38.
                if rest.unsigned_abs() * 2 >= divisor.unsigned_abs() { quotient + value.signum() } else { quotient }
            }
            None => 0,
        }
    };
    (digits(value) <= u32::from(precision)).then_some(value)
}

/// `BigDecimal.toPlainString` of an unscaled value.
pub(crate) fn format_decimal(value: i128, scale: i8) -> String {
    let mut text = value.unsigned_abs().to_string();
    if scale > 0 {
        let scale = scale as usize;
        if text.len() <= scale {
            text.insert_str(0, &"0".repeat(scale + 1 - text.len()));
        }
        text.insert(text.len() - scale, '.');
    }
    if value < 0 {
        text.insert(0, '-');
    }
    text
}

/// `Double.toString`.
pub(crate) fn format_double(value: f64) -> String {
    format_java(value, value == 0.0, value.is_sign_negative(), value.abs(), &format!("{:e}", value.abs()))
}

/// `Float.toString`.
pub(crate) fn format_float(value: f32) -> String {
    let wide = f64::from(value);
    format_java(wide, value == 0.0, value.is_sign_negative(), wide.abs(), &format!("{:e}", value.abs()))
}

/// Java's notation: plain from 10⁻³ to 10⁷, else `d.dddE±n`; the shortest digits that read back.
fn format_java(value: f64, zero: bool, negative: bool, magnitude: f64, scientific: &str) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let sign = if negative { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}Infinity");
    }
    if zero {
        return format!("{sign}0.0");
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if (1e-3..1e7).contains(&magnitude) {
        let plain = if exponent < 0 {
            format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize))
        } else {
            let whole = exponent as usize + 1;
            if digits.len() <= whole {
                format!("{digits}{}.0", "0".repeat(whole - digits.len()))
            } else {
                format!("{}.{}", &digits[..whole], &digits[whole..])
            }
        };
        return format!("{sign}{plain}");
    }
    let fraction = if digits.len() > 1 { &digits[1..] } else { "0" };
    format!("{sign}{}.{fraction}E{exponent}", &digits[..1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_a_sign_and_digits_only() {
        assert_eq!(parse_integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_integer(b"9223372036854775808"), None);
        assert_eq!(parse_integer(b"+7"), Some(7));
        for bad in ["", "-", "1.0", " 1", "1e3", "0x1"] {
            assert_eq!(parse_integer(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn doubles_are_exact_and_java_like() {
        for text in ["0.1", "-73.98765432", "123456789.125", "1e308", "4.9E-324", "9007199254740993", " 1.5 "] {
            assert_eq!(parse_double(text.as_bytes()), text.trim().parse().ok(), "{text}");
        }
        assert_eq!(parse_double(b"1.5d"), Some(1.5));
        assert!(parse_double(b"NaN").unwrap().is_nan());
        for bad in ["", "inf", "nan", "infinity", "1,5", ".", "-", "abc"] {
            assert_eq!(parse_double(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn decimals_round_half_up_and_refuse_what_does_not_fit() {
        assert_eq!(parse_decimal_as(b"1.005", 10, 2), Some(101));
        assert_eq!(parse_decimal_as(b"-1.005", 10, 2), Some(-101));
        assert_eq!(parse_decimal_as(b"1e3", 10, 2), Some(100_000));
        assert_eq!(parse_decimal_as(b"12345.6", 5, 2), None);
        assert_eq!(format_decimal(-5, 3), "-0.005");
    }

    #[test]
    fn doubles_print_as_in_java() {
        for (value, text) in [(1.0, "1.0"), (0.001, "0.001"), (1e7, "1.0E7"), (1.5e-5, "1.5E-5"), (-0.0, "-0.0")] {
            assert_eq!(format_double(value), text);
        }
        assert_eq!(format_double(1_234_567.5), "1234567.5");
        assert_eq!(format_float(3.4e38), "3.4E38");
    }
}
