//! Spark's datetime patterns (`DateTimeFormatterHelper`): a pattern is compiled once, then formats or parses rows.

use std::fmt::Write as _;

use kindling_common::{ExceptionClass, SparkError, SparkResult};

use super::{MICROS_PER_DAY, MICROS_PER_SECOND, checked_days, civil, day_of_year, iso_weekday, split_micros};
use crate::{SessionTimeZone, timezone::format_offset};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Full English name of a month, 1 to 12.
pub(crate) fn month_name(month: u32) -> &'static str {
    MONTHS.get(month as usize - 1).copied().unwrap_or("")
}

/// Full English name of a weekday, 1 (Monday) to 7.
pub(crate) fn weekday_name(weekday: u32) -> &'static str {
    WEEKDAYS.get(weekday as usize - 1).copied().unwrap_or("")
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Literal(String),
    Field(char, usize),
    Optional(Vec<Item>),
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    items: Vec<Item>,
}

const DOCROOT: &str = "https://spark.apache.org/docs/latest";

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Refusal {
    /// A field of a calendar of weeks, which Spark took out.
    WeekBased(char),
    /// A letter that Spark forbids.
    Illegal(char),
    /// Five letters of a text field.
    TooLong,
    /// What Java's formatter refuses.
    Unrecognized,
}

impl Refusal {
    /// The error. Where Java's old formatter would take the pattern, it names the setting that brings that back.
    fn error(self, pattern: &str, has_legacy: bool) -> SparkError {
        if has_legacy && legacy_accepts(pattern) {
            return SparkError::new(
                ExceptionClass::Upgrade,
                "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
            )
            .param("pattern", format!("'{pattern}'"))
            .param("config", "\"spark.sql.legacy.timeParserPolicy\"")
            .param("docroot", DOCROOT);
        }
        let illegal = |condition| SparkError::new(ExceptionClass::IllegalArgument, condition);
        match self {
            Refusal::WeekBased(c) if has_legacy => {
                illegal("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN").param("c", c.to_string())
            }
            Refusal::Illegal(c) if has_legacy => illegal("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER")
                .param("c", c.to_string())
                .param("pattern", pattern),
            Refusal::TooLong if has_legacy => illegal("INVALID_DATETIME_PATTERN.LENGTH").param("pattern", pattern),
            _ => SparkError::runtime("INVALID_DATETIME_PATTERN.WITH_SUGGESTION")
                .param("pattern", format!("'{pattern}'"))
                .param("docroot", DOCROOT),
        }
    }
}

/// Whether `java.text.SimpleDateFormat` takes a pattern.
fn legacy_accepts(pattern: &str) -> bool {
    let (mut quoted, mut run, mut last) = (false, 0, None);
    for c in pattern.chars() {
        quoted ^= c == '\'';
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        let unknown = c.is_ascii_alphabetic() && !"GyYMLdkHmsSEDFwWahKzZuX".contains(c);
        if !quoted && (unknown || c == 'X' && run > 3) {
            return false;
        }
    }
    !quoted
}

/// The first letter outside quotes that counts by weeks: fields of another calendar, which Spark took out.
fn week_based(chars: &[char]) -> Option<char> {
    let mut quoted = false;
    chars.iter().copied().find(|c| {
        quoted ^= *c == '\'';
        !quoted && matches!(c, 'Y' | 'W' | 'w' | 'u' | 'e' | 'c')
    })
}

impl Pattern {
    /// Compiles a pattern; letters that Spark forbids are errors.
    pub(crate) fn new(pattern: &str, parsing: bool) -> SparkResult<Pattern> {
        Pattern::compiled(pattern, parsing).map_err(|refusal| refusal.error(pattern, true))
    }

    /// The same for timestamps without time zone, which have no setting that brings the old formatter back.
    pub(crate) fn without_legacy(pattern: &str, parsing: bool) -> SparkResult<Pattern> {
        Pattern::compiled(pattern, parsing).map_err(|refusal| refusal.error(pattern, false))
    }

    fn compiled(pattern: &str, parsing: bool) -> Result<Pattern, Refusal> {
        let chars: Vec<char> = pattern.chars().collect();
        if let Some(letter) = week_based(&chars) {
            return Err(Refusal::WeekBased(letter));
        }
        let items = compile(&chars, &mut 0, parsing, false)?;
        Ok(Pattern { items })
    }

