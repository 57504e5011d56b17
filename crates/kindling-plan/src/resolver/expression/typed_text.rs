//! Texts of calls that depend on the types of their arguments, where Spark builds another expression than is written.

use kindling_spec::{DataType, DayTimeField};

use super::Value;

/// Types as functions: the cast is not one that the user wrote, so it does not show.
const CASTS: &[&str] = &[
    "bigint",
    "binary",
    "boolean",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "smallint",
    "string",
    "time",
    "timestamp",
    "tinyint",
];

/// The text of a call where it differs from the function's name over its arguments.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<String> {
    match (name, arguments) {
        (_, [value]) if CASTS.contains(&name) => Some(value.text.clone()),
        ("to_char" | "to_varchar", [value, format]) if is_time(value) || value.typed.data_type == DataType::Date => {
            Some(format!("date_format({}, {})", value.text, format.text))
        }
        ("to_char" | "to_varchar", [value, format]) if value.typed.data_type == DataType::Binary => {
            match format.text.to_lowercase().as_str() {
                "base64" => Some(format!("base64({})", value.text)),
                "hex" => Some(format!("hex({})", value.text)),
                _ => Some(format!("decode({}, {})", value.text, format.text)),
            }
        }
        ("lpad" | "rpad", [value, length]) if value.typed.data_type == DataType::Binary => {
            Some(format!("{name}({}, {}, X'00')", value.text, length.text))
        }
        ("convert_timezone", [target, time]) => {
            Some(format!("convert_timezone(current_timezone(), {}, {})", target.text, time.text))
        }
        ("time_bucket", [size, time]) => {
            let origin = if time.typed.data_type == DataType::TimestampNtz { "TIMESTAMP_NTZ" } else { "TIMESTAMP" };
            Some(format!("time_bucket({}, {}, {origin} '1970-01-01 00:00:00')", size.text, time.text))
        }
        ("*" | "/" | "+" | "-", [left, right]) => arithmetic(name, left, right),
        _ => None,
    }
}

/// Dates plus numbers and intervals are other expressions in Spark than sums, and print as those.
fn arithmetic(name: &str, left: &Value, right: &Value) -> Option<String> {
    let is_date = |value: &Value| value.typed.data_type == DataType::Date;
    let is_days = |value: &Value| matches!(value.typed.data_type, DataType::Byte | DataType::Short | DataType::Integer);
    let is_null = |value: &Value| value.typed.data_type == DataType::Null;
    let whole_days = |value: &Value| {
        let day = DayTimeField::Day;
        value.typed.data_type == DataType::DayTimeInterval { start: day, end: day }
    };
    let extracted = |value: &Value| format!("extractansiintervaldays({})", value.text);
    match name {
        "*" if is_interval(right) && !is_interval(left) && !is_point(left) => {
            Some(format!("({} * {})", right.text, left.text))
        }
        "+" if is_date(left) && whole_days(right) => Some(format!("date_add({}, {})", left.text, extracted(right))),
        "+" if whole_days(left) && is_date(right) => Some(format!("date_add({}, {})", right.text, extracted(left))),
        "-" if is_date(left) && whole_days(right) => Some(format!("date_add({}, (- {}))", left.text, extracted(right))),
        "+" | "-" if is_point(left) && is_interval(right) => Some(format!("{} {name} {}", left.text, right.text)),
        "+" | "-" if left.typed.data_type.is_string() && moves_times(right) => {
            Some(format!("{} {name} {}", left.text, right.text))
        }
        "+" if moves_times(left) && right.typed.data_type.is_string() => {
            Some(format!("{} + {}", right.text, left.text))
        }
        "+" if is_point(left) && is_null(right) => Some(format!("{} + {}", left.text, right.text)),
        "+" if (is_interval(left) || is_null(left)) && is_point(right) => {
            Some(format!("{} + {}", right.text, left.text))
        }
        "+" if is_date(left) && is_days(right) => Some(format!("date_add({}, {})", left.text, right.text)),
        "+" if is_days(left) && is_date(right) => Some(format!("date_add({}, {})", right.text, left.text)),
        "-" if is_date(left) && is_days(right) => Some(format!("date_sub({}, {})", left.text, right.text)),
        _ => None,
    }
}

/// Intervals that a string beside them is read as a time for.
fn moves_times(value: &Value) -> bool {
    matches!(value.typed.data_type, DataType::CalendarInterval | DataType::DayTimeInterval { .. })
}

fn is_time(value: &Value) -> bool {
    matches!(value.typed.data_type, DataType::Timestamp | DataType::TimestampNtz)
}

fn is_point(value: &Value) -> bool {
    is_time(value) || value.typed.data_type == DataType::Date
}

fn is_interval(value: &Value) -> bool {
    matches!(
        value.typed.data_type,
        DataType::CalendarInterval | DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. }
    )
}
