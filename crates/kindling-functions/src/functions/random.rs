//! Random numbers, strings and orders: seeded ones give Spark's own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray, UInt32Array};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{collection::list, misc::per_row};
use crate::{
    CallContext, TypedExpr, XorShiftRandom,
    cast::cast,
    coercion::{Accept, expect, non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    mersenne_twister::MersenneTwister,
    task,
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("rand", 0, 1, |ctx, args| random(ctx, args, "rand", XorShiftRandom::next_double)),
    scalar("random", 0, 1, |ctx, args| random(ctx, args, "rand", XorShiftRandom::next_double)),
    scalar("randn", 0, 1, |ctx, args| random(ctx, args, "randn", XorShiftRandom::next_gaussian)),
    scalar("uuid", 0, 1, uuid),
    scalar("shuffle", 1, 2, shuffle),
    scalar("randstr", 1, 2, randstr),
    scalar("uniform", 2, 3, uniform),
];

/// The constant seed of a random function, or a new one.
fn seed(ctx: &CallContext<'_>, args: &Args, index: usize) -> SparkResult<i64> {
    let shifted = |seed: i64| seed.wrapping_add(ctx.conf.seed_shift);
    let Some(arg) = args.get(index) else { return Ok(shifted(ctx.fresh_seed())) };
    if !(arg.data_type.is_integral() || arg.data_type == DataType::Null) {
        return Err(unexpected_type(ctx, index, "(\"INT\" or \"BIGINT\")", &arg.data_type));
    }
    let arg = cast(ctx, arg.clone(), &DataType::Long, CastMode::Session)?;
    match crate::fold(&arg)? {
        Some(ScalarValue::Int64(seed)) => Ok(shifted(seed.unwrap_or(0))),
        _ => Err(non_foldable(ctx, index, "seed", "integer")),
    }
}

/// The generator of a partition.
fn generator(seed: i64) -> impl Fn(u32) -> XorShiftRandom + Copy {
    move |partition| XorShiftRandom::new(seed.wrapping_add(i64::from(partition)))
}

fn random(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    next: fn(&mut XorShiftRandom) -> f64,
) -> SparkResult<TypedExpr> {
    let make = generator(seed(ctx, &args, 0)?);
    Ok(per_row(ctx, name, DataType::Double, move |id, rows| {
        task::with_state(id, make, |random| {
            Arc::new(Float64Array::from_iter_values((0..rows).map(|_| next(random)))) as ArrayRef
        })
    }))
}

/// `RandomUUIDGenerator`
fn uuid(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let seed = seed(ctx, &args, 0)?;
    Ok(per_row(ctx, "uuid", DataType::String, move |id, rows| {
        let make = move |partition: u32| MersenneTwister::new(seed.wrapping_add(i64::from(partition)));
        task::with_state(id, make, |random| {
            let next = |_| {
                let (high, low) = (random.next_long(), random.next_long());
                uuid::Builder::from_u128(u128::from(high) << 64 | u128::from(low))
                    .with_variant(uuid::Variant::RFC4122)
                    .with_version(uuid::Version::Random)
                    .into_uuid()
                    .to_string()
            };
            Arc::new(StringArray::from_iter_values((0..rows).map(next))) as ArrayRef
        })
    }))
}

fn shuffle(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let seed = seed(ctx, &args, 1)?;
    let array = expect(ctx, args[0].clone(), 0, Accept::Array)?;
    let (t, nullable) = (array.data_type.clone(), array.nullable);
    let id = ctx.fresh_id();
    let to = t.clone();
    Ok(call(ctx, "shuffle").key(id.to_string()).volatile().arrays(vec![array], t, nullable, move |arrays, rows| {
        let lists = arrays[0].as_list::<i32>();
        let make = move |partition: u32| MersenneTwister::new(seed.wrapping_add(i64::from(partition)));
        let (mut indices, mut lengths) = (vec![], vec![]);
        task::with_state(id, make, |random| {
            for row in 0..rows {
                let length = if lists.is_valid(row) { lists.value_length(row) as usize } else { 0 };
                let start = lists.value_offsets()[row] as u32;
                if lists.is_valid(row) {
                    indices.extend(random.permutation(length).into_iter().map(|i| start + i as u32));
                }
                lengths.push(length);
            }
        });
        let values =
            arrow::compute::take(lists.values(), &UInt32Array::from(indices), None).map_err(from_arrow_error)?;
        list(&to, values, lengths, lists.nulls().cloned())
    }))
}

/// `randstr(length[, seed])`
fn randstr(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let length = expect(ctx, args[0].clone(), 0, Accept::Type(DataType::Integer))?;
    let Some(ScalarValue::Int32(length)) = crate::fold(&length)? else {
        return Err(non_foldable(ctx, 0, "length", "integer"));
    };
    let length = length.unwrap_or(0);
    if length < 0 {
        return Err(SparkError::runtime("INVALID_PARAMETER_VALUE.LENGTH")
            .param("parameter", "`length`")
            .param("functionName", "`randstr`")
            .param("length", length.to_string()));
    }
    let make = generator(seed(ctx, &args, 1)?);
    Ok(per_row(ctx, "randstr", DataType::String, move |id, rows| {
        task::with_state(id, make, |random| {
            let character = |random: &mut XorShiftRandom| match random.next_bits() % 62 {
                v if v.abs() < 10 => char::from(b'0' + v.unsigned_abs() as u8),
                v if v.abs() < 36 => char::from(b'a' + v.unsigned_abs() as u8 - 10),
                v => char::from(b'A' + v.unsigned_abs() as u8 - 36),
            };
            let text = |_| (0..length).map(|_| character(random)).collect::<String>();
            Arc::new(StringArray::from_iter_values((0..rows).map(text))) as ArrayRef
        })
    }))
}

/// The wider of two types by kind: integral, decimal, float, double; of NULLs it is double.
fn wider_number(a: &DataType, b: &DataType) -> DataType {
    use DataType::{Byte, Decimal, Double, Float, Integer, Long, Null, Short};
    let rank = |t: &DataType| match t {
        Byte => 0,
        Short => 1,
        Integer => 2,
        Long => 3,
        Decimal { .. } => 4,
        Float => 5,
        _ => 6,
    };
    match (a, b) {
        (Null, _) | (_, Null) => Double,
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            let scale = *s1.max(s2);
            let whole = (*p1 as i8 - s1).max(*p2 as i8 - s2);
            Decimal { precision: (whole + scale).clamp(1, 38) as u8, scale }
        }
        _ if rank(a) >= rank(b) => a.clone(),
        _ => b.clone(),
    }
}

