//! The date and time texts that typed literals hold (Spark's `DateTimeUtils`).

use chrono::{MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A zone: an offset in seconds, or a region.
enum Zone {
    Fixed(i64),
    Region(chrono_tz::Tz),
}

/// What a timestamp text says.
pub(crate) struct ParsedTimestamp {
    /// Microseconds on the local clock since 1970-01-01.
    local: i64,
    zone: Option<Zone>,
}

impl ParsedTimestamp {
    /// Whether the text names a zone.
    pub(crate) fn has_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// Microseconds on the local clock; a zone in the text is ignored.
    pub(crate) fn local(&self) -> i64 {
        self.local
    }

    /// Microseconds since the epoch, in `session_zone` unless the text names a zone.
    pub(crate) fn instant(&self, session_zone: &str) -> Option<i64> {
        let session;
        let zone = match &self.zone {
            Some(zone) => zone,
            None => {
                session = parse_zone(session_zone)?;
                &session
            }
        };
        self.local.checked_sub(zone_offset(zone, self.local)?.checked_mul(1_000_000)?)
    }
}

/// The offset in seconds of a local time. In an overlap it is the earlier one, in a gap the one before the gap.
fn zone_offset(zone: &Zone, local_micros: i64) -> Option<i64> {
    match zone {
        Zone::Fixed(seconds) => Some(*seconds),
        Zone::Region(tz) => {
            let local = naive(kindling_common::with_known_transitions(local_micros.div_euclid(1_000_000)) * 1_000_000)?;
            let seconds = |offset: &<chrono_tz::Tz as TimeZone>::Offset| i64::from(offset.fix().local_minus_utc());
            match tz.offset_from_local_datetime(&local) {
                MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => Some(seconds(&offset)),
                MappedLocalTime::None => {
                    let before = local.checked_sub_signed(TimeDelta::hours(24))?;
                    tz.offset_from_local_datetime(&before).earliest().map(|offset| seconds(&offset))
                }
            }
        }
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

/// The local clock in `zone` at an instant.
fn local_of_instant(instant: i64, zone: &str) -> Option<i64> {
    let seconds = match parse_zone(zone)? {
        Zone::Fixed(seconds) => seconds,
        Zone::Region(tz) => i64::from(tz.offset_from_utc_datetime(&naive(instant)?).fix().local_minus_utc()),
    };
    instant.checked_add(seconds * 1_000_000)
}

/// Days since the epoch in the proleptic Gregorian calendar, for years beyond those `chrono` knows.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// Whole days, and the text after the date. At least `yyyy`.
fn date_prefix(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (year, rest) = number(digits, 4, 7)?;
    let year = if negative { -year } else { year };
    let (month, rest) = match rest.strip_prefix('-') {
        Some(tail) => number(tail, 1, 2)?,
        None => return rest.is_empty().then_some(()).and(days_from_civil(year, 1, 1)).map(|days| (days, "")),
    };
    let (day, rest) = match rest.strip_prefix('-') {
        Some(tail) => number(tail, 1, 2)?,
        None => {
            let days = days_from_civil(year, month, 1);
            return rest.is_empty().then_some(()).and(days).map(|days| (days, ""));
        }
    };
    Some((days_from_civil(year, month, day)?, rest))
}

/// A run of digits of a length in a range, and what follows.
fn number(text: &str, min: usize, max: usize) -> Option<(i64, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    if len < min || len > max {
        return None;
    }
    Some((text.get(..len)?.parse().ok()?, text.get(len..)?))
}

/// `DATE '…'`: days since the epoch.
pub(crate) fn parse_date(text: &str, now: i64, zone: &str) -> Option<i32> {
    let text = trim(text);
    if let Some(offset) = special_day(text) {
        let today = local_of_instant(now, zone)?.div_euclid(MICROS_PER_DAY);
        return i32::try_from(today + offset).ok();
    }
    if text.eq_ignore_ascii_case("epoch") {
        return Some(0);
    }
    let (days, rest) = date_prefix(text)?;
    if !(rest.is_empty() || rest.starts_with([' ', 'T'])) {
        return None;
    }
    i32::try_from(days).ok()
}

fn special_day(text: &str) -> Option<i64> {
    match text.to_ascii_lowercase().as_str() {
        "now" | "today" => Some(0),
        "tomorrow" => Some(1),
        "yesterday" => Some(-1),
        _ => None,
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control())
}

/// `TIMESTAMP '…'`.
pub(crate) fn parse_timestamp(text: &str, now: i64, zone: &str) -> Option<ParsedTimestamp> {
    let text = trim(text);
    // A special value may name its zone: `today UTC`.
    let (word, zone_name) = text.split_once(' ').map_or((text, zone), |(word, name)| (word, name.trim()));
    let special = |local| Some(ParsedTimestamp { local, zone: Some(parse_zone(zone_name)?) });
    match word.to_ascii_lowercase().as_str() {
        "epoch" => return Some(ParsedTimestamp { local: 0, zone: Some(Zone::Fixed(0)) }),
        "now" => return special(local_of_instant(now, zone_name)?),
        _ => {}
    }
    if let Some(offset) = special_day(word) {
        let today = local_of_instant(now, zone_name)?.div_euclid(MICROS_PER_DAY);
        return special((today + offset) * MICROS_PER_DAY);
    }
    let (days, rest) = date_prefix(text)?;
    if rest.is_empty() {
        return Some(ParsedTimestamp { local: days.checked_mul(MICROS_PER_DAY)?, zone: None });
    }
    let (micros, rest) = clock(rest.strip_prefix([' ', 'T'])?, true)?;
    let zone = match rest.trim_start() {
        "" if rest.is_empty() => None,
        name => Some(parse_zone(name)?),
    };
    Some(ParsedTimestamp { local: days.checked_mul(MICROS_PER_DAY)?.checked_add(micros)?, zone })
}

/// `TIME '…'`: microseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = trim(text);
    let upper = text.to_ascii_uppercase();
    let (body, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(body), _) => (body.trim_end().to_string(), Some(0)),
        (_, Some(body)) => (body.trim_end().to_string(), Some(12)),
        _ => (text.to_string(), None),
    };
    let (micros, rest) = clock(&body, false)?;
    if !rest.is_empty() {
        return None;
    }
    match half {
        None => Some(micros),
        Some(half) => {
            let hour = micros / 3_600_000_000;
            if !(1..=12).contains(&hour) {
                return None;
            }
            Some(micros + (hour % 12 + half - hour) * 3_600_000_000)
        }
    }
}

/// `h[:m[:s[.f]]]` in microseconds, and what follows.
fn clock(text: &str, hour_alone: bool) -> Option<(i64, &str)> {
    let (hour, mut rest) = number(text, 1, 2)?;
    let (mut minute, mut second, mut micros) = (0, 0, 0);
    match rest.strip_prefix(':') {
        Some(tail) => {
            (minute, rest) = number(tail, 1, 2)?;
            if let Some(tail) = rest.strip_prefix(':') {
                (second, rest) = number(tail, 1, 2)?;
                if let Some(tail) = rest.strip_prefix('.') {
                    let len = tail.bytes().take_while(u8::is_ascii_digit).count();
                    // Digits beyond the sixth are cut off.
                    let digits = format!("{:0<6}", tail.get(..len)?);
                    micros = digits.get(..6)?.parse().ok()?;
                    rest = tail.get(len..)?;
                }
            }
        }
        None if !hour_alone => return None,
        None => {}
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, rest))
}

