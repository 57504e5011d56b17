//! Datetime patterns (`sql-ref-datetime-pattern`): what `dateFormat` and `timestampFormat` are written in.

use kindling_common::{ExceptionClass, SparkError, SparkResult};

use super::{SessionZone, civil_from_days, datetime::valid_date, days_from_civil};

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Literal(String),
    /// A letter and how often it stands.
    Field(char, usize),
    Optional(Vec<Item>),
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DateTimePattern {
    items: Vec<Item>,
}

#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<i64>,
    hour_of_half: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    zone: Option<SessionZone>,
}

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
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl DateTimePattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str) -> SparkResult<DateTimePattern> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let items = compile(&chars, &mut at, false, pattern)?;
        Ok(DateTimePattern { items })
    }

    /// Local microseconds and the zone the text named.
    pub(crate) fn parse_parts(&self, text: &str) -> Option<(i64, Option<SessionZone>)> {
        let mut fields = Fields::default();
        let rest = parse_items(&self.items, text, &mut fields)?;
        if !rest.is_empty() {
            return None;
        }
        let year = fields.year.unwrap_or(1970);
        let days = match fields.day_of_year {
            Some(day) if fields.month.is_none() => {
                let days = days_from_civil(year, 1, 1) + i64::from(day) - 1;
                (day >= 1 && civil_from_days(days).0 == year).then_some(days)?
            }
            _ => {
                let (month, day) = (fields.month.unwrap_or(1), fields.day.unwrap_or(1));
                valid_date(year, month, day).then(|| days_from_civil(year, month, day))?
            }
        };
        let hour = match (fields.hour, fields.hour_of_half) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour % 12 + if fields.afternoon.unwrap_or(false) { 12 } else { 0 },
            (None, None) => 0,
        };
        if hour > 23 || fields.minute > 59 || fields.second > 59 {
            return None;
        }
        let time = (hour * 3600 + fields.minute * 60 + fields.second) * 1_000_000 + fields.micros;
        Some((days.checked_mul(86_400_000_000)?.checked_add(time)?, fields.zone))
    }

    /// Microseconds since the epoch.
    pub(crate) fn parse_timestamp(&self, text: &str, zone: &SessionZone) -> Option<i64> {
        let (local, own) = self.parse_parts(text)?;
        own.unwrap_or(*zone).to_utc(local)
    }

    /// Days since the epoch.
    pub(crate) fn parse_date(&self, text: &str) -> Option<i32> {
        let (local, _) = self.parse_parts(text)?;
        i32::try_from(local.div_euclid(86_400_000_000)).ok()
    }

    /// Text of an instant in a zone.
    pub(crate) fn format(&self, micros: i64, zone: &SessionZone) -> String {
        let offset = zone.offset_at(micros);
        let mut out = String::with_capacity(32);
        format_items(&self.items, micros + i64::from(offset) * 1_000_000, offset, zone, &mut out);
        out
    }

    /// Text of a local time without a zone.
    pub(crate) fn format_local(&self, local_micros: i64) -> String {
        let mut out = String::with_capacity(32);
        format_items(&self.items, local_micros, 0, &SessionZone::utc(), &mut out);
        out
    }
}

fn compile(chars: &[char], at: &mut usize, nested: bool, pattern: &str) -> SparkResult<Vec<Item>> {
    let illegal = || {
        SparkError::new(ExceptionClass::IllegalArgument, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION")
            .param("pattern", pattern)
            .param("docroot", "https://spark.apache.org/docs/latest")
    };
    let mut items: Vec<Item> = vec![];
    let push_literal = |items: &mut Vec<Item>, c: char| match items.last_mut() {
        Some(Item::Literal(text)) => text.push(c),
        _ => items.push(Item::Literal(c.to_string())),
    };
    while *at < chars.len() {
        let c = chars[*at];
        match c {
            '\'' => {
                *at += 1;
                if chars.get(*at) == Some(&'\'') {
                    push_literal(&mut items, '\'');
                    *at += 1;
                    continue;
                }
                loop {
                    match chars.get(*at) {
                        None => return Err(illegal()),
                        Some('\'') if chars.get(*at + 1) == Some(&'\'') => {
                            push_literal(&mut items, '\'');
                            *at += 2;
                        }
                        Some('\'') => break,
                        Some(c) => {
                            push_literal(&mut items, *c);
                            *at += 1;
                        }
                    }
                }
                *at += 1;
            }
            '[' => {
                *at += 1;
                items.push(Item::Optional(compile(chars, at, true, pattern)?));
            }
            ']' if nested => {
                *at += 1;
                return Ok(items);
            }
            ']' | '{' | '}' | '#' => return Err(illegal()),
            c if c.is_ascii_alphabetic() => {
                let count = chars[*at..].iter().take_while(|other| **other == c).count();
                if !"GyuMLdDHhKkmsSaEXxZzVO".contains(c) || (c == 'S' && count > 9) {
                    return Err(illegal());
                }
                items.push(Item::Field(c, count));
                *at += count;
            }
            c => {
                push_literal(&mut items, c);
                *at += 1;
            }
        }
    }
    if nested { Err(illegal()) } else { Ok(items) }
}

fn parse_items<'a>(items: &[Item], mut text: &'a str, fields: &mut Fields) -> Option<&'a str> {
    for (i, item) in items.iter().enumerate() {
        match item {
            Item::Literal(literal) => text = text.strip_prefix(literal.as_str())?,
            Item::Optional(inner) => {
                if let Some(rest) = parse_items(inner, text, fields) {
                    text = rest;
                }
            }
            Item::Field(letter, count) => {
                // Adjacent numbers keep their own widths: `yyyyMMdd`.
                let adjacent = matches!(items.get(i + 1), Some(Item::Field(next, n)) if is_number(*next, *n));
                text = parse_field(*letter, *count, adjacent, text, fields)?;
            }
        }
    }
    Some(text)
}

