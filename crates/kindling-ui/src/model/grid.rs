//! The result grid: sorting, filtering and copying of the rows that are kept.

use std::cmp::Ordering;

use crate::kernel::protocol::DataFrameResult;

/// Direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// The sort and the filter of a grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridView {
    /// Column and direction.
    pub sort: Option<(usize, Direction)>,
    /// Text that a row must contain.
    pub filter: String,
}

/// How values of a type compare and align.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers.
    Integer,
    /// Fractional numbers and decimals.
    Number,
    /// Dates and timestamps.
    Time,
    /// Arrays, maps, structs, variants.
    Nested,
    /// Everything else.
    Text,
}

/// The kind of a Spark type string.
pub fn column_kind(data_type: &str) -> ColumnKind {
    match data_type.split(['(', '<', ' ']).next().unwrap_or_default() {
        "tinyint" | "smallint" | "int" | "bigint" => ColumnKind::Integer,
        "float" | "double" | "decimal" => ColumnKind::Number,
        "date" | "timestamp" | "timestamp_ntz" | "timestamp_ltz" => ColumnKind::Time,
        "array" | "map" | "struct" | "variant" => ColumnKind::Nested,
        _ => ColumnKind::Text,
    }
}

impl ColumnKind {
    /// Numbers are set to the right.
    pub fn is_numeric(self) -> bool {
        matches!(self, ColumnKind::Integer | ColumnKind::Number)
    }
}

impl GridView {
    /// The sort after a click on a column head: ascending, descending, none.
    pub fn clicked(&self, column: usize) -> GridView {
        let sort = match self.sort {
            Some((c, Direction::Ascending)) if c == column => Some((column, Direction::Descending)),
            Some((c, Direction::Descending)) if c == column => None,
            _ => Some((column, Direction::Ascending)),
        };
        GridView { sort, filter: self.filter.clone() }
    }

