//! One record of CSV into fields, by univocity's rules.
//!
//! A field is a range of the input where its text stands there as it is, else of a side buffer (quotes and escapes
//! removed). Records come one line at a time, or, with `multiLine`, from a buffer that may hold half of one.

use super::options::{CsvOptions, UnescapedQuotes};

/// A field's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// Nothing between two separators, or skipped: the null value.
    Null,
    /// Nothing between two quotes: the empty value.
    Empty,
    /// A range of the input.
    Input(u32, u32),
    /// A range of the side buffer.
    Side(u32, u32),
}

/// Why a record could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// More columns than `maxColumns`.
    TooManyColumns,
    /// A field longer than `maxCharsPerColumn`.
    FieldTooLong,
    /// A quote that is not escaped, with `RAISE_ERROR`.
    UnescapedQuote,
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The record ends before this offset of the input (its line end included).
    At(usize),
    /// The input ended inside the record.
    NeedMore,
}

/// Fields of one record.
pub(crate) struct Tokenizer<'a> {
    options: &'a CsvOptions,
    first: u8,
    /// Whether line ends end the record.
    pub multi_line: bool,
}

impl<'a> Tokenizer<'a> {
    pub(crate) fn new(options: &'a CsvOptions, multi_line: bool) -> Tokenizer<'a> {
        Tokenizer { options, first: options.separator.first().copied().unwrap_or(b','), multi_line }
    }

    /// Reads the record at `input[start..]` into `tokens`. `complete` says that nothing follows the input.
    #[inline]
    pub(crate) fn record(
        &self,
        input: &[u8],
        start: usize,
        complete: bool,
        tokens: &mut Vec<Token>,
        side: &mut Vec<u8>,
    ) -> Result<End, Failure> {
        tokens.clear();
        let mut at = start;
        loop {
            let (token, next) = match self.field(input, at, complete, side)? {
                Some(found) => found,
                None => return Ok(End::NeedMore),
            };
            if tokens.len() >= self.options.max_columns {
                return Err(Failure::TooManyColumns);
            }
            self.check_length(token)?;
            tokens.push(token);
            match next {
                Next::Field(next) => at = next,
                Next::Record(next) => return Ok(End::At(next)),
            }
        }
    }

    #[inline]
    fn check_length(&self, token: Token) -> Result<(), Failure> {
        match (self.options.max_chars, token) {
            (Some(most), Token::Input(start, end) | Token::Side(start, end)) if (end - start) as usize > most => {
                Err(Failure::FieldTooLong)
            }
            _ => Ok(()),
        }
    }

    /// Fields of a line without quotes: the separators alone decide. `false` for every other line. At most `wanted` fields are
    /// looked for, where that is known.
    #[inline]
    pub(crate) fn plain_line(&self, line: &[u8], offset: u32, tokens: &mut Vec<Token>, wanted: Option<usize>) -> bool {
        let options = self.options;
        if options.separator.len() != 1
            || options.ignore_leading
            || options.ignore_trailing
            || options.max_chars.is_some()
            || options.quote.is_some_and(|quote| memchr::memchr(quote, line).is_some())
        {
            return false;
        }
        tokens.clear();
        // A short line cannot hold too many fields; of a longer one all have to be counted.
        let wanted = wanted.filter(|_| line.len() < options.max_columns).unwrap_or(usize::MAX);
        let mut start = 0;
        for end in Positions::new(line, self.first) {
            if tokens.len() == wanted {
                return true;
            }
            tokens.push(plain(offset, start, end));
            start = end + 1;
        }
        if tokens.len() < wanted {
            tokens.push(plain(offset, start, line.len()));
        }
        tokens.len() <= options.max_columns
    }

    fn field(
        &self,
        input: &[u8],
        start: usize,
        complete: bool,
        side: &mut Vec<u8>,
    ) -> Result<Option<(Token, Next)>, Failure> {
        let mut at = start;
        if self.options.ignore_leading {
            while at < input.len() && input[at] <= b' ' && !self.ends_field(input, at) {
                at += 1;
            }
        }
        if at < input.len() && self.options.quote == Some(input[at]) {
            return self.quoted(input, at, complete, side);
        }
        Ok(self.unquoted(input, at, at, complete))
    }

    /// A separator or, across lines, a line end.
    #[inline]
    fn ends_field(&self, input: &[u8], at: usize) -> bool {
        self.is_separator(input, at) || (self.multi_line && matches!(input[at], b'\n' | b'\r'))
    }

    #[inline]
    fn is_separator(&self, input: &[u8], at: usize) -> bool {
        input[at] == self.first
            && (self.options.separator.len() == 1 || input[at..].starts_with(&self.options.separator))
    }

    /// What follows the field that ends at `at`; `None` when more input is needed to tell.
    fn after(&self, input: &[u8], at: usize, complete: bool) -> Option<Next> {
        if at >= input.len() {
            return complete.then_some(Next::Record(at));
        }
        if self.is_separator(input, at) {
            return Some(Next::Field(at + self.options.separator.len()));
        }
        // A line end: `\r\n` is one.
        match (input[at], input.get(at + 1)) {
            (b'\r', Some(b'\n')) => Some(Next::Record(at + 2)),
            (b'\r', None) if !complete => None,
            _ => Some(Next::Record(at + 1)),
        }
    }

    /// A field from `start`, whose end is searched from `from` on.
    fn unquoted(&self, input: &[u8], start: usize, from: usize, complete: bool) -> Option<(Token, Next)> {
        let mut end = from;
        while end < input.len() && !self.ends_field(input, end) {
            end += 1;
        }
        let next = self.after(input, end, complete)?;
        if self.options.ignore_trailing {
            while end > start && input[end - 1] <= b' ' {
                end -= 1;
            }
        }
        Some((plain(0, start, end), next))
    }

    fn quoted(
        &self,
        input: &[u8],
        open: usize,
        complete: bool,
        side: &mut Vec<u8>,
    ) -> Result<Option<(Token, Next)>, Failure> {
        let options = self.options;
        let (quote, escape) = (input[open], options.escape);
        let side_start = side.len();
        let mut at = open + 1;
        // Text up to here is in the side buffer already; without any, the field stands in the input as it is.
        let mut copied = at;
        let mut used_side = false;
        while at < input.len() {
            let byte = input[at];
            if byte == escape && escape != quote {
                match input.get(at + 1) {
                    Some(next) if *next == quote || (options.escape_escape == Some(byte) && *next == escape) => {
                        side.extend_from_slice(&input[copied..at]);
                        side.push(*next);
                        used_side = true;
                        at += 2;
                        copied = at;
                    }
                    None if !complete => break,
                    _ => at += 1,
                }
                continue;
            }
            if byte == b'\r' && self.multi_line && input.get(at + 1) == Some(&b'\n') {
                // Line ends inside quotes are normalised.
                side.extend_from_slice(&input[copied..at]);
                used_side = true;
                copied = at + 1;
                at += 1;
                continue;
            }
            if byte != quote {
                at += 1;
                continue;
            }
            if escape == quote && input.get(at + 1) == Some(&quote) {
                side.extend_from_slice(&input[copied..at]);
                side.push(quote);
                used_side = true;
                at += 2;
                copied = at;
                continue;
            }
            if escape == quote && at + 1 == input.len() && !complete {
                break;
            }
            // A closing quote, if after spaces a field or the record ends.
            let mut next = at + 1;
            while next < input.len() && input[next] <= b' ' && !self.ends_field(input, next) {
                next += 1;
            }
            if next >= input.len() && !complete {
                break;
            }
            if next >= input.len() || self.ends_field(input, next) {
                let Some(following) = self.after(input, next, complete) else { break };
                let token = if used_side {
                    side.extend_from_slice(&input[copied..at]);
                    Token::Side(side_start as u32, side.len() as u32)
                } else {
                    Token::Input(open as u32 + 1, at as u32)
                };
                return Ok(Some((empty_when_nothing(token), following)));
            }
            match options.unescaped_quotes {
                UnescapedQuotes::RaiseError => return Err(Failure::UnescapedQuote),
                UnescapedQuotes::StopAtClosingQuote => at += 1,
                UnescapedQuotes::StopAtDelimiter => {
                    side.truncate(side_start);
                    return Ok(self.unquoted(input, open, at, complete));
                }
                UnescapedQuotes::SkipValue => {
                    side.truncate(side_start);
                    return Ok(self.unquoted(input, open, at, complete).map(|(_, next)| (Token::Null, next)));
                }
                UnescapedQuotes::BackToDelimiter => {
                    side.truncate(side_start);
                    return Ok(self.unquoted(input, open, open + 1, complete));
                }
            }
        }
        if !complete {
            side.truncate(side_start);
            return Ok(None);
        }
        // The input ended inside the quotes: what is there is the value.
        let token = if used_side {
            side.extend_from_slice(&input[copied..]);
            Token::Side(side_start as u32, side.len() as u32)
        } else {
            Token::Input(open as u32 + 1, input.len() as u32)
        };
        Ok(Some((empty_when_nothing(token), Next::Record(input.len()))))
    }
}

/// Where a byte is in a line. Eight bytes are compared at once: fields are so short that a search of its own for each would
/// mostly be the cost of starting it.
struct Positions<'a> {
    words: &'a [[u8; 8]],
    rest: &'a [u8],
    pattern: u64,
    /// Place of the word behind the one that `hits` tells about.
    at: usize,
    /// The high bit of each byte that is equal.
    hits: u64,
}