fn is_number(letter: char, count: usize) -> bool {
    "yudDHhKkmsS".contains(letter) || ("ML".contains(letter) && count <= 2)
}

fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn one_of<'a>(names: &[&str], short: bool, text: &'a str) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(i, name)| {
        let name = if short { &name[..3] } else { name };
        text.strip_prefix(name).map(|rest| (i, rest))
    })
}

fn parse_field<'a>(letter: char, count: usize, adjacent: bool, text: &'a str, fields: &mut Fields) -> Option<&'a str> {
    // One letter takes as many digits as there are; more take exactly so many.
    let width = |most: usize| if count == 1 && !adjacent { (1, most) } else { (count, count.max(1)) };
    let rest = match letter {
        'G' => text.strip_prefix("AD").or_else(|| text.strip_prefix("BC"))?,
        'y' | 'u' => {
            let (sign, body) = match text.strip_prefix('-') {
                Some(body) => (-1, body),
                None => (1, text.strip_prefix('+').unwrap_or(text)),
            };
            let (year, rest) = match count {
                2 => number(body, 2, 2).map(|(year, rest)| (2000 + year, rest))?,
                1 => number(body, 1, 9)?,
                n if adjacent => number(body, n, n)?,
                n => number(body, n, n.max(9))?,
            };
            fields.year = Some(sign * year);
            rest
        }
        'M' | 'L' if count >= 3 => {
            let (index, rest) = one_of(&MONTHS, count == 3, text)?;
            fields.month = Some(index as u32 + 1);
            rest
        }
        'M' | 'L' => {
            let (least, most) = width(2);
            let (value, rest) = number(text, least, most)?;
            fields.month = Some(value as u32);
            rest
        }
        'd' => {
            let (least, most) = width(2);
            let (value, rest) = number(text, least, most)?;
            fields.day = Some(value as u32);
            rest
        }
        'D' => {
            let (value, rest) = number(text, count.min(3), 3)?;
            fields.day_of_year = Some(value as u32);
            rest
        }
        'H' | 'k' | 'h' | 'K' | 'm' | 's' => {
            let (least, most) = width(2);
            let (value, rest) = number(text, least, most)?;
            match letter {
                'H' => fields.hour = Some(value),
                'k' => fields.hour = Some(value % 24),
                'h' | 'K' => fields.hour_of_half = (value <= 12).then_some(Some(value))?,
                'm' => fields.minute = value,
                _ => fields.second = value,
            }
            rest
        }
        'S' => {
            // Spark reads a fraction of one to nine digits whatever the count, in a pattern that parses.
            let digits = text.bytes().take(9.min(count.max(1))).take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            let mut micros = 0;
            for i in 0..6 {
                micros = micros * 10 + if i < digits { i64::from(text.as_bytes()[i] - b'0') } else { 0 };
            }
            fields.micros = micros;
            &text[digits..]
        }
        'a' => {
            let (afternoon, rest) = match text.get(..2)? {
                "AM" => (false, &text[2..]),
                "PM" => (true, &text[2..]),
                _ => return None,
            };
            fields.afternoon = Some(afternoon);
            rest
        }
        'E' => one_of(&DAYS, count < 4, text)?.1,
        _ => {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-:/_".contains(c))).unwrap_or(text.len());
            fields.zone = Some(SessionZone::find(&text[..end])?);
            &text[end..]
        }
    };
    Some(rest)
}