    /// Positions of the rows to show, in order.
    pub fn rows(&self, frame: &DataFrameResult) -> Vec<u32> {
        let needle = self.filter.trim().to_lowercase();
        let mut rows: Vec<u32> = (0..frame.rows.len() as u32)
            .filter(|row| {
                needle.is_empty()
                    || frame.rows[*row as usize].iter().any(|v| contains(v.as_deref().unwrap_or("null"), &needle))
            })
            .collect();
        if let Some((column, direction)) = self.sort
            && let Some(field) = frame.columns.get(column)
        {
            let kind = column_kind(&field.data_type);
            let mut keyed: Vec<(Key<'_>, u32)> =
                rows.iter().map(|r| (Key::of(frame.rows[*r as usize][column].as_deref(), kind), *r)).collect();
            // Stable, so that equal values keep the query's order; nulls last either way.
            keyed.sort_by(|(a, _), (b, _)| match (a, b) {
                (Key::Null, Key::Null) => Ordering::Equal,
                (Key::Null, _) => Ordering::Greater,
                (_, Key::Null) => Ordering::Less,
                _ if direction == Direction::Ascending => a.compare(b),
                _ => b.compare(a),
            });
            rows = keyed.into_iter().map(|(_, r)| r).collect();
        }
        rows
    }
}

fn contains(value: &str, needle: &str) -> bool {
    if value.is_ascii() {
        let n = needle.len();
        return value.len() >= n && value.as_bytes().windows(n).any(|w| w.eq_ignore_ascii_case(needle.as_bytes()));
    }
    value.to_lowercase().contains(needle)
}

enum Key<'a> {
    Null,
    Integer(i128),
    Number(f64),
    Text(&'a str),
}

impl<'a> Key<'a> {
    fn of(value: Option<&'a str>, kind: ColumnKind) -> Key<'a> {
        match (value, kind) {
            (None, _) => Key::Null,
            (Some(v), ColumnKind::Integer) => v.parse().map_or(Key::Text(v), Key::Integer),
            (Some(v), ColumnKind::Number) => number(v).map_or(Key::Text(v), Key::Number),
            (Some(v), _) => Key::Text(v),
        }
    }

    fn compare(&self, other: &Key<'_>) -> Ordering {
        match (self, other) {
            (Key::Integer(a), Key::Integer(b)) => a.cmp(b),
            // Spark sorts NaN above every other number; `total_cmp` does too, and -0.0 is 0.0 to Spark.
            (Key::Number(a), Key::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Text(_), _) => Ordering::Greater,
            (_, Key::Text(_)) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

/// A number as `show()` prints it.
pub fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok(),
    }
}

/// Nulls of a column: over all rows where known, else in the kept ones.
pub fn null_count(frame: &DataFrameResult, column: usize) -> (u64, bool) {
    match frame.columns.get(column).and_then(|c| c.null_count) {
        Some(n) => (n, true),
        None => {
            let shown = frame.rows.iter().filter(|row| row[column].is_none()).count() as u64;
            (shown, !frame.truncated)
        }
    }
}

/// Cells as tab-separated text; tabs and line ends inside values are quoted as spreadsheets expect.
pub fn tsv(frame: &DataFrameResult, rows: &[u32], columns: std::ops::RangeInclusive<usize>, header: bool) -> String {
    let quote = |value: &str| {
        if value.contains(['\t', '\n', '"']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
    };
    let mut out = String::new();
    if header {
        let names: Vec<String> = frame.columns[columns.clone()].iter().map(|c| quote(&c.name)).collect();
        out.push_str(&names.join("\t"));
        out.push('\n');
    }
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let cells: Vec<String> =
            frame.rows[*row as usize][columns.clone()].iter().map(|v| quote(v.as_deref().unwrap_or(""))).collect();
        out.push_str(&cells.join("\t"));
    }
    out
}

/// The kept rows as CSV, for results whose kernel is gone.
pub fn csv(frame: &DataFrameResult) -> String {
    let quote = |value: &str| {
        if value.contains([',', '\n', '\r', '"']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.to_owned()
        }
    };
    let mut out = frame.columns.iter().map(|c| quote(&c.name)).collect::<Vec<_>>().join(",") + "\n";
    for row in &frame.rows {
        out.push_str(&row.iter().map(|v| quote(v.as_deref().unwrap_or(""))).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::protocol::ResultColumn;

    pub(crate) fn frame(types: &[&str], rows: &[&[Option<&str>]]) -> DataFrameResult {
        DataFrameResult {
            columns: types
                .iter()
                .enumerate()
                .map(|(n, t)| ResultColumn {
                    name: format!("c{n}"),
                    data_type: (*t).into(),
                    nullable: true,
                    null_count: None,
                })
                .collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| v.map(str::to_owned)).collect()).collect(),
            ..DataFrameResult::default()
        }
    }

    fn check(data_type: &str, values: &[Option<&str>], direction: Direction, expect: &[u32]) {
        let rows: Vec<&[Option<&str>]> = values.iter().map(std::slice::from_ref).collect();
        let view = GridView { sort: Some((0, direction)), filter: String::new() };
        assert_eq!(view.rows(&frame(&[data_type], &rows)), expect, "{data_type} {values:?}");
    }

    #[test]
    fn numbers_sort_as_numbers_and_nulls_last_both_ways() {
        use Direction::*;
        check("int", &[Some("10"), None, Some("9"), Some("-1")], Ascending, &[3, 2, 0, 1]);
        check("int", &[Some("10"), None, Some("9"), Some("-1")], Descending, &[0, 2, 3, 1]);
        check("bigint", &[Some("9223372036854775807"), Some("9223372036854775806")], Ascending, &[1, 0]);
        check("double", &[Some("NaN"), Some("Infinity"), Some("1.0E10"), Some("-0.0")], Ascending, &[3, 2, 1, 0]);
        check("decimal(10,2)", &[Some("100.00"), Some("20.50")], Ascending, &[1, 0]);
        check("string", &[Some("b"), Some("a"), Some("b"), Some("B")], Ascending, &[3, 1, 0, 2]);
    }

    #[test]
    fn a_click_goes_through_ascending_descending_and_none() {
        let view = GridView::default().clicked(1);
        assert_eq!(view.sort, Some((1, Direction::Ascending)));
        let view = view.clicked(1);
        assert_eq!(view.sort, Some((1, Direction::Descending)));
        assert_eq!(view.clicked(0).sort, Some((0, Direction::Ascending)));
        assert_eq!(view.clicked(1).sort, None);
    }

    #[test]
    fn the_filter_finds_text_in_any_column_and_null() {
        let f =
            frame(&["int", "string"], &[&[Some("1"), Some("Zürich")], &[Some("2"), None], &[Some("31"), Some("x")]]);
        let find = |text: &str| GridView { sort: None, filter: text.into() }.rows(&f);
        assert_eq!(find("zÜr"), [0]);
        assert_eq!(find("1"), [0, 2]);
        assert_eq!(find("NULL"), [1]);
        assert_eq!(find(" "), [0, 1, 2]);
    }

    #[test]
    fn copied_cells_are_tab_separated() {
        let f = frame(&["int", "string"], &[&[Some("1"), Some("a\tb")], &[None, Some("say \"x\"")]]);
        assert_eq!(tsv(&f, &[1, 0], 0..=1, true), "c0\tc1\n\t\"say \"\"x\"\"\"\n1\t\"a\tb\"");
        assert_eq!(csv(&f), "c0,c1\n1,a\tb\n,\"say \"\"x\"\"\"\n");
    }

    #[test]
    fn null_counts_say_what_they_cover() {
        let mut f = frame(&["int"], &[&[None], &[Some("1")]]);
        assert_eq!(null_count(&f, 0), (1, true));
        f.truncated = true;
        assert_eq!(null_count(&f, 0), (1, false));
        f.columns[0].null_count = Some(7);
        assert_eq!(null_count(&f, 0), (7, true));
    }
}
