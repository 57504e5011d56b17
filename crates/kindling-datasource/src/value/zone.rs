//! [`SessionZone`]: the time zone that text without one is in.

use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use kindling_common::{ExceptionClass, SparkError, SparkResult, with_known_transitions};

/// A region or a fixed offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionZone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// A region.
    Region(Tz),
}

impl SessionZone {
    pub(crate) fn utc() -> SessionZone {
        SessionZone::Fixed(0)
    }

    /// Reads a zone's name as `DateTimeUtils.getZoneId` does.
    pub(crate) fn parse(name: &str) -> SparkResult<SessionZone> {
        Self::find(name)
            .ok_or_else(|| SparkError::new(ExceptionClass::DateTime, "INVALID_TIMEZONE").param("timeZone", name))
    }

    pub(crate) fn find(name: &str) -> Option<SessionZone> {
        let name = name.trim();
        if matches!(name, "Z" | "UTC" | "GMT" | "UT") {
            return Some(SessionZone::utc());
        }
        for prefix in ["UTC", "GMT", "UT"] {
            if let Some(rest) = name.strip_prefix(prefix)
                && let Some(seconds) = parse_offset(rest)
            {
                return Some(SessionZone::Fixed(seconds));
            }
        }
        if let Some(seconds) = parse_offset(name) {
            return Some(SessionZone::Fixed(seconds));
        }
        let region = name.parse::<Tz>().ok()?;
        Some(if matches!(region, Tz::UTC | Tz::Etc__UTC) { SessionZone::utc() } else { SessionZone::Region(region) })
    }

    /// Seconds east of UTC at an instant.
    pub(crate) fn offset_at(&self, micros: i64) -> i32 {
        match self {
            SessionZone::Fixed(seconds) => *seconds,
            SessionZone::Region(region) => {
                let seconds = with_known_transitions(micros.div_euclid(1_000_000));
                match chrono::DateTime::from_timestamp(seconds, 0) {
                    Some(time) => region.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc(),
                    None => 0,
                }
            }
        }
    }

    /// The instant of a local time; in a gap it moves forward, in an overlap it is the earlier one, as in Java.
    pub(crate) fn to_utc(self, local_micros: i64) -> Option<i64> {
        let offset = match self {
            SessionZone::Fixed(seconds) => seconds,
            SessionZone::Region(region) => {
                let seconds = with_known_transitions(local_micros.div_euclid(1_000_000));
                let local = chrono::DateTime::from_timestamp(seconds, 0)?.naive_utc();
                match region.offset_from_local_datetime(&local) {
                    chrono::LocalResult::Single(offset) => offset.fix().local_minus_utc(),
                    chrono::LocalResult::Ambiguous(earlier, _) => earlier.fix().local_minus_utc(),
                    // Java uses the offset before the gap.
                    chrono::LocalResult::None => {
                        let before = local.checked_sub_signed(chrono::Duration::hours(24))?;
                        region.offset_from_utc_datetime(&before).fix().local_minus_utc()
                    }
                }
            }
        };
        local_micros.checked_sub(i64::from(offset) * 1_000_000)
    }
}

/// `+8`, `-08`, `+01:30`, `+0130`, `+01:30:15`.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let number = |part: &str| -> Option<i32> {
        (matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let parts: Vec<&str> = if rest.contains(':') {
        rest.split(':').collect()
    } else {
        match rest.len() {
            1 | 2 => vec![rest],
            4 => vec![rest.get(..2)?, rest.get(2..)?],
            6 => vec![rest.get(..2)?, rest.get(2..4)?, rest.get(4..)?],
            _ => return None,
        }
    };
    if parts.len() > 3 {
        return None;
    }
    let mut values = [0; 3];
    for (slot, part) in values.iter_mut().zip(&parts) {
        *slot = number(part)?;
    }
    let seconds = values[0] * 3600 + values[1] * 60 + values[2];
    (values[1] < 60 && values[2] < 60 && seconds <= 18 * 3600).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_offsets_are_zones() {
        assert_eq!(SessionZone::find("Etc/UTC"), Some(SessionZone::Fixed(0)));
        assert_eq!(SessionZone::find("GMT+1"), Some(SessionZone::Fixed(3600)));
        assert_eq!(SessionZone::find("-08:30"), Some(SessionZone::Fixed(-30600)));
        assert_eq!(SessionZone::find("+19:00"), None);
        assert_eq!(SessionZone::find("Mars/Base"), None);
    }

    #[test]
    fn gaps_move_forward_and_overlaps_take_the_first() {
        let zone = SessionZone::find("America/Los_Angeles").unwrap();
        let local = |h: i64| (19_792 * 24 + h) * 3_600_000_000;
        // 2024-03-10 02:00 does not exist there; it is 03:00 PDT.
        assert_eq!(zone.to_utc(local(2)), Some(local(2) + 8 * 3_600_000_000));
    }
}