    /// Formats a local time; `zone` and `micros` (the instant) are for zone fields.
    pub(crate) fn format(&self, local: i64, micros: i64, zone: Option<&SessionTimeZone>) -> SparkResult<String> {
        let mut out = String::with_capacity(24);
        format_items(&self.items, local, micros, zone, &mut out)?;
        Ok(out)
    }

    /// Parses a whole text; `None` when it does not match.
    pub(crate) fn parse(&self, text: &str) -> Option<Parsed> {
        let mut fields = Fields::default();
        let rest = parse_items(&self.items, text, &mut fields)?;
        if !rest.is_empty() {
            return None;
        }
        fields.resolve()
    }
}

fn compile(chars: &[char], pos: &mut usize, parsing: bool, nested: bool) -> Result<Vec<Item>, Refusal> {
    let mut items = vec![];
    let literal = |items: &mut Vec<Item>, text: &str| match items.last_mut() {
        Some(Item::Literal(last)) => last.push_str(text),
        _ => items.push(Item::Literal(text.to_string())),
    };
    while let Some(&c) = chars.get(*pos) {
        match c {
            '\'' => {
                *pos += 1;
                if chars.get(*pos) == Some(&'\'') {
                    literal(&mut items, "'");
                    *pos += 1;
                    continue;
                }
                loop {
                    match (chars.get(*pos), chars.get(*pos + 1)) {
                        (Some('\''), Some('\'')) => {
                            literal(&mut items, "'");
                            *pos += 2;
                        }
                        (Some('\''), _) => {
                            *pos += 1;
                            break;
                        }
                        (Some(other), _) => {
                            literal(&mut items, &other.to_string());
                            *pos += 1;
                        }
                        (None, _) => return Err(Refusal::Unrecognized),
                    }
                }
            }
            '[' => {
                *pos += 1;
                items.push(Item::Optional(compile(chars, pos, parsing, true)?));
            }
            ']' => {
                if !nested {
                    return Err(Refusal::Unrecognized);
                }
                *pos += 1;
                return Ok(items);
            }
            '{' | '}' | '#' => return Err(Refusal::Illegal(c)),
            c if c.is_ascii_alphabetic() => {
                let mut count = 0;
                while chars.get(*pos) == Some(&c) {
                    count += 1;
                    *pos += 1;
                }
                if matches!(c, 'A' | 'B' | 'n' | 'N' | 'p') {
                    return Err(Refusal::Illegal(c));
                }
                if parsing && matches!(c, 'E' | 'F' | 'q' | 'Q') {
                    return Err(Refusal::Illegal(c));
                }
                let limit = match c {
                    'y' => 6,
                    'D' => 3,
                    'd' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' => 2,
                    'S' => 9,
                    'M' | 'L' | 'E' | 'G' | 'Q' | 'q' => 4,
                    'a' | 'F' => 1,
                    'z' => 4,
                    'V' => 2,
                    'O' => 4,
                    'X' | 'x' | 'Z' => 5,
                    _ => return Err(Refusal::Unrecognized),
                };
                let wrong = c == 'V' && count != 2 || c == 'O' && count != 1 && count != 4;
                if count > limit && limit == 4 && matches!(c, 'G' | 'M' | 'L' | 'E' | 'Q' | 'q') {
                    return Err(Refusal::TooLong);
                }
                if count > limit || wrong {
                    return Err(Refusal::Unrecognized);
                }
                items.push(Item::Field(c, count));
            }
            other => {
                literal(&mut items, &other.to_string());
                *pos += 1;
            }
        }
    }
    // What is optional may be left open.
    Ok(items)
}

