//! Splits the batches of a map task by reduce partition.

use std::sync::Arc;

use arrow::{
    array::{AsArray, RecordBatch, RecordBatchOptions, UInt32Array},
    compute::{interleave_record_batch, take_record_batch},
    datatypes::Int64Type,
};
use datafusion::{error::Result, physical_expr::PhysicalExpr};

use super::{RangeBounds, ShufflePartitioning, hash, xorshift::XorShiftRandom};
use crate::error::internal;

/// Assigns rows to reduce partitions; one per map task.
#[derive(Debug)]
pub enum Partitioner {
    /// By murmur3 of expressions.
    Hash {
        /// Hashed expressions.
        exprs: Vec<Arc<dyn PhysicalExpr>>,
        /// Number of reduce partitions.
        n: usize,
    },
    /// By bounds.
    Range {
        /// The bounds.
        bounds: RangeBounds,
        /// Number of reduce partitions.
        n: usize,
    },
    /// By a number.
    Direct {
        /// The number; null is 0.
        id: Arc<dyn PhysicalExpr>,
        /// Number of reduce partitions.
        n: usize,
    },
    /// In turn.
    RoundRobin {
        /// Partition of the row before.
        position: usize,
        /// Number of reduce partitions.
        n: usize,
    },
    /// All into one.
    Single,
}

impl Partitioner {
    /// The partitioner of map partition `map`; a range exchange needs its bounds.
    pub fn new(partitioning: &ShufflePartitioning, bounds: Option<&RangeBounds>, map: usize) -> Result<Partitioner> {
        Ok(match partitioning {
            ShufflePartitioning::Single => Partitioner::Single,
            other if other.num_partitions() == 1 => Partitioner::Single,
            ShufflePartitioning::Hash(exprs, n) => Partitioner::Hash { exprs: exprs.clone(), n: *n },
            ShufflePartitioning::Direct(id, n) => Partitioner::Direct { id: Arc::clone(id), n: *n },
            ShufflePartitioning::RoundRobin(n) => {
                // Spark starts each map partition elsewhere, so that few rows do not all meet in partition 0.
                let start = XorShiftRandom::new(map as i64).next_int(*n as i32);
                Partitioner::RoundRobin { position: start as usize, n: *n }
            }
            ShufflePartitioning::Range(_, n) => {
                let bounds = bounds.ok_or_else(|| internal("a range exchange has no bounds"))?;
                Partitioner::Range { bounds: bounds.clone(), n: *n }
            }
        })
    }

    /// Number of reduce partitions.
    pub fn num_partitions(&self) -> usize {
        match self {
            Partitioner::Direct { n, .. }
            | Partitioner::Hash { n, .. }
            | Partitioner::Range { n, .. }
            | Partitioner::RoundRobin { n, .. } => *n,
            Partitioner::Single => 1,
        }
    }

    /// The reduce partition of each row, `None` when all go to partition 0.
    fn assign(&mut self, batch: &RecordBatch) -> Result<Option<Vec<u32>>> {
        Ok(match self {
            Partitioner::Single => None,
            Partitioner::Hash { exprs, n } => {
                let n = *n;
                let hashes = hash::hash_rows(exprs, batch)?;
                Some(hashes.into_iter().map(|h| hash::pmod(h, n) as u32).collect())
            }
            Partitioner::Direct { id, n } => {
                let ids = id.evaluate(batch)?.into_array(batch.num_rows())?;
                let ids = ids.as_primitive_opt::<Int64Type>().ok_or_else(|| internal("a partition id is no BIGINT"))?;
                let n = *n as i64;
                Some(ids.iter().map(|id| id.unwrap_or(0).rem_euclid(n) as u32).collect())
            }
            Partitioner::Range { bounds, .. } => Some(bounds.partition_rows(batch)?),
            Partitioner::RoundRobin { position, n } => Some(
                (0..batch.num_rows())
                    .map(|_| {
                        *position = (*position + 1) % *n;
                        *position as u32
                    })
                    .collect(),
            ),
        })
    }

