//! Which chart a result gets, and its numbers. Drawing is in `outputs/chart_view.rs`.

use std::collections::HashMap;

use super::grid::{ColumnKind, column_kind, number};
use crate::kernel::protocol::DataFrameResult;

/// Kinds of chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// Bars, from zero.
    Bar,
    /// A line over time or numbers.
    Line,
    /// Points.
    Scatter,
}

impl ChartKind {
    /// The word on the button.
    pub fn label(self) -> &'static str {
        match self {
            ChartKind::Bar => "Bar",
            ChartKind::Line => "Line",
            ChartKind::Scatter => "Scatter",
        }
    }
}

/// Columns of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartSpec {
    /// Kind.
    pub kind: ChartKind,
    /// Column of the x axis.
    pub x: usize,
    /// Column of the y axis.
    pub y: usize,
    /// Column that tells series apart.
    pub colour: Option<usize>,
}

/// Series beyond this many become one: "other".
pub const MAX_SERIES: usize = 12;
/// Bars beyond this many are not drawn.
pub const MAX_BARS: usize = 40;

/// The chart a result gets by itself: text and number: bars; time and number: line; two numbers: scatter.
pub fn choose(frame: &DataFrameResult) -> Option<ChartSpec> {
    let kinds: Vec<ColumnKind> = frame.columns.iter().map(|c| column_kind(&c.data_type)).collect();
    let of = |test: &dyn Fn(ColumnKind) -> bool| (0..kinds.len()).filter(|i| test(kinds[*i])).collect::<Vec<_>>();
    let numbers = of(&|k| k.is_numeric());
    let times = of(&|k| k == ColumnKind::Time);
    let texts = of(&|k| k == ColumnKind::Text);
    if frame.rows.is_empty() {
        return None;
    }
    if let (Some(x), Some(y)) = (times.first(), numbers.first()) {
        return Some(ChartSpec { kind: ChartKind::Line, x: *x, y: *y, colour: texts.first().copied() });
    }
    if let (Some(x), Some(y)) = (texts.first(), numbers.last()) {
        return Some(ChartSpec { kind: ChartKind::Bar, x: *x, y: *y, colour: texts.get(1).copied() });
    }
    match numbers.as_slice() {
        [x, y, ..] => Some(ChartSpec { kind: ChartKind::Scatter, x: *x, y: *y, colour: None }),
        _ => None,
    }
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name, for the legend.
    pub name: String,
    /// Points; for bars `x` is the position of the category.
    pub points: Vec<(f64, f64)>,
}

/// A chart's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartData {
    /// Categories of bars, in order.
    pub categories: Vec<String>,
    /// Series, in order.
    pub series: Vec<Series>,
    /// Categories that were not drawn.
    pub left_out: usize,
}

/// Groups the kept rows into series. Rows with a null or a number that is not finite are left out.
pub fn data(frame: &DataFrameResult, spec: &ChartSpec) -> ChartData {
    if spec.kind == ChartKind::Bar { bars(frame, spec) } else { points(frame, spec) }
}

fn series_names(frame: &DataFrameResult, colour: Option<usize>) -> (Vec<String>, impl Fn(usize) -> usize) {
    let mut order: Vec<String> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    if let Some(column) = colour {
        for row in &frame.rows {
            let name = row[column].clone().unwrap_or_else(|| "null".into());
            index.entry(name.clone()).or_insert_with(|| {
                order.push(name);
                order.len() - 1
            });
        }
    } else {
        order.push(String::new());
    }
    let total = order.len();
    if total > MAX_SERIES {
        order.truncate(MAX_SERIES - 1);
        order.push("other".into());
    }
    let of_row: Vec<usize> = frame
        .rows
        .iter()
        .map(|row| match colour {
            Some(column) => {
                let at = index[row[column].as_deref().unwrap_or("null")];
                if total > MAX_SERIES { at.min(MAX_SERIES - 1) } else { at }
            }
            None => 0,
        })
        .collect();
    (order, move |row| of_row[row])
}

