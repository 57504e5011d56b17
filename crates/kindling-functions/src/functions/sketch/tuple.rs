//! Tuple sketches (`TupleSketchAggDouble`, `TupleUnionInteger`, …): theta sketches whose keys carry a number.

use arrow::{
    array::{ArrayRef, AsArray},
    datatypes::{ArrowPrimitiveType, Float64Type, Int32Type},
};
use datafusion::common::ScalarValue;
use datasketches::{
    codec::{SketchBytes, SketchSlice},
    error::Error,
    hash::value::{canonical_float, raw_bytes},
    theta::CompactThetaSketch,
    tuple::{
        CompactTupleSketch, SummaryCombinePolicy, SummaryPolicy, SummaryUpdatePolicy, TupleANotB, TupleIntersection,
        TupleSketch, TupleSketchBuilder, TupleSummaryValue, TupleUnion, TupleUnionBuilder,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{
    Args, Key, constant_string, expect_binary, for_each_key, quoted,
    theta::{self, check_lg, constant_lg, each_sketch, expect_key, internal},
};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    coercion::{Accept, expect},
    entry::{FunctionEntry, aggregate, scalar},
    functions::string::typed,
    kernels::{Bin, I32, Str},
    udf::call,
};

/// The entries of one summary type.
macro_rules! entries {
    ($t:ty, $agg:literal, $union_agg:literal, $intersection_agg:literal, $estimate:literal, $summary:literal, $theta:literal,
     $union:literal, $intersection:literal, $difference:literal,
     $union_theta:literal, $intersection_theta:literal, $difference_theta:literal) => {
        [
            aggregate($agg, 2, 4, |ctx, args, o| sketch_agg::<$t>(ctx, args, o, $agg)),
            aggregate($union_agg, 1, 3, |ctx, args, o| union_agg::<$t>(ctx, args, o, $union_agg)),
            aggregate($intersection_agg, 1, 2, |ctx, args, o| intersection_agg::<$t>(ctx, args, o, $intersection_agg)),
            scalar($estimate, 1, 1, |ctx, args| measure::<$t>(ctx, args, $estimate, |sketch| sketch.estimate())),
            scalar($theta, 1, 1, |ctx, args| measure::<$t>(ctx, args, $theta, |sketch| sketch.theta())),
            scalar($summary, 1, 2, |ctx, args| summary::<$t>(ctx, args, $summary)),
            scalar($union, 2, 4, |ctx, args| union::<$t>(ctx, args, $union, tuple_operand::<$t>)),
            scalar($union_theta, 2, 4, |ctx, args| union::<$t>(ctx, args, $union_theta, theta_operand::<$t>)),
            scalar($intersection, 2, 3, |ctx, args| intersection::<$t>(ctx, args, $intersection, tuple_operand::<$t>)),
            scalar($intersection_theta, 2, 3, |ctx, args| {
                intersection::<$t>(ctx, args, $intersection_theta, theta_operand::<$t>)
            }),
            scalar($difference, 2, 2, |ctx, args| difference::<$t>(ctx, args, $difference, tuple_operand::<$t>)),
            scalar($difference_theta, 2, 2, |ctx, args| {
                difference::<$t>(ctx, args, $difference_theta, theta_operand::<$t>)
            }),
        ]
    };
}

static DOUBLE: [FunctionEntry; 12] = entries!(
    f64,
    "tuple_sketch_agg_double",
    "tuple_union_agg_double",
    "tuple_intersection_agg_double",
    "tuple_sketch_estimate_double",
    "tuple_sketch_summary_double",
    "tuple_sketch_theta_double",
    "tuple_union_double",
    "tuple_intersection_double",
    "tuple_difference_double",
    "tuple_union_theta_double",
    "tuple_intersection_theta_double",
    "tuple_difference_theta_double"
);

static INTEGER: [FunctionEntry; 12] = entries!(
    i32,
    "tuple_sketch_agg_integer",
    "tuple_union_agg_integer",
    "tuple_intersection_agg_integer",
    "tuple_sketch_estimate_integer",
    "tuple_sketch_summary_integer",
    "tuple_sketch_theta_integer",
    "tuple_union_integer",
    "tuple_intersection_integer",
    "tuple_difference_integer",
    "tuple_union_theta_integer",
    "tuple_intersection_theta_integer",
    "tuple_difference_theta_integer"
);

/// Sketches with `DOUBLE` summaries.
pub(super) static DOUBLE_ENTRIES: &[FunctionEntry] = &DOUBLE;
/// Sketches with `INT` summaries.
pub(super) static INTEGER_ENTRIES: &[FunctionEntry] = &INTEGER;

/// How summaries of one key become one (`DoubleSummary.Mode`; the order is that of its bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Sum,
    Min,
    Max,
    AlwaysOne,
}