impl<'a> Positions<'a> {
    #[inline]
    fn new(line: &'a [u8], byte: u8) -> Positions<'a> {
        let (words, rest) = line.as_chunks();
        Positions { words, rest, pattern: u64::from_le_bytes([byte; 8]), at: 0, hits: 0 }
    }

    #[inline]
    fn compare(&mut self, word: [u8; 8]) {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let differs = u64::from_le_bytes(word) ^ self.pattern;
        // No sum leaves its byte.
        self.hits = !(((differs & LOW) + LOW) | differs | LOW);
        self.at += 8;
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.hits == 0 {
            if let Some((word, words)) = self.words.split_first() {
                self.words = words;
                self.compare(*word);
            } else if !self.rest.is_empty() {
                // What fills the word up must not be taken for a hit.
                let mut word = [!(self.pattern as u8); 8];
                word[..self.rest.len()].copy_from_slice(self.rest);
                self.rest = &[];
                self.compare(word);
            } else {
                return None;
            }
        }
        let byte = self.hits.trailing_zeros() as usize / 8;
        self.hits &= self.hits - 1;
        Some(self.at - 8 + byte)
    }
}

enum Next {
    Field(usize),
    Record(usize),
}

#[inline]
fn plain(offset: u32, start: usize, end: usize) -> Token {
    if start == end { Token::Null } else { Token::Input(offset + start as u32, offset + end as u32) }
}

fn empty_when_nothing(token: Token) -> Token {
    match token {
        Token::Input(start, end) | Token::Side(start, end) if start == end => Token::Empty,
        token => token,
    }
}

#[cfg(test)]
mod tests {
    use kindling_common::RuntimeConfig;

