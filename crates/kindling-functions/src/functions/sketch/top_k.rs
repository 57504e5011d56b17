//! `approx_top_k` and its parts (`ApproxTopK`, `ApproxTopKAccumulate`, `ApproxTopKCombine`, `ApproxTopKEstimate`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StructArray, new_null_array};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};

use super::{Args, constant_int, items::ItemsSketch};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    coercion::{non_foldable, unexpected_type},
    entry::{FunctionEntry, aggregate, scalar},
    error::{from_arrow_error, from_datafusion},
    functions::collection::list,
    literal::null_scalar,
    udf::call,
};

const DEFAULT_K: i32 = 5;
const DEFAULT_TRACKED: i32 = 10_000;
const MOST_TRACKED: i32 = 1_000_000;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    aggregate("approx_top_k", 1, 3, |ctx, args, options| {
        let k = positive(ctx, &args, 1, "k", DEFAULT_K)?;
        let tracked = tracked(ctx, &args, 2, DEFAULT_TRACKED)?;
        if tracked < k {
            return Err(SparkError::runtime("APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K")
                .param("maxItemsTracked", tracked.to_string())
                .param("k", k.to_string()));
        }
        let item = check_item(ctx, &args[0])?;
        let like = null_scalar(&to_arrow(&item))?;
        let t = result_type(&item);
        let finish = move |state: &Counts| top(state, k as usize, &result_type(&item));
        accumulate("approx_top_k", format!("{k} {tracked}"), t, tracked, like, args, options, finish)
    }),
    aggregate("approx_top_k_accumulate", 1, 2, |ctx, args, options| {
        let tracked = tracked(ctx, &args, 1, DEFAULT_TRACKED)?;
        let item = check_item(ctx, &args[0])?;
        let like = null_scalar(&to_arrow(&item))?;
        let t = state_type(&item);
        let finish = move |state: &Counts| state_value(state, &item);
        accumulate("approx_top_k_accumulate", tracked.to_string(), t, tracked, like, args, options, finish)
    }),
    aggregate("approx_top_k_combine", 1, 2, combine),
    scalar("approx_top_k_estimate", 1, 2, estimate),
];

fn positive(ctx: &CallContext<'_>, args: &Args, index: usize, name: &str, default: i32) -> SparkResult<i32> {
    if args.get(index).is_some_and(TypedExpr::is_null_literal) {
        return Err(SparkError::runtime("APPROX_TOP_K_NULL_ARG").param("argName", format!("`{name}`")));
    }
    let value = constant_int(ctx, args, index, default, || non_foldable(ctx, index, name, "\"INT\""))?;
    if value > 0 {
        return Ok(value);
    }
    Err(SparkError::runtime("APPROX_TOP_K_NON_POSITIVE_ARG")
        .param("argName", format!("`{name}`"))
        .param("argValue", value.to_string()))
}

fn tracked(ctx: &CallContext<'_>, args: &Args, index: usize, default: i32) -> SparkResult<i32> {
    let tracked = positive(ctx, args, index, "maxItemsTracked", default)?;
    if tracked <= MOST_TRACKED {
        return Ok(tracked);
    }
    Err(SparkError::runtime("APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT")
        .param("maxItemsTracked", tracked.to_string())
        .param("limit", MOST_TRACKED.to_string()))
}

