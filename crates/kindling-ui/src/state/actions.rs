//! What the user does to the notebook: select, edit, insert, delete, move, undo.

use std::sync::Arc;

use leptos::prelude::*;

use super::shell::{Dialog, Layout};
use super::{App, SaveState};
use crate::host;
use crate::model::edits::Edit;
use crate::model::keymap::{Action, Mode};
use crate::model::notebook::{Cell, CellKind, Language};
use crate::spark::SparkRoute;

impl App {
    /// Selects a cell in command mode and brings it into view.
    pub fn select(&self, id: &str) {
        self.selected.set(Some(id.to_owned()));
        self.mode.set(Mode::Command);
    }

    /// Selects a cell and puts the cursor into its editor.
    pub fn edit(&self, id: &str) {
        self.selected.set(Some(id.to_owned()));
        self.mode.set(Mode::Edit);
    }

    /// The cell next to the selected one.
    fn neighbour(&self, by: isize) -> Option<String> {
        let selected = self.selected.get_untracked();
        self.notebook.with_untracked(|n| {
            let at = selected.as_deref().and_then(|id| n.index_of(id));
            let to = match at {
                Some(at) => at.checked_add_signed(by)?,
                None => 0,
            };
            n.cells.get(to).map(|c| c.id.clone())
        })
    }

    /// Selects the cell above or below; false at an end.
    pub fn select_neighbour(&self, by: isize) -> bool {
        match self.neighbour(by) {
            Some(id) => {
                self.select(&id);
                true
            }
            None => false,
        }
    }

    /// Applies a change that can be undone.
    pub fn apply(&self, edit: Edit) {
        self.notebook.update(|notebook| self.undo.update_value(|undo| undo.apply(notebook, edit)));
        self.changed();
    }

    /// The notebook differs from what is saved.
    pub fn changed(&self) {
        if self.saved.get_untracked() != SaveState::Unsaved {
            self.saved.set(SaveState::Unsaved);
        }
        super::library::schedule_save(*self);
    }

    /// The user typed: no undo step, the editor has its own history.
    pub fn typed(&self, id: &str, text: String) {
        let mut changed = false;
        self.notebook.update(|n| {
            n.update(id, |cell| {
                changed = cell.source != text;
                cell.source = text;
            });
        });
        if changed {
            self.changed();
        }
    }

    /// Puts a new cell before or after the selected one (`None`: at the end) and selects it.
    pub fn insert(&self, language: Language, below: bool, source: Option<String>) -> String {
        let selected = self.selected.get_untracked();
        let (id, at) = self.notebook.with_untracked(|n| {
            let at = selected.as_deref().and_then(|id| n.index_of(id));
            let at = at.map_or(n.cells.len(), |at| if below { at + 1 } else { at });
            (n.fresh_id(host::seed()), at)
        });
        let mut cell = Cell::new(id.clone(), language);
        if let Some(source) = source {
            cell.source = source;
        }
        self.apply(Edit::Insert { at, cells: vec![Arc::new(cell)] });
        self.select(&id);
        id
    }

    /// Puts a new cell at the end and opens its editor.
    pub fn append(&self, language: Language) {
        let last = self.notebook.with_untracked(|n| n.cells.last().map(|c| c.id.clone()));
        self.selected.set(last);
        let id = self.insert(language, true, None);
        self.edit(&id);
    }

    /// Deletes a cell; its text can be brought back.
    pub fn delete(&self, id: &str) {
        self.cancel_queued(id);
        let next = self.notebook.with_untracked(|n| {
            let at = n.index_of(id)?;
            n.cells.get(at + 1).or_else(|| at.checked_sub(1).and_then(|at| n.cells.get(at))).map(|c| c.id.clone())
        });
        self.apply(Edit::Remove { ids: vec![id.to_owned()] });
        match next {
            Some(next) => self.select(&next),
            None => {
                self.insert(Language::Python, true, None);
            }
        }
    }

    /// Moves a cell up or down.
    pub fn move_cell(&self, id: &str, by: isize) {
        if let Some(edit) = self.notebook.with_untracked(|n| n.moved(id, by)) {
            self.apply(edit);
            self.select(id);
        }
    }

