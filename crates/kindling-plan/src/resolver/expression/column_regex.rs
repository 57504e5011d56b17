//! Regular expressions over column names, with the possessive quantifiers that Hive's idiom for "all but these" needs:
//! `` `(a|b)?+.+` ``.

use kindling_common::{SparkError, SparkResult};
use regex::{Regex, RegexBuilder};

/// A pattern that must match a whole name.
pub(super) struct ColumnRegex {
    /// What possessive parts at the front take, in order; each keeps the first match it finds.
    possessive: Vec<Regex>,
    rest: Regex,
}

impl ColumnRegex {
    /// Compiles a Java pattern. Possessive quantifiers are known where nothing that could give back stands before them.
    pub fn new(pattern: &str, case_insensitive: bool) -> SparkResult<ColumnRegex> {
        let compile = |text: String| {
            RegexBuilder::new(&text)
                .case_insensitive(case_insensitive)
                .build()
                .map_err(|error| SparkError::unsupported(format!("regular expression {pattern}: {error}")))
        };
        let mut possessive = vec![];
        let mut rest = pattern;
        while let Some(end) = possessive_end(rest) {
            let (part, after) = rest.split_at(end);
            possessive.push(compile(format!("^(?:{})", part.strip_suffix('+').unwrap_or(part)))?);
            rest = after;
        }
        Ok(ColumnRegex { possessive, rest: compile(format!("^(?:{rest})$"))? })
    }

    /// Whether a whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let mut left = name;
        for part in &self.possessive {
            let Some(found) = part.find(left) else { return false };
            left = left.get(found.end()..).unwrap_or("");
        }
        self.rest.is_match(left)
    }
}

/// Where the first element of a pattern ends if its quantifier is possessive: `(…)?+`, `[…]*+`, `x++`.
fn possessive_end(pattern: &str) -> Option<usize> {
    let bytes = pattern.as_bytes();
    let atom = match bytes.first()? {
        b'(' => closing(bytes, b'(', b')')?,
        b'[' => closing(bytes, b'[', b']')?,
        b'\\' => 2,
        _ => pattern.chars().next()?.len_utf8(),
    };
    let quantifier = match bytes.get(atom)? {
        b'?' | b'*' | b'+' => atom + 1,
        b'{' => atom + closing(bytes.get(atom..)?, b'{', b'}')?,
        _ => return None,
    };
    (bytes.get(quantifier) == Some(&b'+')).then_some(quantifier + 1)
}

/// The end of a bracketed element that the bytes start with.
fn closing(bytes: &[u8], open: u8, close: u8) -> Option<usize> {
    let mut depth = 0;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if *byte == open => depth += 1,
            byte if *byte == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_possessive_part_gives_nothing_back() {
        let all_but = ColumnRegex::new("(ds|hr)?+.+", true).unwrap();
        assert!(!all_but.matches("DS"));
        assert!(!all_but.matches("hr"));
        assert!(all_but.matches("hour"));
        assert!(all_but.matches("ds2"));
    }

    #[test]
    fn other_patterns_match_whole_names() {
        let plain = ColumnRegex::new("a+b?", false).unwrap();
        assert!(plain.matches("aab"));
        assert!(!plain.matches("xaab"));
        assert!(!plain.matches("A"));
    }
}
