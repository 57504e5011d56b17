//! Dates and timestamps without a pattern (`SparkDateTimeUtils.stringToDate`, `stringToTimestamp`), and their text.

use super::{SessionZone, trim};

/// Days since the epoch of a proleptic Gregorian date.
pub(crate) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = i64::from(month);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of days since the epoch.
pub(crate) fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

pub(crate) fn valid_date(year: i64, month: u32, day: u32) -> bool {
    const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    (1..=12).contains(&month) && day >= 1 && day <= DAYS[month as usize - 1] && (month != 2 || day < 29 || leap)
}

#[inline]
fn two(bytes: &[u8]) -> Option<u32> {
    let (a, b) = (bytes[0].wrapping_sub(b'0'), bytes[1].wrapping_sub(b'0'));
    (a <= 9 && b <= 9).then(|| u32::from(a) * 10 + u32::from(b))
}

/// `yyyy-MM-dd` at the start of ten bytes or more: what nearly every file holds.
#[inline]
fn plain_date(bytes: &[u8]) -> Option<i64> {
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i64::from(two(&bytes[0..2])? * 100 + two(&bytes[2..4])?);
    let (month, day) = (two(&bytes[5..7])?, two(&bytes[8..10])?);
    valid_date(year, month, day).then(|| days_from_civil(year, month, day))
}

/// `[+-]yyyy*`, `-[m]m`, `-[d]d`, and then nothing, a space or a `T`.
pub(crate) fn parse_date(bytes: &[u8]) -> Option<i32> {
    let bytes = trim(bytes);
    if bytes.len() == 10
        && let Some(days) = plain_date(bytes)
    {
        return i32::try_from(days).ok();
    }
    let (sign, mut rest) = match bytes.first()? {
        b'-' => (-1, &bytes[1..]),
        b'+' => (1, &bytes[1..]),
        _ => (1, bytes),
    };
    let mut fields = [1i64; 3];
    for (i, field) in fields.iter_mut().enumerate() {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let fits = if i == 0 { (4..=7).contains(&digits) } else { (1..=2).contains(&digits) };
        if !fits {
            return None;
        }
        *field = super::parse_integer(&rest[..digits])?;
        rest = &rest[digits..];
        match (rest.first(), i) {
            (None, _) => break,
            (Some(b'-'), 0 | 1) => rest = &rest[1..],
            (Some(b' ' | b'T'), 2) => break,
            _ => return None,
        }
    }
    let (year, month, day) = (sign * fields[0], fields[1] as u32, fields[2] as u32);
    valid_date(year, month, day).then(|| i32::try_from(days_from_civil(year, month, day)).ok()).flatten()
}