impl Mode {
    fn parse(text: &str, function: &str) -> SparkResult<Mode> {
        match text.to_lowercase().as_str() {
            "sum" => Ok(Mode::Sum),
            "min" => Ok(Mode::Min),
            "max" => Ok(Mode::Max),
            "alwaysone" => Ok(Mode::AlwaysOne),
            _ => Err(SparkError::runtime("TUPLE_INVALID_SKETCH_MODE")
                .param("function", quoted(function))
                .param("mode", text)
                .param("validModes", "alwaysone, max, min, sum")),
        }
    }
}

/// A summary's number type.
trait Number: Copy + Send + Sync + 'static {
    type Arrow: ArrowPrimitiveType<Native = Self>;
    /// What a sum over all summaries gives.
    type Total: crate::kernels::Out;
    const TYPE: DataType;
    const TOTAL: DataType;
    fn identity(mode: Mode) -> Self;
    fn apply(mode: Mode, a: Self, b: Self) -> Self;
    fn total(values: &[Self], mode: Mode) -> Option<Self::Total>;
    fn write(self, bytes: &mut SketchBytes);
    fn read(cursor: &mut SketchSlice<'_>) -> std::io::Result<Self>;
}

impl Number for f64 {
    type Arrow = Float64Type;
    type Total = f64;
    const TYPE: DataType = DataType::Double;
    const TOTAL: DataType = DataType::Double;

    fn identity(mode: Mode) -> f64 {
        match mode {
            Mode::Sum => 0.0,
            Mode::Min => f64::INFINITY,
            Mode::Max => f64::NEG_INFINITY,
            Mode::AlwaysOne => 1.0,
        }
    }

    fn apply(mode: Mode, a: f64, b: f64) -> f64 {
        match mode {
            Mode::Sum => a + b,
            Mode::Min if b < a => b,
            Mode::Max if b > a => b,
            Mode::Min | Mode::Max => a,
            Mode::AlwaysOne => 1.0,
        }
    }

    fn total(values: &[f64], mode: Mode) -> Option<f64> {
        match mode {
            Mode::AlwaysOne => Some(values.len() as f64),
            mode => Some(values.iter().fold(f64::identity(mode), |a, b| f64::apply(mode, a, *b))),
        }
    }

    fn write(self, bytes: &mut SketchBytes) {
        bytes.write_f64_le(self);
    }

    fn read(cursor: &mut SketchSlice<'_>) -> std::io::Result<f64> {
        cursor.read_f64_le()
    }
}

impl Number for i32 {
    type Arrow = Int32Type;
    type Total = i64;
    const TYPE: DataType = DataType::Integer;
    const TOTAL: DataType = DataType::Long;

    fn identity(mode: Mode) -> i32 {
        match mode {
            Mode::Sum => 0,
            Mode::Min => i32::MAX,
            Mode::Max => i32::MIN,
            Mode::AlwaysOne => 1,
        }
    }

    fn apply(mode: Mode, a: i32, b: i32) -> i32 {
        match mode {
            Mode::Sum => a.wrapping_add(b),
            Mode::Min => a.min(b),
            Mode::Max => a.max(b),
            Mode::AlwaysOne => 1,
        }
    }

    fn total(values: &[i32], mode: Mode) -> Option<i64> {
        let values = values.iter().copied().map(i64::from);
        match mode {
            Mode::Sum => Some(values.sum()),
            Mode::Min => Some(values.min().unwrap_or(i64::MAX)),
            Mode::Max => Some(values.max().unwrap_or(i64::MIN)),
            Mode::AlwaysOne => Some(values.count() as i64),
        }
    }

    fn write(self, bytes: &mut SketchBytes) {
        bytes.write_i32_le(self);
    }

    fn read(cursor: &mut SketchSlice<'_>) -> std::io::Result<i32> {
        cursor.read_i32_le()
    }
}