fn format_items(items: &[Item], local: i64, offset: i32, zone: &SessionZone, out: &mut String) {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Optional(inner) => format_items(inner, local, offset, zone, out),
            Item::Field(letter, count) => format_field(*letter, *count, local, offset, zone, out),
        }
    }
}

fn format_field(letter: char, count: usize, local: i64, offset: i32, zone: &SessionZone, out: &mut String) {
    let days = local.div_euclid(86_400_000_000);
    let time = local.rem_euclid(86_400_000_000);
    let (year, month, day) = civil_from_days(days);
    let seconds = time / 1_000_000;
    let hour = seconds / 3600;
    let text = match letter {
        'G' => if year > 0 { "AD" } else { "BC" }.to_string(),
        'y' if count == 2 => format!("{:02}", year.rem_euclid(100)),
        'y' | 'u' => {
            let shown = if letter == 'y' && year <= 0 { 1 - year } else { year };
            let sign = if shown > 9999 && count >= 4 { "+" } else { "" };
            format!("{sign}{shown:0count$}")
        }
        'M' | 'L' if count == 3 => MONTHS[month as usize - 1][..3].to_string(),
        'M' | 'L' if count > 3 => MONTHS[month as usize - 1].to_string(),
        'M' | 'L' => format!("{month:0count$}"),
        'd' => format!("{day:0count$}"),
        'D' => format!("{:0count$}", days - days_from_civil(year, 1, 1) + 1),
        'H' => format!("{hour:0count$}"),
        'k' => format!("{:0count$}", if hour == 0 { 24 } else { hour }),
        'h' => format!("{:0count$}", if hour % 12 == 0 { 12 } else { hour % 12 }),
        'K' => format!("{:0count$}", hour % 12),
        'm' => format!("{:0count$}", seconds / 60 % 60),
        's' => format!("{:0count$}", seconds % 60),
        'S' => format!("{:09}", time % 1_000_000 * 1000)[..count.min(9)].to_string(),
        'a' => if hour < 12 { "AM" } else { "PM" }.to_string(),
        'E' => {
            let name = DAYS[(days + 3).rem_euclid(7) as usize];
            if count < 4 { name[..3].to_string() } else { name.to_string() }
        }
        'X' if offset == 0 => "Z".to_string(),
        'V' | 'z' => match zone {
            SessionZone::Region(region) => region.name().to_string(),
            SessionZone::Fixed(0) => "UTC".to_string(),
            SessionZone::Fixed(_) => offset_text(offset, 3),
        },
        'O' => format!("GMT{}", if offset == 0 { String::new() } else { offset_text(offset, 3) }),
        'Z' if count <= 3 => offset_text(offset, 2),
        _ => offset_text(offset, count),
    };
    out.push_str(&text);
}

/// `+01`, `+0130`, `+01:30` by the number of letters.
fn offset_text(offset: i32, count: usize) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
    match count {
        1 if minutes == 0 => format!("{sign}{hours:02}"),
        1 | 2 | 4 => format!("{sign}{hours:02}{minutes:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, micros: Option<i64>) {
        let pattern = DateTimePattern::new(pattern).unwrap();
        assert_eq!(pattern.parse_timestamp(text, &SessionZone::utc()), micros, "{text}");
    }

    #[test]
    fn patterns_parse() {
        check("dd/MM/yyyy", "02/01/1970", Some(86_400_000_000));
        check("dd/MM/yyyy", "2/1/1970", None);
        check("d/M/y", "2/1/1970", Some(86_400_000_000));
        check("yyyyMMddHHmmss", "19700101000001", Some(1_000_000));
        check("yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "1970-01-01T00:00:01.250+00:00", Some(1_250_000));
        check("yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "1970-01-01T00:00:01", Some(1_000_000));
        check("MMM d, yyyy h:mm a", "Jan 1, 1970 1:00 PM", Some(13 * 3_600_000_000));
        check("yyyy-MM-dd", "1970-02-30", None);
    }

    #[test]
    fn patterns_format() {
        let pattern = DateTimePattern::new("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").unwrap();
        assert_eq!(pattern.format(1_250_000, &SessionZone::utc()), "1970-01-01T00:00:01.250Z");
        let zone = SessionZone::find("+05:30").unwrap();
        assert_eq!(pattern.format(0, &zone), "1970-01-01T05:30:00.000+05:30");
        assert!(DateTimePattern::new("yyyy-QQ-bb").is_err());
    }
}