/// A timestamp's local microseconds and the zone that it named, if it named one.
pub(crate) fn parse_timestamp_parts(bytes: &[u8]) -> Option<(i64, Option<SessionZone>)> {
    let bytes = trim(bytes);
    if bytes.len() == 19
        && matches!(bytes[10], b' ' | b'T')
        && bytes[13] == b':'
        && bytes[16] == b':'
        && let Some(days) = plain_date(bytes)
    {
        let (hour, minute, second) = (two(&bytes[11..13])?, two(&bytes[14..16])?, two(&bytes[17..19])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
        return Some((seconds * 1_000_000, None));
    }
    parse_any_timestamp(bytes)
}

/// The lenient form: every part from the month on may be missing, digits may be one, a zone may follow.
fn parse_any_timestamp(bytes: &[u8]) -> Option<(i64, Option<SessionZone>)> {
    let time_start = bytes.iter().position(|b| matches!(b, b' ' | b'T'));
    let days = match time_start {
        Some(0) => return None,
        Some(at) => i64::from(parse_date(&bytes[..at])?),
        // A time alone would be of today: there is no such value in a file.
        None if bytes.contains(&b':') => return None,
        None => i64::from(parse_date(bytes)?),
    };
    let Some(at) = time_start else { return Some((days.checked_mul(86_400_000_000)?, None)) };
    // Only a whole date may be followed by a time.
    if bytes[..at].iter().skip(1).filter(|b| **b == b'-').count() < 2 {
        return None;
    }
    let mut rest = &bytes[at + 1..];
    let mut fields = [0i64; 3];
    let mut seen = 0;
    while seen < 3 {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=2).contains(&digits) {
            if seen == 0 && rest.is_empty() {
                break;
            }
            return None;
        }
        fields[seen] = super::parse_integer(&rest[..digits])?;
        rest = &rest[digits..];
        seen += 1;
        if seen < 3 && rest.first() == Some(&b':') {
            rest = &rest[1..];
        } else {
            break;
        }
    }
    let mut micros = 0i64;
    if seen == 3 && rest.first() == Some(&b'.') {
        rest = &rest[1..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        // Digits past microseconds are cut, not rounded.
        let fraction = rest[..digits].iter().copied().chain(std::iter::repeat(b'0'));
        for digit in fraction.take(6) {
            micros = micros * 10 + i64::from(digit - b'0');
        }
        rest = &rest[digits..];
    }
    if fields[0] > 23 || fields[1] > 59 || fields[2] > 59 {
        return None;
    }
    let zone = trim(rest);
    let zone = if zone.is_empty() { None } else { Some(SessionZone::find(std::str::from_utf8(zone).ok()?)?) };
    let time = (fields[0] * 3600 + fields[1] * 60 + fields[2]) * 1_000_000 + micros;
    Some((days.checked_mul(86_400_000_000)?.checked_add(time)?, zone))
}

/// Microseconds since the epoch.
#[inline]
pub(crate) fn parse_timestamp(bytes: &[u8], zone: &SessionZone) -> Option<i64> {
    let (local, own) = parse_timestamp_parts(bytes)?;
    own.unwrap_or(*zone).to_utc(local)
}

/// `yyyy-MM-dd`.
pub(crate) fn format_date(days: i32) -> String {
    let (year, month, day) = civil_from_days(i64::from(days));
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{}{:04}-{month:02}-{day:02}", if year < 0 { '-' } else { '+' }, year.abs())
    }
}

/// `yyyy-MM-dd HH:mm:ss[.ffffff]` without trailing zeros, as a cast to string gives it.
pub(crate) fn format_timestamp(local_micros: i64) -> String {
    let days = local_micros.div_euclid(86_400_000_000);
    let time = local_micros.rem_euclid(86_400_000_000);
    let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
    let mut out = format_date(days as i32);
    out.push_str(&format!(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if micros > 0 {
        out.push_str(format!(".{micros:06}").trim_end_matches('0'));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_parse_as_spark_casts_them() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("2024-2-9", Some(19_762)),
            ("2024", Some(19_723)),
            ("2024-02-29T10:00", Some(19_782)),
            ("2023-02-29", None),
            ("24-01-01", None),
            ("2024/01/01", None),
            ("-0001-01-01", Some(-719_893)),
        ] {
            assert_eq!(parse_date(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn timestamps_parse_with_and_without_a_zone() {
        let utc = SessionZone::utc();
        let at = |text: &str| parse_timestamp(text.as_bytes(), &utc);
        assert_eq!(at("1970-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(at("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(at("1970-01-01 1:2:3.1234567+01:00"), Some(123_123_456));
        assert_eq!(at("1970-01-02"), Some(86_400_000_000));
        assert_eq!(at("1970-01-01 24:00:00"), None);
        assert_eq!(at("1970-01-01 00:00:00 x"), None);
        assert_eq!(at("12:00:00"), None);
    }

    #[test]
    fn text_of_a_date_reads_back() {
        for days in [-719_893, -1, 0, 19_782, 2_932_896] {
            assert_eq!(parse_date(format_date(days).as_bytes()), Some(days));
            let (y, m, d) = civil_from_days(i64::from(days));
            assert_eq!(days_from_civil(y, m, d), i64::from(days));
        }
        assert_eq!(format_timestamp(1_500_000), "1970-01-01 00:00:01.5");
    }
}
