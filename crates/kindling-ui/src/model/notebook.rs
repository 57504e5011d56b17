//! A notebook as the page holds it: the shapes of nbformat 4.5, with structural sharing so that a snapshot is cheap.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::mime_bundle::MimeBundle;
use super::stream_text::StreamText;
use crate::kernel::protocol::CellError;

/// The magic line that makes a code cell a SQL cell.
pub const SQL_MAGIC: &str = "%%sql";

/// A notebook: metadata and cells in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notebook {
    /// Notebook metadata, kept whole.
    pub metadata: Map<String, Value>,
    /// Cells, top to bottom.
    pub cells: Vec<Arc<Cell>>,
}

/// nbformat's `cell_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Code that a kernel runs.
    Code,
    /// Markdown text.
    Markdown,
    /// Text that nothing interprets.
    Raw,
}

/// What a cell is written in; for code cells the magic line decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python with PySpark.
    Python,
    /// Spark SQL.
    Sql,
    /// Markdown.
    Markdown,
    /// Raw text.
    Raw,
}

impl Language {
    /// The word on the cell's type button.
    pub fn label(self) -> &'static str {
        match self {
            Language::Python => "PySpark",
            Language::Sql => "SQL",
            Language::Markdown => "Text",
            Language::Raw => "Raw",
        }
    }

    /// Name of the editor mode.
    pub fn editor_mode(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::Sql => "sql",
            Language::Markdown => "markdown",
            Language::Raw => "text",
        }
    }
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Unique in the notebook (nbformat 4.5).
    pub id: String,
    /// Code, Markdown or raw.
    pub kind: CellKind,
    /// Text, with the `%%sql` line for SQL cells.
    pub source: String,
    /// Cell metadata, kept whole.
    pub metadata: Map<String, Value>,
    /// Markdown attachments, kept whole.
    pub attachments: Option<Value>,
    /// Outputs of a code cell.
    pub outputs: Vec<Arc<Output>>,
    /// The `n` of `[n]`.
    pub execution_count: Option<u32>,
}

/// `stdout` or `stderr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamName {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl StreamName {
    /// The name in nbformat.
    pub fn as_str(self) -> &'static str {
        match self {
            StreamName::Stdout => "stdout",
            StreamName::Stderr => "stderr",
        }
    }

    /// From nbformat's name.
    pub fn parse(name: &str) -> StreamName {
        if name == "stderr" { StreamName::Stderr } else { StreamName::Stdout }
    }
}

/// One output of a code cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Text written while the cell ran.
    Stream {
        /// Which stream.
        name: StreamName,
        /// The kept text.
        text: StreamText,
    },
    /// Something shown by `display()`.
    DisplayData {
        /// Content by MIME type.
        data: MimeBundle,
        /// Output metadata.
        metadata: Map<String, Value>,
        /// Handle for later updates; lives as long as the kernel.
        display_id: Option<String>,
    },
    /// The value of the last expression.
    ExecuteResult {
        /// The `n` of `[n]`.
        execution_count: Option<u32>,
        /// Content by MIME type.
        data: MimeBundle,
        /// Output metadata.
        metadata: Map<String, Value>,
    },
    /// The error that ended the cell.
    Error(Box<CellError>),
}

impl Cell {
    /// An empty cell of a language.
    pub fn new(id: String, language: Language) -> Cell {
        let (kind, source) = match language {
            Language::Python => (CellKind::Code, String::new()),
            Language::Sql => (CellKind::Code, format!("{SQL_MAGIC}\n")),
            Language::Markdown => (CellKind::Markdown, String::new()),
            Language::Raw => (CellKind::Raw, String::new()),
        };
        Cell { id, kind, source, metadata: Map::new(), attachments: None, outputs: Vec::new(), execution_count: None }
    }

    /// The language, from the kind and the magic line.
    pub fn language(&self) -> Language {
        match self.kind {
            CellKind::Markdown => Language::Markdown,
            CellKind::Raw => Language::Raw,
            CellKind::Code if sql_body(&self.source).is_some() => Language::Sql,
            CellKind::Code => Language::Python,
        }
    }

    /// The text after a change of type.
    pub fn source_as(&self, language: Language) -> (CellKind, String) {
        let body = sql_body(&self.source).unwrap_or(&self.source);
        let bare = if self.kind == CellKind::Code { body } else { self.source.as_str() };
        match language {
            Language::Python => (CellKind::Code, bare.to_owned()),
            Language::Sql if sql_body(bare).is_some() => (CellKind::Code, bare.to_owned()),
            Language::Sql => (CellKind::Code, format!("{SQL_MAGIC}\n{bare}")),
            Language::Markdown => (CellKind::Markdown, bare.to_owned()),
            Language::Raw => (CellKind::Raw, bare.to_owned()),
        }
    }

    /// What the kernel gets: language, text and how many lines were taken off its top.
    pub fn runnable(&self) -> Option<(Language, &str, u32)> {
        match self.language() {
            Language::Python if !self.source.trim().is_empty() => Some((Language::Python, &self.source, 0)),
            Language::Sql => {
                let body = sql_body(&self.source)?;
                let above = self.source.len() - body.len();
                let lines = self.source[..above].matches('\n').count() as u32;
                (!body.trim().is_empty()).then_some((Language::Sql, body, lines))
            }
            _ => None,
        }
    }
}

