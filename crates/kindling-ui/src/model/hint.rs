//! One hint for an error, if its own parameters give it: what to replace, where.

use serde_json::Value;

use crate::kernel::protocol::CellError;

/// Replace a word by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The word in the cell.
    pub from: String,
    /// What Spark proposes.
    pub to: String,
    /// Line of the cell, from 1.
    pub line: usize,
}

/// The fix an error proposes for a cell's text.
pub fn fix(error: &CellError, source: &str) -> Option<Fix> {
    let parameters = error.parameters.as_ref()?;
    let text = |key: &str| parameters.get(key).and_then(Value::as_str);
    let (from, proposals) = match error.condition.as_deref()? {
        "UNRESOLVED_COLUMN.WITH_SUGGESTION" | "UNRESOLVED_MAP_KEY.WITH_SUGGESTION" => {
            (text("objectName")?, text("proposal")?)
        }
        "UNRESOLVED_FIELD.WITH_SUGGESTION" => (text("fieldName")?, text("proposal")?),
        "FIELD_NOT_FOUND" => (text("fieldName")?, text("fields")?),
        _ => return None,
    };
    let from = last_part(from)?;
    let to = proposals.split(',').filter_map(last_part).min_by_key(|p| distance(&from, p))?;
    // A proposal that shares little with the word is Spark naming what there is, not a correction.
    if distance(&from, &to) > from.chars().count().max(to.chars().count()).div_ceil(2) {
        return None;
    }
    let line = find_line(source, &from, error.line.map(|l| l as usize))?;
    Some(Fix { from, to, line })
}

impl Fix {
    /// The cell's text with the fix applied: every whole-word occurrence in the line.
    pub fn apply(&self, source: &str) -> String {
        let mut out = String::with_capacity(source.len() + self.to.len());
        for (n, line) in source.split_inclusive('\n').enumerate() {
            if n + 1 != self.line {
                out.push_str(line);
                continue;
            }
            let mut at = 0;
            while let Some(found) = find_word(&line[at..], &self.from) {
                out.push_str(&line[at..at + found]);
                out.push_str(&self.to);
                at += found + self.from.len();
            }
            out.push_str(&line[at..]);
        }
        out
    }
}

/// `` `a`.`b` `` → `b`.
fn last_part(name: &str) -> Option<String> {
    let name = name.trim();
    let part = match name.strip_suffix('`') {
        Some(rest) => rest.rsplit_once('`').map_or(rest, |(_, part)| part),
        None => name.rsplit('.').next().unwrap_or(name),
    };
    (!part.is_empty()).then(|| part.to_owned())
}

fn find_line(source: &str, word: &str, hinted: Option<usize>) -> Option<usize> {
    let lines: Vec<&str> = source.lines().collect();
    if let Some(line) = hinted
        && lines.get(line.wrapping_sub(1)).is_some_and(|l| find_word(l, word).is_some())
    {
        return Some(line);
    }
    // The error points at the action; the name may stand above it. Only a single place is safe to offer.
    let mut found = lines.iter().enumerate().filter(|(_, l)| find_word(l, word).is_some()).map(|(n, _)| n + 1);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(at) = text[from..].find(word) {
        let start = from + at;
        let end = start + word.len();
        if !text[..start].chars().next_back().is_some_and(is_word) && !text[end..].chars().next().is_some_and(is_word) {
            return Some(start);
        }
        from = end;
    }
    None
}

/// Levenshtein distance, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.to_lowercase().chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let next = (corner + usize::from(ca != *cb)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(condition: &str, parameters: Value, line: Option<u32>) -> CellError {
        CellError {
            condition: Some(condition.into()),
            parameters: parameters.as_object().cloned(),
            line,
            ..CellError::default()
        }
    }

    const SOURCE: &str =
        "(orders.groupBy(\"category\")\n  .agg(F.avg(\"minuts\").alias(\"avg_minuts\"), F.max(\"minuts\"))\n  .show())";

    #[test]
    fn the_nearest_proposal_replaces_whole_words_in_the_line() {
        let e = error(
            "UNRESOLVED_COLUMN.WITH_SUGGESTION",
            json!({"objectName": "`minuts`", "proposal": "`orders`.`amount`, `orders`.`minutes`, `status`"}),
            Some(2),
        );
        let fix = fix(&e, SOURCE).unwrap();
        assert_eq!((fix.from.as_str(), fix.to.as_str(), fix.line), ("minuts", "minutes", 2));
        assert_eq!(
            fix.apply(SOURCE).lines().nth(1).unwrap(),
            "  .agg(F.avg(\"minutes\").alias(\"avg_minuts\"), F.max(\"minutes\"))"
        );
    }

    #[test]
    fn the_line_is_found_when_the_error_points_elsewhere() {
        let parameters = json!({"objectName": "`minuts`", "proposal": "`minutes`"});
        let e = error("UNRESOLVED_COLUMN.WITH_SUGGESTION", parameters, Some(3));
        assert_eq!(fix(&e, SOURCE).unwrap().line, 2);
        assert_eq!(fix(&e, "minuts\nminuts\nshow()"), None);
    }

    #[test]
    fn no_hint_without_a_near_proposal() {
        let far = json!({"objectName": "`zzz`", "proposal": "`minutes`, `amount`"});
        assert_eq!(fix(&error("UNRESOLVED_COLUMN.WITH_SUGGESTION", far, None), "zzz"), None);
        assert_eq!(fix(&error("DIVIDE_BY_ZERO", json!({"config": "x"}), None), "1/0"), None);
        assert_eq!(fix(&CellError::default(), "x"), None);
    }
}
