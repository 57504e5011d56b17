//! Values from text and back, straight from bytes: numbers as Java reads them, dates and timestamps as Spark does.

mod datetime;
mod number;
mod pattern;
mod zone;

pub(crate) use datetime::{
    civil_from_days, days_from_civil, format_date, format_timestamp, parse_date, parse_timestamp, parse_timestamp_parts,
};
pub(crate) use number::{
    format_decimal, format_double, format_float, parse_boolean, parse_decimal, parse_decimal_as, parse_double,
    parse_float, parse_integer,
};
pub(crate) use pattern::DateTimePattern;
pub(crate) use zone::SessionZone;

/// Bytes without Java's whitespace (`String.trim`: everything up to U+0020) at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| *b > b' ').unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| *b > b' ').map_or(start, |end| end + 1);
    &bytes[start..end]
}