    use super::*;
    use crate::SourceOptions;

    fn fields(text: &str, settings: &[(&str, &str)]) -> Vec<String> {
        let options =
            CsvOptions::new(&SourceOptions::new(settings.iter().copied()), &RuntimeConfig::default()).unwrap();
        let tokenizer = Tokenizer::new(&options, false);
        let (mut tokens, mut side) = (vec![], vec![]);
        tokenizer.record(text.as_bytes(), 0, true, &mut tokens, &mut side).unwrap();
        let text_of = |token: &Token| match *token {
            Token::Null => "<null>".to_string(),
            Token::Empty => "<empty>".to_string(),
            Token::Input(a, b) => text[a as usize..b as usize].to_string(),
            Token::Side(a, b) => String::from_utf8(side[a as usize..b as usize].to_vec()).unwrap(),
        };
        tokens.iter().map(text_of).collect()
    }

    #[test]
    fn separators_are_found_at_every_place() {
        for len in 0..40_usize {
            for step in 1..9 {
                let line: Vec<u8> =
                    (0..len).map(|i| if i.is_multiple_of(step) { b',' } else { 0xac ^ (i as u8 & 0x80) }).collect();
                let expected: Vec<usize> = (0..len).step_by(step).collect();
                assert_eq!(Positions::new(&line, b',').collect::<Vec<_>>(), expected, "{len} {step}");
            }
        }
        let all: Vec<u8> = (0..=255).collect();
        assert!((0..=255).all(|byte| Positions::new(&all, byte).eq([usize::from(byte)])));
    }

