//! One JSON value as a tree over the text, with Jackson's leniencies.

use std::borrow::Cow;

/// What a text may hold beyond JSON.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Syntax {
    pub comments: bool,
    pub unquoted_names: bool,
    pub single_quotes: bool,
    pub leading_zeros: bool,
    pub non_numeric: bool,
    pub any_escape: bool,
    pub control_characters: bool,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Boolean(bool),
    /// A whole number's text.
    Integer(&'a [u8]),
    /// The text of a number with a point or an exponent.
    Float(&'a [u8]),
    /// `NaN` and the infinities.
    NonNumeric(f64, &'a [u8]),
    String(Cow<'a, str>),
    /// Elements, and the text of the whole.
    Array(Vec<Node<'a>>, &'a [u8]),
    /// Fields in order, and the text of the whole.
    Object(Vec<(Cow<'a, str>, Node<'a>)>, &'a [u8]),
}

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson;

/// Deeper nesting is refused, as Jackson does (`StreamReadConstraints`).
const MAX_DEPTH: usize = 500;

/// The first value of a text; what follows it is not looked at. `None` when there is nothing but space.
pub(crate) fn parse(text: &[u8], syntax: Syntax) -> Result<Option<Node<'_>>, NotJson> {
    let mut parser = Parser { text, at: 0, syntax, depth: 0 };
    parser.space()?;
    if parser.at == text.len() { Ok(None) } else { parser.value().map(Some) }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    syntax: Syntax,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) -> Result<(), NotJson> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.syntax.comments => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), NotJson> {
        let rest = &self.text[self.at..];
        let end = if rest.starts_with(b"/*") {
            memchr::memmem::find(&rest[2..], b"*/").map(|end| end + 4)
        } else if rest.starts_with(b"//") {
            Some(memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()))
        } else {
            None
        };
        self.at += end.ok_or(NotJson)?;
        Ok(())
    }

    fn value(&mut self) -> Result<Node<'a>, NotJson> {
        self.space()?;
        let start = self.at;
        match self.peek().ok_or(NotJson)? {
            b'{' => self.nested(|parser| parser.object(start)),
            b'[' => self.nested(|parser| parser.array(start)),
            b'"' => self.string(b'"').map(Node::String),
            b'\'' if self.syntax.single_quotes => self.string(b'\'').map(Node::String),
            b'-' | b'+' | b'0'..=b'9' | b'.' => self.number(),
            _ => self.word(),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, NotJson>) -> Result<T, NotJson> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(NotJson);
        }
        let out = read(self)?;
        self.depth -= 1;
        Ok(out)
    }

    fn object(&mut self, start: usize) -> Result<Node<'a>, NotJson> {
        self.at += 1;
        let mut fields = vec![];
        self.space()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Object(fields, &self.text[start..self.at]));
        }
        loop {
            self.space()?;
            let name = match self.peek().ok_or(NotJson)? {
                b'"' => self.string(b'"')?,
                b'\'' if self.syntax.single_quotes => self.string(b'\'')?,
                _ if self.syntax.unquoted_names => self.bare_name()?,
                _ => return Err(NotJson),
            };
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(NotJson);
            }
            self.at += 1;
            let value = self.value()?;
            fields.push((name, value));
            self.space()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Node::Object(fields, &self.text[start..self.at]));
                }
                _ => return Err(NotJson),
            }
        }
    }

    fn array(&mut self, start: usize) -> Result<Node<'a>, NotJson> {
        self.at += 1;
        let mut values = vec![];
        self.space()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::Array(values, &self.text[start..self.at]));
        }
        loop {
            values.push(self.value()?);
            self.space()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Node::Array(values, &self.text[start..self.at]));
                }
                _ => return Err(NotJson),
            }
        }
    }

    fn bare_name(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let rest = &self.text[self.at..];
        let len = rest
            .iter()
            .position(|byte| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'@') || *byte >= 0x80)
            })
            .unwrap_or(rest.len());
        if len == 0 {
            return Err(NotJson);
        }
        self.at += len;
        std::str::from_utf8(&rest[..len]).map(Cow::Borrowed).map_err(|_| NotJson)
    }

    fn string(&mut self, quote: u8) -> Result<Cow<'a, str>, NotJson> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek().ok_or(NotJson)? {
                byte if byte == quote => {
                    let text = std::str::from_utf8(&self.text[start..self.at]).map_err(|_| NotJson)?;
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped_string(quote, start),
                byte if byte < b' ' && !self.syntax.control_characters => return Err(NotJson),
                _ => self.at += 1,
            }
        }
    }

    fn escaped_string(&mut self, quote: u8, start: usize) -> Result<Cow<'a, str>, NotJson> {
        let mut out = self.text[start..self.at].to_vec();
        loop {
            match self.peek().ok_or(NotJson)? {
                byte if byte == quote => {
                    self.at += 1;
                    return String::from_utf8(out).map(Cow::Owned).map_err(|_| NotJson);
                }
                b'\\' => {
                    self.at += 1;
                    let escape = self.peek().ok_or(NotJson)?;
                    self.at += 1;
                    let plain = match escape {
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'"' | b'\\' | b'/' => escape,
                        b'u' => {
                            let c = self.unicode()?;
                            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                            continue;
                        }
                        b'\'' if self.syntax.single_quotes => escape,
                        _ if self.syntax.any_escape => escape,
                        _ => return Err(NotJson),
                    };
                    out.push(plain);
                }
                byte if byte < b' ' && !self.syntax.control_characters => return Err(NotJson),
                byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or(NotJson);
            }
            self.at = back;
        }
        // Half a pair is no character.
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(NotJson)?;
        self.at += 4;
        let text = std::str::from_utf8(digits).map_err(|_| NotJson)?;
        u32::from_str_radix(text, 16).map_err(|_| NotJson)
    }

    fn number(&mut self) -> Result<Node<'a>, NotJson> {
        let start = self.at;
        if matches!(self.peek(), Some(b'-' | b'+')) {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                self.at = start;
                return self.word();
            }
            if self.text[start] == b'+' {
                return Err(NotJson);
            }
        }
        let digits = self.digits();
        let leading_zero = digits > 1 && self.text[self.at - digits] == b'0';
        if digits == 0 || (leading_zero && !self.syntax.leading_zeros) {
            return Err(NotJson);
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            float = true;
            if self.digits() == 0 {
                return Err(NotJson);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            float = true;
            if matches!(self.peek(), Some(b'-' | b'+')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(NotJson);
            }
        }
        self.boundary()?;
        let text = &self.text[start..self.at];
        Ok(if float { Node::Float(text) } else { Node::Integer(text) })
    }

    fn digits(&mut self) -> usize {
        let count = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// A number or word must not run into a letter.
    fn boundary(&self) -> Result<(), NotJson> {
        match self.peek() {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' => Err(NotJson),
            _ => Ok(()),
        }
    }

    fn word(&mut self) -> Result<Node<'a>, NotJson> {
        let start = self.at;
        let rest = &self.text[start..];
        let len = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'_')))
            .unwrap_or(rest.len());
        let word = &rest[..len];
        let node = match word {
            b"null" => Node::Null,
            b"true" => Node::Boolean(true),
            b"false" => Node::Boolean(false),
            b"NaN" if self.syntax.non_numeric => Node::NonNumeric(f64::NAN, word),
            b"Infinity" | b"INF" | b"+INF" | b"+Infinity" if self.syntax.non_numeric => {
                Node::NonNumeric(f64::INFINITY, word)
            }
            b"-Infinity" | b"-INF" if self.syntax.non_numeric => Node::NonNumeric(f64::NEG_INFINITY, word),
            _ => return Err(NotJson),
        };
        self.at += len;
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<Option<Node<'_>>, NotJson> {
        parse(text.as_bytes(), Syntax::default())
    }

    #[test]
    fn values_keep_the_text_they_came_from() {
        let Ok(Some(Node::Object(fields, text))) = strict(" {\"a\": 1.10, \"b\":[1,\"x\\n\\u00e9\"]} rest") else {
            panic!("not an object");
        };
        assert_eq!(text, b"{\"a\": 1.10, \"b\":[1,\"x\\n\\u00e9\"]}");
        assert_eq!(fields[0].1, Node::Float(b"1.10"));
        let Node::Array(values, _) = &fields[1].1 else { panic!("not an array") };
        assert_eq!(values[1], Node::String(Cow::Borrowed("x\né")));
        assert_eq!(strict("  "), Ok(None));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["{bad", "{\"a\":01}", "{'a':1}", "{a:1}", "{\"a\":\"x\ty\"}", "{\"a\":1", "{\"a\":NaN}", "nul"] {
            assert_eq!(strict(text), Err(NotJson), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(strict(&deep), Err(NotJson));
    }

    #[test]
    fn leniencies_are_options() {
        let lenient = Syntax {
            comments: true,
            unquoted_names: true,
            single_quotes: true,
            leading_zeros: true,
            non_numeric: true,
            any_escape: true,
            control_characters: true,
        };
        for text in ["{'a':1}", "{a:1}", "{\"a\":01}", "/* c */{\"a\":-INF} // d", "{\"a\":\"x\ty\\q\"}"] {
            assert!(parse(text.as_bytes(), lenient).is_ok(), "{text}");
        }
    }
}
