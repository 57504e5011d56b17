//! Functions over vectors: arrays of `FLOAT` (`VectorNorm`, `VectorAvg`, …).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Float32Array},
    datatypes::Float32Type,
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::collection::list;
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    cast::cast,
    coercion::unexpected_type,
    entry::{FunctionEntry, aggregate, scalar},
    error::from_datafusion,
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("vector_inner_product", 2, 2, |ctx, args| {
        vectors(ctx, args, "vector_inner_product", |a, b| Some(dot(a, b)))
    }),
    scalar("vector_cosine_similarity", 2, 2, |ctx, args| {
        vectors(ctx, args, "vector_cosine_similarity", |a, b| {
            let norms = (dot(a, a) as f64).sqrt() * (dot(b, b) as f64).sqrt();
            (norms != 0.0).then(|| (dot(a, b) as f64 / norms) as f32)
        })
    }),
    scalar("vector_l2_distance", 2, 2, |ctx, args| {
        vectors(ctx, args, "vector_l2_distance", |a, b| {
            Some(a.iter().zip(b).map(|(x, y)| f64::from(x - y) * f64::from(x - y)).sum::<f64>().sqrt() as f32)
        })
    }),
    scalar("vector_norm", 1, 2, vector_norm),
    scalar("vector_normalize", 1, 2, vector_normalize),
    aggregate("vector_sum", 1, 1, |ctx, args, o| total(ctx, args, o, "vector_sum", false)),
    aggregate("vector_avg", 1, 1, |ctx, args, o| total(ctx, args, o, "vector_avg", true)),
];

fn vector_type() -> DataType {
    DataType::array(DataType::Float)
}

fn check_vector(ctx: &CallContext<'_>, args: &Args, index: usize) -> SparkResult<()> {
    match &args[index].data_type {
        DataType::Array { element, .. } if **element == DataType::Float => Ok(()),
        DataType::Null => Ok(()),
        other => Err(unexpected_type(ctx, index, "\"ARRAY<FLOAT>\"", other)),
    }
}

/// The vector and the degree of a norm; the degree is 2 where it is absent.
fn norm_arguments(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<Args> {
    check_vector(ctx, &args, 0)?;
    let degree = if args.len() > 1 { args.remove(1) } else { TypedExpr::double(2.0) };
    if !degree.data_type.is_numeric() && degree.data_type != DataType::Null {
        return Err(unexpected_type(ctx, 1, "\"FLOAT\"", &degree.data_type));
    }
    let vector = cast(ctx, args.remove(0), &vector_type(), CastMode::Session)?;
    Ok(vec![vector, cast(ctx, degree, &DataType::Float, CastMode::Session)?])
}

fn norm(values: &[f32], degree: f32, name: &str) -> SparkResult<f32> {
    let values = values.iter().map(|v| f64::from(*v));
    if degree == 2.0 {
        Ok(values.map(|v| v * v).sum::<f64>().sqrt() as f32)
    } else if degree == 1.0 {
        Ok(values.map(f64::abs).sum::<f64>() as f32)
    } else if degree == f32::INFINITY {
        Ok(values.map(f64::abs).fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a }) as f32)
    } else {
        Err(SparkError::runtime("INVALID_VECTOR_NORM_DEGREE")
            .param("functionName", format!("`{name}`"))
            .param("degree", crate::cast::float_text(degree)))
    }
}

/// A row's vector; `None` where it or one of its elements is null.
fn vector(array: &ArrayRef, row: usize) -> Option<Float32Array> {
    let lists = array.as_list::<i32>();
    lists.is_valid(row).then(|| lists.value(row).as_primitive::<Float32Type>().clone()).filter(|v| v.null_count() == 0)
}

fn vector_norm(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = norm_arguments(ctx, args)?;
    Ok(call(ctx, "vector_norm").arrays(args, DataType::Float, true, |arrays, rows| {
        let degrees = arrays[1].as_primitive::<Float32Type>();
        let one = |row: usize| match vector(&arrays[0], row).filter(|_| degrees.is_valid(row)) {
            Some(values) => norm(values.values(), degrees.value(row), "vector_norm").map(Some),
            None => Ok(None),
        };
        Ok(Arc::new((0..rows).map(one).collect::<SparkResult<Float32Array>>()?))
    }))
}