fn bars(frame: &DataFrameResult, spec: &ChartSpec) -> ChartData {
    let (names, series_of) = series_names(frame, spec.colour);
    let mut categories: Vec<String> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut values: Vec<Vec<Option<f64>>> = Vec::new();
    for (n, row) in frame.rows.iter().enumerate() {
        let Some(y) = row[spec.y].as_deref().and_then(number).filter(|y| y.is_finite()) else { continue };
        let name = row[spec.x].clone().unwrap_or_else(|| "null".into());
        let at = *index.entry(name.clone()).or_insert_with(|| {
            categories.push(name);
            values.push(vec![None; names.len()]);
            categories.len() - 1
        });
        let slot = &mut values[at][series_of(n)];
        *slot = Some(slot.unwrap_or(0.0) + y);
    }
    let mut order: Vec<usize> = (0..categories.len()).collect();
    let total = |c: &usize| values[*c].iter().flatten().sum::<f64>();
    order.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let left_out = order.len().saturating_sub(MAX_BARS);
    order.truncate(MAX_BARS);
    let series = names
        .into_iter()
        .enumerate()
        .map(|(s, name)| Series {
            name,
            points: order.iter().enumerate().filter_map(|(x, c)| Some((x as f64, values[*c][s]?))).collect(),
        })
        .collect();
    ChartData { categories: order.iter().map(|c| categories[*c].clone()).collect(), series, left_out }
}

fn points(frame: &DataFrameResult, spec: &ChartSpec) -> ChartData {
    let (names, series_of) = series_names(frame, spec.colour);
    let time = column_kind(&frame.columns[spec.x].data_type) == ColumnKind::Time;
    let mut series: Vec<Series> = names.into_iter().map(|name| Series { name, points: Vec::new() }).collect();
    for (n, row) in frame.rows.iter().enumerate() {
        let x = row[spec.x].as_deref().and_then(|x| if time { timestamp(x) } else { number(x) });
        let y = row[spec.y].as_deref().and_then(number);
        if let (Some(x), Some(y)) = (x, y)
            && x.is_finite()
            && y.is_finite()
        {
            series[series_of(n)].points.push((x, y));
        }
    }
    if spec.kind == ChartKind::Line {
        series.iter_mut().for_each(|s| s.points.sort_by(|a, b| a.0.total_cmp(&b.0)));
    }
    ChartData { categories: Vec::new(), series, left_out: 0 }
}

/// Seconds since 1970 of a date or timestamp as `show()` prints it.
pub fn timestamp(text: &str) -> Option<f64> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.rsplitn(3, '-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = (year.parse::<i64>().ok()?, month.parse::<i64>().ok()?, day.parse::<i64>().ok()?);
    let mut seconds = 0.0;
    for (part, unit) in time.split(':').zip([3600.0, 60.0, 1.0]) {
        if !part.is_empty() {
            seconds += part.parse::<f64>().ok()? * unit;
        }
    }
    // Days from civil, after Howard Hinnant.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let year_of_era = y.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) as f64 * 86_400.0 + seconds)
}

/// The text of a moment on an axis whose ticks are `step` seconds apart.
pub fn time_label(seconds: f64, step: f64) -> String {
    let days = (seconds / 86_400.0).floor();
    let z = days as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if step >= 86_400.0 {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    let rest = (seconds - days * 86_400.0).round() as i64;
    if step >= 60.0 {
        format!("{month:02}-{day:02} {:02}:{:02}", rest / 3600, rest / 60 % 60)
    } else {
        format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
    }
}

/// Round tick values that cover a range, about `wanted` of them.
pub fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let span = high - low;
    if span.is_nan() || span <= 0.0 || span.is_infinite() {
        return vec![low];
    }
    let raw = span / wanted.max(1) as f64;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * magnitude).find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// A number on an axis or in a tooltip: `1.5M`, `300`, `0.25`.