/// A summary as DataSketches writes it: the number and its mode.
#[derive(Debug, Clone, Copy)]
struct Summary<N> {
    value: N,
    mode: u8,
}

impl<N: Number> TupleSummaryValue for Summary<N> {
    fn serialize_size(&self) -> usize {
        size_of::<N>() + 1
    }

    fn serialize_value(&self, bytes: &mut SketchBytes) {
        self.value.write(bytes);
        bytes.write_u8(self.mode);
    }

    fn deserialize_value(cursor: &mut SketchSlice<'_>) -> Result<Self, Error> {
        let short = |_| Error::new(datasketches::error::ErrorKind::InvalidData, "a summary is cut short");
        let value = N::read(cursor).map_err(short)?;
        Ok(Summary { value, mode: cursor.read_u8().map_err(short)? })
    }
}

/// How summaries are made and combined.
#[derive(Debug, Clone, Copy)]
struct Policy<N> {
    mode: Mode,
    number: std::marker::PhantomData<fn() -> N>,
}

fn policy<N>(mode: Mode) -> Policy<N> {
    Policy { mode, number: std::marker::PhantomData }
}

impl<N: Number> SummaryPolicy for Policy<N> {
    type Summary = Summary<N>;
    fn create(&self) -> Summary<N> {
        Summary { value: N::identity(self.mode), mode: self.mode as u8 }
    }
}

impl<N: Number> SummaryUpdatePolicy<N> for Policy<N> {
    fn update(&self, summary: &mut Summary<N>, value: N) {
        summary.value = N::apply(self.mode, summary.value, value);
    }
}

impl<N: Number> SummaryCombinePolicy for Policy<N> {
    fn combine(&self, summary: &mut Summary<N>, other: &Summary<N>) {
        summary.value = N::apply(self.mode, summary.value, other.value);
        summary.mode = self.mode as u8;
    }
}

type Compact<N> = CompactTupleSketch<Summary<N>>;

fn decode<N: Number>(bytes: &[u8], function: &str) -> SparkResult<Compact<N>> {
    Compact::<N>::deserialize(bytes)
        .map_err(|_| SparkError::runtime("TUPLE_INVALID_INPUT_SKETCH_BUFFER").param("function", quoted(function)))
}

/// The second operand of a set operation, from its bytes.
type Operand<N> = fn(&[u8], Mode, &str) -> SparkResult<Compact<N>>;

fn tuple_operand<N: Number>(bytes: &[u8], _: Mode, function: &str) -> SparkResult<Compact<N>> {
    decode(bytes, function)
}

/// A theta sketch as a tuple sketch whose keys carry the mode's identity.
fn theta_operand<N: Number>(bytes: &[u8], mode: Mode, function: &str) -> SparkResult<Compact<N>> {
    let sketch: CompactThetaSketch = theta::decode(bytes, function)?;
    if sketch.is_empty() {
        return Ok(new_sketch::<N>(theta::DEFAULT_LG_NOM_ENTRIES as u8, mode)?.compact(true));
    }
    // The library converts no sketches; its tuple format is a header, then keys with their summaries.
    const READ_ONLY_COMPACT_ORDERED: u8 = 0b0001_1010;
    let mut bytes = SketchBytes::with_capacity(24 + sketch.num_retained() * (9 + size_of::<N>()));
    bytes.write(&[3, 3, 9, 1, 0, READ_ONLY_COMPACT_ORDERED]);
    bytes.write_u16_le(sketch.seed_hash());
    bytes.write_u32_le(sketch.num_retained() as u32);
    bytes.write_u32_le(0);
    bytes.write_u64_le(sketch.theta64());
    let identity = policy::<N>(mode).create();
    for entry in sketch.iter() {
        bytes.write_u64_le(entry.hash());
        identity.serialize_value(&mut bytes);
    }
    Compact::<N>::deserialize(&bytes.into_bytes()).map_err(internal)
}

fn new_sketch<N: Number>(lg: u8, mode: Mode) -> SparkResult<TupleSketch<Policy<N>>> {
    TupleSketchBuilder::new(policy::<N>(mode)).lg_k(lg).build().map_err(internal)
}

fn new_union<N: Number>(lg: u8, mode: Mode) -> SparkResult<TupleUnion<Policy<N>>> {
    TupleUnionBuilder::new(policy::<N>(mode)).lg_k(lg).build().map_err(internal)
}

