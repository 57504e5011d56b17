//! Interval texts: ANSI (`INTERVAL '1-2' YEAR TO MONTH`), multi-unit (`1 days 2 hours`), and their parsing.

use std::fmt::Write as _;

use kindling_spec::{DayTimeField, YearMonthField};

use super::calendar::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};

/// `INTERVAL '1-2' YEAR TO MONTH`
pub(crate) fn year_month_text(months: i32, start: YearMonthField, end: YearMonthField) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let total = months.unsigned_abs();
    match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => format!("INTERVAL '{sign}{}' YEAR", total / 12),
        (YearMonthField::Month, _) => format!("INTERVAL '{sign}{total}' MONTH"),
        _ => format!("INTERVAL '{sign}{}-{}' YEAR TO MONTH", total / 12, total % 12),
    }
}

/// `INTERVAL '1 02:03:04.5' DAY TO SECOND`
pub(crate) fn day_time_text(micros: i64, start: DayTimeField, end: DayTimeField) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let total = micros.unsigned_abs();
    let (day, hour, minute, second) =
        (MICROS_PER_DAY as u64, MICROS_PER_HOUR as u64, MICROS_PER_MINUTE as u64, MICROS_PER_SECOND as u64);
    let mut out = format!("INTERVAL '{sign}");
    let mut rest = total;
    for field in [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second] {
        if field < start || field > end {
            continue;
        }
        let unit = match field {
            DayTimeField::Day => day,
            DayTimeField::Hour => hour,
            DayTimeField::Minute => minute,
            DayTimeField::Second => second,
        };
        if field > start {
            out.push(if field == DayTimeField::Hour { ' ' } else { ':' });
        }
        let value = rest / unit;
        rest %= unit;
        // The leading field stands as it is, the others with two digits.
        if field > start || matches!(field, DayTimeField::Hour | DayTimeField::Minute | DayTimeField::Second) {
            let _ = write!(out, "{value:02}");
        } else {
            let _ = write!(out, "{value}");
        }
        if field == DayTimeField::Second {
            super::write_fraction(&mut out, rest as u32);
        }
    }
    let (from, to) = (start.name().to_uppercase(), end.name().to_uppercase());
    let unit = if from == to { from } else { format!("{from} TO {to}") };
    let _ = write!(out, "' {unit}");
    out
}

/// `1 years 2 months 3 days 4 hours 5 minutes 6.7 seconds`; zero is `0 seconds`.
pub(crate) fn calendar_text(months: i32, days: i32, micros: i64) -> String {
    let mut parts: Vec<String> = vec![];
    let mut push = |value: i64, unit: &str| {
        if value != 0 {
            parts.push(format!("{value} {unit}"));
        }
    };
    push(i64::from(months / 12), "years");
    push(i64::from(months % 12), "months");
    push(i64::from(days), "days");
    push(micros / MICROS_PER_HOUR, "hours");
    push(micros % MICROS_PER_HOUR / MICROS_PER_MINUTE, "minutes");
    let seconds = micros % MICROS_PER_MINUTE;
    if seconds != 0 {
        let sign = if seconds < 0 { "-" } else { "" };
        let mut text = format!("{sign}{}", (seconds / MICROS_PER_SECOND).abs());
        super::write_fraction(&mut text, (seconds % MICROS_PER_SECOND).unsigned_abs() as u32);
        parts.push(format!("{text} seconds"));
    }
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

/// Parses `[interval] 1 year -2 days 3.5 seconds …` to months, days and microseconds.
pub(crate) fn parse_calendar(text: &str) -> Option<(i32, i32, i64)> {
    let text = super::parse::trim_all(text).to_lowercase();
    let mut words = text.strip_prefix("interval ").unwrap_or(&text).split_whitespace().peekable();
    words.peek()?;
    let (mut months, mut days, mut micros) = (0_i32, 0_i32, 0_i64);
    while let Some(number) = words.next() {
        // `- 1 day` and `-1 day` are both fine.
        let (sign, digits) = match number {
            "-" => (-1, words.next()?),
            "+" => (1, words.next()?),
            other => match other.strip_prefix('-') {
                Some(rest) => (-1, rest),
                None => (1, other.strip_prefix('+').unwrap_or(other)),
            },
        };
        let unit = words.next()?;
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        if unit == "second" {
            micros = micros.checked_add(parse_seconds(digits)?.checked_mul(sign)?)?;
            continue;
        }
        let value = digits.parse::<i64>().ok()?.checked_mul(sign)?;
        let small = |n: i64| i32::try_from(value.checked_mul(n)?).ok();
        match unit {
            "year" => months = months.checked_add(small(12)?)?,
            "month" => months = months.checked_add(small(1)?)?,
            "week" => days = days.checked_add(small(7)?)?,
            "day" => days = days.checked_add(small(1)?)?,
            "hour" => micros = micros.checked_add(value.checked_mul(MICROS_PER_HOUR)?)?,
            "minute" => micros = micros.checked_add(value.checked_mul(MICROS_PER_MINUTE)?)?,
            "millisecond" => micros = micros.checked_add(value.checked_mul(1000)?)?,
            "microsecond" => micros = micros.checked_add(value)?,
            _ => return None,
        }
    }
    Some((months, days, micros))
}

/// `12.345` seconds as microseconds; digits past the ninth are an error, past the sixth are cut.
pub(crate) fn parse_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok().filter(|v| *v >= 0)? };
    let fraction = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()? };
    whole.checked_mul(MICROS_PER_SECOND)?.checked_add(fraction)
}

