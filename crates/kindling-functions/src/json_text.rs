//! A JSON parser with Jackson's leniences: what Spark's options allow, nothing lost of numbers.

/// A JSON value; numbers keep their text and objects their order and duplicates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// What a text may have beyond the standard (`JSONOptions`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct JsonSyntax {
    /// `allowComments`
    pub comments: bool,
    /// `allowUnquotedFieldNames`
    pub unquoted_names: bool,
    /// `allowSingleQuotes`
    pub single_quotes: bool,
    /// `allowNumericLeadingZeros`
    pub leading_zeros: bool,
    /// `allowNonNumericNumbers`
    pub non_numeric: bool,
    /// `allowBackslashEscapingAnyCharacter`
    pub any_escape: bool,
    /// `allowUnquotedControlChars`
    pub control_characters: bool,
}

impl JsonSyntax {
    /// What `from_json` allows by default.
    pub const SPARK: JsonSyntax = JsonSyntax {
        comments: false,
        unquoted_names: false,
        single_quotes: true,
        leading_zeros: false,
        non_numeric: true,
        any_escape: false,
        control_characters: false,
    };
}

const DEEPEST: usize = 1000;

/// Parses the first value; what follows is ignored, as Spark's row parser does.
pub(crate) fn parse_json_prefix(text: &str, syntax: JsonSyntax) -> Option<Json> {
    Parser { rest: text, syntax, depth: 0 }.value()
}

struct Parser<'a> {
    rest: &'a str,
    syntax: JsonSyntax,
    depth: usize,
}

impl Parser<'_> {
    fn skip(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
            if !self.syntax.comments {
                return Some(());
            }
            if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/")?.1;
            } else if let Some(comment) = self.rest.strip_prefix("//") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else {
                return Some(());
            }
        }
    }

    fn eat(&mut self, mark: char) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Json> {
        self.skip()?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = match self.rest.chars().next()? {
            '{' => self.object(),
            '[' => self.array(),
            '"' => self.string('"').map(Json::String),
            '\'' if self.syntax.single_quotes => self.string('\'').map(Json::String),
            _ => self.word(),
        };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Json> {
        self.rest = &self.rest[1..];
        let mut fields = vec![];
        self.skip()?;
        if self.eat('}') {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip()?;
            let name = match self.rest.chars().next()? {
                '"' => self.string('"')?,
                '\'' if self.syntax.single_quotes => self.string('\'')?,
                c if self.syntax.unquoted_names && (c.is_alphabetic() || matches!(c, '_' | '$')) => {
                    let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))?;
                    let (name, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    name.to_string()
                }
                _ => return None,
            };
            self.skip()?;
            if !self.eat(':') {
                return None;
            }
            fields.push((name, self.value()?));
            self.skip()?;
            if self.eat('}') {
                return Some(Json::Object(fields));
            }
            if !self.eat(',') {
                return None;
            }
        }
    }

    fn array(&mut self) -> Option<Json> {
        self.rest = &self.rest[1..];
        let mut items = vec![];
        self.skip()?;
        if self.eat(']') {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip()?;
            if self.eat(']') {
                return Some(Json::Array(items));
            }
            if !self.eat(',') {
                return None;
            }
        }
    }

    fn string(&mut self, quote: char) -> Option<String> {
        let mut chars = self.rest[1..].char_indices();
        let mut out = String::new();
        loop {
            let (at, c) = chars.next()?;
            match c {
                c if c == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(out);
                }
                '\\' => {
                    let (_, escaped) = chars.next()?;
                    match escaped {
                        '"' | '\\' | '/' => out.push(escaped),
                        'b' => out.push('\u{8}'),
                        'f' => out.push('\u{c}'),
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        'u' => {
                            let first = hex(&mut chars)?;
                            if (0xD800..0xDC00).contains(&first) {
                                if chars.next()?.1 != '\\' || chars.next()?.1 != 'u' {
                                    return None;
                                }
                                let second = hex(&mut chars)?;
                                let code = 0x10000 + ((first - 0xD800) << 10) + second.checked_sub(0xDC00)?;
                                out.push(char::from_u32(code)?);
                            } else {
                                out.push(char::from_u32(first)?);
                            }
                        }
                        '\'' if self.syntax.single_quotes => out.push('\''),
                        other if self.syntax.any_escape => out.push(other),
                        _ => return None,
                    }
                }
                c if (c as u32) < 0x20 && !self.syntax.control_characters => return None,
                c => out.push(c),
            }
        }
    }

    fn word(&mut self) -> Option<Json> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            "NaN" | "Infinity" | "+Infinity" | "-Infinity" | "INF" | "+INF" | "-INF" if self.syntax.non_numeric => {
                Some(Json::Number(word.to_string()))
            }
            number => is_number(number, self.syntax.leading_zeros).then(|| Json::Number(number.to_string())),
        }
    }
}

fn hex(chars: &mut std::str::CharIndices<'_>) -> Option<u32> {
    (0..4).try_fold(0, |code, _| Some(code * 16 + chars.next()?.1.to_digit(16)?))
}

fn is_number(text: &str, leading_zeros: bool) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (leading_zeros || whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// Writes a string as Jackson does.
pub(crate) fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_allow_what_they_name() {
        let strict = JsonSyntax::default();
        let check = |text: &str, syntax: JsonSyntax| parse_json_prefix(text, syntax).is_some();
        assert!(check(r#" {"a": [1, -2.5e3, "x\u00e9\n", null, true]} "#, strict));
        assert!(!check("{a: 1}", strict));
        assert!(check("{a: 1}", JsonSyntax { unquoted_names: true, ..strict }));
        assert!(!check("{'a': 1}", strict));
        assert!(check("{'a': 1}", JsonSyntax::SPARK));
        assert!(!check("01", strict));
        assert!(check("01", JsonSyntax { leading_zeros: true, ..strict }));
        assert!(check("1 2", strict));
        assert!(!check(&"[".repeat(5000), strict));
    }

    #[test]
    fn surrogate_pairs_are_one_character() {
        assert_eq!(
            parse_json_prefix(r#""\ud83d\ude00""#, JsonSyntax::default()),
            Some(Json::String("\u{1F600}".into()))
        );
    }
}
