//! Time zones by Spark's ids (`DateTimeUtils.getZoneId`): regions, `Z`, `+01:00`, `GMT+1`, `UTC-03:30`.

use std::fmt;

use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use kindling_common::{ExceptionClass, SparkError, SparkResult, with_known_transitions};

/// A time zone: a region or a fixed offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionTimeZone {
    /// A region of the tz database.
    Region(Tz),
    /// Seconds east of UTC.
    Fixed(i32),
}

const MICROS: i64 = 1_000_000;

impl SessionTimeZone {
    /// UTC.
    pub fn utc() -> Self {
        SessionTimeZone::Region(Tz::UTC)
    }

    /// Parses a zone id, `INVALID_TIMEZONE` when it is none.
    pub fn parse(id: &str) -> SparkResult<Self> {
        Self::find(id)
            .ok_or_else(|| SparkError::new(ExceptionClass::DateTime, "INVALID_TIMEZONE").param("timeZone", id))
    }

    /// Parses a zone id.
    pub fn find(id: &str) -> Option<Self> {
        let id = id.trim();
        if id == "Z" || id == "z" {
            return Some(SessionTimeZone::Fixed(0));
        }
        if let Some(offset) = parse_offset(id) {
            return Some(SessionTimeZone::Fixed(offset));
        }
        for prefix in ["UTC", "GMT", "UT"] {
            if let Some(rest) = id.strip_prefix(prefix)
                && !rest.is_empty()
                && let Some(offset) = parse_offset(rest)
            {
                return Some(SessionTimeZone::Fixed(offset));
            }
        }
        let id = match id {
            "PST" => "America/Los_Angeles",
            "CST" => "America/Chicago",
            "JST" => "Asia/Tokyo",
            "IST" => "Asia/Kolkata",
            "CET" => "Europe/Paris",
            other => other,
        };
        id.parse::<Tz>().ok().map(SessionTimeZone::Region)
    }

    /// Whether local time is UTC always.
    pub fn is_utc(&self) -> bool {
        matches!(self, SessionTimeZone::Fixed(0) | SessionTimeZone::Region(Tz::UTC))
    }

    /// Seconds east of UTC at an instant.
    pub fn offset_at(&self, micros: i64) -> i32 {
        match self {
            SessionTimeZone::Fixed(seconds) => *seconds,
            SessionTimeZone::Region(Tz::UTC) => 0,
            SessionTimeZone::Region(tz) => {
                let utc = naive(clamp_to_chrono(modern(micros)));
                tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()
            }
        }
    }

    /// Local wall-clock microseconds of an instant.
    pub fn to_local(&self, micros: i64) -> i64 {
        micros.saturating_add(i64::from(self.offset_at(micros)) * MICROS)
    }

    /// The instant of local wall-clock microseconds. In a gap the time moves forward by the gap, in an overlap the
    /// earlier instant is taken, as `java.time` does.
    pub fn to_utc(&self, local: i64) -> i64 {
        match self {
            SessionTimeZone::Fixed(seconds) => local.saturating_sub(i64::from(*seconds) * MICROS),
            SessionTimeZone::Region(Tz::UTC) => local,
            SessionTimeZone::Region(tz) => {
                let wall = naive(clamp_to_chrono(modern(local)));
                let offset = match tz.offset_from_local_datetime(&wall) {
                    chrono::LocalResult::Single(offset) => offset.fix().local_minus_utc(),
                    chrono::LocalResult::Ambiguous(first, second) => {
                        first.fix().local_minus_utc().max(second.fix().local_minus_utc())
                    }
                    // The offset before the gap moves the result forward by the gap's length.
                    chrono::LocalResult::None => {
                        let before = local.saturating_sub(86_400 * MICROS);
                        self.offset_at(before)
                    }
                };
                local.saturating_sub(i64::from(offset) * MICROS)
            }
        }
    }

    /// The Java id: the region's name or `+01:00`.
    pub fn id(&self) -> String {
        match self {
            SessionTimeZone::Region(tz) => tz.name().to_string(),
            SessionTimeZone::Fixed(0) => "Z".into(),
            SessionTimeZone::Fixed(seconds) => format_offset(*seconds, true),
        }
    }
}

impl fmt::Display for SessionTimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// `+01:00`, `-03:30`, with seconds where they are not zero.
pub(crate) fn format_offset(seconds: i32, colon: bool) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let s = seconds.abs();
    let sep = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}{sep}{:02}", s / 3600, s / 60 % 60);
    if s % 60 != 0 {
        out.push_str(&format!("{sep}{:02}", s % 60));
    }
    out
}

/// `+h`, `+hh`, `+h:mm`, `+hh:mm`, `+hhmm`, `+hh:mm:ss`.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    if !rest.bytes().all(|b| b.is_ascii_digit() || b == b':') || rest.is_empty() {
        return None;
    }
    let parts: Vec<&str> = if rest.contains(':') {
        rest.split(':').collect()
    } else {
        match rest.len() {
            1 | 2 => vec![rest],
            4 => vec![&rest[..2], &rest[2..]],
            6 => vec![&rest[..2], &rest[2..4], &rest[4..]],
            _ => return None,
        }
    };
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty() || part.len() > 2) {
        return None;
    }
    let number = |i: usize| parts.get(i).map_or(Some(0), |part| part.parse::<i32>().ok());
    let (hours, minutes, seconds) = (number(0)?, number(1)?, number(2)?);
    if hours > 18 || minutes > 59 || seconds > 59 {
        return None;
    }
    let total = hours * 3600 + minutes * 60 + seconds;
    (total <= 18 * 3600).then_some(sign * total)
}

/// chrono covers ±262,000 years, Spark's timestamps ±290,000: the far ends take the offset of the nearest year.
/// A time in a year of which `chrono-tz` knows the transitions, in whole seconds.
fn modern(micros: i64) -> i64 {
    with_known_transitions(micros.div_euclid(MICROS)).saturating_mul(MICROS)
}

fn clamp_to_chrono(micros: i64) -> i64 {
    const LIMIT: i64 = 8_000_000_000_000 * MICROS;
    micros.clamp(-LIMIT, LIMIT)
}

fn naive(micros: i64) -> NaiveDateTime {
    chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_parse_as_spark_does() {
        for (id, offset) in [("+01:00", 3600), ("-3:30", -12_600), ("GMT+8", 28_800), ("UTC", 0), ("Z", 0)] {
            assert_eq!(SessionTimeZone::parse(id).unwrap().offset_at(0), offset, "{id}");
        }
        assert!(SessionTimeZone::find("Mars/Base").is_none());
    }

    #[test]
    fn a_time_in_a_gap_moves_forward() {
        let zone = SessionTimeZone::parse("America/Los_Angeles").unwrap();
        // 2019-03-10 02:30 does not exist; it becomes 03:30 PDT = 10:30 UTC.
        let local = 1_552_185_000_000_000;
        assert_eq!(zone.to_utc(local) - local, 8 * 3600 * MICROS);
    }
}
