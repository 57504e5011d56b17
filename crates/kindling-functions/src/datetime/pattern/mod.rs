//! Spark's datetime patterns (`DateTimeFormatterHelper`): a pattern is compiled once, then formats or parses rows.

mod format;
mod parse;

use kindling_common::{ExceptionClass, SparkError, SparkResult};

use crate::SessionTimeZone;

use format::format_items;
use parse::{Fields, parse_items};

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

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parsed {
    /// Local microseconds.
    pub local: i64,
    /// The zone, when the text has one.
    pub zone: Option<SessionTimeZone>,
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
