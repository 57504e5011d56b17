//! KLL quantile sketches (`KllSketchAggBigint`, `KllMergeAggFloat`, `KllSketchGetQuantileDouble`, …).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray},
    datatypes::{Float32Type, Float64Type, Int64Type},
};
use datafusion::common::ScalarValue;
use datasketches::{
    common::SearchCriteria,
    kll::{KllFloat, KllSketch, KllValue},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, constant_int, expect_binary, quoted, theta::each_sketch};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    cast::cast,
    coercion::unexpected_type,
    entry::{FunctionEntry, aggregate, scalar},
    functions::{collection::list, string::typed},
    kernels::Bin,
    udf::call,
};

const DEFAULT_K: i32 = 200;

macro_rules! entries {
    ($t:ty, $agg:literal, $merge_agg:literal, $n:literal, $merge:literal, $rank:literal, $quantile:literal, $text:literal) => {
        [
            aggregate($agg, 1, 2, |ctx, args, o| sketch_agg::<$t>(ctx, args, o, $agg)),
            aggregate($merge_agg, 1, 2, |ctx, args, o| merge_agg::<$t>(ctx, args, o, $merge_agg)),
            scalar($n, 1, 1, |ctx, args| {
                let (args, _) = binaries(ctx, args, 1)?;
                let kernel = |bytes: &[u8]| Ok(Some(decode::<$t>(bytes, $n)?.n() as i64));
                Ok(call(ctx, $n).map1::<Bin, i64>(args, DataType::Long, true, kernel))
            }),
            scalar($merge, 2, 2, |ctx, args| {
                let (args, _) = binaries(ctx, args, 2)?;
                let kernel = |a: &[u8], b: &[u8]| {
                    let mut merged = decode::<$t>(a, $merge)?;
                    merged.merge(&decode(b, $merge)?).map_err(|_| invalid($merge))?;
                    Ok(Some(merged.serialize()))
                };
                Ok(call(ctx, $merge).map2::<Bin, Bin, Vec<u8>>(args, DataType::Binary, true, kernel))
            }),
            scalar($rank, 2, 2, |ctx, args| rank::<$t>(ctx, args, $rank)),
            scalar($quantile, 2, 2, |ctx, args| quantile::<$t>(ctx, args, $quantile)),
            scalar($text, 1, 1, |ctx, args| {
                let (args, _) = binaries(ctx, args, 1)?;
                let kernel = |bytes: &[u8]| Ok(Some(describe::<$t>(&decode(bytes, $text)?, bytes)));
                Ok(call(ctx, $text).map1::<Bin, String>(args, DataType::String, true, kernel))
            }),
        ]
    };
}

static BIGINT: [FunctionEntry; 7] = entries!(
    i64,
    "kll_sketch_agg_bigint",
    "kll_merge_agg_bigint",
    "kll_sketch_get_n_bigint",
    "kll_sketch_merge_bigint",
    "kll_sketch_get_rank_bigint",
    "kll_sketch_get_quantile_bigint",
    "kll_sketch_to_string_bigint"
);

static FLOAT: [FunctionEntry; 7] = entries!(
    KllFloat<f32>,
    "kll_sketch_agg_float",
    "kll_merge_agg_float",
    "kll_sketch_get_n_float",
    "kll_sketch_merge_float",
    "kll_sketch_get_rank_float",
    "kll_sketch_get_quantile_float",
    "kll_sketch_to_string_float"
);

static DOUBLE: [FunctionEntry; 7] = entries!(
    KllFloat<f64>,
    "kll_sketch_agg_double",
    "kll_merge_agg_double",
    "kll_sketch_get_n_double",
    "kll_sketch_merge_double",
    "kll_sketch_get_rank_double",
    "kll_sketch_get_quantile_double",
    "kll_sketch_to_string_double"
);

/// One family a type.
pub(super) fn families() -> [&'static [FunctionEntry]; 3] {
    [&BIGINT, &FLOAT, &DOUBLE]
}