fn format_items(
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

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parsed {
    /// Local microseconds.
    pub local: i64,
    /// The zone, when the text has one.
    pub zone: Option<SessionTimeZone>,
}

#[derive(Debug, Default, Clone)]
struct Fields {
    year: Option<i64>,
    bc: bool,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<i64>,
    hour12: Option<i64>,
    pm: Option<bool>,
    minute: i64,
    second: i64,
    micros: Option<i64>,
    zone: Option<SessionTimeZone>,
}

impl Fields {
    fn resolve(self) -> Option<Parsed> {
        let mut year = self.year.unwrap_or(1970);
        if self.bc {
            year = 1 - year;
        }
        let days = match self.day_of_year {
            Some(n) => {
                let limit = 365 + u32::from(super::is_leap(year));
                if n == 0 || n > limit {
                    return None;
                }
                let days = checked_days(year, 1, 1)? + n as i32 - 1;
                // A month or day beside it has to be the one that it says.
                let (_, month, day) = civil(days);
                if self.month.is_some_and(|m| m != month) || self.day.is_some_and(|d| d != day) {
                    return None;
                }
                days
            }
            None => checked_days(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?,
        };
        let hour = match (self.hour, self.hour12, self.pm) {
            (Some(hour), _, _) => hour,
            (None, Some(hour), pm) => hour % 12 + if pm == Some(true) { 12 } else { 0 },
            (None, None, Some(true)) => 12,
            _ => 0,
        };
        if hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let seconds = (hour * 60 + self.minute) * 60 + self.second;
        let local = i64::from(days)
            .checked_mul(MICROS_PER_DAY)?
            .checked_add(seconds * MICROS_PER_SECOND + self.micros.unwrap_or(0))?;
        Some(Parsed { local, zone: self.zone })
    }
}

fn parse_items<'a>(items: &[Item], text: &'a str, fields: &mut Fields) -> Option<&'a str> {
    let mut rest = text;
    for (i, item) in items.iter().enumerate() {
        match item {
            Item::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
            Item::Optional(inner) => {
                let mut attempt = fields.clone();
                if let Some(after) = parse_items(inner, rest, &mut attempt) {
                    *fields = attempt;
                    rest = after;
                }
            }
            Item::Field(letter, count) => {
                // Adjacent numeric fields have a fixed width, as `java.time` parses them.
                let adjacent = matches!(items.get(i + 1), Some(Item::Field(next, n)) if is_number(*next, *n));
                rest = parse_field(*letter, *count, adjacent, rest, fields)?;
            }
        }
    }
    Some(rest)
}

fn is_number(letter: char, count: usize) -> bool {
    matches!(letter, 'y' | 'd' | 'D' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' | 'S') || letter == 'M' && count < 3
}

/// Reads `min` to `max` digits.
fn digits(text: &str, min: usize, max: usize) -> Option<(i64, &str)> {
    let n = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if n < min {
        return None;
    }
    Some((text[..n].parse().ok()?, &text[n..]))
}

fn name<'a>(text: &'a str, names: &[&str], length: Option<usize>) -> Option<(u32, &'a str)> {
    for (i, candidate) in names.iter().enumerate() {
        let candidate = length.map_or(*candidate, |n| &candidate[..n]);
        if let Some((head, tail)) = text.split_at_checked(candidate.len())
            && head.eq_ignore_ascii_case(candidate)
        {
            return Some((i as u32 + 1, tail));
        }
    }
    None
}

