//! Changes to a notebook, each with its inverse, and the undo stack over them.

use std::sync::Arc;

use super::notebook::{Cell, CellKind, Language, Notebook, Output};

/// One change. Applying it gives the change that takes it back.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Cells put in before a position.
    Insert {
        /// Position of the first.
        at: usize,
        /// The cells.
        cells: Vec<Arc<Cell>>,
    },
    /// Cells taken out.
    Remove {
        /// Their ids.
        ids: Vec<String>,
    },
    /// A cell moved to a position (counted after it was taken out).
    Move {
        /// Its id.
        id: String,
        /// Its new position.
        to: usize,
    },
    /// Kind and text of a cell.
    SetSource {
        /// Its id.
        id: String,
        /// New kind.
        kind: CellKind,
        /// New text.
        source: String,
    },
    /// Outputs and count of a cell.
    SetOutputs {
        /// Its id.
        id: String,
        /// New outputs.
        outputs: Vec<Arc<Output>>,
        /// New count.
        count: Option<u32>,
    },
    /// Several changes, in order.
    Batch(Vec<Edit>),
}

impl Notebook {
    /// Applies a change and returns its inverse. Ids that are gone are skipped.
    pub fn apply(&mut self, edit: Edit) -> Edit {
        match edit {
            Edit::Insert { at, cells } => {
                let at = at.min(self.cells.len());
                let ids = cells.iter().map(|c| c.id.clone()).collect();
                self.cells.splice(at..at, cells);
                Edit::Remove { ids }
            }
            Edit::Remove { ids } => {
                let mut back = Vec::new();
                for id in ids {
                    if let Some(at) = self.index_of(&id) {
                        back.push(Edit::Insert { at, cells: vec![self.cells.remove(at)] });
                    }
                }
                back.reverse();
                if back.len() == 1 { back.remove(0) } else { Edit::Batch(back) }
            }
            Edit::Move { id, to } => match self.index_of(&id) {
                Some(from) => {
                    let cell = self.cells.remove(from);
                    self.cells.insert(to.min(self.cells.len()), cell);
                    Edit::Move { id, to: from }
                }
                None => Edit::Batch(Vec::new()),
            },
            Edit::SetSource { id, kind, source } => {
                let mut back = Edit::Batch(Vec::new());
                self.update(&id, |cell| {
                    let old_kind = std::mem::replace(&mut cell.kind, kind);
                    let old = std::mem::replace(&mut cell.source, source);
                    back = Edit::SetSource { id: id.clone(), kind: old_kind, source: old };
                });
                back
            }
            Edit::SetOutputs { id, outputs, count } => {
                let mut back = Edit::Batch(Vec::new());
                self.update(&id, |cell| {
                    let outputs = std::mem::replace(&mut cell.outputs, outputs);
                    let count = std::mem::replace(&mut cell.execution_count, count);
                    back = Edit::SetOutputs { id: id.clone(), outputs, count };
                });
                back
            }
            Edit::Batch(edits) => {
                let mut back: Vec<Edit> = edits.into_iter().map(|e| self.apply(e)).collect();
                back.reverse();
                Edit::Batch(back)
            }
        }
    }

    /// Moves a cell up (`-1`) or down (`1`).
    pub fn moved(&self, id: &str, by: isize) -> Option<Edit> {
        let to = self.index_of(id)?.checked_add_signed(by).filter(|to| *to < self.cells.len())?;
        Some(Edit::Move { id: id.to_owned(), to })
    }

    /// Changes a cell's type. Outputs of what is no longer code go.
    pub fn retyped(&self, id: &str, language: Language) -> Option<Edit> {
        let cell = self.cell(id)?;
        if cell.language() == language {
            return None;
        }
        let (kind, source) = cell.source_as(language);
        let mut edits = vec![Edit::SetSource { id: id.to_owned(), kind, source }];
        if kind != CellKind::Code && !cell.outputs.is_empty() {
            edits.push(Edit::SetOutputs { id: id.to_owned(), outputs: Vec::new(), count: None });
        }
        Some(Edit::Batch(edits))
    }

    /// Splits a cell at a byte offset; the new cell comes below and takes the second half and the outputs stay.
    pub fn split(&self, id: &str, offset: usize, new_id: String) -> Option<Edit> {
        let at = self.index_of(id)?;
        let cell = &self.cells[at];
        let mut offset = offset.min(cell.source.len());
        while !cell.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let (above, below) = cell.source.split_at(offset);
        let above = above.strip_suffix('\n').unwrap_or(above);
        let below = below.strip_prefix('\n').unwrap_or(below);
        let mut second = Cell::new(new_id, cell.language());
        second.source = below.to_owned();
        if cell.language() == Language::Sql {
            (second.kind, second.source) = second.source_as(Language::Sql);
        }
        Some(Edit::Batch(vec![
            Edit::SetSource { id: id.to_owned(), kind: cell.kind, source: above.to_owned() },
            Edit::Insert { at: at + 1, cells: vec![Arc::new(second)] },
        ]))
    }