/// A sketch's item.
trait Item: KllValue + Ord + Copy + Send + Sync + 'static {
    type Arrow: ArrowPrimitiveType;
    const TYPE: DataType;
    /// The sketch's name in its text.
    const NAME: &'static str;
    /// `None` for what a sketch skips (NaN).
    fn of(value: <Self::Arrow as ArrowPrimitiveType>::Native) -> Option<Self>;
    fn value(self) -> <Self::Arrow as ArrowPrimitiveType>::Native;
    fn text(self) -> String;
}

impl Item for i64 {
    type Arrow = Int64Type;
    const TYPE: DataType = DataType::Long;
    const NAME: &'static str = "Longs";
    fn of(value: i64) -> Option<i64> {
        Some(value)
    }
    fn value(self) -> i64 {
        self
    }
    fn text(self) -> String {
        self.to_string()
    }
}

impl Item for KllFloat<f32> {
    type Arrow = Float32Type;
    const TYPE: DataType = DataType::Float;
    const NAME: &'static str = "Floats";
    fn of(value: f32) -> Option<Self> {
        KllFloat::<f32>::new(value).ok()
    }
    fn value(self) -> f32 {
        self.into_inner()
    }
    fn text(self) -> String {
        crate::cast::float_text(self.into_inner())
    }
}

impl Item for KllFloat<f64> {
    type Arrow = Float64Type;
    const TYPE: DataType = DataType::Double;
    const NAME: &'static str = "Doubles";
    fn of(value: f64) -> Option<Self> {
        KllFloat::<f64>::new(value).ok()
    }
    fn value(self) -> f64 {
        self.into_inner()
    }
    fn text(self) -> String {
        crate::cast::double_text(self.into_inner())
    }
}

fn invalid(function: &str) -> SparkError {
    SparkError::runtime("KLL_INVALID_INPUT_SKETCH_BUFFER").param("function", quoted(function))
}

fn decode<T: Item>(bytes: &[u8], function: &str) -> SparkResult<KllSketch<T>> {
    KllSketch::<T>::deserialize(bytes).map_err(|_| invalid(function))
}

fn binaries(ctx: &CallContext<'_>, args: Args, count: usize) -> SparkResult<(Args, bool)> {
    expect_binary(ctx, &args, count)?;
    typed(ctx, args, &vec![DataType::Binary; count])
}

/// The constant `k`, `None` where it is absent.
fn constant_k(ctx: &CallContext<'_>, args: &Args, name: &str) -> SparkResult<Option<u16>> {
    if args.len() < 2 {
        return Ok(None);
    }
    let k = constant_int(ctx, args, 1, DEFAULT_K, || {
        SparkError::analysis("KLL_SKETCH_K_MUST_BE_CONSTANT").param("functionName", quoted(name))
    })?;
    if !(8..=65535).contains(&k) {
        return Err(SparkError::runtime("KLL_SKETCH_K_OUT_OF_RANGE")
            .param("functionName", quoted(name))
            .param("k", k.to_string()));
    }
    Ok(Some(k as u16))
}

fn new_sketch<T: Item>(k: u16) -> SparkResult<KllSketch<T>> {
    KllSketch::<T>::new(k).map_err(|e| SparkError::internal(e.to_string()))
}

fn sketch_agg<T: Item>(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let k = constant_k(ctx, &args, name)?.unwrap_or(DEFAULT_K as u16);
    let value = args[0].clone();
    let (fits, required) = match T::TYPE {
        DataType::Long => (value.data_type.is_integral(), "(\"TINYINT\" or \"INT\" or \"BIGINT\" or \"SMALLINT\")"),
        DataType::Float => (value.data_type == DataType::Float, "\"FLOAT\""),
        _ => (matches!(value.data_type, DataType::Float | DataType::Double), "(\"FLOAT\" or \"DOUBLE\")"),
    };
    if !fits && value.data_type != DataType::Null {
        return Err(unexpected_type(ctx, 0, required, &value.data_type));
    }
    let value = cast(ctx, value, &T::TYPE, CastMode::Session)?;
    let empty = new_sketch::<T>(k)?;
    let call = sketch(name, k.to_string(), DataType::Binary, false, move || Quantiles::<T>(name, empty.clone()));
    Ok(call.call(vec![value], options))
}