/// Takes `INTERVAL '…' unit` apart: sign and body. A bare body is fine too.
fn unwrap_ansi<'a>(text: &'a str, unit: &str) -> Option<(i64, &'a str)> {
    let text = super::parse::trim_all(text);
    let upper = text.to_uppercase();
    if !upper.starts_with("INTERVAL") && !upper.ends_with(unit) {
        let negative = text.starts_with('-');
        return Some((if negative { -1 } else { 1 }, text.trim_start_matches(['+', '-'])));
    }
    let upper_unit = upper.trim_end().strip_suffix(unit)?.trim_end().len();
    let body = text.get(8..upper_unit)?.trim();
    let (outer, body) = match body.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, body.strip_prefix('+').unwrap_or(body)),
    };
    let body = body.strip_prefix('\'')?.strip_suffix('\'')?;
    let (inner, body) = match body.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, body.strip_prefix('+').unwrap_or(body)),
    };
    Some((outer * inner, body))
}

/// A cast of a string to a year-month interval.
pub(crate) fn parse_year_month(text: &str, start: YearMonthField, end: YearMonthField) -> Option<i32> {
    let (from, to) = (start.name().to_uppercase(), end.name().to_uppercase());
    let unit = if from == to { from } else { format!("{from} TO {to}") };
    let (sign, body) = unwrap_ansi(text, &unit)?;
    let months = match (start, end) {
        (YearMonthField::Year, YearMonthField::Month) => {
            let (years, months) = body.split_once('-')?;
            let months = months.parse::<i64>().ok().filter(|m| (0..12).contains(m))?;
            years.parse::<i64>().ok()?.checked_mul(12)?.checked_add(months)?
        }
        (YearMonthField::Year, _) => body.parse::<i64>().ok()?.checked_mul(12)?,
        _ => body.parse::<i64>().ok()?,
    };
    i32::try_from(sign * months).ok()
}

/// A cast of a string to a day-time interval.
pub(crate) fn parse_day_time(text: &str, start: DayTimeField, end: DayTimeField) -> Option<i64> {
    let (from, to) = (start.name().to_uppercase(), end.name().to_uppercase());
    let unit = if from == to { from } else { format!("{from} TO {to}") };
    let (sign, body) = unwrap_ansi(text, &unit)?;
    let mut parts: Vec<&str> = vec![];
    let mut rest = body;
    if start == DayTimeField::Day && end > DayTimeField::Day {
        let (day, tail) = rest.split_once(' ')?;
        parts.push(day);
        rest = tail;
    }
    parts.extend(rest.split(':'));
    let fields = [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second];
    let fields: Vec<DayTimeField> = fields.into_iter().filter(|f| *f >= start && *f <= end).collect();
    if parts.len() != fields.len() {
        return None;
    }
    let mut micros = 0_i64;
    for (i, (part, field)) in parts.iter().zip(fields).enumerate() {
        let value = match field {
            DayTimeField::Second => parse_seconds(part)?,
            DayTimeField::Day => part.parse::<i64>().ok()?.checked_mul(MICROS_PER_DAY)?,
            DayTimeField::Hour => part.parse::<i64>().ok()?.checked_mul(MICROS_PER_HOUR)?,
            DayTimeField::Minute => part.parse::<i64>().ok()?.checked_mul(MICROS_PER_MINUTE)?,
        };
        let limit = match field {
            DayTimeField::Hour => 24 * MICROS_PER_HOUR,
            DayTimeField::Minute => 60 * MICROS_PER_MINUTE,
            DayTimeField::Second => 60 * MICROS_PER_SECOND,
            DayTimeField::Day => i64::MAX,
        };
        if i > 0 && value >= limit {
            return None;
        }
        micros = micros.checked_add(value)?;
    }
    micros.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_texts_are_sparks() {
        assert_eq!(year_month_text(-14, YearMonthField::Year, YearMonthField::Month), "INTERVAL '-1-2' YEAR TO MONTH");
        assert_eq!(
            day_time_text(93_784_500_000, DayTimeField::Day, DayTimeField::Second),
            "INTERVAL '1 02:03:04.5' DAY TO SECOND"
        );
        assert_eq!(calendar_text(14, 3, -1_500_000), "1 years 2 months 3 days -1.5 seconds");
        assert_eq!(parse_calendar("1 year -2 days 3.5 seconds"), Some((12, -2, 3_500_000)));
        assert_eq!(
            parse_day_time("INTERVAL '1 02:03:04.5' DAY TO SECOND", DayTimeField::Day, DayTimeField::Second),
            Some(93_784_500_000)
        );
    }
}
