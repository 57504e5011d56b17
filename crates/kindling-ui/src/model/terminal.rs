//! Terminal text: carriage returns, backspaces and the colours of ANSI escapes.

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// 0–15: ANSI colour of the text.
    pub colour: Option<u8>,
    /// 0–15: ANSI colour behind the text.
    pub background: Option<u8>,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
}

/// Text of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Its style.
    pub style: Style,
}

/// True if the text is plain: no control characters but line ends and tabs.
pub fn is_plain(text: &str) -> bool {
    !text.bytes().any(|b| matches!(b, b'\r' | 0x08 | 0x1b))
}

/// The text in pieces of whole lines, each about `size` bytes, longer where a line is.
pub fn chunks(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let from = rest.ceil_char_boundary(size.min(rest.len()));
        let end = rest.get(from..)?.find('\n').map_or(rest.len(), |at| from + at + 1);
        let (chunk, after) = rest.split_at(end);
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// What a terminal would show of the text.
pub fn render(text: &str) -> Vec<Span> {
    if is_plain(text) {
        return vec![Span { text: text.to_owned(), style: Style::default() }];
    }
    let mut spans: Vec<Span> = Vec::new();
    let mut line: Vec<(char, Style)> = Vec::new();
    let mut column = 0usize;
    let mut style = Style::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => {
                line.push(('\n', style));
                flush(&mut spans, &mut line);
                column = 0;
            }
            '\r' => column = 0,
            '\u{8}' => column = column.saturating_sub(1),
            '\u{1b}' => {
                if chars.peek() == Some(&'[') {
                    chars.next();
                    let mut parameters = String::new();
                    let mut last = None;
                    for c in chars.by_ref() {
                        if c.is_ascii_alphabetic() {
                            last = Some(c);
                            break;
                        }
                        parameters.push(c);
                    }
                    match last {
                        Some('m') => apply(&mut style, &parameters),
                        // Erase to the end of the line, or all of it.
                        Some('K') if parameters == "2" => line.clear(),
                        Some('K') => line.truncate(column),
                        _ => {}
                    }
                    column = column.min(line.len());
                }
            }
            c => {
                match line.get_mut(column) {
                    Some(slot) => *slot = (c, style),
                    None => line.push((c, style)),
                }
                column += 1;
            }
        }
    }
    flush(&mut spans, &mut line);
    spans
}

fn flush(spans: &mut Vec<Span>, line: &mut Vec<(char, Style)>) {
    for (c, style) in line.drain(..) {
        match spans.last_mut() {
            Some(span) if span.style == style => span.text.push(c),
            _ => spans.push(Span { text: c.into(), style }),
        }
    }
}

fn apply(style: &mut Style, parameters: &str) {
    let mut codes = parameters.split(';').map(|p| p.parse::<u16>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => *style = Style::default(),
            1 => style.bold = true,
            3 => style.italic = true,
            4 => style.underline = true,
            22 => style.bold = false,
            23 => style.italic = false,
            24 => style.underline = false,
            30..=37 => style.colour = Some((code - 30) as u8),
            90..=97 => style.colour = Some((code - 90 + 8) as u8),
            39 => style.colour = None,
            40..=47 => style.background = Some((code - 40) as u8),
            100..=107 => style.background = Some((code - 100 + 8) as u8),
            49 => style.background = None,
            38 | 48 => {
                // 256 colours and RGB: the first sixteen are ours, the rest keeps the text's colour.
                let value = match codes.next() {
                    Some(5) => codes.next().filter(|n| *n < 16).map(|n| n as u8),
                    Some(2) => {
                        codes.by_ref().take(3).for_each(drop);
                        None
                    }
                    _ => None,
                };
                if code == 38 { style.colour = value } else { style.background = value }
            }
            _ => {}
        }
    }
}

/// CSS classes of a style.
pub fn classes(style: &Style) -> String {
    let mut out = String::new();
    if let Some(c) = style.colour {
        out.push_str(&format!("ansi-{c} "));
    }
    if let Some(c) = style.background {
        out.push_str(&format!("ansi-bg-{c} "));
    }
    for (on, name) in [(style.bold, "ansi-b "), (style.italic, "ansi-i "), (style.underline, "ansi-u ")] {
        if on {
            out.push_str(name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let shown: String = render(text)
            .iter()
            .map(|s| {
                if s.style == Style::default() {
                    s.text.clone()
                } else {
                    format!("<{}>{}", classes(&s.style).trim(), s.text)
                }
            })
            .collect();
        assert_eq!(shown, expect, "{text:?}");
    }

    #[test]
    fn chunks_are_whole_lines_and_all_of_the_text() {
        let text = "one\ntwo\nthree é\nfour";
        let pieces: Vec<&str> = chunks(text, 5).collect();
        assert_eq!(pieces, ["one\ntwo\n", "three é\n", "four"]);
        assert_eq!(chunks("", 5).count(), 0);
        assert_eq!(chunks("a line longer than that\n", 5).count(), 1);
    }

    #[test]
    fn a_carriage_return_writes_over_the_line() {
        check("10%\r20%\r100%\ndone", "100%\ndone");
        check("abc\rX", "Xbc");
        check("a\r\nb", "a\nb");
        check("long line\r\u{1b}[Kshort", "short");
        check("ab\u{8}c", "ac");
    }

    #[test]
    fn colours_are_kept_and_other_escapes_dropped() {
        check("\u{1b}[31mred\u{1b}[0m plain", "<ansi-1>red plain");
        check("\u{1b}[1;94mb\u{1b}[39mc", "<ansi-12 ansi-b>b<ansi-b>c");
        check("\u{1b}[38;5;9mx\u{1b}[38;2;1;2;3my", "<ansi-9>xy");
        check("\u{1b}[2J\u{1b}[Hx", "x");
        check("\u{1b}", "");
    }
}
