//! Bounds of a range exchange (Spark's `RangePartitioner`): sample every map partition, then cut by weight.
//!
//! Keys are compared in Arrow's row format, which orders bytes as the sort would order the values.
//! Departure: Spark samples an unusually large partition a second time; here its samples weigh more.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    row::{OwnedRow, RowConverter, Rows, SortField},
};
use datafusion::{error::Result, physical_expr::LexOrdering};

use super::xorshift::XorShiftRandom;
use crate::error::internal;

/// `spark.sql.execution.rangeExchange.sampleSizePerPartition`.
pub const SAMPLE_POINTS_PER_PARTITION: usize = 100;

/// Rows to sample of each of `map_partitions`, three times the even share as Spark takes.
pub fn sample_size_per_partition(reduce_partitions: usize, map_partitions: usize) -> usize {
    let sample_size = (SAMPLE_POINTS_PER_PARTITION as f64 * reduce_partitions as f64).min(1e6);
    (3.0 * sample_size / map_partitions.max(1) as f64).ceil() as usize
}

fn converter(ordering: &LexOrdering, batch_schema: &arrow::datatypes::Schema) -> Result<RowConverter> {
    let fields = ordering
        .iter()
        .map(|sort| Ok(SortField::new_with_options(sort.expr.data_type(batch_schema)?, sort.options)))
        .collect::<Result<Vec<_>>>()?;
    Ok(RowConverter::new(fields)?)
}

fn key_rows(converter: &mut RowConverter, ordering: &LexOrdering, batch: &RecordBatch) -> Result<Rows> {
    let columns = ordering
        .iter()
        .map(|sort| sort.expr.evaluate(batch)?.into_array(batch.num_rows()))
        .collect::<Result<Vec<_>>>()?;
    Ok(converter.convert_columns(&columns)?)
}

/// Reservoir sample of the keys of one map partition.
#[derive(Debug)]
pub struct RangeSample {
    ordering: LexOrdering,
    capacity: usize,
    random: XorShiftRandom,
    converter: Option<RowConverter>,
    /// Rows seen.
    pub count: u64,
    /// Keys kept.
    pub keys: Vec<OwnedRow>,
}

impl RangeSample {
    /// An empty sample of at most `capacity` keys.
    pub fn new(ordering: LexOrdering, capacity: usize, partition: usize) -> RangeSample {
        RangeSample {
            ordering,
            capacity: capacity.max(1),
            random: XorShiftRandom::new(partition as i64),
            converter: None,
            count: 0,
            keys: vec![],
        }
    }

    /// Takes a batch of the partition into account.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.converter.is_none() {
            self.converter = Some(converter(&self.ordering, &batch.schema())?);
        }
        let Some(converter) = self.converter.as_mut() else {
            return Err(internal("no row converter"));
        };
        let rows = key_rows(converter, &self.ordering, batch)?;
        for row in rows.iter() {
            self.count += 1;
            if self.keys.len() < self.capacity {
                self.keys.push(row.owned());
            } else {
                let slot = (self.random.next_double() * self.count as f64) as usize;
                if let Some(kept) = self.keys.get_mut(slot) {
                    *kept = row.owned();
                }
            }
        }
        Ok(())
    }
}

/// Upper bounds of all reduce partitions but the last.
#[derive(Debug, Clone)]
pub struct RangeBounds {
    ordering: LexOrdering,
    bounds: Arc<Vec<OwnedRow>>,
}

impl RangeBounds {
    /// `RangePartitioner.determineBounds` over the samples of all map partitions.
    pub fn determine(ordering: LexOrdering, partitions: usize, samples: Vec<RangeSample>) -> RangeBounds {
        let mut weighted: Vec<(OwnedRow, f32)> = vec![];
        for sample in samples {
            let weight = (sample.count as f64 / sample.keys.len().max(1) as f64) as f32;
            weighted.extend(sample.keys.into_iter().map(|key| (key, weight)));
        }
        weighted.sort_by(|a, b| a.0.cmp(&b.0));
        let partitions = partitions.min(weighted.len());
        let total: f64 = weighted.iter().map(|(_, weight)| f64::from(*weight)).sum();
        let step = total / partitions.max(1) as f64;
        let mut bounds: Vec<OwnedRow> = vec![];
        let mut cumulated = 0.0;
        let mut target = step;
        for (key, weight) in weighted {
            if bounds.len() + 1 >= partitions {
                break;
            }
            cumulated += f64::from(weight);
            if cumulated >= target && bounds.last().is_none_or(|last| key > *last) {
                bounds.push(key);
                target += step;
            }
        }
        RangeBounds { ordering, bounds: Arc::new(bounds) }
    }

    /// Number of bounds.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether everything goes to the first partition.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The reduce partition of each row.
    pub fn partition_rows(&self, batch: &RecordBatch) -> Result<Vec<u32>> {
        if self.bounds.is_empty() || batch.num_rows() == 0 {
            return Ok(vec![0; batch.num_rows()]);
        }
        let mut converter = converter(&self.ordering, &batch.schema())?;
        let rows = key_rows(&mut converter, &self.ordering, batch)?;
        Ok(rows.iter().map(|row| self.bounds.partition_point(|bound| bound.row() < row) as u32).collect())
    }
}