/// `KllSketchAgg…`'s buffer.
struct Quantiles<T: Item>(&'static str, KllSketch<T>);

impl<T: Item> SketchState for Quantiles<T> {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let values = columns[0].as_primitive::<T::Arrow>();
        values.iter().flatten().filter_map(T::of).for_each(|item| self.1.update(item));
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.1.serialize())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        self.1.merge(&decode(state, self.0)?).map_err(|_| invalid(self.0))
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.1.serialize())))
    }

    fn size(&self) -> usize {
        self.1.num_retained() * size_of::<T>()
    }
}

fn merge_agg<T: Item>(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let k = constant_k(ctx, &args, name)?;
    let (value, _) = binaries(ctx, args.into_iter().take(1).collect(), 1)?;
    let call = sketch(name, format!("{k:?}"), DataType::Binary, false, move || Merged::<T> { name, k, sketch: None });
    Ok(call.call(value, options))
}

/// `KllMergeAgg…`'s buffer. Without `k` it takes that of the first sketch.
struct Merged<T: Item> {
    name: &'static str,
    k: Option<u16>,
    sketch: Option<KllSketch<T>>,
}

impl<T: Item> SketchState for Merged<T> {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        each_sketch(&columns[0], |bytes| self.merge(bytes))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.sketch.as_ref().map(KllSketch::serialize).unwrap_or_default())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        if state.is_empty() {
            return Ok(());
        }
        let other = decode::<T>(state, self.name)?;
        let sketch = match &mut self.sketch {
            Some(sketch) => sketch,
            none => none.insert(new_sketch(self.k.unwrap_or(other.k()))?),
        };
        sketch.merge(&other).map_err(|_| invalid(self.name))
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        let bytes = match &self.sketch {
            Some(sketch) => sketch.serialize(),
            None => new_sketch::<T>(self.k.unwrap_or(DEFAULT_K as u16))?.serialize(),
        };
        Ok(ScalarValue::Binary(Some(bytes)))
    }

    fn size(&self) -> usize {
        self.sketch.as_ref().map_or(0, |sketch| sketch.num_retained() * size_of::<T>())
    }
}

/// Applies a function of a sketch to one value, or to each of an array.
fn per_value<T: Item, A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    (from, to): (DataType, DataType),
    f: impl Fn(&KllSketch<T>, A::Native) -> SparkResult<Option<R::Native>> + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    let many = matches!(args[1].data_type, DataType::Array { .. });
    let numeric = match &args[1].data_type {
        DataType::Array { element, .. } => element.is_numeric() || **element == DataType::Null,
        t => t.is_numeric() || *t == DataType::Null,
    };
    if !numeric {
        return Err(unexpected_type(ctx, 1, &format!("\"{}\"", from.sql()), &args[1].data_type));
    }
    let wrap = |t: DataType| if many { DataType::Array { element: Box::new(t), contains_null: true } } else { t };
    let mut args = args;
    args[0] = cast(ctx, args[0].clone(), &DataType::Binary, CastMode::Session)?;
    args[1] = cast(ctx, args[1].clone(), &wrap(from), CastMode::Session)?;
    let data_type = wrap(to);
    let t = data_type.clone();
    Ok(call(ctx, name).arrays(args, data_type, true, move |arrays, rows| {
        let sketches = arrays[0].as_binary::<i32>();
        let mut out = vec![];
        let (mut lengths, mut valid) = (vec![], vec![]);
        for row in 0..rows {
            let known = sketches.is_valid(row) && arrays[1].is_valid(row);
            valid.push(known);
            if !known {
                lengths.push(0);
                if !many {
                    out.push(None);
                }
                continue;
            }
            let sketch = decode::<T>(sketches.value(row), name)?;
            if many {
                let items = arrays[1].as_list::<i32>().value(row);
                let items = items.as_primitive::<A>();
                lengths.push(items.len());
                for item in items {
                    out.push(match item {
                        Some(item) => f(&sketch, item)?,
                        None => None,
                    });
                }
            } else {
                out.push(f(&sketch, arrays[1].as_primitive::<A>().value(row))?);
            }
        }
        let values: ArrayRef = Arc::new(out.into_iter().collect::<PrimitiveArray<R>>());
        if many { list(&t, values, lengths, Some(valid.into())) } else { Ok(values) }
    }))
}