/// The vector over its norm; null where that is zero.
fn vector_normalize(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let args = norm_arguments(ctx, args)?;
    let t = vector_type();
    Ok(call(ctx, "vector_normalize").arrays(args, t.clone(), true, move |arrays, rows| {
        let degrees = arrays[1].as_primitive::<Float32Type>();
        let (mut out, mut lengths, mut valid) = (vec![], vec![], vec![]);
        for row in 0..rows {
            let before = out.len();
            let mut known = false;
            if let Some(values) = vector(&arrays[0], row).filter(|_| degrees.is_valid(row)) {
                let norm = norm(values.values(), degrees.value(row), "vector_normalize")?;
                known = norm != 0.0 || values.is_empty();
                if known {
                    out.extend(values.values().iter().map(|v| v / norm));
                }
            }
            valid.push(known);
            lengths.push(out.len() - before);
        }
        list(&t, Arc::new(Float32Array::from(out)), lengths, Some(valid.into()))
    }))
}

fn total(
    ctx: &CallContext<'_>,
    args: Args,
    options: &AggregateOptions,
    name: &'static str,
    average: bool,
) -> SparkResult<TypedExpr> {
    check_vector(ctx, &args, 0)?;
    let args: SparkResult<Args> =
        args.into_iter().map(|arg| cast(ctx, arg, &vector_type(), CastMode::Session)).collect();
    let call =
        sketch(name, String::new(), vector_type(), true, move || Total { name, average, count: 0, sums: vec![] });
    Ok(call.call(args?, options))
}

/// Sums of vectors, element by element; vectors with nulls are left out.
struct Total {
    name: &'static str,
    average: bool,
    count: i64,
    sums: Vec<f64>,
}

impl Total {
    fn add(&mut self, values: &[f64], count: i64) -> SparkResult<()> {
        if self.count == 0 {
            self.sums = values.to_vec();
        } else if self.sums.len() == values.len() {
            self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        } else {
            return Err(SparkError::runtime("VECTOR_DIMENSION_MISMATCH")
                .param("functionName", format!("`{}`", self.name))
                .param("leftDim", self.sums.len().to_string())
                .param("rightDim", values.len().to_string()));
        }
        self.count += count;
        Ok(())
    }
}

impl SketchState for Total {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        for row in 0..columns[0].len() {
            if let Some(values) = vector(&columns[0], row) {
                let values: Vec<f64> = values.values().iter().map(|v| f64::from(*v)).collect();
                self.add(&values, 1)?;
            }
        }
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        let mut out = self.count.to_le_bytes().to_vec();
        self.sums.iter().for_each(|sum| out.extend(sum.to_le_bytes()));
        Ok(out)
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let Some((count, sums)) = state.split_first_chunk::<8>() else { return Ok(()) };
        let sums: Vec<f64> = sums.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        match i64::from_le_bytes(*count) {
            0 => Ok(()),
            count => self.add(&sums, count),
        }
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        if self.count == 0 {
            return crate::literal::null_scalar(&kindling_common::to_arrow(&vector_type()));
        }
        let divisor = if self.average { self.count as f64 } else { 1.0 };
        let values = Float32Array::from_iter_values(self.sums.iter().map(|sum| (sum / divisor) as f32));
        let length = values.len();
        ScalarValue::try_from_array(&list(&vector_type(), Arc::new(values), [length], None)?, 0)
            .map_err(from_datafusion)
    }

    fn size(&self) -> usize {
        self.sums.len() * 8
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn vectors(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    f: fn(&[f32], &[f32]) -> Option<f32>,
) -> SparkResult<TypedExpr> {
    for (i, arg) in args.iter().enumerate() {
        let fits = matches!(&arg.data_type, DataType::Array { element, .. } if **element == DataType::Float);
        if !fits {
            return Err(unexpected_type(ctx, i, "\"ARRAY<FLOAT>\"", &arg.data_type));
        }
    }
    Ok(call(ctx, name).arrays(args, DataType::Float, true, move |arrays, rows| {
        let (a, b) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
        let one = |row: usize| -> SparkResult<Option<f32>> {
            if a.is_null(row) || b.is_null(row) {
                return Ok(None);
            }
            let (x, y) = (a.value(row), b.value(row));
            if x.null_count() > 0 || y.null_count() > 0 {
                return Ok(None);
            }
            if x.len() != y.len() {
                return Err(SparkError::runtime("VECTOR_DIMENSION_MISMATCH")
                    .param("functionName", format!("`{name}`"))
                    .param("leftDim", x.len().to_string())
                    .param("rightDim", y.len().to_string()));
            }
            Ok(f(x.as_primitive::<Float32Type>().values(), y.as_primitive::<Float32Type>().values()))
        };
        Ok(Arc::new((0..rows).map(one).collect::<SparkResult<Float32Array>>()?))
    }))
}
