//! HyperLogLog sketches (`HllSketchAgg`, `HllUnionAgg`, `HllSketchEstimate`, `HllUnion`): the 8-bit kind, as Spark's.

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::ScalarValue;
use datasketches::{
    hash::value::raw_bytes,
    hll::{HllSketch, HllType, HllUnion},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Args, Key, constant_int, expect_binary, for_each_key, quoted};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    coercion::{Accept, expect},
    entry::{FunctionEntry, aggregate, scalar},
    kernels::{Bin, Bool},
    udf::call,
};

const DEFAULT_LG_K: i32 = 12;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    aggregate("hll_sketch_agg", 1, 2, hll_sketch_agg),
    aggregate("hll_union_agg", 1, 2, hll_union_agg),
    scalar("hll_sketch_estimate", 1, 1, |ctx, args| {
        expect_binary(ctx, &args, 1)?;
        let args = vec![expect(ctx, args[0].clone(), 0, Accept::Type(DataType::Binary))?];
        Ok(call(ctx, "hll_sketch_estimate").map1::<Bin, i64>(args, DataType::Long, true, |bytes| {
            // `Math.round`: halves go up.
            Ok(Some((decode(bytes, "hll_sketch_estimate")?.estimate() + 0.5).floor() as i64))
        }))
    }),
    scalar("hll_union", 2, 3, |ctx, mut args| {
        expect_binary(ctx, &args, 2)?;
        if args.len() == 2 {
            args.push(TypedExpr::boolean(false));
        }
        let types = [DataType::Binary, DataType::Binary, DataType::Boolean];
        let (args, _) = crate::functions::string::typed(ctx, args, &types)?;
        Ok(call(ctx, "hll_union").map3::<Bin, Bin, Bool, Vec<u8>>(args, DataType::Binary, true, |a, b, differ| {
            let (a, b) = (decode(a, "hll_union")?, decode(b, "hll_union")?);
            if !differ {
                same_lg_k(a.lg_config_k(), b.lg_config_k(), "hll_union")?;
            }
            let mut union = new_union(a.lg_config_k().min(b.lg_config_k()))?;
            union.update(&a);
            union.update(&b);
            Ok(Some(union.to_sketch(HllType::Hll8).serialize()))
        }))
    }),
];

fn decode(bytes: &[u8], function: &str) -> SparkResult<HllSketch> {
    HllSketch::deserialize(bytes)
        .map_err(|_| SparkError::runtime("HLL_INVALID_INPUT_SKETCH_BUFFER").param("function", quoted(function)))
}

fn same_lg_k(left: u8, right: u8, function: &str) -> SparkResult<()> {
    if left == right {
        return Ok(());
    }
    Err(SparkError::runtime("HLL_UNION_DIFFERENT_LG_K")
        .param("left", left.to_string())
        .param("right", right.to_string())
        .param("function", quoted(function)))
}

fn new_sketch(lg_k: u8) -> SparkResult<HllSketch> {
    HllSketch::new(lg_k, HllType::Hll8).map_err(|e| SparkError::internal(e.to_string()))
}

fn new_union(lg_k: u8) -> SparkResult<HllUnion> {
    HllUnion::new(lg_k).map_err(|e| SparkError::internal(e.to_string()))
}

fn hll_sketch_agg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    const NAME: &str = "hll_sketch_agg";
    let lg_k = constant_int(ctx, &args, 1, DEFAULT_LG_K, || {
        SparkError::analysis("HLL_K_MUST_BE_CONSTANT").param("function", quoted(NAME))
    })?;
    if !(4..=21).contains(&lg_k) {
        return Err(SparkError::runtime("HLL_INVALID_LG_K")
            .param("function", quoted(NAME))
            .param("min", "4")
            .param("max", "21")
            .param("value", lg_k.to_string()));
    }
    let kinds = vec![DataType::Integer, DataType::Long, DataType::String, DataType::Binary];
    let value = expect(ctx, args[0].clone(), 0, Accept::OneOf(kinds))?;
    let lg_k = lg_k as u8;
    let empty = new_sketch(lg_k)?;
    let call = sketch(NAME, lg_k.to_string(), DataType::Binary, false, move || Counted(empty.clone()));
    Ok(call.call(vec![value], options))
}

/// `HllSketchAgg`'s buffer.
struct Counted(HllSketch);

impl SketchState for Counted {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        for_each_key(&columns[0], |_, key| match key {
            Key::Long(value) => self.0.update(value),
            Key::Double(value) => self.0.update(datasketches::hash::value::canonical_float::from_f64(value)),
            Key::Bytes([]) => {}
            Key::Bytes(bytes) => self.0.update(raw_bytes::from_slice(bytes)),
        })
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.0.serialize())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let mut union = new_union(self.0.lg_config_k())?;
        union.update(&self.0);
        union.update(&decode(state, "hll_sketch_agg")?);
        self.0 = union.to_sketch(HllType::Hll8);
        Ok(())
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.0.serialize())))
    }

    fn size(&self) -> usize {
        self.0.estimated_size()
    }
}

fn hll_union_agg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    let differ = match args.get(1) {
        None => false,
        Some(flag) => {
            let flag = expect(ctx, flag.clone(), 1, Accept::Type(DataType::Boolean))?;
            crate::fold(&flag)? == Some(ScalarValue::Boolean(Some(true)))
        }
    };
    let value = expect(ctx, args[0].clone(), 0, Accept::Type(DataType::Binary))?;
    let call = sketch("hll_union_agg", differ.to_string(), DataType::Binary, false, move || United {
        union: None,
        lg_k: None,
        differ,
    });
    Ok(call.call(vec![value], options))
}

/// `HllUnionAgg`'s buffer.
struct United {
    union: Option<HllUnion>,
    lg_k: Option<u8>,
    differ: bool,
}

impl United {
    fn add(&mut self, bytes: &[u8]) -> SparkResult<()> {
        let other = decode(bytes, "hll_union_agg")?;
        match self.lg_k {
            Some(lg_k) if !self.differ => same_lg_k(lg_k, other.lg_config_k(), "hll_union_agg")?,
            _ => {}
        }
        // A union of smaller sketches never grows beyond the smallest.
        let lg_k = self.lg_k.map_or(other.lg_config_k(), |lg_k| lg_k.min(other.lg_config_k()));
        if self.union.is_none() || self.lg_k != Some(lg_k) {
            let mut union = new_union(lg_k)?;
            if let Some(old) = &self.union {
                union.update(&old.to_sketch(HllType::Hll8));
            }
            self.union = Some(union);
            self.lg_k = Some(lg_k);
        }
        if let Some(union) = &mut self.union {
            union.update(&other);
        }
        Ok(())
    }
}

impl SketchState for United {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let sketches = columns[0].as_binary_opt::<i32>().ok_or_else(|| SparkError::internal("sketches are bytes"))?;
        (0..sketches.len()).filter(|row| sketches.is_valid(*row)).try_for_each(|row| self.add(sketches.value(row)))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.union.as_ref().map(|union| union.to_sketch(HllType::Hll8).serialize()).unwrap_or_default())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        if state.is_empty() { Ok(()) } else { self.add(state) }
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        let bytes = match &self.union {
            Some(union) => union.to_sketch(HllType::Hll8).serialize(),
            None => new_sketch(DEFAULT_LG_K as u8)?.serialize(),
        };
        Ok(ScalarValue::Binary(Some(bytes)))
    }

    fn size(&self) -> usize {
        self.union.as_ref().map_or(0, HllUnion::estimated_size)
    }
}
