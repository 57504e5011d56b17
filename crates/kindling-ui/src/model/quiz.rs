//! Check cells: a question in the metadata of a Markdown cell.

use serde::{Deserialize, Serialize};

use super::notebook::{Cell, CellKind};

/// A question with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiz {
    /// The question.
    pub question: String,
    /// The options.
    pub options: Vec<QuizOption>,
    /// Where to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizOption {
    /// Its text.
    pub text: String,
    /// Whether it is right.
    #[serde(default)]
    pub correct: bool,
    /// Why it is right or wrong.
    #[serde(default)]
    pub why: String,
}

/// The question of a cell, if it is a check cell.
pub fn of(cell: &Cell) -> Option<Quiz> {
    if cell.kind != CellKind::Markdown {
        return None;
    }
    let quiz = cell.metadata.get("kindling")?.get("quiz")?;
    let quiz: Quiz = serde_json::from_value(quiz.clone()).ok()?;
    (!quiz.options.is_empty()).then_some(quiz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::notebook::Language;
    use serde_json::json;

    #[test]
    fn a_markdown_cell_with_a_quiz_is_a_check_cell() {
        let mut cell = Cell::new("a".into(), Language::Markdown);
        assert_eq!(of(&cell), None);
        let quiz =
            json!({"quiz": {"question": "q", "options": [{"text": "a", "correct": true, "why": "w"}, {"text": "b"}]}});
        cell.metadata.insert("kindling".into(), quiz);
        let quiz = of(&cell).unwrap();
        assert!(quiz.options[0].correct && !quiz.options[1].correct);
        cell.kind = CellKind::Code;
        assert_eq!(of(&cell), None);
    }
}
