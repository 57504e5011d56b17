//! Text as dates and times.

use super::{Item, MONTHS, Parsed, WEEKDAYS};
use crate::{
    SessionTimeZone,
    datetime::{MICROS_PER_DAY, MICROS_PER_SECOND, checked_days, civil},
};

#[derive(Debug, Default, Clone)]
pub(super) struct Fields {
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
    pub(super) fn resolve(self) -> Option<Parsed> {
        let mut year = self.year.unwrap_or(1970);
        if self.bc {
            year = 1 - year;
        }
        let days = match self.day_of_year {
            Some(n) => {
                let limit = 365 + u32::from(crate::datetime::is_leap(year));
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

pub(super) fn parse_items<'a>(items: &[Item], text: &'a str, fields: &mut Fields) -> Option<&'a str> {
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
