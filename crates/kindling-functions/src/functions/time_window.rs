//! `window`, `session_window`, `window_time` (`TimeWindow`, `SessionWindow`, `WindowTime`). The windows of a row are generated; the
//! resolver puts them where keys are, and merges sessions.

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray, Int64Array, StructArray},
    datatypes::{DataType as ArrowType, Int64Type},
};
use datafusion::{common::ScalarValue, logical_expr::ColumnarValue};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType, StructField, StructType};

use super::{collection::list, take};
use crate::{
    CallContext, GeneratorCall, TypedExpr,
    cast::cast,
    coercion::{ArithmeticOp, binary_arithmetic, non_foldable, sql_value},
    datetime::interval::parse_calendar,
    entry::{FunctionEntry, generator, scalar},
    error::from_arrow_error,
    kernels::{I64, View},
    udf::{call, relabel},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    generator("window", 2, 4, window),
    generator("session_window", 2, 2, session_window),
    scalar("window_time", 1, 1, |ctx, args| {
        let [window] = take(args)?;
        end_of(ctx, &window).ok_or_else(|| not_a_time(ctx, &window.data_type, "window_time"))
    }),
];

/// The struct of a window of times of a type.
fn window_type(time: &DataType) -> DataType {
    DataType::Struct(StructType {
        fields: vec![StructField::new("start", time.clone(), true), StructField::new("end", time.clone(), true)],
    })
}

/// The last microsecond of a window; `None` where the argument is none.
fn end_of(ctx: &CallContext<'_>, window: &TypedExpr) -> Option<TypedExpr> {
    let DataType::Struct(fields) = &window.data_type else { return None };
    let end = fields.fields.iter().position(|field| field.name == "end")?;
    let t = fields.fields[end].data_type.clone();
    if !matches!(t, DataType::Timestamp | DataType::TimestampNtz) {
        return None;
    }
    Some(call(ctx, "window_time").arrays(vec![window.clone()], t, window.nullable, move |arrays, _| {
        let windows = arrays[0].as_struct();
        let ends = relabel(windows.column(end), &ArrowType::Int64)?;
        let last: Int64Array = ends.as_primitive::<Int64Type>().unary(|micros| micros - 1);
        let nulls = arrow::buffer::NullBuffer::union(windows.nulls(), last.nulls());
        Ok(Arc::new(Int64Array::new(last.values().clone(), nulls)))
    }))
}

fn not_a_time(ctx: &CallContext<'_>, t: &DataType, name: &str) -> SparkError {
    let times = "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"";
    let windows =
        "\"STRUCT<start: TIMESTAMP, end: TIMESTAMP>\" or \"STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>\"";
    let required = match name {
        "window" => format!("({times} or {windows})"),
        "window_time" => "\"STRUCT\"".to_string(),
        _ => times.to_string(),
    };
    crate::coercion::unexpected_type(ctx, 0, &required, t)
}

/// The times that windows are made of; those of a window are its ends.
fn times(ctx: &CallContext<'_>, arg: &TypedExpr, name: &str) -> SparkResult<TypedExpr> {
    match &arg.data_type {
        DataType::Timestamp | DataType::TimestampNtz => Ok(arg.clone()),
        t if t.is_string() || matches!(t, DataType::Date | DataType::Null) => {
            cast(ctx, arg.clone(), &DataType::Timestamp, CastMode::Session)
        }
        DataType::Struct(_) => end_of(ctx, arg).ok_or_else(|| not_a_time(ctx, &arg.data_type, name)),
        other => Err(not_a_time(ctx, other, name)),
    }
}