pub fn number_label(value: f64) -> String {
    let magnitude = value.abs();
    let (scaled, suffix) = match magnitude {
        m if m >= 1e12 => return format!("{value:.1e}"),
        m if m >= 1e9 => (value / 1e9, "B"),
        m if m >= 1e6 => (value / 1e6, "M"),
        m if m >= 1e4 => (value / 1e3, "k"),
        m if m != 0.0 && m < 1e-3 => return format!("{value:.1e}"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.3}");
    format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::protocol::ResultColumn;

    fn frame(columns: &[(&str, &str)], rows: &[&[&str]]) -> DataFrameResult {
        DataFrameResult {
            columns: columns
                .iter()
                .map(|(n, t)| ResultColumn { name: (*n).into(), data_type: (*t).into(), ..ResultColumn::default() })
                .collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| (*v != "-").then(|| (*v).to_owned())).collect()).collect(),
            ..DataFrameResult::default()
        }
    }

    #[test]
    fn the_chart_follows_the_types() {
        let check = |columns: &[(&str, &str)], expect: Option<(ChartKind, usize, usize, Option<usize>)>| {
            let row: Vec<&str> = columns.iter().map(|_| "1").collect();
            let got = choose(&frame(columns, &[&row])).map(|s| (s.kind, s.x, s.y, s.colour));
            assert_eq!(got, expect, "{columns:?}");
        };
        check(&[("c", "string"), ("n", "bigint")], Some((ChartKind::Bar, 0, 1, None)));
        check(&[("c", "string"), ("r", "string"), ("v", "double")], Some((ChartKind::Bar, 0, 2, Some(1))));
        check(&[("t", "timestamp"), ("v", "double")], Some((ChartKind::Line, 0, 1, None)));
        check(&[("a", "int"), ("b", "decimal(10,2)")], Some((ChartKind::Scatter, 0, 1, None)));
        check(&[("a", "string")], None);
        assert_eq!(choose(&frame(&[("c", "string"), ("n", "int")], &[])), None);
    }

    #[test]
    fn bars_are_sorted_by_value_and_nulls_left_out() {
        let f = frame(&[("c", "string"), ("v", "int")], &[&["a", "1"], &["b", "5"], &["c", "-"], &["-", "3"]]);
        let d = data(&f, &choose(&f).unwrap());
        assert_eq!(d.categories, ["b", "null", "a"]);
        assert_eq!(d.series[0].points, [(0.0, 5.0), (1.0, 3.0), (2.0, 1.0)]);
    }

    #[test]
    fn the_thirteenth_series_is_other() {
        let rows: Vec<Vec<String>> = (0..20).map(|i| vec!["x".into(), format!("s{i}"), "1".into()]).collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let f = frame(&[("c", "string"), ("s", "string"), ("v", "int")], &rows);
        let d = data(&f, &choose(&f).unwrap());
        assert_eq!(d.series.len(), MAX_SERIES);
        assert_eq!((d.series[11].name.as_str(), d.series[11].points[0].1), ("other", 9.0));
    }

    #[test]
    fn time_is_read_and_written() {
        assert_eq!(timestamp("1970-01-02"), Some(86_400.0));
        assert_eq!(timestamp("2026-05-20 23:59:41"), Some(1_779_321_581.0));
        assert_eq!(time_label(1_779_321_581.0, 1.0), "23:59:41");
        assert_eq!(time_label(1_779_321_581.0, 90_000.0), "2026-05-20");
        assert_eq!(timestamp("x"), None);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 350.0, 4), [0.0, 100.0, 200.0, 300.0]);
        assert_eq!(ticks(5.0, 5.0, 4), [5.0]);
        assert_eq!(number_label(1_500_000.0), "1.5M");
        assert_eq!(number_label(0.25), "0.25");
    }
}
