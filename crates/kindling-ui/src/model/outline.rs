//! The outline: headings of text cells, and code cells by what they do first.

use super::notebook::{CellKind, Notebook};

/// One line of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineItem {
    /// The cell it leads to.
    pub cell: String,
    /// Text.
    pub text: String,
    /// 1–6 for a heading, 0 for a code cell.
    pub level: u8,
}

/// The outline of a notebook.
pub fn outline(notebook: &Notebook) -> Vec<OutlineItem> {
    let mut items = Vec::new();
    let mut number = 0;
    for cell in &notebook.cells {
        match cell.kind {
            CellKind::Markdown => {
                let mut fenced = false;
                for line in cell.source.lines() {
                    if line.trim_start().starts_with("```") {
                        fenced = !fenced;
                    }
                    let level = line.bytes().take_while(|b| *b == b'#').count();
                    if !fenced && (1..=6).contains(&level) && line[level..].starts_with(' ') {
                        let text = line[level..].trim().trim_end_matches('#').trim_end();
                        items.push(OutlineItem {
                            cell: cell.id.clone(),
                            text: text.replace(['`', '*'], ""),
                            level: level as u8,
                        });
                    }
                }
            }
            CellKind::Code => {
                number += 1;
                let line = cell.source.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with("%%"));
                let line = line.map(|l| l.trim_start_matches(['#', '-', ' '])).unwrap_or("empty");
                let mut text: String = line.chars().take(40).collect();
                if text.len() < line.len() {
                    text.push('…');
                }
                items.push(OutlineItem { cell: cell.id.clone(), text: format!("Cell {number}  {text}"), level: 0 });
            }
            CellKind::Raw => {}
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::notebook::{Cell, Language};
    use std::sync::Arc;

    #[test]
    fn headings_and_code_cells_are_listed_in_order() {
        let mut notebook = Notebook::default();
        for (id, language, source) in [
            ("m", Language::Markdown, "# Taxi `trips`\ntext\n```\n# no\n```\n## Hours"),
            ("c", Language::Python, "\n# read the file\ndf = 1"),
            ("s", Language::Sql, "%%sql\nSELECT 1"),
        ] {
            notebook.cells.push(Arc::new(Cell { source: source.into(), ..Cell::new(id.into(), language) }));
        }
        let lines: Vec<_> = outline(&notebook).into_iter().map(|i| (i.level, i.text)).collect();
        assert_eq!(
            lines,
            [
                (1, "Taxi trips".into()),
                (2, "Hours".into()),
                (0, "Cell 1  read the file".into()),
                (0, "Cell 2  SELECT 1".into())
            ]
        );
    }
}