    /// Merges a cell with the one below it.
    pub fn merged_below(&self, id: &str) -> Option<Edit> {
        let at = self.index_of(id)?;
        let (cell, below) = (&self.cells[at], self.cells.get(at + 1)?);
        let (_, rest) = below.source_as(match cell.kind {
            CellKind::Code => Language::Python,
            _ => below.language(),
        });
        Some(Edit::Batch(vec![
            Edit::SetSource { id: id.to_owned(), kind: cell.kind, source: format!("{}\n{rest}", cell.source) },
            Edit::Remove { ids: vec![below.id.clone()] },
        ]))
    }
}

/// Undo and redo over notebook changes. Typing inside an editor has the editor's own history.
#[derive(Clone, Debug, Default)]
pub struct UndoStack {
    undo: Vec<Edit>,
    redo: Vec<Edit>,
}

/// Changes that can be taken back.
const DEPTH: usize = 200;

impl UndoStack {
    /// Applies a change and remembers its inverse.
    pub fn apply(&mut self, notebook: &mut Notebook, edit: Edit) {
        let back = notebook.apply(edit);
        if back == Edit::Batch(Vec::new()) {
            return;
        }
        self.redo.clear();
        self.undo.push(back);
        if self.undo.len() > DEPTH {
            self.undo.remove(0);
        }
    }

    /// Takes the last change back; gives the cell to select.
    pub fn undo(&mut self, notebook: &mut Notebook) -> Option<String> {
        let edit = self.undo.pop()?;
        let touched = touched(&edit);
        self.redo.push(notebook.apply(edit));
        touched
    }

    /// Makes the change last taken back again.
    pub fn redo(&mut self, notebook: &mut Notebook) -> Option<String> {
        let edit = self.redo.pop()?;
        let touched = touched(&edit);
        self.undo.push(notebook.apply(edit));
        touched
    }
}

fn touched(edit: &Edit) -> Option<String> {
    match edit {
        Edit::Insert { cells, .. } => cells.first().map(|c| c.id.clone()),
        Edit::Remove { .. } => None,
        Edit::Move { id, .. } | Edit::SetSource { id, .. } | Edit::SetOutputs { id, .. } => Some(id.clone()),
        Edit::Batch(edits) => edits.iter().find_map(touched),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(sources: &[&str]) -> Notebook {
        let mut notebook = Notebook::default();
        for (n, source) in sources.iter().enumerate() {
            let mut cell = Cell::new(format!("c{n}"), Language::Python);
            cell.source = (*source).to_owned();
            notebook.cells.push(Arc::new(cell));
        }
        notebook
    }

    fn sources(notebook: &Notebook) -> Vec<&str> {
        notebook.cells.iter().map(|c| c.source.as_str()).collect()
    }

    fn check(edit: impl Fn(&Notebook) -> Edit, expect: &[&str]) {
        let before = notebook(&["a", "b", "c"]);
        let mut now = before.clone();
        let mut stack = UndoStack::default();
        stack.apply(&mut now, edit(&before));
        assert_eq!(sources(&now), expect);
        let after = now.clone();
        stack.undo(&mut now);
        assert_eq!(now, before);
        stack.redo(&mut now);
        assert_eq!(now, after);
    }

    #[test]
    fn every_edit_is_taken_back_and_made_again() {
        let new = || vec![Arc::new(Cell { source: "n".into(), ..Cell::new("n".into(), Language::Python) })];
        check(|_| Edit::Insert { at: 1, cells: new() }, &["a", "n", "b", "c"]);
        check(|_| Edit::Insert { at: 9, cells: new() }, &["a", "b", "c", "n"]);
        check(|_| Edit::Remove { ids: vec!["c0".into(), "c2".into()] }, &["b"]);
        check(|n| n.moved("c0", 1).unwrap(), &["b", "a", "c"]);
        check(|n| n.moved("c2", -1).unwrap(), &["a", "c", "b"]);
        check(|n| n.retyped("c1", Language::Sql).unwrap(), &["a", "%%sql\nb", "c"]);
        check(|n| n.merged_below("c0").unwrap(), &["a\nb", "c"]);
    }

    #[test]
    fn moving_past_an_end_changes_nothing() {
        let n = notebook(&["a", "b"]);
        assert_eq!(n.moved("c0", -1), None);
        assert_eq!(n.moved("c1", 1), None);
    }

    #[test]
    fn a_split_keeps_the_language_and_drops_the_line_end_at_the_cut() {
        let mut n = notebook(&["x = 1\ny = 2"]);
        let edit = n.split("c0", 6, "n".into()).unwrap();
        n.apply(edit);
        assert_eq!(sources(&n), ["x = 1", "y = 2"]);
        let mut n = notebook(&["%%sql\nSELECT 1;\nSELECT 2"]);
        let edit = n.split("c0", 16, "n".into()).unwrap();
        n.apply(edit);
        assert_eq!(sources(&n), ["%%sql\nSELECT 1;", "%%sql\nSELECT 2"]);
    }

    #[test]
    fn a_new_edit_forgets_what_could_be_redone() {
        let mut n = notebook(&["a", "b"]);
        let mut stack = UndoStack::default();
        stack.apply(&mut n, Edit::Remove { ids: vec!["c0".into()] });
        assert_eq!(stack.undo(&mut n).as_deref(), Some("c0"));
        stack.apply(&mut n, Edit::Remove { ids: vec!["c1".into()] });
        assert_eq!(stack.redo(&mut n), None);
        assert_eq!(sources(&n), ["a"]);
    }
}
