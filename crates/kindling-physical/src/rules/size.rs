//! Sizes of plans as Spark estimates them without a cost model (`SizeInBytesOnlyStatsPlanVisitor`).

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::{
    common::JoinType,
    physical_plan::{
        ExecutionPlan, StatisticsArgs, StatisticsContext,
        aggregates::AggregateExec,
        limit::{GlobalLimitExec, LocalLimitExec},
        union::UnionExec,
    },
};

use super::JoinNode;
use crate::{CollectLimitExec, CollectTailExec, InMemoryTableScanExec, TakeOrderedAndProjectExec, aqe::stage_size};

/// `spark.sql.defaultSizeInBytes`: a relation of unknown size is never broadcast.
const UNKNOWN: u128 = i64::MAX as u128;

/// Estimated bytes of a plan's output.
pub fn size_in_bytes(plan: &Arc<dyn ExecutionPlan>) -> u128 {
    if let Some(size) = stage_size(plan) {
        return u128::from(size);
    }
    let row = row_size(&plan.schema());
    if let Some(scan) = plan.downcast_ref::<InMemoryTableScanExec>() {
        let cached = &scan.relation().plan.plan;
        let whole = scan.relation().size_in_bytes().map_or_else(|| size_in_bytes(cached), u128::from);
        return (whole.saturating_mul(row) / row_size(&cached.schema())).max(1);
    }
    if let Some(join) = JoinNode::extract(plan) {
        return match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => size_in_bytes(&join.left),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => size_in_bytes(&join.right),
            _ => size_in_bytes(&join.left).saturating_mul(size_in_bytes(&join.right)),
        };
    }
    let limited = |limit: usize, child: &Arc<dyn ExecutionPlan>| {
        size_in_bytes(child).min((limit as u128).saturating_mul(row).max(1))
    };
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        return limit.fetch().map_or_else(|| size_in_bytes(limit.input()), |fetch| limited(fetch, limit.input()));
    }
    if let Some(limit) = plan.downcast_ref::<LocalLimitExec>() {
        return size_in_bytes(limit.input());
    }
    if let Some(limit) = plan.downcast_ref::<CollectLimitExec>() {
        return limit.limit.map_or_else(|| size_in_bytes(&limit.input), |n| limited(n, &limit.input));
    }
    if let Some(tail) = plan.downcast_ref::<CollectTailExec>() {
        return limited(tail.limit, &tail.input);
    }
    if let Some(top) = plan.downcast_ref::<TakeOrderedAndProjectExec>() {
        return limited(top.limit, &top.input);
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>()
        && aggregate.group_expr().is_empty()
    {
        return row;
    }
    if plan.is::<UnionExec>() {
        return plan.children().into_iter().map(size_in_bytes).fold(0, u128::saturating_add);
    }
    match plan.children().as_slice() {
        [] => leaf_size(plan, row),
        [child] => {
            let child_row = row_size(&child.schema());
            (size_in_bytes(child).saturating_mul(row) / child_row).max(1)
        }
        children => children.iter().map(|child| size_in_bytes(child)).fold(1, u128::saturating_mul),
    }
}

fn leaf_size(plan: &Arc<dyn ExecutionPlan>, row: u128) -> u128 {
    let Ok(statistics) = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()) else {
        return UNKNOWN;
    };
    if let Some(bytes) = statistics.total_byte_size.get_value() {
        return *bytes as u128;
    }
    statistics.num_rows.get_value().map_or(UNKNOWN, |rows| (*rows as u128).saturating_mul(row))
}

/// `EstimationUtils.getSizePerRow`: eight bytes of overhead and each column's default size.
pub fn row_size(schema: &Schema) -> u128 {
    8 + schema.fields().iter().map(|field| default_size(field.data_type())).sum::<u128>()
}

/// `DataType.defaultSize`.
fn default_size(data_type: &DataType) -> u128 {
    match data_type {
        DataType::Null | DataType::Boolean | DataType::Int8 => 1,
        DataType::Int16 => 2,
        DataType::Int32 | DataType::Date32 | DataType::Float32 => 4,
        DataType::Decimal128(precision, _) => {
            if *precision <= 18 {
                8
            } else {
                16
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => 20,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => 100,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            default_size(item.data_type())
        }
        DataType::Map(entries, _) => default_size(entries.data_type()),
        DataType::Struct(fields) => fields.iter().map(|field| default_size(field.data_type())).sum(),
        _ => 8,
    }
}
