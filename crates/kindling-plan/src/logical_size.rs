//! How large the results of logical operators may be (Spark's `SizeInBytesOnlyStatsPlanVisitor`), as `EXPLAIN COST` shows it.

use datafusion::{
    common::stats::Precision,
    datasource::source_as_provider,
    logical_expr::{Distinct, Expr, JoinType, LogicalPlan},
    scalar::ScalarValue,
};
use kindling_physical::row_size;

use crate::logical::{Generate, LocalRelation, Range, Sample};

/// `spark.sql.defaultSizeInBytes`: of what nothing is known.
const UNKNOWN: u128 = i64::MAX as u128;

/// Size and, where it is known, number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statistics {
    size: u128,
    rows: Option<u128>,
}

impl Statistics {
    /// Of what an operator gives.
    pub fn of(plan: &LogicalPlan) -> Statistics {
        let row = row_size(plan.schema().as_arrow());
        let of_rows = |rows: u128| Statistics { size: (rows * row).max(1), rows: Some(rows) };
        let only_size = |size: u128| Statistics { size: size.max(1), rows: None };
        match plan {
            LogicalPlan::EmptyRelation(empty) => {
                if empty.produce_one_row {
                    only_size(1)
                } else {
                    of_rows(0)
                }
            }
            LogicalPlan::TableScan(scan) => {
                let known = source_as_provider(&scan.source).ok().and_then(|table| table.statistics());
                match known.map(|known| known.total_byte_size) {
                    Some(Precision::Exact(size) | Precision::Inexact(size)) => only_size(size as u128),
                    _ => only_size(UNKNOWN),
                }
            }
            LogicalPlan::Limit(limit) => {
                let below = Statistics::of(&limit.input);
                match limit.fetch.as_deref() {
                    Some(Expr::Literal(ScalarValue::Int64(Some(fetch)), _)) => {
                        let fetch = u128::try_from(*fetch).unwrap_or(0);
                        of_rows(below.rows.map_or(fetch, |rows| rows.min(fetch)))
                    }
                    _ => below,
                }
            }
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Statistics::of(&join.left),
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => Statistics::of(&join.right),
                _ => only_size(product(plan)),
            },
            LogicalPlan::Union(union) => {
                only_size(union.inputs.iter().fold(0, |sum, input| sum.saturating_add(Statistics::of(input).size)))
            }
            LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => of_rows(1),
            LogicalPlan::Aggregate(aggregate) => only_size(scaled(&aggregate.input, row)),
            LogicalPlan::Distinct(Distinct::All(input)) => only_size(scaled(input, row)),
            // These give as many rows as they take, of the same columns or others.
            LogicalPlan::Projection(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Repartition(_) => match plan.inputs().first() {
                Some(input) => Statistics { size: scaled(input, row).max(1), rows: Statistics::of(input).rows },
                None => only_size(UNKNOWN),
            },
            LogicalPlan::Filter(filter) => only_size(scaled(&filter.input, row)),
            LogicalPlan::Extension(extension) => {
                let node = extension.node.as_any();
                if let Some(local) = node.downcast_ref::<LocalRelation>() {
                    return of_rows(local.batches.iter().map(|batch| batch.num_rows() as u128).sum());
                }
                if let Some(range) = node.downcast_ref::<Range>() {
                    let (start, end, step) = (i128::from(range.start), i128::from(range.end), i128::from(range.step));
                    let distance = if step > 0 { end - start } else { start - end };
                    let rows = (distance.max(0) as u128).div_ceil(step.unsigned_abs().max(1));
                    return of_rows(rows);
                }
                if let Some(sample) = node.downcast_ref::<Sample>() {
                    let below = Statistics::of(&sample.input);
                    let ratio = |n: u128| (n as f64 * (sample.upper - sample.lower)).ceil() as u128;
                    return Statistics { size: ratio(below.size).max(1), rows: below.rows.map(ratio) };
                }
                if node.is::<Generate>() {
                    return only_size(product(plan));
                }
                match plan.inputs().as_slice() {
                    [input] => Statistics { size: scaled(input, row).max(1), rows: Statistics::of(input).rows },
                    _ => only_size(product(plan)),
                }
            }
            _ => only_size(product(plan)),
        }
    }

    /// The most rows, where that is known.
    pub fn rows(self) -> Option<u128> {
        self.rows
    }

    /// `Statistics.simpleString`
    pub fn text(self) -> String {
        let size = bytes_to_string(self.size);
        match self.rows {
            Some(rows) if rows < 1_000_000 => format!("Statistics(sizeInBytes={size}, rowCount={rows})"),
            Some(rows) => format!("Statistics(sizeInBytes={size}, rowCount={})", scientific(rows)),
            None => format!("Statistics(sizeInBytes={size})"),
        }
    }
}

/// What an operator with one input gives when it gives a row of another width for each of the input's.
fn scaled(input: &LogicalPlan, row: u128) -> u128 {
    let below = Statistics::of(input).size;
    below.saturating_mul(row) / row_size(input.schema().as_arrow())
}

fn product(plan: &LogicalPlan) -> u128 {
    plan.inputs().into_iter().fold(1, |size, input| size.saturating_mul(Statistics::of(input).size))
}

/// `Utils.bytesToString`
fn bytes_to_string(size: u128) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if size >= 1 << 71 {
        return format!("{} B", scientific(size));
    }
    let power = (1..UNITS.len()).rev().find(|power| size >= 2 << (10 * power)).unwrap_or(0);
    format!("{:.1} {}", size as f64 / (1_u128 << (10 * power)) as f64, UNITS[power])
}

/// Three digits, as a `BigDecimal` prints them: `1.00E+6`.
fn scientific(n: u128) -> String {
    let text = format!("{:.2e}", n as f64);
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{digits}E+{exponent}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_spark_writes_them() {
        assert_eq!(bytes_to_string(100), "100.0 B");
        assert_eq!(bytes_to_string(2047), "2047.0 B");
        assert_eq!(bytes_to_string(2048), "2.0 KiB");
        assert_eq!(bytes_to_string(UNKNOWN), "8.0 EiB");
        assert_eq!(bytes_to_string(1 << 80), "1.21E+24 B");
        assert_eq!(scientific(2_000_000), "2.00E+6");
    }
}
