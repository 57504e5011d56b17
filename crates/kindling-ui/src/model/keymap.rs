//! The keyboard: Jupyter's two modes and the Spark panel's keys.

/// Jupyter's modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Keys act on cells.
    #[default]
    Command,
    /// Keys go into the editor.
    Edit,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Action {
    RunNext,
    RunInPlace,
    RunInsert,
    EnterEdit,
    EnterCommand,
    SelectPrevious,
    SelectNext,
    InsertAbove,
    InsertBelow,
    Delete,
    Undo,
    Redo,
    Cut,
    Copy,
    Paste,
    PasteAbove,
    ToMarkdown,
    ToPython,
    ToSql,
    ToggleLines,
    ToggleOutput,
    MergeBelow,
    Interrupt,
    Restart,
    Help,
    Save,
    Split,
    MoveUp,
    MoveDown,
    ShowPanel,
    MaximisePanel,
    PanelPage(u8),
}

/// One key press as the browser reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chord {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// Control, or Command on a Mac.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

/// Two-key commands must come within this time.
const PAIR_MS: f64 = 800.0;

/// Remembers the first key of a two-key command.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    pending: Option<(char, f64)>,
}

impl Keymap {
    /// The action of a key press at a time (milliseconds), if it has one.
    pub fn press(&mut self, mode: Mode, chord: &Chord, now: f64) -> Option<Action> {
        let first = self.pending.take().filter(|(_, at)| now - at <= PAIR_MS).map(|(key, _)| key);
        let Chord { key, ctrl, shift, alt } = chord;
        if key == "Enter" {
            return match (ctrl, shift, alt) {
                (false, true, false) => Some(Action::RunNext),
                (true, false, false) => Some(Action::RunInPlace),
                (false, false, true) => Some(Action::RunInsert),
                (false, false, false) if mode == Mode::Command => Some(Action::EnterEdit),
                _ => None,
            };
        }
        if *ctrl && !alt && !shift && key.eq_ignore_ascii_case("s") {
            return Some(Action::Save);
        }
        if *ctrl && *shift && !alt && (key == "-" || key == "_") {
            return Some(Action::Split);
        }
        if mode == Mode::Edit {
            return (key == "Escape").then_some(Action::EnterCommand);
        }
        if *ctrl || *alt {
            return match key.as_str() {
                "ArrowUp" if *alt => Some(Action::MoveUp),
                "ArrowDown" if *alt => Some(Action::MoveDown),
                _ => None,
            };
        }
        match key.as_str() {
            "ArrowUp" => return Some(Action::SelectPrevious),
            "ArrowDown" => return Some(Action::SelectNext),
            _ => {}
        }
        let mut chars = key.chars();
        let (c, None) = (chars.next()?, chars.next()) else { return None };
        let c = c.to_ascii_lowercase();
        if let Some(first) = first {
            match (first, c) {
                ('d', 'd') => return Some(Action::Delete),
                ('i', 'i') => return Some(Action::Interrupt),
                ('0', '0') => return Some(Action::Restart),
                ('g', '1'..='7') => return Some(Action::PanelPage(c as u8 - b'1')),
                _ => {}
            }
        }
        match (c, shift) {
            ('k', false) => Some(Action::SelectPrevious),
            ('j', false) => Some(Action::SelectNext),
            ('a', false) => Some(Action::InsertAbove),
            ('b', false) => Some(Action::InsertBelow),
            ('z', false) => Some(Action::Undo),
            ('z', true) => Some(Action::Redo),
            ('x', false) => Some(Action::Cut),
            ('c', false) => Some(Action::Copy),
            ('v', false) => Some(Action::Paste),
            ('v', true) => Some(Action::PasteAbove),
            ('m', false) => Some(Action::ToMarkdown),
            ('m', true) => Some(Action::MergeBelow),
            ('y', false) => Some(Action::ToPython),
            ('q', false) => Some(Action::ToSql),
            ('l', _) => Some(Action::ToggleLines),
            ('o', _) => Some(Action::ToggleOutput),
            ('h', _) => Some(Action::Help),
            ('s', false) => Some(Action::ShowPanel),
            ('s', true) => Some(Action::MaximisePanel),
            ('d' | 'i' | '0' | 'g', false) => {
                self.pending = Some((c, now));
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        let mut chord = Chord::default();
        for part in text.split('+') {
            match part {
                "Ctrl" => chord.ctrl = true,
                "Shift" => chord.shift = true,
                "Alt" => chord.alt = true,
                key => chord.key = key.to_owned(),
            }
        }
        chord
    }

    fn check(mode: Mode, keys: &str, expect: Option<Action>) {
        let mut keymap = Keymap::default();
        let mut last = None;
        for (n, key) in keys.split(' ').enumerate() {
            last = keymap.press(mode, &chord(key), n as f64 * 100.0);
        }
        assert_eq!(last, expect, "{keys}");
    }

    #[test]
    fn command_mode_has_jupyters_keys() {
        use Action::*;
        for (keys, action) in [
            ("Enter", EnterEdit),
            ("j", SelectNext),
            ("ArrowUp", SelectPrevious),
            ("a", InsertAbove),
            ("b", InsertBelow),
            ("d d", Delete),
            ("z", Undo),
            ("Shift+Z", Redo),
            ("x", Cut),
            ("c", Copy),
            ("v", Paste),
            ("m", ToMarkdown),
            ("y", ToPython),
            ("q", ToSql),
            ("l", ToggleLines),
            ("o", ToggleOutput),
            ("i i", Interrupt),
            ("0 0", Restart),
            ("h", Help),
            ("s", ShowPanel),
            ("Shift+S", MaximisePanel),
            ("g 3", PanelPage(2)),
            ("Shift+Enter", RunNext),
            ("Ctrl+Enter", RunInPlace),
            ("Alt+Enter", RunInsert),
            ("Ctrl+s", Save),
        ] {
            check(Mode::Command, keys, Some(action));
        }
    }

    #[test]
    fn pairs_need_both_keys_in_a_row() {
        check(Mode::Command, "d", None);
        check(Mode::Command, "d j", Some(Action::SelectNext));
        check(Mode::Command, "d j d", None);
        check(Mode::Command, "d d d", None);
        let mut keymap = Keymap::default();
        keymap.press(Mode::Command, &chord("d"), 0.0);
        assert_eq!(keymap.press(Mode::Command, &chord("d"), 2000.0), None);
    }

    #[test]
    fn edit_mode_leaves_letters_to_the_editor() {
        check(Mode::Edit, "d d", None);
        check(Mode::Edit, "Enter", None);
        check(Mode::Edit, "Escape", Some(Action::EnterCommand));
        check(Mode::Edit, "Shift+Enter", Some(Action::RunNext));
        check(Mode::Edit, "Ctrl+Shift+-", Some(Action::Split));
        check(Mode::Edit, "Ctrl+Shift+_", Some(Action::Split));
    }

    #[test]
    fn browser_shortcuts_pass() {
        check(Mode::Command, "Ctrl+c", None);
        check(Mode::Command, "Ctrl+r", None);
        check(Mode::Command, "Ctrl+Alt+Enter", None);
    }
}