    /// Changes a cell's type.
    pub fn retype(&self, id: &str, language: Language) {
        if let Some(edit) = self.notebook.with_untracked(|n| n.retyped(id, language)) {
            self.apply(edit);
        }
    }

    /// Clears a cell's output.
    pub fn clear_output(&self, id: &str) {
        self.apply(Edit::SetOutputs { id: id.to_owned(), outputs: Vec::new(), count: None });
        self.runs.update(|runs| {
            runs.remove(id);
        });
    }

    /// Clears the output of all cells.
    pub fn clear_all_outputs(&self) {
        let edits = self.notebook.with_untracked(|n| {
            let cells = n.cells.iter().filter(|c| !c.outputs.is_empty() || c.execution_count.is_some());
            cells.map(|c| Edit::SetOutputs { id: c.id.clone(), outputs: Vec::new(), count: None }).collect()
        });
        self.apply(Edit::Batch(edits));
    }

    /// Copies the selected cell; `cut` also deletes it.
    pub fn copy_cell(&self, id: &str, cut: bool) {
        if let Some(cell) = self.notebook.with_untracked(|n| n.cell(id).cloned()) {
            self.clipboard.set_value(vec![cell]);
            if cut {
                self.delete(id);
            }
        }
    }

    /// Puts the copied cells below (or above) the selected one.
    pub fn paste(&self, below: bool) {
        let selected = self.selected.get_untracked();
        let cells = self.clipboard.get_value();
        if cells.is_empty() {
            return;
        }
        let (at, cells) = self.notebook.with_untracked(|n| {
            let at =
                selected.as_deref().and_then(|id| n.index_of(id)).map_or(n.cells.len(), |at| at + usize::from(below));
            let fresh = |cell: &Arc<Cell>| {
                let mut cell = cell.as_ref().clone();
                if n.index_of(&cell.id).is_some() {
                    cell.id = n.fresh_id(host::seed());
                }
                Arc::new(cell)
            };
            (at, cells.iter().map(fresh).collect::<Vec<_>>())
        });
        let first = cells.first().map(|c| c.id.clone());
        self.apply(Edit::Insert { at, cells });
        if let Some(id) = first {
            self.select(&id);
        }
    }

    /// Takes the last change back, or makes it again.
    pub fn undo(&self, redo: bool) {
        let mut touched = None;
        self.notebook.update(|n| {
            self.undo.update_value(|undo| touched = if redo { undo.redo(n) } else { undo.undo(n) });
        });
        self.changed();
        let selected = self.selected.get_untracked();
        let there = |id: &String| self.notebook.with_untracked(|n| n.index_of(id).is_some());
        if let Some(id) = touched.filter(there).or_else(|| selected.filter(there)) {
            self.select(&id);
        } else if let Some(first) = self.notebook.with_untracked(|n| n.cells.first().map(|c| c.id.clone())) {
            self.select(&first);
        }
    }

    /// Splits a cell at the cursor, given in UTF-16 units as the editor counts.
    pub fn split(&self, id: &str, cursor: u32) {
        let edit = self.notebook.with_untracked(|n| {
            let source = &n.cell(id)?.source;
            n.split(id, byte_offset(source, cursor), n.fresh_id(host::seed()))
        });
        if let Some(edit) = edit {
            self.apply(edit);
            self.select_neighbour(1);
            if let Some(id) = self.selected.get_untracked() {
                self.edit(&id);
            }
        }
    }

    /// Renames the notebook.
    pub fn rename(&self, title: &str) {
        let title = title.trim();
        if !title.is_empty() && title != self.notebook.with_untracked(|n| n.title()) {
            self.notebook.update(|n| n.set_kindling("title", title.into()));
            self.changed();
        }
    }

    /// Goes to a page of the Spark panel.
    pub fn open_spark(&self, route: SparkRoute) {
        self.spark.route.set(route);
        self.shell.show_panel();
    }

