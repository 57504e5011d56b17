//! The text and HTML tables of `df.show()` and notebooks (`Dataset.showString`, `Dataset.htmlString`).

/// A table of cells as `ToPrettyString` made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShowTable {
    /// Column names.
    pub header: Vec<String>,
    /// Rows, at most `num_rows` of them.
    pub rows: Vec<Vec<String>>,
    /// Whether the query has more rows.
    pub has_more: bool,
}

/// Narrowest column.
const MINIMUM_WIDTH: usize = 3;

impl ShowTable {
    /// `show(num_rows, truncate, vertical)`; `truncate` 0 keeps cells whole.
    pub fn to_text(&self, num_rows: usize, truncate: usize, vertical: bool) -> String {
        let header: Vec<String> = self.header.iter().map(|name| escape_meta(name)).collect();
        let rows = self.cells(truncate);
        let mut out = if vertical { vertical_text(&header, &rows) } else { horizontal_text(&header, &rows, truncate) };
        if vertical && rows.is_empty() {
            out.push_str("(0 rows)\n");
        } else if self.has_more {
            out.push_str(&footer(num_rows));
        }
        out
    }

    /// `_repr_html_`.
    pub fn to_html(&self, num_rows: usize, truncate: usize) -> String {
        let line = |cells: &[String], tag: &str| {
            let cells: Vec<String> = cells.iter().map(|cell| escape_html(cell)).collect();
            format!("<tr><{tag}>{}</{tag}></tr>\n", cells.join(&format!("</{tag}><{tag}>")))
        };
        let header: Vec<String> = self.header.iter().map(|name| escape_meta(name)).collect();
        let mut out = String::from("<table border='1'>\n");
        out.push_str(&line(&header, "th"));
        for row in self.cells(truncate) {
            out.push_str(&line(&row, "td"));
        }
        out.push_str("</table>\n");
        if self.has_more {
            out.push_str(&footer(num_rows));
        }
        out
    }

    fn cells(&self, truncate: usize) -> Vec<Vec<String>> {
        self.rows
            .iter()
            .map(|row| row.iter().map(|cell| truncate_cell(&escape_meta(cell), truncate)).collect())
            .collect()
    }
}

fn footer(num_rows: usize) -> String {
    format!("only showing top {num_rows} {}\n", if num_rows == 1 { "row" } else { "rows" })
}

fn horizontal_text(header: &[String], rows: &[Vec<String>], truncate: usize) -> String {
    let mut widths = vec![MINIMUM_WIDTH; header.len()];
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(half_width(cell));
        }
    }
    let separator = format!("+{}+\n", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("+"));
    let line = |row: &[String]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                let padding = " ".repeat(width.saturating_sub(half_width(cell)));
                if truncate > 0 { format!("{padding}{cell}") } else { format!("{cell}{padding}") }
            })
            .collect();
        format!("|{}|\n", cells.join("|"))
    };
    let mut out = separator.clone();
    out.push_str(&line(header));
    out.push_str(&separator);
    for row in rows {
        out.push_str(&line(row));
    }
    out.push_str(&separator);
    out
}

fn vertical_text(header: &[String], rows: &[Vec<String>]) -> String {
    let widest = |cells: &mut dyn Iterator<Item = &String>| cells.map(|cell| half_width(cell)).max().unwrap_or(0);
    let name_width = widest(&mut header.iter()).max(MINIMUM_WIDTH);
    let data_width = widest(&mut rows.iter().flatten()).max(MINIMUM_WIDTH);
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        // Five characters for the blanks and the bar around the cells.
        out.push_str(&format!("{:-<width$}\n", format!("-RECORD {i}"), width = name_width + data_width + 5));
        for (name, cell) in header.iter().zip(row) {
            let name_padding = " ".repeat(name_width.saturating_sub(half_width(name)));
            let cell_padding = " ".repeat(data_width.saturating_sub(half_width(cell)));
            out.push_str(&format!(" {name}{name_padding} | {cell}{cell_padding} \n"));
        }
    }
    out
}

/// `SchemaUtils.escapeMetaCharacters`: control characters would break the table.
fn escape_meta(text: &str) -> String {
    if !text.contains(['\n', '\r', '\t', '\u{c}', '\u{8}', '\u{b}', '\u{7}']) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{7}' => out.push_str("\\a"),
            c => out.push(c),
        }
    }
    out
}

fn truncate_cell(cell: &str, truncate: usize) -> String {
    if truncate == 0 || cell.chars().count() <= truncate {
        cell.to_string()
    } else if truncate < 4 {
        cell.chars().take(truncate).collect()
    } else {
        cell.chars().take(truncate - 3).chain("...".chars()).collect()
    }
}

/// `Utils.stringHalfWidth`: full-width characters count twice.
fn half_width(text: &str) -> usize {
    text.chars()
        .map(|c| match c as u32 {
            0x1100..=0x115F
            | 0x2E80..=0xA4CF
            | 0xAC00..=0xD7A3
            | 0xF900..=0xFAFF
            | 0xFE10..=0xFE19
            | 0xFE30..=0xFE6F
            | 0xFF00..=0xFF60
            | 0xFFE0..=0xFFE6 => 2,
            _ => 1,
        })
        .sum()
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], has_more: bool) -> ShowTable {
        ShowTable {
            header: vec!["id".to_string(), "name".to_string()],
            rows: rows.iter().map(|row| row.iter().map(|cell| (*cell).to_string()).collect()).collect(),
            has_more,
        }
    }

    #[test]
    fn cells_are_right_aligned_and_truncated() {
        let text = table(&[&["1", "abcdefghij"]], true).to_text(1, 8, false);
        assert_eq!(
            text,
            "+---+--------+\n| id|    name|\n+---+--------+\n|  1|abcde...|\n+---+--------+\nonly showing top 1 row\n"
        );
    }

    #[test]
    fn whole_cells_are_left_aligned() {
        let text = table(&[&["1", "a\nb"]], false).to_text(20, 0, false);
        assert_eq!(text, "+---+----+\n|id |name|\n+---+----+\n|1  |a\\nb|\n+---+----+\n");
    }

    #[test]
    fn vertical_rows_name_each_field() {
        let text = table(&[&["1", "NULL"]], false).to_text(20, 20, true);
        assert_eq!(text, "-RECORD 0----\n id   | 1    \n name | NULL \n");
        assert_eq!(table(&[], false).to_text(20, 20, true), "(0 rows)\n");
    }

    #[test]
    fn full_width_characters_take_two_columns() {
        let text = table(&[&["1", "한국"]], false).to_text(20, 20, false);
        assert!(text.contains("|  1|한국|\n"), "{text}");
    }

    #[test]
    fn html_escapes_cells() {
        let html = table(&[&["1", "<b>"]], false).to_html(20, 20);
        assert!(html.contains("<tr><td>1</td><td>&lt;b&gt;</td></tr>"), "{html}");
    }
}
