//! Parts of dates and times: `extract`, `date_part`, `year`, `hour` and the like.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{Args, clock, date_field, literal_text, time_field};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{Accept, expect},
    datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, civil, day_of_year, iso_week, iso_weekday},
    functions::take,
    kernels::{I32, I64},
    udf::call,
};

/// `EXTRACT(field FROM source)`
pub(super) fn date_part(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [field, source] = take(args)?;
    let Some(field) = literal_text(ctx, &field, 0)? else {
        // No field gives no part; one of each row cannot be (`ExtractExpressionBuilder`).
        if crate::fold(&field)?.is_some_and(|field| field.is_null()) {
            return TypedExpr::null(DataType::Double);
        }
        return Err(SparkError::analysis("NON_FOLDABLE_ARGUMENT")
            .param("funcName", "`date_part`")
            .param("paramName", "`field`")
            .param("paramType", "\"STRING\""));
    };
    let field = field.to_uppercase();
    let n = source.nullable;
    let invalid = || {
        SparkError::analysis("INVALID_EXTRACT_FIELD")
            .param("field", format!("'{field}'"))
            .param("expr", format!("\"{}\"", ctx.text.argument(1)))
    };
    match &source.data_type {
        DataType::YearMonthInterval { .. } => {
            let f: fn(i32) -> i32 = match field.as_str() {
                "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => |m| m / 12,
                "MONTH" | "MON" | "MONS" | "MONTHS" => |m| m % 12,
                _ => return Err(invalid()),
            };
            let t = if field.starts_with('Y') { DataType::Integer } else { DataType::Byte };
            let value =
                call(ctx, "extract")
                    .key(field)
                    .map1::<I32, i32>(vec![source], DataType::Integer, n, move |m| Ok(Some(f(m))));
            return cast(ctx, value, &t, CastMode::Legacy);
        }
        DataType::DayTimeInterval { .. } => {
            let (f, t): (fn(i64) -> i64, DataType) = match field.as_str() {
                "DAY" | "D" | "DAYS" => (|m| m / MICROS_PER_DAY, DataType::Integer),
                "HOUR" | "H" | "HOURS" | "HR" | "HRS" => (|m| m / MICROS_PER_HOUR % 24, DataType::Byte),
                "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => (|m| m / MICROS_PER_MINUTE % 60, DataType::Byte),
                "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
                    return Ok(call(ctx, "extract").key(field).map1::<I64, i128>(
                        vec![source],
                        DataType::Decimal { precision: 8, scale: 6 },
                        n,
                        |m| Ok(Some(i128::from(m % MICROS_PER_MINUTE))),
                    ));
                }
                _ => return Err(invalid()),
            };
            let value = call(ctx, "extract")
                .key(field)
                .map1::<I64, i64>(vec![source], DataType::Long, n, move |m| Ok(Some(f(m))));
            return cast(ctx, value, &t, CastMode::Legacy);
        }
        DataType::CalendarInterval => return calendar_part(ctx, &field, source).and_then(|e| e.ok_or_else(invalid)),
        _ => {}
    }
    match field.as_str() {
        "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => date_field(ctx, "year", source, |d| civil(d).0),
        "YEAROFWEEK" => date_field(ctx, "yearofweek", source, |d| iso_week(d).0),
        "QUARTER" | "QTR" => date_field(ctx, "quarter", source, |d| (civil(d).1 as i32 - 1) / 3 + 1),
        "MONTH" | "MON" | "MONS" | "MONTHS" => date_field(ctx, "month", source, |d| civil(d).1 as i32),
        "WEEK" | "W" | "WEEKS" => date_field(ctx, "weekofyear", source, |d| iso_week(d).1),
        "DAY" | "D" | "DAYS" => date_field(ctx, "day", source, |d| civil(d).2 as i32),
        "DAYOFWEEK" | "DOW" => date_field(ctx, "dayofweek", source, |d| iso_weekday(d) as i32 % 7 + 1),
        "DAYOFWEEK_ISO" | "DOW_ISO" => date_field(ctx, "dayofweek_iso", source, |d| iso_weekday(d) as i32),
        "DOY" => date_field(ctx, "dayofyear", source, day_of_year),
        "HOUR" | "H" | "HOURS" | "HR" | "HRS" => time_field(ctx, "hour", source, |m| (m / MICROS_PER_HOUR) as i32),
        "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => {
            time_field(ctx, "minute", source, |m| (m / MICROS_PER_MINUTE % 60) as i32)
        }
        "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
            let t = DataType::Decimal { precision: 8, scale: 6 };
            if let DataType::Time { .. } = source.data_type {
                return Ok(call(ctx, "extract")
                    .key("SECOND time")
                    .map1::<I64, i128>(vec![source], t, n, |v| Ok(Some(i128::from(v / 1000 % MICROS_PER_MINUTE)))));
            }
            let source = expect(ctx, source, 1, Accept::AnyTimestamp)?;
            let zone = clock(ctx, &source.data_type);
            Ok(call(ctx, "extract").key(format!("SECOND {zone}")).map1::<I64, i128>(vec![source], t, n, move |t| {
                Ok(Some(i128::from(zone.to_local(t).rem_euclid(MICROS_PER_MINUTE))))
            }))
        }
        _ => Err(invalid()),
    }
}

fn calendar_part(ctx: &CallContext<'_>, field: &str, source: TypedExpr) -> SparkResult<Option<TypedExpr>> {
    use crate::kernels::Cal;
    let n = source.nullable;
    let c = call(ctx, "extract").key(field);
    let (f, t): (fn(i32, i32, i64) -> i64, DataType) = match field {
        "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => (|m, _, _| i64::from(m / 12), DataType::Integer),
        "QUARTER" | "QTR" => (|m, _, _| i64::from(m % 12 / 3 + 1), DataType::Byte),
        "MONTH" | "MON" | "MONS" | "MONTHS" => (|m, _, _| i64::from(m % 12), DataType::Byte),
        "DAY" | "D" | "DAYS" => (|_, d, _| i64::from(d), DataType::Integer),
        "HOUR" | "H" | "HOURS" | "HR" | "HRS" => (|_, _, u| u / MICROS_PER_HOUR, DataType::Long),
        "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => (|_, _, u| u / MICROS_PER_MINUTE % 60, DataType::Byte),
        "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => {
            let t = DataType::Decimal { precision: 8, scale: 6 };
            return Ok(Some(c.map1::<Cal, i128>(vec![source], t, n, |v| {
                Ok(Some(i128::from(v.nanoseconds / 1000 % MICROS_PER_MINUTE)))
            })));
        }
        _ => return Ok(None),
    };
    let value = c.map1::<Cal, i64>(vec![source], DataType::Long, n, move |v| {
        Ok(Some(f(v.months, v.days, v.nanoseconds / 1000)))
    });
    cast(ctx, value, &t, CastMode::Legacy).map(Some)
}