/// A zone id as Spark accepts it.
fn parse_zone(name: &str) -> Option<Zone> {
    let name = name.trim();
    if name == "Z" || name == "z" {
        return Some(Zone::Fixed(0));
    }
    for prefix in ["UTC", "GMT", "UT", ""] {
        if let Some(rest) = name.strip_prefix(prefix) {
            if rest.is_empty() && !prefix.is_empty() {
                return Some(Zone::Fixed(0));
            }
            if let Some(seconds) = parse_offset(rest) {
                return Some(Zone::Fixed(seconds));
            }
        }
    }
    name.parse().ok().map(Zone::Region)
}

/// `+h`, `+hh:mm`, `+hhmm`, `+hh:mm:ss` in seconds.
fn parse_offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let body = text.get(1..)?;
    let (hours, minutes, seconds) = if body.contains(':') {
        let mut parts =
            body.split(':').map(|part| number(part, 1, 2).filter(|(_, rest)| rest.is_empty()).map(|(n, _)| n));
        let hours = parts.next()??;
        let minutes = parts.next()??;
        let seconds = match parts.next() {
            Some(part) => part?,
            None => 0,
        };
        (hours, minutes, seconds)
    } else {
        match body.len() {
            1 | 2 => (body.parse().ok()?, 0, 0),
            4 => (body.get(..2)?.parse().ok()?, body.get(2..)?.parse().ok()?, 0),
            6 => (body.get(..2)?.parse().ok()?, body.get(2..4)?.parse().ok()?, body.get(4..)?.parse().ok()?),
            _ => return None,
        }
    };
    let total: i64 = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= 18 * 3600).then_some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_may_be_short_and_may_carry_a_time() {
        assert_eq!(parse_date("1970-1-2", 0, "UTC"), Some(1));
        assert_eq!(parse_date(" 2020 ", 0, "UTC"), Some(18262));
        assert_eq!(parse_date("2020-01-01T12", 0, "UTC"), Some(18262));
        assert_eq!(parse_date("015", 0, "UTC"), None);
        assert_eq!(parse_date("2020-01-01x", 0, "UTC"), None);
        assert_eq!(parse_date("2021-02-29", 0, "UTC"), None);
    }

    #[test]
    fn timestamps_use_their_zone_or_the_session_s() {
        let instant = |text, zone| parse_timestamp(text, 0, zone).and_then(|parsed| parsed.instant(zone));
        assert_eq!(instant("1970-01-01 00:00:01.5", "UTC"), Some(1_500_000));
        assert_eq!(instant("1970-01-01 00:00:00", "America/Los_Angeles"), Some(28_800_000_000));
        assert_eq!(instant("1970-01-01 00:00:00+01:00", "UTC"), Some(-3_600_000_000));
        assert_eq!(instant("1970-01-01 00:00:00 UTC+8", "UTC"), Some(-28_800_000_000));
        assert_eq!(instant("1970-01-01 25:00:00", "UTC"), None);
    }

    #[test]
    fn times_know_am_and_pm() {
        assert_eq!(parse_time("01:02:03"), Some(3_723_000_000));
        assert_eq!(parse_time("12:00:00 am"), Some(0));
        assert_eq!(parse_time("25:00"), None);
    }
}