/// A constant duration in microseconds: a number, or an interval as text.
fn duration(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize, name: &str) -> SparkResult<i64> {
    let text = match crate::fold(arg)? {
        Some(ScalarValue::Int32(Some(micros))) => return Ok(micros.into()),
        Some(ScalarValue::Int64(Some(micros))) => return Ok(micros),
        Some(ScalarValue::Utf8(Some(text))) => text,
        _ => return Err(non_foldable(ctx, index, name, "\"STRING\"")),
    };
    let (months, days, micros) = parse_calendar(&text).ok_or_else(|| {
        SparkError::new(kindling_common::ExceptionClass::IllegalArgument, "CANNOT_PARSE_INTERVAL")
            .param("intervalString", format!("'{text}'"))
    })?;
    if months != 0 {
        return Err(SparkError {
            message_override: Some(format!("Intervals greater than a month is not supported ({text}).")),
            ..SparkError::new(kindling_common::ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
        });
    }
    Ok(i64::from(days) * crate::datetime::MICROS_PER_DAY + micros)
}

/// Windows in which a time lies, the latest first.
#[derive(Debug, Clone, Copy)]
struct Windows {
    duration: i64,
    slide: i64,
    start: i64,
}

impl Windows {
    fn of(self, time: i64) -> impl Iterator<Item = (i64, i64)> {
        let last = time - (time - self.start).rem_euclid(self.slide);
        let overlapping = (self.duration + self.slide - 1) / self.slide;
        (0..overlapping)
            .map(move |i| (last - i * self.slide, last - i * self.slide + self.duration))
            .filter(move |(start, end)| (*start..*end).contains(&time))
    }
}

fn window(ctx: &CallContext<'_>, args: Args) -> SparkResult<GeneratorCall> {
    let time = times(ctx, &args[0], "window")?;
    let width = duration(ctx, &args[1], 1, "window_duration")?;
    let slide = match args.get(2) {
        Some(arg) => duration(ctx, arg, 2, "slide_duration")?,
        None => width,
    };
    let start = match args.get(3) {
        Some(arg) => duration(ctx, arg, 3, "start_time")?,
        None => 0,
    };
    for (name, value) in [("window_duration", width), ("slide_duration", slide)] {
        if value <= 0 {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", format!("`{name}`"))
                .param("valueRange", "(0, 9223372036854775807]")
                .param("currentValue", sql_value(&ScalarValue::Int64(Some(value)))));
        }
    }
    let violation = |left: &str, a: i64, constraint: &str, right: &str, b: i64| {
        SparkError::analysis("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("leftExprName", format!("`{left}`"))
            .param("leftExprValue", format!("{a}L"))
            .param("constraint", constraint)
            .param("rightExprName", format!("`{right}`"))
            .param("rightExprValue", format!("{b}L"))
    };
    if slide > width {
        return Err(violation("slide_duration", slide, "<=", "window_duration", width));
    }
    if start.abs() >= slide {
        return Err(violation("abs(start_time)", start.abs(), "<", "slide_duration", slide));
    }
    let windows = Windows { duration: width, slide, start };
    Ok(rows_of(ctx, "window", vec![time], format!("{windows:?}"), move |times, _| windows.of(times).collect()))
}

/// `session_window(time, gap)`: each row's own session; a gap that is not positive gives none.
fn session_window(ctx: &CallContext<'_>, args: Args) -> SparkResult<GeneratorCall> {
    let time = times(ctx, &args[0], "session_window")?;
    let gap = args[1].clone();
    let gap = match gap.data_type {
        DataType::CalendarInterval | DataType::DayTimeInterval { .. } => gap,
        _ => cast(ctx, gap, &DataType::CalendarInterval, CastMode::Session)?,
    };
    let end = binary_arithmetic(ctx, ArithmeticOp::Add, time.clone(), gap)?;
    let end = cast(ctx, end, &time.data_type, CastMode::Session)?;
    Ok(rows_of(ctx, "session_window", vec![time, end], String::new(), |start, end| {
        if end > start { vec![(start, end)] } else { vec![] }
    }))
}

/// A generator of windows from times; rows without a time have none.
fn rows_of(
    ctx: &CallContext<'_>,
    name: &'static str,
    args: Args,
    key: String,
    windows: impl Fn(i64, i64) -> Vec<(i64, i64)> + Send + Sync + 'static,
) -> GeneratorCall {
    let window = window_type(&args[0].data_type);
    let output = StructType { fields: vec![StructField::new(name, window.clone(), false)] };
    let element = DataType::Struct(output.clone());
    let t = DataType::Array { element: Box::new(element.clone()), contains_null: false };
    let data_type = t.clone();
    let rows = call(ctx, name).key(key).arrays(args, t, false, move |arrays, rows| {
        let times = View::<I64>::new(&ColumnarValue::Array(Arc::clone(&arrays[0])))?;
        let ends = arrays.last().map_or(Arc::clone(&arrays[0]), Arc::clone);
        let ends = View::<I64>::new(&ColumnarValue::Array(ends))?;
        let (mut starts, mut stops, mut lengths) = (vec![], vec![], Vec::with_capacity(rows));
        for row in 0..rows {
            let before = starts.len();
            if let (Some(time), Some(end)) = (times.get(row), ends.get(row)) {
                for (start, stop) in windows(time, end) {
                    starts.push(start);
                    stops.push(stop);
                }
            }
            lengths.push(starts.len() - before);
        }
        let (ArrowType::Struct(fields), ArrowType::Struct(outer)) = (to_arrow(&window), to_arrow(&element)) else {
            return Err(SparkError::internal("a window is no struct"));
        };
        let columns: SparkResult<Vec<_>> = [starts, stops]
            .into_iter()
            .zip(fields.iter())
            .map(|(values, field)| {
                let array: arrow::array::ArrayRef = Arc::new(Int64Array::from(values));
                relabel(&array, field.data_type())
            })
            .collect();
        let inner = StructArray::try_new(fields, columns?, None).map_err(from_arrow_error)?;
        let structs = StructArray::try_new(outer, vec![Arc::new(inner)], None).map_err(from_arrow_error)?;
        list(&data_type, Arc::new(structs), lengths, None)
    });
    GeneratorCall { name, outer: false, rows, output }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_overlap_where_they_slide() {
        let windows = Windows { duration: 10, slide: 5, start: 0 };
        assert_eq!(windows.of(7).collect::<Vec<_>>(), [(5, 15), (0, 10)]);
        assert_eq!(windows.of(-1).collect::<Vec<_>>(), [(-5, 5), (-10, 0)]);
        let shifted = Windows { duration: 10, slide: 10, start: 2 };
        assert_eq!(shifted.of(1).collect::<Vec<_>>(), [(-8, 2)]);
    }
}
