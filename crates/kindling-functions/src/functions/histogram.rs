//! `histogram_numeric` (`HistogramNumeric`, Hive's `NumericHistogram`).

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, StructArray},
    datatypes::Float64Type,
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, StructField, StructType};
use std::sync::Arc;

use super::{collection::list, sketch::JavaRandom};
use crate::{
    AggregateOptions, CallContext, TypedExpr,
    aggregate::{SketchState, sketch},
    cast::{CastOptions, cast, cast_array},
    coercion::{Failure, non_foldable, sql_value, unexpected_type},
    entry::{FunctionEntry, aggregate},
    error::{from_arrow_error, from_datafusion},
    kernels::{I32, I64},
    literal::null_scalar,
    udf::{call, relabel},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[aggregate("histogram_numeric", 2, 2, histogram_numeric)];

fn histogram_numeric(ctx: &CallContext<'_>, args: Args, options: &AggregateOptions) -> SparkResult<TypedExpr> {
    let bins = cast(ctx, args[1].clone(), &DataType::Integer, CastMode::Session)?;
    let bins = match crate::fold(&bins)? {
        Some(ScalarValue::Int32(Some(bins))) => bins,
        Some(_) => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", "nb"));
        }
        None => return Err(non_foldable(ctx, 1, "nb", "\"INT\"")),
    };
    if bins < 2 {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("exprName", "nb")
            .param("valueRange", "[2, 2147483647]")
            .param("currentValue", sql_value(&ScalarValue::Int32(Some(bins)))));
    }
    let value = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let t = value.data_type.clone();
    let n = value.nullable;
    let value = match &t {
        DataType::Date | DataType::YearMonthInterval { .. } => {
            call(ctx, "days").map1::<I32, f64>(vec![value], DataType::Double, n, |v| Ok(Some(f64::from(v))))
        }
        DataType::Timestamp | DataType::TimestampNtz | DataType::DayTimeInterval { .. } => {
            call(ctx, "micros").map1::<I64, f64>(vec![value], DataType::Double, n, |v| Ok(Some(v as f64)))
        }
        t if t.is_numeric() || *t == DataType::Null => cast(ctx, value, &DataType::Double, CastMode::Session)?,
        t if t.is_string() => cast(ctx, value, &DataType::Double, CastMode::Session)?,
        other => return Err(unexpected_type(ctx, 0, "\"NUMERIC\"", other)),
    };
    let t = if t.is_string() || t == DataType::Null { DataType::Double } else { t };
    let fields = vec![StructField::new("x", t.clone(), true), StructField::new("y", DataType::Double, true)];
    let row = DataType::Struct(StructType { fields });
    let data_type = DataType::array(row);
    let result = data_type.clone();
    let zone = *ctx.time_zone();
    let key = format!("{bins} {}", t.simple_string());
    let call = sketch("histogram_numeric", key, data_type, true, move || Histogram {
        most: bins as usize,
        bins: vec![],
        random: JavaRandom::new(31_183),
        x: t.clone(),
        result: result.clone(),
        cast: CastOptions { failure: Failure::Legacy, zone, now: 0 },
    });
    Ok(call.call(vec![value], options))
}

/// Bins as centres and counts, ordered by centre.
struct Histogram {
    most: usize,
    bins: Vec<(f64, f64)>,
    random: JavaRandom,
    x: DataType,
    result: DataType,
    cast: CastOptions,
}

impl Histogram {
    fn add(&mut self, value: f64) {
        let place = self.bins.partition_point(|(x, _)| *x < value);
        match self.bins.get_mut(place) {
            Some((x, y)) if *x == value => *y += 1.0,
            _ => {
                self.bins.insert(place, (value, 1.0));
                self.trim();
            }
        }
    }

    /// Merges the nearest neighbours until there are few enough; equally near ones by lot.
    fn trim(&mut self) {
        while self.bins.len() > self.most {
            let gap = |bins: &[(f64, f64)], i: usize| bins[i + 1].0 - bins[i].0;
            let (mut smallest, mut place, mut equal) = (gap(&self.bins, 0), 0, 1);
            for i in 1..self.bins.len() - 1 {
                let difference = gap(&self.bins, i);
                if difference < smallest {
                    (smallest, place, equal) = (difference, i, 1);
                } else if difference == smallest {
                    equal += 1;
                    if self.random.next_double() <= 1.0 / f64::from(equal) {
                        place = i;
                    }
                }
            }
            let (x2, y2) = self.bins.remove(place + 1);
            let (x1, y1) = self.bins[place];
            let total = y1 + y2;
            self.bins[place] = (x1 * (y1 / total) + x2 / total * y2, total);
        }
    }
}

impl SketchState for Histogram {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        columns[0].as_primitive::<Float64Type>().iter().flatten().for_each(|value| self.add(value));
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.bins.iter().flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()]).flatten().collect())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        let other = state.as_chunks::<16>().0.iter().map(|bytes| {
            let (x, y) = bytes.split_at(8);
            let number = |bytes: &[u8]| f64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default());
            (number(x), number(y))
        });
        self.bins.extend(other);
        self.bins.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.trim();
        Ok(())
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        if self.bins.is_empty() {
            return null_scalar(&to_arrow(&self.result));
        }
        let xs: ArrayRef = Arc::new(Float64Array::from_iter_values(self.bins.iter().map(|(x, _)| *x)));
        let ys: ArrayRef = Arc::new(Float64Array::from_iter_values(self.bins.iter().map(|(_, y)| *y)));
        let target = to_arrow(&self.x);
        let xs = match &self.x {
            DataType::Date | DataType::YearMonthInterval { .. } => {
                relabel(&cast_array(&xs, &DataType::Double, &DataType::Integer, &self.cast)?, &target)?
            }
            DataType::Timestamp | DataType::TimestampNtz | DataType::DayTimeInterval { .. } => {
                relabel(&cast_array(&xs, &DataType::Double, &DataType::Long, &self.cast)?, &target)?
            }
            x => relabel(&cast_array(&xs, &DataType::Double, x, &self.cast)?, &target)?,
        };
        let DataType::Array { element, .. } = &self.result else { return Err(SparkError::internal("no array")) };
        let arrow::datatypes::DataType::Struct(fields) = to_arrow(element) else {
            return Err(SparkError::internal("no struct"));
        };
        let length = xs.len();
        let rows = StructArray::try_new(fields, vec![xs, ys], None).map_err(from_arrow_error)?;
        ScalarValue::try_from_array(&list(&self.result, Arc::new(rows), [length], None)?, 0).map_err(from_datafusion)
    }

    fn size(&self) -> usize {
        self.bins.len() * 16
    }
}
