//! Theta sketches (`ThetaSketchAgg`, `ThetaUnionAgg`, `ThetaIntersectionAgg` and the set operations over two).

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::ScalarValue;
use datasketches::{
    hash::value::{canonical_float, raw_bytes},
    theta::{
        CompactThetaSketch, ThetaANotB, ThetaIntersection, ThetaSketch, ThetaSketchBuilder, ThetaUnion,
        ThetaUnionBuilder,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Args, Key, constant_int, expect_binary, for_each_key, quoted};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    coercion::{Accept, expect},
    entry::{FunctionEntry, aggregate, scalar},
    kernels::{Bin, I32},
    udf::call,
};

pub(super) const DEFAULT_LG_NOM_ENTRIES: i32 = 12;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    aggregate("theta_sketch_agg", 1, 2, theta_sketch_agg),
    aggregate("theta_union_agg", 1, 2, theta_union_agg),
    aggregate("theta_intersection_agg", 1, 1, theta_intersection_agg),
    scalar("theta_sketch_estimate", 1, 1, |ctx, args| {
        let (args, _) = binaries(ctx, args, 1)?;
        Ok(call(ctx, "theta_sketch_estimate").map1::<Bin, i64>(args, DataType::Long, true, |bytes| {
            Ok(Some((decode(bytes, "theta_sketch_estimate")?.estimate() + 0.5).floor() as i64))
        }))
    }),
    scalar("theta_union", 2, 3, |ctx, mut args| {
        if args.len() == 2 {
            args.push(TypedExpr::integer(DEFAULT_LG_NOM_ENTRIES));
        }
        expect_binary(ctx, &args, 2)?;
        let types = [DataType::Binary, DataType::Binary, DataType::Integer];
        let (args, _) = crate::functions::string::typed(ctx, args, &types)?;
        Ok(call(ctx, "theta_union").map3::<Bin, Bin, I32, Vec<u8>>(args, DataType::Binary, true, |a, b, lg| {
            let mut union = new_union(check_lg(lg, "theta_union")?)?;
            for bytes in [a, b] {
                union.update(&decode(bytes, "theta_union")?).map_err(internal)?;
            }
            Ok(Some(union.to_sketch(true).serialize_compressed()))
        }))
    }),
    scalar("theta_intersection", 2, 2, |ctx, args| {
        let (args, _) = binaries(ctx, args, 2)?;
        Ok(call(ctx, "theta_intersection").map2::<Bin, Bin, Vec<u8>>(args, DataType::Binary, true, |a, b| {
            let mut intersection = ThetaIntersection::default();
            for bytes in [a, b] {
                intersection.update(&decode(bytes, "theta_intersection")?).map_err(internal)?;
            }
            Ok(intersection.to_sketch(true).map(|sketch| sketch.serialize_compressed()))
        }))
    }),
    scalar("theta_difference", 2, 2, |ctx, args| {
        let (args, _) = binaries(ctx, args, 2)?;
        Ok(call(ctx, "theta_difference").map2::<Bin, Bin, Vec<u8>>(args, DataType::Binary, true, |a, b| {
            let (a, b) = (decode(a, "theta_difference")?, decode(b, "theta_difference")?);
            let rest = ThetaANotB::default().compute(&a, &b, true).map_err(internal)?;
            Ok(Some(rest.serialize_compressed()))
        }))
    }),
];

pub(super) fn internal(error: datasketches::error::Error) -> SparkError {
    SparkError::internal(error.to_string())
}

fn binaries(ctx: &CallContext<'_>, args: Args, count: usize) -> SparkResult<(Args, bool)> {
    expect_binary(ctx, &args, count)?;
    crate::functions::string::typed(ctx, args, &vec![DataType::Binary; count])
}

/// A theta sketch from its bytes.
pub(super) fn decode(bytes: &[u8], function: &str) -> SparkResult<CompactThetaSketch> {
    CompactThetaSketch::deserialize(bytes)
        .map_err(|_| SparkError::runtime("THETA_INVALID_INPUT_SKETCH_BUFFER").param("function", quoted(function)))
}

/// `lgNomEntries` where the library can take it.
pub(super) fn check_lg(lg: i32, function: &str) -> SparkResult<u8> {
    if (4..=26).contains(&lg) {
        return Ok(lg as u8);
    }
    Err(SparkError::runtime("SKETCH_INVALID_LG_NOM_ENTRIES")
        .param("function", quoted(function))
        .param("min", "4")
        .param("max", "26")
        .param("value", lg.to_string()))
}

/// The constant `lgNomEntries` of an aggregate.
pub(super) fn constant_lg(ctx: &CallContext<'_>, args: &Args, index: usize, name: &str) -> SparkResult<u8> {
    let lg = constant_int(ctx, args, index, DEFAULT_LG_NOM_ENTRIES, || {
        SparkError::analysis("THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT").param("function", quoted(name))
    })?;
    check_lg(lg, name)
}

fn new_sketch(lg: u8) -> SparkResult<ThetaSketch> {
    ThetaSketchBuilder::default().lg_k(lg).build().map_err(internal)
}

fn new_union(lg: u8) -> SparkResult<ThetaUnion> {
    ThetaUnionBuilder::default().lg_k(lg).build().map_err(internal)
}

/// The types that theta and tuple sketches take as keys.
pub(super) fn key_types() -> Vec<DataType> {
    let array = |element| DataType::Array { element: Box::new(element), contains_null: false };
    vec![
        array(DataType::Integer),
        array(DataType::Long),
        DataType::Binary,
        DataType::Double,
        DataType::Float,
        DataType::Integer,
        DataType::Long,
        DataType::String,
    ]
}