/// The text below a `%%sql` line, if the cell starts with one. What follows the magic on its own line counts too.
pub fn sql_body(source: &str) -> Option<&str> {
    let start = source.len() - source.trim_start().len();
    let rest = source[start..].strip_prefix(SQL_MAGIC)?;
    match rest.chars().next() {
        None => Some(rest),
        Some('\n') => Some(&rest[1..]),
        Some('\r') => Some(rest.trim_start_matches(['\r', '\n'])),
        Some(c) if c.is_whitespace() => {
            let line_end = rest.find('\n').unwrap_or(rest.len());
            if rest[..line_end].trim().is_empty() { Some(rest.get(line_end + 1..).unwrap_or("")) } else { Some(rest) }
        }
        Some(_) => None,
    }
}

impl Notebook {
    /// Position of a cell.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.cells.iter().position(|c| c.id == id)
    }

    /// A cell by id.
    pub fn cell(&self, id: &str) -> Option<&Arc<Cell>> {
        self.cells.iter().find(|c| c.id == id)
    }

    /// Changes a cell in place.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut Cell)) -> bool {
        match self.cells.iter_mut().find(|c| c.id == id) {
            Some(cell) => {
                change(Arc::make_mut(cell));
                true
            }
            None => false,
        }
    }

    /// A cell id that the notebook does not use yet; `seed` makes it differ between notebooks.
    pub fn fresh_id(&self, seed: u64) -> String {
        let mut x = seed ^ 0x9e37_79b9_7f4a_7c15;
        loop {
            // splitmix64: enough spread for ids, no dependency.
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let id = format!("{:08x}", (z ^ (z >> 31)) as u32);
            if self.index_of(&id).is_none() {
                return id;
            }
        }
    }

    /// What `metadata.kindling` holds.
    pub fn kindling(&self) -> Option<&Map<String, Value>> {
        self.metadata.get("kindling")?.as_object()
    }

    /// Sets one key of `metadata.kindling`.
    pub fn set_kindling(&mut self, key: &str, value: Value) {
        let entry = self.metadata.entry("kindling").or_insert_with(|| Value::Object(Map::new()));
        if !entry.is_object() {
            *entry = Value::Object(Map::new());
        }
        if let Some(map) = entry.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    }

    /// The title: what was typed, else the first heading.
    pub fn title(&self) -> String {
        if let Some(title) = self.kindling().and_then(|k| k.get("title")).and_then(Value::as_str) {
            return title.to_owned();
        }
        self.cells
            .iter()
            .filter(|c| c.kind == CellKind::Markdown)
            .flat_map(|c| c.source.lines())
            .find_map(|line| line.strip_prefix("# "))
            .map(|heading| heading.trim().to_owned())
            .filter(|t| !t.is_empty())
            .unwrap_or_else(|| "Untitled".to_owned())
    }

    /// The number of a code cell, counted from 1 over code cells; what error messages and job descriptions use.
    pub fn code_number(&self, id: &str) -> Option<u32> {
        let mut number = 0;
        for cell in &self.cells {
            if cell.kind == CellKind::Code {
                number += 1;
                if cell.id == id {
                    return Some(number);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> Cell {
        Cell { source: source.to_owned(), ..Cell::new("a".into(), Language::Python) }
    }

    #[test]
    fn the_magic_line_makes_a_sql_cell() {
        assert_eq!(code("%%sql\nSELECT 1").language(), Language::Sql);
        assert_eq!(code("%%sql SELECT 1").language(), Language::Sql);
        assert_eq!(code("  \n%%sql\nSELECT 1").language(), Language::Sql);
        assert_eq!(code("%%sqlite\nSELECT 1").language(), Language::Python);
        assert_eq!(code("x = '%%sql'").language(), Language::Python);
    }

    #[test]
    fn the_magic_line_is_removed_and_counted() {
        assert_eq!(code("%%sql\nSELECT 1").runnable(), Some((Language::Sql, "SELECT 1", 1)));
        assert_eq!(code("%%sql  \nSELECT 1").runnable(), Some((Language::Sql, "SELECT 1", 1)));
        assert_eq!(code("%%sql SELECT 1").runnable(), Some((Language::Sql, " SELECT 1", 0)));
        assert_eq!(code("%%sql\n  ").runnable(), None);
        assert_eq!(code(" \n").runnable(), None);
    }

    #[test]
    fn changing_type_there_and_back_keeps_the_text() {
        let mut cell = code("SELECT 1");
        (cell.kind, cell.source) = cell.source_as(Language::Sql);
        assert_eq!(cell.source, "%%sql\nSELECT 1");
        (cell.kind, cell.source) = cell.source_as(Language::Markdown);
        assert_eq!((cell.kind, cell.source.as_str()), (CellKind::Markdown, "SELECT 1"));
        (cell.kind, cell.source) = cell.source_as(Language::Python);
        assert_eq!((cell.kind, cell.source.as_str()), (CellKind::Code, "SELECT 1"));
    }

    #[test]
    fn fresh_ids_are_new_and_valid() {
        let mut notebook = Notebook::default();
        for _ in 0..50 {
            let id = notebook.fresh_id(7);
            assert!(notebook.index_of(&id).is_none() && id.len() == 8);
            notebook.cells.push(Arc::new(Cell::new(id, Language::Python)));
        }
    }

    #[test]
    fn the_title_is_the_typed_one_or_the_first_heading() {
        let mut notebook = Notebook::default();
        assert_eq!(notebook.title(), "Untitled");
        let mut text = Cell::new("a".into(), Language::Markdown);
        text.source = "intro\n# Taxi trips \nmore".into();
        notebook.cells.push(Arc::new(text));
        assert_eq!(notebook.title(), "Taxi trips");
        notebook.set_kindling("title", "Mine".into());
        assert_eq!(notebook.title(), "Mine");
    }
}