    /// Does what a key asks for; `cursor` is the editor's, for a split. True if it did something.
    pub fn act(&self, action: Action, cursor: Option<u32>) -> bool {
        let Some(id) = self.selected.get_untracked() else {
            return match action {
                Action::Help => {
                    self.shell.dialog.set(Some(Dialog::Keys));
                    true
                }
                Action::SelectNext | Action::SelectPrevious => self.select_neighbour(0),
                Action::InsertBelow | Action::InsertAbove => {
                    self.insert(Language::Python, true, None);
                    true
                }
                _ => false,
            };
        };
        match action {
            Action::RunNext => self.run_and_next(&id),
            Action::RunInPlace => self.run_in_place(&id),
            Action::RunInsert => {
                self.run_in_place(&id);
                let new = self.insert(Language::Python, true, None);
                self.edit(&new);
            }
            Action::EnterEdit => self.edit(&id),
            Action::EnterCommand => self.select(&id),
            Action::SelectPrevious => return self.select_neighbour(-1),
            Action::SelectNext => return self.select_neighbour(1),
            Action::InsertAbove => {
                self.insert(Language::Python, false, None);
            }
            Action::InsertBelow => {
                self.insert(Language::Python, true, None);
            }
            Action::Delete => self.delete(&id),
            Action::Undo => self.undo(false),
            Action::Redo => self.undo(true),
            Action::Cut => self.copy_cell(&id, true),
            Action::Copy => self.copy_cell(&id, false),
            Action::Paste => self.paste(true),
            Action::PasteAbove => self.paste(false),
            Action::ToMarkdown => self.retype(&id, Language::Markdown),
            Action::ToPython => self.retype(&id, Language::Python),
            Action::ToSql => self.retype(&id, Language::Sql),
            Action::ToggleLines => self.toggle_view(&id, |v| v.bare = !v.bare),
            Action::ToggleOutput => self.toggle_view(&id, |v| v.collapsed = !v.collapsed),
            Action::MergeBelow => {
                if let Some(edit) = self.notebook.with_untracked(|n| n.merged_below(&id)) {
                    self.apply(edit);
                }
            }
            Action::Interrupt => self.interrupt(),
            Action::Restart => self.shell.dialog.set(Some(Dialog::Restart)),
            Action::Help => self.shell.dialog.set(Some(Dialog::Keys)),
            Action::Save => super::library::save_now(*self),
            Action::Split => self.split(&id, cursor.unwrap_or(0)),
            Action::MoveUp => self.move_cell(&id, -1),
            Action::MoveDown => self.move_cell(&id, 1),
            Action::ShowPanel => self.shell.toggle_panel(),
            Action::MaximisePanel => self.shell.toggle_maximise(),
            Action::PanelPage(n) => {
                if self.shell.layout.get_untracked() == Layout::Notebook {
                    self.shell.layout.set(Layout::Split);
                }
                self.spark.route.set(SparkRoute::numbered(n));
            }
        }
        true
    }

    fn toggle_view(&self, id: &str, change: impl FnOnce(&mut super::CellView)) {
        self.views.update(|views| change(views.entry(id.to_owned()).or_default()));
    }

    /// Runs a cell (a text cell is rendered) and goes to the next; at the end a new cell is made.
    pub fn run_and_next(&self, id: &str) {
        self.run_cell(id);
        self.selected.set(Some(id.to_owned()));
        if !self.select_neighbour(1) {
            let new = self.insert(Language::Python, true, None);
            self.edit(&new);
        }
    }

    /// Runs a cell and stays on it, in command mode.
    pub fn run_in_place(&self, id: &str) {
        self.run_cell(id);
        self.select(id);
    }

    /// Runs the first code cell.
    pub fn run_first(&self) {
        let first = self.notebook.with_untracked(|n| {
            n.cells.iter().find(|c| c.kind == CellKind::Code && c.runnable().is_some()).map(|c| c.id.clone())
        });
        if let Some(id) = first {
            self.run_in_place(&id);
        }
    }
}

/// Byte offset of a position counted in UTF-16 units.
fn byte_offset(text: &str, utf16: u32) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= utf16 {
            return at;
        }
        units += c.len_utf16() as u32;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::byte_offset;

    #[test]
    fn cursor_positions_are_counted_in_utf16_units() {
        assert_eq!(byte_offset("aé😀b", 0), 0);
        assert_eq!(byte_offset("aé😀b", 2), 3);
        assert_eq!(byte_offset("aé😀b", 4), 7);
        assert_eq!(byte_offset("aé😀b", 99), 8);
    }
}