    #[test]
    fn a_line_is_read_as_far_as_its_fields_are_wanted() {
        let options = CsvOptions::new(&SourceOptions::default(), &RuntimeConfig::default()).unwrap();
        let tokenizer = Tokenizer::new(&options, false);
        let found = |line: &str, wanted: Option<usize>| {
            let mut tokens = vec![];
            assert!(tokenizer.plain_line(line.as_bytes(), 0, &mut tokens, wanted));
            tokens.len()
        };
        assert_eq!((found("a,b,c,d", None), found("a,b,c,d", Some(2)), found("a,b,c,d", Some(9))), (4, 2, 4));
        assert_eq!((found("a,b", Some(2)), found("", Some(1)), found("a,", Some(2))), (2, 1, 2));
    }

    #[test]
    fn quotes_and_escapes_are_removed() {
        assert_eq!(fields("1,\"a,b\",", &[]), ["1", "a,b", "<null>"]);
        assert_eq!(fields(r#"2,"x\"y""#, &[]), ["2", "x\"y"]);
        assert_eq!(fields(r#""a\\b","a\nb""#, &[]), ["a\\b", "a\\nb"]);
        assert_eq!(fields(r#"1,"x""y""#, &[("escape", "\"")]), ["1", "x\"y"]);
        assert_eq!(fields(r#""","a" ,b"#, &[]), ["<empty>", "a", "b"]);
    }

    #[test]
    fn unescaped_quotes_stop_at_the_delimiter_by_default() {
        assert_eq!(fields(r#"1,"x""y""#, &[]), ["1", "\"x\"\"y\""]);
        assert_eq!(fields(r#"3,x"y"#, &[]), ["3", "x\"y"]);
        assert_eq!(fields(r#"4,"x"y,z"#, &[]), ["4", "\"x\"y", "z"]);
        assert_eq!(fields("5,\"abc", &[]), ["5", "abc"]);
    }

    #[test]
    fn other_handlings_of_unescaped_quotes() {
        let handling = |name: &str| fields(r#"1,"x"y,z"#, &[("unescapedQuoteHandling", name)]);
        assert_eq!(handling("STOP_AT_CLOSING_QUOTE"), ["1", "x\"y,z"]);
        assert_eq!(handling("SKIP_VALUE"), ["1", "<null>", "z"]);
    }

    #[test]
    fn spaces_and_long_separators() {
        let trim = [("ignoreLeadingWhiteSpace", "true"), ("ignoreTrailingWhiteSpace", "true")];
        assert_eq!(fields(" 2 ,\"  y \" , z", &trim), ["2", "  y ", "z"]);
        assert_eq!(fields(" 1 , x ", &[]), [" 1 ", " x "]);
        assert_eq!(fields("\"x||y\"||z", &[("sep", "||")]), ["x||y", "z"]);
    }
}
