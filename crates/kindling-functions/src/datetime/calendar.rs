//! Calendar arithmetic.

use crate::SessionTimeZone;

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub(crate) const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
pub(crate) const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Year, month (1 to 12) and day of a day number.
#[inline]
pub(crate) fn civil(days: i32) -> (i32, u32, u32) {
    // Howard Hinnant's days algorithm, eras of 400 years from 0000-03-01.
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// The day number of a date; the month and day must be valid.
#[inline]
pub(crate) fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = i64::from((153 * shifted + 2) / 5 + day - 1);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The day number of a date, `None` where there is no such day.
pub(crate) fn checked_days(year: i64, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_of(year, month, day)).ok()
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 and microseconds of the day.
#[inline]
pub(crate) fn split_micros(micros: i64) -> (i32, i64) {
    (micros.div_euclid(MICROS_PER_DAY) as i32, micros.rem_euclid(MICROS_PER_DAY))
}

/// A date moved by months; the day is clamped to the month's end.
pub(crate) fn add_months(days: i32, months: i32) -> Option<i32> {
    let (year, month, day) = civil(days);
    let total = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    i32::try_from(days_of(year, month, day.min(days_in_month(year, month)))).ok()
}

/// An instant moved by months on the local clock.
pub(crate) fn timestamp_add_months(micros: i64, months: i32, zone: &SessionTimeZone) -> Option<i64> {
    let local = zone.to_local(micros);
    let (days, rest) = split_micros(local);
    let moved = i64::from(add_months(days, months)?).checked_mul(MICROS_PER_DAY)?.checked_add(rest)?;
    Some(if moved == local { micros } else { zone.to_utc(moved) })
}

/// An instant moved by days on the local clock.
pub(crate) fn timestamp_add_days(micros: i64, days: i32, zone: &SessionTimeZone) -> Option<i64> {
    if days == 0 {
        return Some(micros);
    }
    let local = zone.to_local(micros).checked_add(i64::from(days).checked_mul(MICROS_PER_DAY)?)?;
    Some(zone.to_utc(local))
}

/// 1 for Monday to 7 for Sunday.
#[inline]
pub(crate) fn iso_weekday(days: i32) -> u32 {
    (i64::from(days) + 3).rem_euclid(7) as u32 + 1
}

/// 1 to 366.
pub(crate) fn day_of_year(days: i32) -> i32 {
    let (year, _, _) = civil(days);
    (i64::from(days) - days_of(i64::from(year), 1, 1)) as i32 + 1
}

/// ISO week-based year and week.
pub(crate) fn iso_week(days: i32) -> (i32, i32) {
    let thursday = days + 4 - iso_weekday(days) as i32;
    let (year, _, _) = civil(thursday);
    (year, (day_of_year(thursday) - 1) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_and_days_are_inverse() {
        for days in [-719_528, -1, 0, 59, 11_016, 18_262, 2_932_896, -141_427] {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(i64::from(year), month, day), i64::from(days));
        }
        assert_eq!(civil(18_321), (2020, 2, 29));
        assert_eq!(add_months(18_292, 1), Some(18_321));
        assert_eq!(iso_week(16_436), (2015, 1));
    }
}