/// A key column; arrays without nulls keep their type.
pub(super) fn expect_key(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<TypedExpr> {
    let is_array = matches!(&arg.data_type, DataType::Array { element, .. }
        if matches!(**element, DataType::Integer | DataType::Long));
    if is_array {
        return Ok(arg.clone());
    }
    expect(ctx, arg.clone(), index, Accept::OneOf(key_types()))
}

fn theta_sketch_agg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let lg = constant_lg(ctx, &args, 1, "theta_sketch_agg")?;
    let value = expect_key(ctx, &args[0], 0)?;
    new_sketch(lg)?;
    let call = sketch("theta_sketch_agg", lg.to_string(), DataType::Binary, false, move || Counted {
        sketch: None,
        merged: None,
        lg,
    });
    Ok(call.call(vec![value], options))
}

/// `ThetaSketchAgg`'s buffer: an updatable sketch, and a union once states were merged.
struct Counted {
    sketch: Option<ThetaSketch>,
    merged: Option<ThetaUnion>,
    lg: u8,
}

impl Counted {
    fn compact(&self) -> SparkResult<CompactThetaSketch> {
        let own = match &self.sketch {
            Some(sketch) => sketch.compact(true),
            None => new_sketch(self.lg)?.compact(true),
        };
        match &self.merged {
            None => Ok(own),
            Some(merged) => {
                let mut union = new_union(self.lg)?;
                union.update(&merged.to_sketch(true)).map_err(internal)?;
                union.update(&own).map_err(internal)?;
                Ok(union.to_sketch(true))
            }
        }
    }
}

impl SketchState for Counted {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let sketch = match &mut self.sketch {
            Some(sketch) => sketch,
            none => none.insert(new_sketch(self.lg)?),
        };
        for_each_key(&columns[0], |_, key| match key {
            Key::Long(value) => sketch.update(value),
            Key::Double(value) => sketch.update(canonical_float::from_f64(value)),
            Key::Bytes([]) => {}
            Key::Bytes(bytes) => sketch.update(raw_bytes::from_slice(bytes)),
        })
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.compact()?.serialize_compressed())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let union = match &mut self.merged {
            Some(union) => union,
            none => none.insert(new_union(self.lg)?),
        };
        union.update(&decode(state, "theta_sketch_agg")?).map_err(internal)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.state()?)))
    }

    fn size(&self) -> usize {
        self.sketch.as_ref().map_or(0, ThetaSketch::estimated_size)
            + self.merged.as_ref().map_or(0, ThetaUnion::estimated_size)
    }
}

fn theta_union_agg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let lg = constant_lg(ctx, &args, 1, "theta_union_agg")?;
    let (value, _) = binaries(ctx, args.into_iter().take(1).collect(), 1)?;
    let call = sketch("theta_union_agg", lg.to_string(), DataType::Binary, false, move || United { union: None, lg });
    Ok(call.call(value, options))
}

/// Sketches of a column, without nulls.
pub(super) fn each_sketch(column: &ArrayRef, mut add: impl FnMut(&[u8]) -> SparkResult<()>) -> SparkResult<()> {
    let sketches = column.as_binary_opt::<i32>().ok_or_else(|| SparkError::internal("sketches are bytes"))?;
    (0..sketches.len()).filter(|row| sketches.is_valid(*row)).try_for_each(|row| add(sketches.value(row)))
}

/// `ThetaUnionAgg`'s buffer.
struct United {
    union: Option<ThetaUnion>,
    lg: u8,
}

impl United {
    fn add(&mut self, bytes: &[u8]) -> SparkResult<()> {
        let union = match &mut self.union {
            Some(union) => union,
            none => none.insert(new_union(self.lg)?),
        };
        union.update(&decode(bytes, "theta_union_agg")?).map_err(internal)
    }
}

impl SketchState for United {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        each_sketch(&columns[0], |bytes| self.add(bytes))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        match &self.union {
            Some(union) => Ok(union.to_sketch(true).serialize_compressed()),
            None => Ok(new_union(self.lg)?.to_sketch(true).serialize_compressed()),
        }
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        self.add(state)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.state()?)))
    }

    fn size(&self) -> usize {
        self.union.as_ref().map_or(0, ThetaUnion::estimated_size)
    }
}

fn theta_intersection_agg(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let (value, _) = binaries(ctx, args, 1)?;
    let call = sketch("theta_intersection_agg", String::new(), DataType::Binary, false, || {
        Common(ThetaIntersection::default())
    });
    Ok(call.call(value, options))
}

/// `ThetaIntersectionAgg`'s buffer; without input it is undefined, and its state is empty.
struct Common(ThetaIntersection);

impl SketchState for Common {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        each_sketch(&columns[0], |bytes| self.0.update(&decode(bytes, "theta_intersection_agg")?).map_err(internal))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.0.to_sketch(true).map(|sketch| sketch.serialize_compressed()).unwrap_or_default())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        if state.is_empty() {
            return Ok(());
        }
        self.0.update(&decode(state, "theta_intersection_agg")?).map_err(internal)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        let bytes = match self.0.to_sketch(true) {
            Some(sketch) => sketch.serialize_compressed(),
            None => new_sketch(DEFAULT_LG_NOM_ENTRIES as u8)?.compact(true).serialize_compressed(),
        };
        Ok(ScalarValue::Binary(Some(bytes)))
    }

    fn size(&self) -> usize {
        self.0.estimated_size()
    }
}