fn parse_field<'a>(letter: char, count: usize, adjacent: bool, text: &'a str, f: &mut Fields) -> Option<&'a str> {
    let number = |min: usize, max: usize| digits(text, min, if adjacent { count.max(min) } else { max });
    Some(match (letter, count) {
        ('y', 2) => {
            let (value, rest) = digits(text, 2, 2)?;
            f.year = Some(2000 + value);
            rest
        }
        ('y', n) => {
            let (sign, body) = match text.as_bytes().first() {
                Some(b'-') => (-1, &text[1..]),
                Some(b'+') => (1, &text[1..]),
                _ => (1, text),
            };
            let max = if adjacent {
                n
            } else if n == 4 && sign == 1 && body.len() == text.len() {
                4
            } else {
                10
            };
            let (value, rest) = digits(body, n, max.max(n))?;
            f.year = Some(sign * value);
            rest
        }
        ('M' | 'L', 3) => {
            let (month, rest) = name(text, &MONTHS, Some(3))?;
            f.month = Some(month);
            rest
        }
        ('M' | 'L', 4) => {
            let (month, rest) = name(text, &MONTHS, None)?;
            f.month = Some(month);
            rest
        }
        ('M' | 'L', n) => {
            let (value, rest) = number(n, 2)?;
            f.month = Some(value as u32);
            rest
        }
        ('d', n) => {
            let (value, rest) = number(n, 2)?;
            f.day = Some(value as u32);
            rest
        }
        ('D', n) => {
            let (value, rest) = number(n, 3)?;
            f.day_of_year = Some(value as u32);
            rest
        }
        ('E', n) => name(text, &WEEKDAYS, (n < 4).then_some(3))?.1,
        ('G', n) => {
            let names = if n == 4 { ["Before Christ", "Anno Domini"] } else { ["BC", "AD"] };
            let (era, rest) = name(text, &names, None)?;
            f.bc = era == 1;
            rest
        }
        ('a', _) => {
            let (half, rest) = name(text, &["AM", "PM"], None)?;
            f.pm = Some(half == 2);
            rest
        }
        ('H' | 'k', n) => {
            let (value, rest) = number(n, 2)?;
            f.hour = Some(if letter == 'k' && value == 24 { 0 } else { value });
            rest
        }
        ('h' | 'K', n) => {
            let (value, rest) = number(n, 2)?;
            if value > 12 || letter == 'h' && value == 0 {
                return None;
            }
            f.hour12 = Some(value);
            rest
        }
        ('m', n) => {
            let (value, rest) = number(n, 2)?;
            f.minute = value;
            rest
        }
        ('s', n) => {
            let (value, rest) = number(n, 2)?;
            f.second = value;
            rest
        }
        ('S', n) => {
            // Spark reads a fraction of one to `n` digits.
            let length = text.bytes().take(n).take_while(u8::is_ascii_digit).count();
            if length == 0 {
                return None;
            }
            let padded = format!("{:0<9}", &text[..length]);
            let micros = padded.get(..6)?.parse().ok()?;
            if f.micros.replace(micros).is_some_and(|before| before != micros) {
                return None;
            }
            &text[length..]
        }
        ('V', _) | ('z', _) => {
            let n = text.find(|c: char| !(c.is_ascii_alphanumeric() || "/_+-:".contains(c))).unwrap_or(text.len());
            f.zone = Some(SessionTimeZone::find(&text[..n])?);
            &text[n..]
        }
        ('X' | 'x' | 'Z' | 'O', _) => {
            if let Some(rest) = text.strip_prefix('Z').filter(|_| letter != 'x') {
                f.zone = Some(SessionTimeZone::Fixed(0));
                return Some(rest);
            }
            let body = text.strip_prefix("GMT").unwrap_or(text);
            if body.len() < text.len() && !body.starts_with(['+', '-']) {
                f.zone = Some(SessionTimeZone::Fixed(0));
                return Some(body);
            }
            if !body.starts_with(['+', '-']) {
                return None;
            }
            let n = 1 + body[1..].find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(body.len() - 1);
            f.zone = Some(SessionTimeZone::find(&body[..n])?);
            &body[n..]
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let parsed = Pattern::new(pattern, true).unwrap().parse(text);
        let parsed = parsed.map(|p| crate::datetime::timestamp_text(p.local, &SessionTimeZone::utc()));
        assert_eq!(parsed.as_deref(), expected, "{pattern} on {text}");
    }

    #[test]
    fn patterns_parse_what_spark_parses() {
        check("yyyy-MM-dd HH:mm:ss", "2021-03-04 05:06:07", Some("2021-03-04 05:06:07"));
        check("yyyyMMdd", "20210304", Some("2021-03-04 00:00:00"));
        check("dd/MMM/yyyy", "04/Mar/2021", Some("2021-03-04 00:00:00"));
        check("M/d/yy h:mm a", "3/4/21 5:06 PM", Some("2021-03-04 17:06:00"));
        check("yyyy-MM-dd[ HH:mm]", "2021-03-04", Some("2021-03-04 00:00:00"));
        check("yyyy-MM-dd HH:mm:ss.SSS", "2021-03-04 05:06:07.8", Some("2021-03-04 05:06:07.8"));
        check("yyyy-MM-dd", "2021-3-4", None);
    }

    #[test]
    fn patterns_format_what_spark_formats() {
        let zone = SessionTimeZone::utc();
        let format = |pattern: &str| {
            Pattern::new(pattern, false).unwrap().format(1_614_834_367_008_000, 1_614_834_367_008_000, Some(&zone))
        };
        assert_eq!(format("EEEE, d MMM y, h:mm a").unwrap(), "Thursday, 4 Mar 2021, 5:06 AM");
        assert_eq!(format("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").unwrap(), "2021-03-04T05:06:07.008Z");
        assert!(Pattern::new("YYYY", false).is_err());
    }
}
