//! Text that becomes markup.

use super::SparkRoute;

/// Escapes a foreign word for text and for attributes.
pub fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The attribute that leads to a page.
pub fn go(route: SparkRoute) -> String {
    format!("data-go=\"{}\"", route.to_text())
}

/// At most `max` characters, with an ellipsis if there were more.
pub fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_string();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_description_stays_text() {
        assert_eq!(esc("<img src=x onerror=\"a('b')\">"), "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;");
        assert_eq!(clip("abcdef", 4), "abc…");
    }
}
