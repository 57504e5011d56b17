//! String literals: quotes off, escapes resolved (Spark's `unescapeSQLString`).

/// The value of a string literal token, quotes included.
pub(crate) fn unescape(token: &str, escapes: bool) -> String {
    if let Some(raw) = token.strip_prefix(['r', 'R']) {
        return strip_quotes(raw).to_string();
    }
    let quote = token.chars().next().unwrap_or('\'');
    let body = strip_quotes(token);
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c == quote && chars.peek() == Some(&quote) {
            chars.next();
            out.push(quote);
        } else if c == '\\' && escapes {
            let rest: String = chars.clone().take(9).collect();
            let (text, used) = escape(&rest);
            out.push_str(&text);
            for _ in 0..used {
                chars.next();
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The name in backquotes or double quotes.
pub(crate) fn unquote_identifier(token: &str) -> String {
    let quote = token.get(..1).unwrap_or("`");
    strip_quotes(token).replace(&quote.repeat(2), quote)
}

fn strip_quotes(token: &str) -> &str {
    token.get(1..token.len().saturating_sub(1)).unwrap_or("")
}

/// What the characters after a backslash mean, and how many they are.
fn escape(rest: &str) -> (String, usize) {
    let Some(first) = rest.chars().next() else { return ("\\".into(), 0) };
    let code = |digits: usize, radix: u32| {
        let text: String = rest.chars().skip(1).take(digits).collect();
        (text.chars().count() == digits && text.chars().all(|c| c.is_digit(radix)))
            .then(|| u32::from_str_radix(&text, radix).ok().and_then(char::from_u32))
            .flatten()
    };
    match first {
        'u' if code(4, 16).is_some() => (code(4, 16).map(String::from).unwrap_or_default(), 5),
        'U' if code(8, 16).is_some() => (code(8, 16).map(String::from).unwrap_or_default(), 9),
        '0' | '1' => {
            let octal: String = rest.chars().take(3).collect();
            if octal.chars().count() == 3
                && octal.chars().all(|c| c.is_digit(8))
                && let Some(c) = u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32)
            {
                return (c.to_string(), 3);
            }
            (if first == '0' { "\0".into() } else { "1".into() }, 1)
        }
        'b' => ("\u{8}".into(), 1),
        'n' => ("\n".into(), 1),
        'r' => ("\r".into(), 1),
        't' => ("\t".into(), 1),
        'Z' => ("\u{1A}".into(), 1),
        '%' => ("\\%".into(), 1),
        '_' => ("\\_".into(), 1),
        other => (other.to_string(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_spark() {
        assert_eq!(unescape(r"'a\tb\\c\'d''e\%\u0041\101\0'", true), "a\tb\\c'd'e\\%AA\0");
        assert_eq!(unescape(r"r'a\n'", true), r"a\n");
        assert_eq!(unescape(r#""x""y""#, true), "x\"y");
        assert_eq!(unquote_identifier("`a``b`"), "a`b");
    }
}
