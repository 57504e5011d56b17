//! `DataFrame.stat.freqItems`: Spark's `CollectFrequentItems`.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute::take as gather,
    row::{OwnedRow, RowConverter, SortField},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{collection::list, take};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::buffered,
    entry::{FunctionEntry, aggregate},
    error::{from_arrow_error, from_datafusion},
};

pub(super) static ENTRIES: &[FunctionEntry] = &[aggregate("collect_frequent_items", 2, 2, frequent_items)];

/// The values that may be frequent: all those more frequent than `1 / size`, and perhaps others.
fn frequent_items(_: &CallContext<'_>, args: Vec<TypedExpr>, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let [arg, size] = take(args)?;
    let Some(ScalarValue::Int32(Some(size))) = crate::fold(&size)? else {
        return Err(SparkError::internal("the size of collect_frequent_items is no INT constant"));
    };
    let size = usize::try_from(size).unwrap_or(0);
    let data_type = DataType::Array { element: Box::new(arg.data_type.clone()), contains_null: arg.nullable };
    let t = data_type.clone();
    let inputs = std::slice::from_ref(&arg);
    let call = buffered("collect_frequent_items", size.to_string(), inputs, data_type, false, false, move |columns| {
        let kept = counted(&columns[0], size)?;
        let length = kept.len();
        let values = gather(&columns[0], &UInt32Array::from(kept), None).map_err(from_arrow_error)?;
        ScalarValue::try_from_array(&list(&t, values, [length], None)?, 0).map_err(from_datafusion)
    });
    Ok(call.call(vec![arg], options))
}

/// Rows of the items that are left of a counter of `size` items (`FrequentItems` of Karp, Shenker and Papadimitriou).
fn counted(values: &ArrayRef, size: usize) -> SparkResult<Vec<u32>> {
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())]).map_err(from_arrow_error)?;
    let keys = converter.convert_columns(&[Arc::clone(values)]).map_err(from_arrow_error)?;
    // In the order in which they came: item, its first row, its count.
    let mut items: Vec<(OwnedRow, u32, i64)> = vec![];
    let mut places: std::collections::HashMap<OwnedRow, usize> = std::collections::HashMap::new();
    for row in 0..values.len() {
        let key = keys.row(row).owned();
        if let Some(item) = places.get(&key).and_then(|place| items.get_mut(*place)) {
            item.2 += 1;
            continue;
        }
        if items.len() >= size {
            // Counts are at least 1, so the new item's own count of 1 is never above the least one.
            let least = items.iter().map(|item| item.2).min().unwrap_or(0);
            if least > 1 {
                items.iter_mut().for_each(|item| item.2 -= 1);
                continue;
            }
            items.push((key, row as u32, 1));
            items.retain(|item| item.2 > least);
            items.iter_mut().for_each(|item| item.2 -= least);
            places = items.iter().enumerate().map(|(place, item)| (item.0.clone(), place)).collect();
            continue;
        }
        places.insert(key.clone(), items.len());
        items.push((key, row as u32, 1));
    }
    Ok(items.into_iter().map(|item| item.1).collect())
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;

    use super::*;

    #[test]
    fn a_full_counter_keeps_what_is_frequent() {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 1, 3, 1, 4, 1]));
        assert_eq!(counted(&values, 10).unwrap(), vec![0, 1, 3, 5]);
        assert_eq!(counted(&values, 2).unwrap(), vec![0, 5]);
    }
}