fn check_item(ctx: &CallContext<'_>, arg: &TypedExpr) -> SparkResult<DataType> {
    let t = &arg.data_type;
    let fits = t.is_numeric()
        || t.is_string()
        || matches!(t, DataType::Boolean | DataType::Date | DataType::Timestamp | DataType::TimestampNtz);
    if fits {
        return Ok(t.clone());
    }
    Err(SparkError::analysis("DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("msg", format!("{} columns are not supported", t.type_name()))
        .param("hint", ""))
}

fn result_type(item: &DataType) -> DataType {
    let fields = vec![StructField::new("item", item.clone(), true), StructField::new("count", DataType::Long, false)];
    DataType::Array { element: Box::new(DataType::Struct(StructType { fields })), contains_null: false }
}

fn state_type(item: &DataType) -> DataType {
    DataType::Struct(StructType {
        fields: vec![
            StructField::new("sketch", DataType::Binary, false),
            StructField::new("maxItemsTracked", DataType::Integer, false),
            StructField::new("itemDataType", item.clone(), true),
            StructField::new("itemDataTypeDDL", DataType::String, false),
        ],
    })
}

type Finish = Arc<dyn Fn(&Counts) -> SparkResult<ScalarValue> + Send + Sync>;

#[allow(clippy::too_many_arguments)] // One call site a function; a struct of these would say no more.
fn accumulate(
    name: &'static str,
    key: String,
    data_type: DataType,
    tracked: i32,
    like: ScalarValue,
    args: Args,
    options: &AggregateOptions,
    finish: impl Fn(&Counts) -> SparkResult<ScalarValue> + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let finish: Finish = Arc::new(finish);
    let call = sketch(name, key, data_type, false, move || Accumulate {
        counts: Counts { sketch: ItemsSketch::new(tracked), nulls: 0, tracked },
        like: like.clone(),
        finish: Arc::clone(&finish),
    });
    Ok(call.call(args.into_iter().take(1).collect(), options))
}

/// Counts of items, and of nulls beside them.
struct Counts {
    sketch: ItemsSketch,
    nulls: i64,
    tracked: i32,
}

impl Counts {
    fn serialize(&self) -> SparkResult<Vec<u8>> {
        let mut bytes = self.sketch.serialize()?;
        bytes.extend(self.nulls.to_le_bytes());
        Ok(bytes)
    }

    fn merge(&mut self, bytes: &[u8], like: &ScalarValue) -> SparkResult<()> {
        let broken = || SparkError::internal("bytes that are no sketch of frequent items");
        let (sketch, rest) = ItemsSketch::deserialize(bytes, like).ok_or_else(broken)?;
        let (nulls, _) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
        self.sketch.merge(&sketch);
        self.nulls += i64::from_le_bytes(*nulls);
        Ok(())
    }
}

struct Accumulate {
    counts: Counts,
    like: ScalarValue,
    finish: Finish,
}

impl SketchState for Accumulate {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let column = &columns[0];
        for row in 0..column.len() {
            if column.is_null(row) {
                self.counts.nulls += 1;
            } else {
                self.counts.sketch.update(ScalarValue::try_from_array(column, row).map_err(from_datafusion)?, 1);
            }
        }
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        self.counts.serialize()
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        self.counts.merge(state, &self.like)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        (self.finish)(&self.counts)
    }

    fn size(&self) -> usize {
        self.counts.sketch.size()
    }
}

/// The most frequent items as an array of structs.
fn top(counts: &Counts, k: usize, t: &DataType) -> SparkResult<ScalarValue> {
    let DataType::Array { element, .. } = t else { return Err(SparkError::internal("no array")) };
    let DataType::Struct(fields) = element.as_ref() else { return Err(SparkError::internal("no struct")) };
    let mut rows = counts.sketch.frequent();
    if counts.nulls > 0 {
        let place = rows.partition_point(|(_, count)| *count >= counts.nulls);
        rows.insert(place, (null_scalar(&to_arrow(&fields.fields[0].data_type))?, counts.nulls));
    }
    rows.truncate(k);
    let numbers = Int64Array::from_iter_values(rows.iter().map(|(_, count)| *count));
    let items = if rows.is_empty() {
        new_null_array(&to_arrow(&fields.fields[0].data_type), 0)
    } else {
        ScalarValue::iter_to_array(rows.into_iter().map(|(item, _)| item)).map_err(from_datafusion)?
    };
    let arrow::datatypes::DataType::Struct(arrow_fields) = to_arrow(element) else {
        return Err(SparkError::internal("no struct"));
    };
    let length = items.len();
    let structs = StructArray::try_new(arrow_fields, vec![items, Arc::new(numbers)], None).map_err(from_arrow_error)?;
    ScalarValue::try_from_array(&list(t, Arc::new(structs), [length], None)?, 0).map_err(from_datafusion)
}

/// The state as the struct that users pass around.
fn state_value(counts: &Counts, item: &DataType) -> SparkResult<ScalarValue> {
    let arrow::datatypes::DataType::Struct(fields) = to_arrow(&state_type(item)) else {
        return Err(SparkError::internal("no struct"));
    };
    let ddl = match item {
        DataType::String => "item string not null".to_string(),
        item => format!("item {} NOT NULL", item.sql()),
    };
    let columns: SparkResult<Vec<ArrayRef>> = [
        ScalarValue::Binary(Some(counts.serialize()?)),
        ScalarValue::Int32(Some(counts.tracked)),
        null_scalar(&to_arrow(item))?,
        ScalarValue::Utf8(Some(ddl)),
    ]
    .iter()
    .map(|value| value.to_array().map_err(from_datafusion))
    .collect();
    let array = StructArray::try_new(fields, columns?, None).map_err(from_arrow_error)?;
    Ok(ScalarValue::Struct(Arc::new(array)))
}