fn rank<T: Item>(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    per_value::<T, T::Arrow, Float64Type>(ctx, args, name, (T::TYPE, DataType::Double), |sketch, value| {
        Ok(T::of(value).and_then(|item| sketch.rank(&item, SearchCriteria::Inclusive)))
    })
}

fn quantile<T: Item>(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    per_value::<T, Float64Type, T::Arrow>(ctx, args, name, (DataType::Double, T::TYPE), move |sketch, rank| {
        let found = sketch.quantile(rank, SearchCriteria::Inclusive).map_err(|_| {
            SparkError::runtime("KLL_SKETCH_INVALID_QUANTILE_RANGE").param("functionName", quoted(name))
        })?;
        Ok(found.map(T::value))
    })
}

/// `KllSketch.toString` without levels and data.
fn describe<T: Item>(sketch: &KllSketch<T>, bytes: &[u8]) -> String {
    // The number of levels is in the header of a sketch of more than one item.
    let levels = if bytes.len() > 18 && bytes[0] == 5 { u32::from(bytes[18]) } else { 1 };
    let capacity: u64 = (0..levels).map(|level| level_capacity(sketch.k(), levels - level - 1)).sum();
    let retained = sketch.num_retained();
    let updatable = 20 + 4 * (u64::from(levels) + 1) + (2 + capacity) * size_of::<T>() as u64;
    let sorted = bytes.get(3).is_some_and(|flags| flags & 2 != 0);
    let percent = |error: f64| format!("{:.3}%", error * 100.0);
    let item = |item: Option<&T>| item.map_or_else(|| "NaN".to_string(), |item| item.text());
    let rows = [
        ("K", sketch.k().to_string()),
        ("Dynamic min K", sketch.min_k().to_string()),
        ("M", "8".to_string()),
        ("N", sketch.n().to_string()),
        ("Epsilon", percent(sketch.normalized_rank_error())),
        ("Epsilon PMF", percent(sketch.normalized_pmf_error())),
        ("Empty", sketch.is_empty().to_string()),
        ("Estimation Mode", sketch.is_estimation_mode().to_string()),
        ("Levels", levels.to_string()),
        ("Level 0 Sorted", sorted.to_string()),
        ("Capacity Items", capacity.to_string()),
        ("Retained Items", retained.to_string()),
        ("Free Space", capacity.saturating_sub(retained as u64).to_string()),
        ("ReadOnly", "false".to_string()),
        ("Updatable Storage Bytes", updatable.to_string()),
        ("Compact Storage Bytes", bytes.len().to_string()),
        ("Min Item", item(sketch.min_item())),
        ("Max Item", item(sketch.max_item())),
    ];
    let mut out = format!("\n### KllKll{}Sketch Summary:\n", T::NAME);
    for (label, value) in rows {
        out.push_str(&format!("   {label:<23}: {value}\n"));
    }
    out + "### End sketch summary\n"
}

/// `KllHelper.levelCapacity` with `m` = 8.
fn level_capacity(k: u16, depth: u32) -> u64 {
    let at = |k: u64, depth: u32| {
        let twice = ((k << 1) << depth) / 3_u64.pow(depth);
        (twice + 1) >> 1
    };
    let k = u64::from(k);
    let capacity = if depth <= 30 { at(k, depth) } else { at(at(k, depth / 2), depth - depth / 2) };
    capacity.max(8)
}
