//! Dates, timestamps and intervals: calendar arithmetic, text forms and parsing. Days and microseconds since 1970,
//! proleptic Gregorian, as in `java.time`.

pub(crate) mod arithmetic;
mod calendar;
pub(crate) mod interval;
pub(crate) mod parse;
pub(crate) mod pattern;
mod text;

pub(crate) use calendar::*;
pub(crate) use text::*;
