//! What is kept of a stream: all of it while it is short, then its beginning and its end.

/// Bytes kept at the beginning once the text is too long.
pub const HEAD_BYTES: usize = 32 * 1024;
/// Bytes kept at the end once the text is too long.
pub const TAIL_BYTES: usize = 96 * 1024;

/// Text of one stream with its middle dropped where it grew too long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamText {
    /// The beginning.
    pub head: String,
    /// The end; empty until something was dropped or the head is full.
    pub tail: String,
    /// Bytes dropped between head and tail.
    pub dropped_bytes: u64,
    /// Line ends dropped between head and tail.
    pub dropped_lines: u64,
}

impl StreamText {
    /// Text that is kept whole, e.g. from a file.
    pub fn new(text: impl Into<String>) -> StreamText {
        StreamText { head: text.into(), ..StreamText::default() }
    }

    /// Adds text at the end.
    pub fn push(&mut self, text: &str) {
        let mut rest = text;
        if self.tail.is_empty() && self.dropped_bytes == 0 && self.head.len() < HEAD_BYTES {
            let room = floor_boundary(rest, HEAD_BYTES - self.head.len());
            self.head.push_str(&rest[..room]);
            rest = &rest[room..];
            if rest.is_empty() {
                return;
            }
        }
        // More than the tail can hold: drop it before it is copied.
        if rest.len() > TAIL_BYTES {
            let cut = ceil_boundary(rest, rest.len() - TAIL_BYTES);
            let tail = std::mem::take(&mut self.tail);
            self.drop_text(&tail);
            self.drop_text(&rest[..cut]);
            rest = &rest[cut..];
        }
        self.tail.push_str(rest);
        // Twice the size before trimming, so that trimming costs little per byte.
        if self.tail.len() > 2 * TAIL_BYTES {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let cut = ceil_boundary(&self.tail, self.tail.len() - TAIL_BYTES);
        // Cut at a line end where one is near, so that the first line shown is whole.
        let cut = self.tail[cut..].find('\n').filter(|n| *n < 4096).map_or(cut, |n| cut + n + 1);
        let rest = self.tail.split_off(cut);
        let dropped = std::mem::replace(&mut self.tail, rest);
        self.drop_text(&dropped);
    }

    fn drop_text(&mut self, text: &str) {
        self.dropped_bytes += text.len() as u64;
        self.dropped_lines += text.bytes().filter(|b| *b == b'\n').count() as u64;
    }

    /// The kept text, with a line that says what is missing.
    pub fn joined(&self) -> String {
        if self.dropped_bytes == 0 {
            return format!("{}{}", self.head, self.tail);
        }
        let gap = if self.head.ends_with('\n') { "" } else { "\n" };
        format!("{}{gap}[{} lines not kept]\n{}", self.head, self.dropped_lines, self.tail)
    }

    /// True if nothing was written.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_text_is_kept_whole() {
        let mut text = StreamText::default();
        text.push("a\n");
        text.push("b");
        assert_eq!(text.joined(), "a\nb");
    }

    #[test]
    fn a_million_lines_keep_their_beginning_and_end_and_count_the_rest() {
        let mut text = StreamText::default();
        let mut total = 0;
        for i in 0..1_000_000 {
            let line = format!("{i}\n");
            total += line.len();
            text.push(&line);
        }
        assert!(text.head.starts_with("0\n1\n") && text.tail.ends_with("999999\n"));
        assert!(text.head.len() + text.tail.len() <= HEAD_BYTES + 2 * TAIL_BYTES);
        assert_eq!(text.dropped_bytes as usize + text.head.len() + text.tail.len(), total);
        let kept = (text.head.matches('\n').count() + text.tail.matches('\n').count()) as u64;
        assert_eq!(kept + text.dropped_lines, 1_000_000);
    }

    #[test]
    fn one_huge_write_is_cut_at_character_boundaries() {
        let mut text = StreamText::default();
        text.push(&"é".repeat(1_000_000));
        assert!(text.dropped_bytes > 0);
        assert!(text.joined().chars().filter(|c| *c == 'é').count() > 1000);
    }
}