/// The item's type of a state argument.
fn item_of(ctx: &CallContext<'_>, arg: &TypedExpr) -> SparkResult<DataType> {
    match &arg.data_type {
        DataType::Struct(StructType { fields }) if fields.len() == 4 && fields[0].data_type == DataType::Binary => {
            Ok(fields[2].data_type.clone())
        }
        other => Err(unexpected_type(ctx, 0, "\"STRUCT\"", other)),
    }
}

fn combine(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let wanted = match args.get(1) {
        Some(_) => Some(tracked(ctx, &args, 1, DEFAULT_TRACKED)?),
        None => None,
    };
    let item = item_of(ctx, &args[0])?;
    let like = null_scalar(&to_arrow(&item))?;
    let t = state_type(&item);
    let call = sketch("approx_top_k_combine", format!("{wanted:?}"), t, false, move || Combine {
        counts: None,
        wanted,
        like: like.clone(),
        item: item.clone(),
    });
    Ok(call.call(args.into_iter().take(1).collect(), options))
}

/// `ApproxTopKCombine`'s buffer. Without a size of its own all states must have the same.
struct Combine {
    counts: Option<Counts>,
    wanted: Option<i32>,
    like: ScalarValue,
    item: DataType,
}

impl Combine {
    fn add(&mut self, bytes: &[u8], tracked: i32) -> SparkResult<()> {
        let counts = match &mut self.counts {
            Some(counts) => counts,
            none => none.insert({
                let tracked = self.wanted.unwrap_or(tracked);
                Counts { sketch: ItemsSketch::new(tracked), nulls: 0, tracked }
            }),
        };
        if self.wanted.is_none() && counts.tracked != tracked {
            return Err(SparkError::runtime("APPROX_TOP_K_SKETCH_SIZE_NOT_MATCH")
                .param("size1", counts.tracked.to_string())
                .param("size2", tracked.to_string()));
        }
        counts.merge(bytes, &self.like)
    }
}

impl SketchState for Combine {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let states = columns[0].as_struct();
        let sketches = states.column(0).as_binary::<i32>();
        let tracked = states.column(1).as_primitive::<arrow::datatypes::Int32Type>();
        (0..states.len())
            .filter(|row| states.is_valid(*row))
            .try_for_each(|row| self.add(sketches.value(row), tracked.value(row)))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        let Some(counts) = &self.counts else { return Ok(vec![]) };
        let mut bytes = counts.tracked.to_le_bytes().to_vec();
        bytes.extend(counts.serialize()?);
        Ok(bytes)
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        match state.split_first_chunk::<4>() {
            Some((tracked, bytes)) => self.add(bytes, i32::from_le_bytes(*tracked)),
            None => Ok(()),
        }
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        match &self.counts {
            Some(counts) => state_value(counts, &self.item),
            None => {
                let tracked = self.wanted.unwrap_or(DEFAULT_TRACKED);
                state_value(&Counts { sketch: ItemsSketch::new(tracked), nulls: 0, tracked }, &self.item)
            }
        }
    }

    fn size(&self) -> usize {
        self.counts.as_ref().map_or(0, |counts| counts.sketch.size())
    }
}

fn estimate(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let k = positive(ctx, &args, 1, "k", DEFAULT_K)?;
    let item = item_of(ctx, &args[0])?;
    let like = null_scalar(&to_arrow(&item))?;
    let t = result_type(&item);
    let args = args.into_iter().take(1).collect();
    Ok(call(ctx, "approx_top_k_estimate").key(k.to_string()).arrays(args, t.clone(), true, move |arrays, rows| {
        let states = arrays[0].as_struct();
        let sketches = states.column(0).as_binary::<i32>();
        let tracked = states.column(1).as_primitive::<arrow::datatypes::Int32Type>();
        let mut out = Vec::with_capacity(rows);
        for row in 0..rows {
            if states.is_null(row) {
                out.push(null_scalar(&to_arrow(&t))?);
                continue;
            }
            let tracked = tracked.value(row);
            let mut counts = Counts { sketch: ItemsSketch::new(tracked), nulls: 0, tracked };
            counts.merge(sketches.value(row), &like)?;
            out.push(top(&counts, k as usize, &t)?);
        }
        if out.is_empty() {
            return Ok(new_null_array(&to_arrow(&t), 0));
        }
        ScalarValue::iter_to_array(out).map_err(from_datafusion)
    }))
}
