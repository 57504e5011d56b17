//! Text to tokens, with the token rules of Spark's `SqlBaseLexer`.

use crate::{
    keyword::Keyword,
    token::{Symbol, Token, TokenKind},
};

/// What the lexer found.
pub(crate) struct Lexed {
    /// The tokens, an `Eof` last.
    pub(crate) tokens: Vec<Token>,
    /// A `/*` without its `*/`.
    pub(crate) unclosed_comment: bool,
}

/// Cuts a text into tokens. It never fails: what is no token becomes `Unrecognized`.
pub(crate) fn tokenize(text: &str) -> Lexed {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), pos: 0 };
    let mut lexed = Lexed { tokens: Vec::with_capacity(text.len() / 4 + 4), unclosed_comment: false };
    loop {
        if !lexer.skip_hidden() {
            lexed.unclosed_comment = true;
            lexer.pos = text.len();
        }
        let start = lexer.pos;
        if start >= text.len() {
            lexed.tokens.push(Token { kind: TokenKind::Eof, start: text.len(), end: text.len() });
            return lexed;
        }
        let kind = lexer.next_kind();
        lexed.tokens.push(Token { kind, start, end: lexer.pos });
    }
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
}

fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '\n'
            | '\x0C'
            | '\r'
            | '\x0B'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{2028}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}'
    ) || ('\u{2000}'..='\u{200A}').contains(&c)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphabetic())
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.pos..).unwrap_or("")
    }

    fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(self.pos + offset).copied().unwrap_or(0)
    }

    /// Skips blanks and comments; false when a comment does not end.
    fn skip_hidden(&mut self) -> bool {
        loop {
            let Some(c) = self.rest().chars().next() else { return true };
            if is_space(c) {
                self.pos += c.len_utf8();
            } else if self.rest().starts_with("--") {
                self.skip_line();
            } else if self.rest().starts_with("/*") && !self.rest().starts_with("/*+") {
                if !self.skip_block() {
                    return false;
                }
            } else {
                return true;
            }
        }
    }

    /// A backslash at the end of a line continues the comment.
    fn skip_line(&mut self) {
        while self.pos < self.bytes.len() {
            match self.byte(0) {
                b'\\' if self.byte(1) == b'\n' => self.pos += 2,
                b'\n' => {
                    self.pos += 1;
                    return;
                }
                _ => self.pos += 1,
            }
        }
    }

    /// Block comments nest.
    fn skip_block(&mut self) -> bool {
        let mut depth = 0;
        while self.pos < self.bytes.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') if depth == 0 || self.byte(2) != b'+' => {
                    depth += 1;
                    self.pos += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.pos += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.pos += 1,
            }
        }
        false
    }

    fn next_kind(&mut self) -> TokenKind {
        let first = self.rest().chars().next().unwrap_or(' ');
        let next = self.byte(1);
        match first {
            '\'' => self.quoted(b'\'', 1, true, TokenKind::String),
            '"' => self.quoted(b'"', 1, true, TokenKind::DoubleQuoted),
            'r' | 'R' if next == b'\'' => self.quoted(b'\'', 2, false, TokenKind::String),
            'r' | 'R' if next == b'"' => self.quoted(b'"', 2, false, TokenKind::String),
            '`' => self.quoted(b'`', 1, false, TokenKind::BackquotedIdentifier),
            '$' => self.dollar_quoted(),
            '0'..='9' => self.number(),
            '.' if next.is_ascii_digit() => self.number(),
            c if is_word(c) => self.word(),
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> TokenKind {
        for (text, symbol) in Symbol::ALL {
            if self.rest().starts_with(text) {
                self.pos += text.len();
                return TokenKind::Symbol(*symbol);
            }
        }
        self.pos += self.rest().chars().next().map_or(1, char::len_utf8);
        TokenKind::Unrecognized
    }

    /// A quoted token whose content begins `skip` bytes in. A doubled quote is one, and so is a backslashed one if `escapes`.
    fn quoted(&mut self, quote: u8, skip: usize, escapes: bool, kind: TokenKind) -> TokenKind {
        let raw_string = skip == 2;
        let mut i = self.pos + skip;
        while let Some(byte) = self.bytes.get(i) {
            if escapes && *byte == b'\\' {
                i += 1 + self.text.get(i + 1..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            } else if *byte == quote {
                if !raw_string && self.bytes.get(i + 1) == Some(&quote) {
                    i += 2;
                } else {
                    self.pos = i + 1;
                    return kind;
                }
            } else {
                i += 1;
            }
        }
        self.pos += 1;
        TokenKind::Unrecognized
    }

    fn dollar_quoted(&mut self) -> TokenKind {
        let rest = self.rest();
        let tag_end = rest.get(1..).and_then(|tail| tail.find(|c: char| !is_word(c))).map(|i| i + 1);
        if let Some(tag_end) = tag_end
            && let Some(tag) = rest.get(..=tag_end)
            && tag.ends_with('$')
            && let Some(close) = rest.get(tag.len()..).and_then(|tail| tail.find(tag))
        {
            self.pos += tag.len() * 2 + close;
            return TokenKind::DollarQuoted;
        }
        self.pos += 1;
        TokenKind::Unrecognized
    }

    fn word(&mut self) -> TokenKind {
        let rest = self.rest();
        let len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or("");
        // A URI is one identifier, so that an unquoted path gets a sensible error.
        if rest.get(len..).is_some_and(|tail| tail.starts_with("://")) && word.chars().all(char::is_alphabetic) {
            let tail = rest.get(len + 3..).unwrap_or("");
            let more = tail.find(|c: char| !(is_word(c) || "/-.?=&#%".contains(c))).unwrap_or(tail.len());
            if more > 0 {
                self.pos += len + 3 + more;
                return TokenKind::Identifier;
            }
        }
        let keyword = Keyword::lookup(word);
        self.pos += len;
        keyword.map_or(TokenKind::Identifier, TokenKind::Keyword)
    }

    fn digits_at(&self, mut i: usize) -> usize {
        while self.bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    }

    /// One past an exponent that starts at `i`, or `i`.
    fn exponent_at(&self, i: usize) -> usize {
        if !matches!(self.bytes.get(i), Some(b'e' | b'E')) {
            return i;
        }
        let sign = usize::from(matches!(self.bytes.get(i + 1), Some(b'+' | b'-')));
        let digits = self.digits_at(i + 1 + sign);
        if digits > i + 1 + sign { digits } else { i }
    }

    fn word_char_at(&self, i: usize) -> bool {
        self.text.get(i..).and_then(|rest| rest.chars().next()).is_some_and(is_word)
    }

    fn number(&mut self) -> TokenKind {
        let integer = self.digits_at(self.pos);
        if self.bytes.get(integer) == Some(&b'.') {
            let fraction = self.digits_at(integer + 1);
            let exponent = self.exponent_at(fraction);
            let suffixed = self.suffix(exponent).filter(|(_, end)| !self.word_char_at(*end));
            let plain = [(exponent, exponent > fraction), (fraction, false)];
            let found = suffixed.or_else(|| {
                plain.into_iter().find(|(end, _)| !self.word_char_at(*end)).map(|(end, with_exponent)| {
                    (if with_exponent { TokenKind::Exponent } else { TokenKind::Decimal }, end)
                })
            });
            if let Some((kind, end)) = found {
                self.pos = end;
                return kind;
            }
            if integer == self.pos {
                self.pos += 1;
                return TokenKind::Symbol(Symbol::Dot);
            }
        }
        let rest = self.rest();
        let word = self.pos + rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let exponent = self.exponent_at(integer);
        let mut best = (TokenKind::Integer, integer);
        if exponent > integer {
            best = (TokenKind::Exponent, exponent);
        }
        if let Some(found) = self.suffix(exponent) {
            best = found;
        }
        if exponent == integer {
            let integral = match self.bytes.get(integer) {
                Some(b'l' | b'L') => Some(TokenKind::BigInt),
                Some(b's' | b'S') => Some(TokenKind::SmallInt),
                Some(b'y' | b'Y') => Some(TokenKind::TinyInt),
                _ => None,
            };
            if let Some(kind) = integral {
                best = (kind, integer + 1);
            }
        }
        if word > best.1 {
            best = (TokenKind::Identifier, word);
        }
        self.pos = best.1;
        best.0
    }

    fn suffix(&self, i: usize) -> Option<(TokenKind, usize)> {
        match (self.bytes.get(i), self.bytes.get(i + 1)) {
            (Some(b'b' | b'B'), Some(b'd' | b'D')) => Some((TokenKind::BigDecimal, i + 2)),
            (Some(b'd' | b'D'), _) => Some((TokenKind::Double, i + 1)),
            (Some(b'f' | b'F'), _) => Some((TokenKind::Float, i + 1)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &str) {
        let lexed = tokenize(sql);
        let texts: Vec<String> = lexed
            .tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Eof)
            .map(|token| {
                let text = &sql[token.start..token.end];
                match token.kind {
                    TokenKind::Keyword(_) => text.to_uppercase(),
                    TokenKind::Symbol(_) => text.to_string(),
                    kind => format!("{kind:?}:{text}"),
                }
            })
            .collect();
        assert_eq!(texts.join(" "), expected);
    }

    #[test]
    fn numbers_end_where_spark_ends_them() {
        check("1.2.3", "Decimal:1.2 Decimal:.3");
        check(
            "1a 2L 3.x 4e5 5e 6.0BD 7bd .5d",
            "Identifier:1a BigInt:2L Integer:3 . X Exponent:4e5 Identifier:5e BigDecimal:6.0BD BigDecimal:7bd Double:.5d",
        );
    }

    #[test]
    fn comments_nest_and_hints_do_not_hide() {
        check("select /* a /* b */ c */ 1 -- x\n+ /*+ merge */ 2", "SELECT Integer:1 + /*+ MERGE */ Integer:2");
        assert!(tokenize("select /* x").unclosed_comment);
    }

    #[test]
    fn strings_keep_their_quotes() {
        check(r#"'it''s' "a""b" r'\n' '\''"#, r#"String:'it''s' DoubleQuoted:"a""b" String:r'\n' String:'\''"#);
        check("'abc", "Unrecognized:' Identifier:abc");
    }
}
