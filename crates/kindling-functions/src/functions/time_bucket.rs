//! `time_bucket`: the start of the interval of equal length in which a time lies (`TimeBucket`).

use std::sync::Arc;

use arrow::{
    array::{AsArray, Int64Array},
    datatypes::{DataType as ArrowType, Int64Type},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use crate::{
    CallContext, SessionTimeZone, TypedExpr,
    coercion::{non_foldable, unexpected_type},
    datetime::{MICROS_PER_DAY, timestamp_add_days, timestamp_add_months},
    entry::{FunctionEntry, scalar},
    udf::{call, relabel},
};

pub(super) static ENTRIES: &[FunctionEntry] = &[scalar("time_bucket", 2, 3, time_bucket)];

/// How long buckets are. Days and months are those of the session's time zone.
#[derive(Debug, Clone, Copy)]
enum Size {
    Months(i32),
    Micros(i64),
}

/// Buckets one after the other from an origin on.
#[derive(Debug, Clone, Copy)]
struct Buckets {
    size: Size,
    origin: i64,
    zone: SessionTimeZone,
}

impl Buckets {
    /// Where bucket `n` starts.
    fn start(&self, n: i64) -> Option<i64> {
        match self.size {
            Size::Months(months) => {
                let months = i32::try_from(n.checked_mul(months.into())?).ok()?;
                timestamp_add_months(self.origin, months, &self.zone)
            }
            Size::Micros(micros) => {
                let days = i32::try_from(n.checked_mul(micros / MICROS_PER_DAY)?).ok()?;
                let day = timestamp_add_days(self.origin, days, &self.zone)?;
                day.checked_add(n.checked_mul(micros % MICROS_PER_DAY)?)
            }
        }
    }

    /// The start of the bucket that a time lies in.
    fn of(&self, time: i64) -> Option<i64> {
        let length = match self.size {
            // 400 years are 146097 days.
            Size::Months(months) => i64::from(months) * (146_097 * MICROS_PER_DAY / 4800),
            Size::Micros(micros) => micros,
        };
        // Months and days differ in length: the estimate is made good.
        let mut n = time.checked_sub(self.origin)?.div_euclid(length);
        while self.start(n)? > time {
            n -= 1;
        }
        while self.start(n + 1).is_some_and(|next| next <= time) {
            n += 1;
        }
        self.start(n)
    }
}

fn time_bucket(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let (size, time) = (&args[0], &args[1]);
    let intervals = "(\"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";
    let kind = match &size.data_type {
        DataType::YearMonthInterval { .. } => "\"INTERVAL YEAR TO MONTH\"",
        DataType::DayTimeInterval { .. } | DataType::Null => "\"INTERVAL DAY TO SECOND\"",
        other => return Err(unexpected_type(ctx, 0, intervals, other)),
    };
    let data_type = match &time.data_type {
        DataType::TimestampNtz => DataType::TimestampNtz,
        DataType::Timestamp | DataType::Null => DataType::Timestamp,
        other => return Err(unexpected_type(ctx, 1, "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"", other)),
    };
    let zone = if data_type == DataType::TimestampNtz { SessionTimeZone::utc() } else { *ctx.time_zone() };
    let origin = match args.get(2) {
        None => Some(zone.to_utc(0)),
        Some(origin) => {
            if origin.data_type != data_type && origin.data_type != DataType::Null {
                return Err(unexpected_type(ctx, 2, &format!("\"{}\"", data_type.sql()), &origin.data_type));
            }
            match crate::fold(origin)? {
                Some(ScalarValue::TimestampMicrosecond(micros, _)) => micros,
                Some(_) => None,
                None => return Err(non_foldable(ctx, 2, "origin", &format!("\"{}\"", data_type.sql()))),
            }
        }
    };
    let size = match crate::fold(size)? {
        Some(ScalarValue::IntervalYearMonth(months)) => months.map(Size::Months),
        Some(ScalarValue::DurationMicrosecond(micros)) => micros.map(Size::Micros),
        Some(_) => None,
        None => return Err(non_foldable(ctx, 0, "bucketSize", kind)),
    };
    let (Some(size), Some(origin)) = (size, origin) else {
        return TypedExpr::literal(&kindling_spec::Literal::Null(data_type));
    };
    if matches!(size, Size::Months(..=0) | Size::Micros(..=0)) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("exprName", "`bucketSize`")
            .param("valueRange", "(0, inf)")
            .param("currentValue", ctx.text.argument(0)));
    }
    let buckets = Buckets { size, origin, zone };
    let key = format!("{size:?} {origin} {zone}");
    let time = time.clone();
    Ok(call(ctx, "time_bucket").key(key).arrays(vec![time], data_type, true, move |arrays, _| {
        let times = relabel(&arrays[0], &ArrowType::Int64)?;
        let starts: SparkResult<Int64Array> = times
            .as_primitive::<Int64Type>()
            .iter()
            .map(|time| match time {
                None => Ok(None),
                Some(time) => buckets.of(time).map(Some).ok_or_else(|| {
                    SparkError::new(kindling_common::ExceptionClass::Arithmetic, "DATETIME_OVERFLOW")
                        .param("operation", "compute the start of a time bucket")
                }),
            })
            .collect();
        Ok(Arc::new(starts?))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn days_are_those_of_the_time_zone() {
        let zone = SessionTimeZone::parse("America/Los_Angeles").unwrap();
        let buckets = Buckets { size: Size::Micros(MICROS_PER_DAY), origin: zone.to_utc(0), zone };
        // 2024-07-01 11:27 in Los Angeles; the origin was in winter.
        let time = 1_719_858_420_000_000;
        assert_eq!(buckets.of(time), Some(1_719_817_200_000_000));
        let half = Buckets { size: Size::Micros(12 * HOUR), ..buckets };
        assert_eq!(half.of(time), Some(1_719_820_800_000_000));
    }

    #[test]
    fn months_start_on_the_origin_s_day() {
        let zone = SessionTimeZone::utc();
        // From 2024-01-31 10:00 on.
        let buckets = Buckets { size: Size::Months(1), origin: 1_706_695_200_000_000, zone };
        // 2024-03-30 00:00 is in the bucket of 2024-02-29 10:00.
        assert_eq!(buckets.of(1_711_756_800_000_000), Some(1_709_200_800_000_000));
        // The last microsecond before the origin is in the bucket of 2023-12-31 10:00.
        assert_eq!(buckets.of(1_706_695_199_999_999), Some(1_704_016_800_000_000));
    }
}