fn measure<N: Number>(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    f: fn(&Compact<N>) -> f64,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    let (args, _) = typed(ctx, args, &[DataType::Binary])?;
    Ok(call(ctx, name).map1::<Bin, f64>(args, DataType::Double, true, move |bytes| Ok(Some(f(&decode(bytes, name)?)))))
}

fn summary<N: Number>(ctx: &CallContext<'_>, mut args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    if args.len() == 1 {
        args.push(TypedExpr::string("sum"));
    }
    let (args, _) = typed(ctx, args, &[DataType::Binary, DataType::String])?;
    Ok(call(ctx, name).map2::<Bin, Str, N::Total>(args, N::TOTAL, true, move |bytes, mode| {
        let mode = Mode::parse(mode, name)?;
        let values: Vec<N> = decode::<N>(bytes, name)?.iter().map(|entry| entry.summary().value).collect();
        Ok(N::total(&values, mode))
    }))
}

fn union<N: Number>(
    ctx: &CallContext<'_>,
    mut args: Args,
    name: &'static str,
    operand: Operand<N>,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 2)?;
    if args.len() == 2 {
        args.push(TypedExpr::integer(theta::DEFAULT_LG_NOM_ENTRIES));
    }
    if args.len() == 3 {
        args.push(TypedExpr::string("sum"));
    }
    let types = [DataType::Binary, DataType::Binary, DataType::Integer, DataType::String];
    let (args, _) = typed(ctx, args, &types)?;
    let kernel = move |a: &[u8], b: &[u8], lg: i32, mode: &str| {
        let mode = Mode::parse(mode, name)?;
        let mut union = new_union::<N>(check_lg(lg, name)?, mode)?;
        union.update(&decode(a, name)?).map_err(internal)?;
        union.update(&operand(b, mode, name)?).map_err(internal)?;
        Ok(Some(union.to_sketch(true).serialize()))
    };
    Ok(call(ctx, name).map4::<Bin, Bin, I32, Str, Vec<u8>>(args, DataType::Binary, true, kernel))
}

fn intersection<N: Number>(
    ctx: &CallContext<'_>,
    mut args: Args,
    name: &'static str,
    operand: Operand<N>,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 2)?;
    if args.len() == 2 {
        args.push(TypedExpr::string("sum"));
    }
    let (args, _) = typed(ctx, args, &[DataType::Binary, DataType::Binary, DataType::String])?;
    Ok(call(ctx, name).map3::<Bin, Bin, Str, Vec<u8>>(args, DataType::Binary, true, move |a, b, mode| {
        let mode = Mode::parse(mode, name)?;
        let mut both = TupleIntersection::new(policy::<N>(mode));
        both.update(&decode(a, name)?).map_err(internal)?;
        both.update(&operand(b, mode, name)?).map_err(internal)?;
        Ok(both.to_sketch(true).map(|sketch| sketch.serialize()))
    }))
}

fn difference<N: Number>(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    operand: Operand<N>,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 2)?;
    let (args, _) = typed(ctx, args, &[DataType::Binary, DataType::Binary])?;
    Ok(call(ctx, name).map2::<Bin, Bin, Vec<u8>>(args, DataType::Binary, true, move |a, b| {
        let (a, b) = (decode::<N>(a, name)?, operand(b, Mode::Sum, name)?);
        let rest = TupleANotB::default().compute(&a, &b, true).map_err(internal)?;
        Ok(Some(rest.serialize()))
    }))
}

fn constant_mode(ctx: &CallContext<'_>, args: &Args, index: usize, name: &str) -> SparkResult<Mode> {
    Mode::parse(&constant_string(ctx, args, index, "mode", "sum")?, name)
}

fn sketch_agg<N: Number>(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    let lg = constant_lg(ctx, &args, 2, name)?;
    let mode = constant_mode(ctx, &args, 3, name)?;
    let inputs = vec![expect_key(ctx, &args[0], 0)?, expect(ctx, args[1].clone(), 1, Accept::Type(N::TYPE))?];
    let key = format!("{lg} {mode:?}");
    let call =
        sketch(name, key, DataType::Binary, false, move || Counted::<N> { name, sketch: None, merged: None, lg, mode });
    Ok(call.call(inputs, options))
}

