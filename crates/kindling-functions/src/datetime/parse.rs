//! `SparkDateTimeUtils.stringToDate` and `stringToTimestamp`: what a cast from a string takes.

use super::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND, checked_days};
use crate::SessionTimeZone;

/// Java's `UTF8String.trimAll`: white space and control characters.
pub(crate) fn trim_all(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ' || c == '\u{7f}')
}

/// Reads up to three numbers separated by `-`, with the year's sign.
fn date_head(bytes: &[u8]) -> Option<(i64, [u32; 3], usize, usize)> {
    let mut pos = 0;
    let mut sign = 1;
    if let Some(b'-' | b'+') = bytes.first() {
        sign = if bytes[0] == b'-' { -1 } else { 1 };
        pos = 1;
    }
    let mut segments = [0_u32, 1, 1];
    let mut index = 0;
    loop {
        let start = pos;
        let mut value = 0_u32;
        while let Some(digit) = bytes.get(pos).filter(|b| b.is_ascii_digit()) {
            value = value.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
            pos += 1;
        }
        let digits = pos - start;
        let valid = if index == 0 { (4..=7).contains(&digits) } else { (1..=2).contains(&digits) };
        if !valid {
            return None;
        }
        segments[index] = value;
        if index < 2 && bytes.get(pos) == Some(&b'-') {
            index += 1;
            pos += 1;
            continue;
        }
        return Some((sign, segments, index, pos));
    }
}

/// A date: `[+-]y…y[-[m]m[-[d]d[ |T…]]]`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let bytes = trim_all(text).as_bytes();
    let (sign, [year, month, day], index, pos) = date_head(bytes)?;
    match bytes.get(pos) {
        None => {}
        Some(b' ' | b'T') if index == 2 => {}
        _ => return None,
    }
    checked_days(sign * i64::from(year), month, day)
}

/// What a timestamp text says.
pub(crate) struct ParsedTimestamp {
    /// Local microseconds since the epoch.
    pub local: i64,
    /// The zone in the text, if any.
    pub zone: Option<SessionTimeZone>,
    /// Whether there was only a time of day.
    pub just_time: bool,
}

/// A timestamp: a date, a time, a zone; each later part may be missing. A lone time needs `T` before it or a colon.
pub(crate) fn parse_timestamp_parts(text: &str) -> Option<ParsedTimestamp> {
    let text = trim_all(text);
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return None;
    }
    let head = date_head(bytes);
    let (days, time_start, just_time) = match head {
        Some((sign, [year, month, day], index, pos)) if bytes.get(pos) != Some(&b':') => {
            let days = checked_days(sign * i64::from(year), month, day)?;
            match bytes.get(pos) {
                None => (days, bytes.len(), false),
                Some(b' ' | b'T') if index == 2 => (days, pos + 1, false),
                _ => return None,
            }
        }
        _ => {
            let start = usize::from(bytes[0] == b'T');
            if start == 0 && !text.contains(':') {
                return None;
            }
            (0, start, true)
        }
    };
    let day_micros = i64::from(days).checked_mul(MICROS_PER_DAY)?;
    if time_start >= bytes.len() {
        return (!just_time).then_some(ParsedTimestamp { local: day_micros, zone: None, just_time });
    }
    let (micros, rest) = parse_time_of_day(&text[time_start..])?;
    let zone = match trim_all(rest) {
        "" => None,
        id => Some(SessionTimeZone::find(id)?),
    };
    Some(ParsedTimestamp { local: day_micros.checked_add(micros)?, zone, just_time })
}

/// `[h]h[:[m]m[:[s]s[.f…]]]`: microseconds of the day and what follows.
fn parse_time_of_day(text: &str) -> Option<(i64, &str)> {
    let bytes = text.as_bytes();
    let mut pos = 0;
    let mut parts = [0_i64; 3];
    let mut count = 0;
    while count < 3 {
        let start = pos;
        while bytes.get(pos).is_some_and(u8::is_ascii_digit) && pos - start < 3 {
            parts[count] = parts[count] * 10 + i64::from(bytes[pos] - b'0');
            pos += 1;
        }
        if !(1..=2).contains(&(pos - start)) {
            return None;
        }
        count += 1;
        if count < 3 && bytes.get(pos) == Some(&b':') {
            pos += 1;
        } else {
            break;
        }
    }
    let mut fraction = 0_i64;
    if count == 3 && bytes.get(pos) == Some(&b'.') {
        pos += 1;
        let mut digits = 0;
        while let Some(b) = bytes.get(pos).filter(|b| b.is_ascii_digit()) {
            if digits < 6 {
                fraction = fraction * 10 + i64::from(b - b'0');
            }
            digits += 1;
            pos += 1;
        }
        while digits < 6 {
            fraction *= 10;
            digits += 1;
        }
    }
    let [hour, minute, second] = parts;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + fraction, text.get(pos..)?))
}

/// An instant; without a zone in the text it is local to `zone`.
pub(crate) fn parse_timestamp(text: &str, zone: &SessionTimeZone, now: i64) -> Option<i64> {
    let parsed = parse_timestamp_parts(text)?;
    let zone = parsed.zone.unwrap_or(*zone);
    let local = if parsed.just_time {
        zone.to_local(now).div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY + parsed.local
    } else {
        parsed.local
    };
    Some(zone.to_utc(local))
}

/// A local timestamp; a zone in the text is ignored where allowed. A lone time is none.
pub(crate) fn parse_timestamp_ntz(text: &str, allow_zone: bool) -> Option<i64> {
    let parsed = parse_timestamp_parts(text)?;
    (!parsed.just_time && (allow_zone || parsed.zone.is_none())).then_some(parsed.local)
}

/// A `TIME`: nanoseconds of the day.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = trim_all(text);
    let (clock, shift) = match text.len().checked_sub(3).and_then(|at| text.split_at_checked(at)) {
        Some((head, tail)) if tail.eq_ignore_ascii_case(" am") => (head, Some(false)),
        Some((head, tail)) if tail.eq_ignore_ascii_case(" pm") => (head, Some(true)),
        _ => (text, None),
    };
    let (mut micros, rest) = parse_time_of_day(clock)?;
    if !rest.is_empty() || !clock.contains(':') {
        return None;
    }
    if let Some(pm) = shift {
        let hour = micros / super::MICROS_PER_HOUR;
        if !(1..=12).contains(&hour) {
            return None;
        }
        micros += super::MICROS_PER_HOUR * (if pm { 12 } else { 0 } - if hour == 12 { 12 } else { 0 });
    }
    Some(micros * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let zone = SessionTimeZone::utc();
        let parsed = parse_timestamp(text, &zone, 0).map(|micros| crate::datetime::timestamp_text(micros, &zone));
        assert_eq!(parsed.as_deref(), expected, "{text}");
    }

    #[test]
    fn timestamps_parse_as_a_cast_does() {
        check("2019-02-03", Some("2019-02-03 00:00:00"));
        check("2019-2-3 4:5:6.789", Some("2019-02-03 04:05:06.789"));
        check("2019-02-03T04:05+01:00", Some("2019-02-03 03:05:00"));
        check("2019-02-03 04:05:06 America/Los_Angeles", Some("2019-02-03 12:05:06"));
        check("2019", Some("2019-01-01 00:00:00"));
        check("2019-13-01", None);
        check("abc", None);
        assert_eq!(parse_date(" 2020-02-30 "), None);
        assert_eq!(parse_date("1970-01-02 xyz"), Some(1));
    }
}