/// `uniform(min, max[, seed])`: `min + (max - min) * rand(seed)` as the wider of both types.
fn uniform(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let make = generator(seed(ctx, &args, 2)?);
    let mut bounds = [0.0; 2];
    let t = wider_number(&args[0].data_type, &args[1].data_type);
    for (index, name) in ["min", "max"].into_iter().enumerate() {
        let arg = &args[index];
        if arg.data_type == DataType::Null {
            return TypedExpr::null(t);
        }
        if !arg.data_type.is_numeric() {
            return Err(unexpected_type(ctx, index, "\"NUMERIC\"", &arg.data_type));
        }
        let value = cast(ctx, arg.clone(), &DataType::Double, CastMode::Session)?;
        bounds[index] = match crate::fold(&value)? {
            Some(ScalarValue::Float64(Some(value))) => value,
            Some(_) => return TypedExpr::null(t),
            None => return Err(non_foldable(ctx, index, name, "integer or floating-point")),
        };
    }
    let [min, max] = bounds;
    let number = per_row(ctx, "uniform", DataType::Double, move |id, rows| {
        task::with_state(id, make, |random| {
            let next = |_| min + (max - min) * random.next_double();
            Arc::new(Float64Array::from_iter_values((0..rows).map(next))) as ArrayRef
        })
    });
    cast(ctx, number, &t, CastMode::Session)
}
