//! Dates and times as text.

use std::fmt::Write as _;

use kindling_common::{SparkError, SparkResult};

use super::{Item, month_name, weekday_name};
use crate::{
    SessionTimeZone,
    datetime::{MICROS_PER_SECOND, civil, day_of_year, iso_weekday, split_micros},
    timezone::format_offset,
};

pub(super) fn format_items(
    items: &[Item],
    local: i64,
    micros: i64,
    zone: Option<&SessionTimeZone>,
    out: &mut String,
) -> SparkResult<()> {
    let (days, rest) = split_micros(local);
    let (year, month, day) = civil(days);
    let seconds = rest / MICROS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Optional(items) => format_items(items, local, micros, zone, out)?,
            Item::Field(letter, count) => {
                let number = |out: &mut String, value: i64| {
                    let _ = write!(out, "{value:0count$}");
                };
                match (letter, count) {
                    ('y', 2) => number(out, i64::from(year.rem_euclid(100))),
                    ('y', n) => {
                        let shown = if year > 0 { i64::from(year) } else { 1 - i64::from(year) };
                        if *n >= 4 && shown >= 10_i64.pow(*n as u32) {
                            out.push('+');
                        }
                        number(out, shown);
                    }
                    ('M' | 'L', 3) => out.push_str(&month_name(month)[..3]),
                    ('M' | 'L', 4) => out.push_str(month_name(month)),
                    ('M' | 'L', _) => number(out, i64::from(month)),
                    ('d', _) => number(out, i64::from(day)),
                    ('D', _) => number(out, i64::from(day_of_year(days))),
                    ('E', 4) => out.push_str(weekday_name(iso_weekday(days))),
                    ('E', _) => out.push_str(&weekday_name(iso_weekday(days))[..3]),
                    // Java's week of seven days begins with the month.
                    ('F', _) => number(out, i64::from((day - 1) % 7 + 1)),
                    ('Q' | 'q', 3) => {
                        let _ = write!(out, "Q{}", (month - 1) / 3 + 1);
                    }
                    ('Q' | 'q', 4) => {
                        let names = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
                        out.push_str(names[(month as usize - 1) / 3]);
                    }
                    ('Q' | 'q', _) => number(out, i64::from((month - 1) / 3 + 1)),
                    ('G', 4) => out.push_str(if year > 0 { "Anno Domini" } else { "Before Christ" }),
                    ('G', _) => out.push_str(if year > 0 { "AD" } else { "BC" }),
                    ('a', _) => out.push_str(if hour < 12 { "AM" } else { "PM" }),
                    ('H', _) => number(out, hour),
                    ('k', _) => number(out, if hour == 0 { 24 } else { hour }),
                    ('K', _) => number(out, hour % 12),
                    ('h', _) => number(out, if hour % 12 == 0 { 12 } else { hour % 12 }),
                    ('m', _) => number(out, minute),
                    ('s', _) => number(out, second),
                    ('S', n) => {
                        let nanos = format!("{:09}", rest % MICROS_PER_SECOND * 1000);
                        out.push_str(&nanos[..*n]);
                    }
                    (letter, n) => {
                        let Some(zone) = zone else {
                            return Err(SparkError::runtime("INTERNAL_ERROR")
                                .param("message", "a zone field needs a timestamp with time zone"));
                        };
                        format_zone(out, *letter, *n, zone, zone.offset_at(micros), micros);
                    }
                }
            }
        }
    }
    Ok(())
}

fn format_zone(out: &mut String, letter: char, count: usize, zone: &SessionTimeZone, offset: i32, micros: i64) {
    match (letter, count) {
        ('V', _) => out.push_str(&zone.id()),
        ('z', _) => match zone {
            SessionTimeZone::Region(tz) => {
                use chrono::{Offset, TimeZone};
                let utc = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc();
                let local = tz.offset_from_utc_datetime(&utc);
                let _ = write!(out, "{local}");
                let _ = local.fix();
            }
            SessionTimeZone::Fixed(_) => out.push_str(&zone.id()),
        },
        ('O', n) => {
            out.push_str("GMT");
            if offset != 0 {
                if n == 4 {
                    out.push_str(&format_offset(offset, true));
                } else {
                    let sign = if offset < 0 { '-' } else { '+' };
                    let _ = write!(out, "{sign}{}", offset.abs() / 3600);
                    if offset.abs() % 3600 != 0 {
                        let _ = write!(out, ":{:02}", offset.abs() / 60 % 60);
                    }
                }
            }
        }
        ('X', _) if offset == 0 => out.push('Z'),
        ('X' | 'x', 1) => {
            let text = format_offset(offset, false);
            out.push_str(if text.ends_with("00") && text.len() == 5 { &text[..3] } else { &text });
        }
        ('X' | 'x', 2 | 4) => out.push_str(&format_offset(offset, false)),
        ('X' | 'x', _) => out.push_str(&format_offset(offset, true)),
        ('Z', 4) => {
            out.push_str("GMT");
            if offset != 0 {
                out.push_str(&format_offset(offset, true));
            }
        }
        ('Z', 5) if offset == 0 => out.push('Z'),
        ('Z', 5) => out.push_str(&format_offset(offset, true)),
        _ => out.push_str(&format_offset(offset, false)),
    }
}
