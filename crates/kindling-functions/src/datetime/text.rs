//! Dates and timestamps as text.

use std::fmt::Write as _;

use super::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND, civil, split_micros};
use crate::SessionTimeZone;

/// Writes a year as `java.time` does: four digits at least, a plus sign from 10000 on.
pub(crate) fn write_year(out: &mut String, year: i32) {
    let sign = if year < 0 {
        "-"
    } else if year > 9999 {
        "+"
    } else {
        ""
    };
    let _ = write!(out, "{sign}{:04}", year.unsigned_abs());
}

fn two(out: &mut String, n: u32) {
    out.push((b'0' + (n / 10) as u8) as char);
    out.push((b'0' + (n % 10) as u8) as char);
}

/// `yyyy-MM-dd`
pub(crate) fn write_date(out: &mut String, days: i32) {
    let (year, month, day) = civil(days);
    write_year(out, year);
    out.push('-');
    two(out, month);
    out.push('-');
    two(out, day);
}

/// `yyyy-MM-dd`
pub(crate) fn date_text(days: i32) -> String {
    let mut out = String::with_capacity(10);
    write_date(&mut out, days);
    out
}

/// `HH:mm:ss` and the fraction without trailing zeros.
pub(crate) fn write_time_of_day(out: &mut String, micros: i64) {
    let seconds = (micros / MICROS_PER_SECOND) as u32;
    two(out, seconds / 3600);
    out.push(':');
    two(out, seconds / 60 % 60);
    out.push(':');
    two(out, seconds % 60);
    write_fraction(out, (micros % MICROS_PER_SECOND) as u32);
}

/// `.ffffff` without trailing zeros; nothing for zero.
pub(crate) fn write_fraction(out: &mut String, micros: u32) {
    if micros == 0 {
        return;
    }
    let _ = write!(out, ".{micros:06}");
    while out.ends_with('0') {
        out.pop();
    }
}

/// `yyyy-MM-dd HH:mm:ss[.ffffff]` of a local time.
pub(crate) fn write_local_timestamp(out: &mut String, local: i64) {
    let (days, rest) = split_micros(local);
    write_date(out, days);
    out.push(' ');
    write_time_of_day(out, rest);
}

/// The text of an instant in a zone.
pub(crate) fn timestamp_text(micros: i64, zone: &SessionTimeZone) -> String {
    let mut out = String::with_capacity(26);
    write_local_timestamp(&mut out, zone.to_local(micros));
    out
}

/// `HH:mm:ss[.ffffff]` of nanoseconds of the day.
pub(crate) fn time_text(nanos: i64) -> String {
    let mut out = String::with_capacity(15);
    write_time_of_day(&mut out, (nanos / 1000).rem_euclid(MICROS_PER_DAY));
    out
}