    /// Rows worth waiting for before they are split: enough that a part is not a handful of rows.
    pub fn rows_per_split(&self, batch_size: usize) -> usize {
        (self.num_partitions() * 64).clamp(batch_size, batch_size * 16)
    }

    /// The parts of some batches by reduce partition, empty ones left out.
    pub fn split(&mut self, batches: &[RecordBatch]) -> Result<Vec<(usize, RecordBatch)>> {
        let n = self.num_partitions();
        match batches {
            [] => Ok(vec![]),
            [batch] => match self.assign(batch)? {
                None => Ok(vec![(0, batch.clone())]),
                Some(partitions) => split_batch(batch, &partitions, n),
            },
            [first, ..] if n == 1 || first.num_columns() == 0 => {
                let mut out = vec![];
                for batch in batches {
                    match self.assign(batch)? {
                        None => out.push((0, batch.clone())),
                        Some(partitions) => out.extend(split_batch(batch, &partitions, n)?),
                    }
                }
                Ok(out)
            }
            batches => {
                let mut assigned = vec![];
                for batch in batches {
                    assigned.push(self.assign(batch)?.unwrap_or_else(|| vec![0; batch.num_rows()]));
                }
                split_batches(batches, &assigned, n)
            }
        }
    }
}

/// Ranges of a gather in partition order.
fn ranges(partitions: impl Iterator<Item = u32>, n: usize) -> Vec<usize> {
    let mut offsets = vec![0_usize; n + 1];
    for partition in partitions {
        if let Some(count) = offsets.get_mut(partition as usize + 1) {
            *count += 1;
        }
    }
    let mut total = 0;
    for offset in &mut offsets {
        total += *offset;
        *offset = total;
    }
    offsets
}

/// [`split_batch`] over several batches at once: one gather copies the rows of all.
fn split_batches(batches: &[RecordBatch], assigned: &[Vec<u32>], n: usize) -> Result<Vec<(usize, RecordBatch)>> {
    let offsets = ranges(assigned.iter().flatten().copied(), n);
    let mut next = offsets.clone();
    let mut indices = vec![(0_usize, 0_usize); offsets.last().copied().unwrap_or(0)];
    for (batch, partitions) in assigned.iter().enumerate() {
        for (row, partition) in partitions.iter().enumerate() {
            if let Some(offset) = next.get_mut(*partition as usize) {
                if let Some(slot) = indices.get_mut(*offset) {
                    *slot = (batch, row);
                }
                *offset += 1;
            }
        }
    }
    let all: Vec<&RecordBatch> = batches.iter().collect();
    let ordered = interleave_record_batch(&all, &indices)?;
    let parts = offsets.windows(2).enumerate().filter(|(_, range)| range[1] > range[0]);
    Ok(parts.map(|(partition, range)| (partition, ordered.slice(range[0], range[1] - range[0]))).collect())
}

/// Splits a batch by the partition of each row with one gather: rows are put in partition order (a counting
/// sort, so their order within a partition stays), and each part is a slice of the result.
pub fn split_batch(batch: &RecordBatch, partitions: &[u32], n: usize) -> Result<Vec<(usize, RecordBatch)>> {
    let mut offsets = ranges(partitions.iter().copied(), n);
    let ranges: Vec<(usize, usize)> = offsets.windows(2).map(|w| (w[0], w[1])).collect();
    if let Some(only) = ranges.iter().position(|(start, end)| end - start == batch.num_rows()) {
        return Ok(vec![(only, batch.clone())]);
    }
    let mut indices = vec![0_u32; batch.num_rows()];
    for (row, partition) in partitions.iter().enumerate() {
        if let Some(offset) = offsets.get_mut(*partition as usize) {
            if let Some(slot) = indices.get_mut(*offset) {
                *slot = row as u32;
            }
            *offset += 1;
        }
    }
    let ordered = if batch.num_columns() == 0 {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(batch.schema(), vec![], &options)?
    } else {
        take_record_batch(batch, &UInt32Array::from(indices))?
    };
    Ok(ranges
        .into_iter()
        .enumerate()
        .filter(|(_, (start, end))| end > start)
        .map(|(partition, (start, end))| (partition, ordered.slice(start, end - start)))
        .collect())
}