/// `TupleSketchAgg…`'s buffer: an updatable sketch, and a union once states were merged.
struct Counted<N: Number> {
    name: &'static str,
    sketch: Option<TupleSketch<Policy<N>>>,
    merged: Option<TupleUnion<Policy<N>>>,
    lg: u8,
    mode: Mode,
}

impl<N: Number> SketchState for Counted<N> {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let sketch = match &mut self.sketch {
            Some(sketch) => sketch,
            none => none.insert(new_sketch::<N>(self.lg, self.mode)?),
        };
        let numbers = columns[1].as_primitive::<N::Arrow>();
        for_each_key(&columns[0], |row, key| {
            if arrow::array::Array::is_null(numbers, row) {
                return;
            }
            let value = numbers.value(row);
            match key {
                Key::Long(key) => sketch.update(key, value),
                Key::Double(key) => sketch.update(canonical_float::from_f64(key), value),
                Key::Bytes([]) => {}
                Key::Bytes(bytes) => sketch.update(raw_bytes::from_slice(bytes), value),
            }
        })
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        let own = match &self.sketch {
            Some(sketch) => sketch.compact(true),
            None => new_sketch::<N>(self.lg, self.mode)?.compact(true),
        };
        let Some(merged) = &self.merged else { return Ok(own.serialize()) };
        let mut union = new_union::<N>(self.lg, self.mode)?;
        union.update(&merged.to_sketch(true)).map_err(internal)?;
        union.update(&own).map_err(internal)?;
        Ok(union.to_sketch(true).serialize())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let union = match &mut self.merged {
            Some(union) => union,
            none => none.insert(new_union::<N>(self.lg, self.mode)?),
        };
        union.update(&decode(state, self.name)?).map_err(internal)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.state()?)))
    }

    fn size(&self) -> usize {
        self.sketch.as_ref().map_or(0, TupleSketch::estimated_size)
            + self.merged.as_ref().map_or(0, TupleUnion::estimated_size)
    }
}

fn union_agg<N: Number>(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    let lg = constant_lg(ctx, &args, 1, name)?;
    let mode = constant_mode(ctx, &args, 2, name)?;
    let (value, _) = typed(ctx, args, &[DataType::Binary])?;
    let call = sketch(name, format!("{lg} {mode:?}"), DataType::Binary, false, move || {
        United(Counted::<N> { name, sketch: None, merged: None, lg, mode })
    });
    Ok(call.call(value, options))
}

/// `TupleUnionAgg…`'s buffer: rows are merged as states are.
struct United<N: Number>(Counted<N>);

impl<N: Number> SketchState for United<N> {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        each_sketch(&columns[0], |bytes| self.0.merge(bytes))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        self.0.state()
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        self.0.merge(state)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        self.0.evaluate()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

fn intersection_agg<N: Number>(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
) -> SparkResult<TypedExpr> {
    expect_binary(ctx, &args, 1)?;
    let mode = constant_mode(ctx, &args, 1, name)?;
    let (value, _) = typed(ctx, args, &[DataType::Binary])?;
    let call = sketch(name, format!("{mode:?}"), DataType::Binary, false, move || Common {
        name,
        both: TupleIntersection::new(policy::<N>(mode)),
        mode,
    });
    Ok(call.call(value, options))
}

/// `TupleIntersectionAgg…`'s buffer; without input it is undefined, and its state is empty.
struct Common<N: Number> {
    name: &'static str,
    both: TupleIntersection<Policy<N>>,
    mode: Mode,
}

impl<N: Number> SketchState for Common<N> {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        each_sketch(&columns[0], |bytes| self.both.update(&decode(bytes, self.name)?).map_err(internal))
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.both.to_sketch(true).map(|sketch| sketch.serialize()).unwrap_or_default())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        if state.is_empty() {
            return Ok(());
        }
        self.both.update(&decode(state, self.name)?).map_err(internal)
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        let bytes = match self.both.to_sketch(true) {
            Some(sketch) => sketch.serialize(),
            None => new_sketch::<N>(theta::DEFAULT_LG_NOM_ENTRIES as u8, self.mode)?.compact(true).serialize(),
        };
        Ok(ScalarValue::Binary(Some(bytes)))
    }

    fn size(&self) -> usize {
        self.both.estimated_size()
    }
}
