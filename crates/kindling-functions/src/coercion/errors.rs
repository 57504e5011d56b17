//! Errors of type checking, with the wording of Spark's parameters.

use datafusion::common::ScalarValue;
use kindling_common::SparkError;
use kindling_spec::DataType;

use crate::CallContext;

/// `first`, `second`, … as Spark counts parameters in messages.
pub(crate) fn ordinal(index: usize) -> String {
    const NAMES: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    NAMES.get(index).map_or_else(|| format!("{}th", index + 1), |name| (*name).to_string())
}

/// A type as Spark quotes it in messages.
pub(crate) fn quoted(data_type: &DataType) -> String {
    format!("\"{}\"", data_type.sql())
}

/// `DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE`
pub(crate) fn unexpected_type(ctx: &CallContext<'_>, index: usize, required: &str, actual: &DataType) -> SparkError {
    SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("paramIndex", ordinal(index))
        .param("requiredType", required)
        .param("inputSql", format!("\"{}\"", ctx.text.argument(index)))
        .param("inputType", quoted(actual))
}

/// `DATATYPE_MISMATCH.DATA_DIFF_TYPES`
pub(crate) fn diff_types(ctx: &CallContext<'_>, function: &str, types: &[DataType]) -> SparkError {
    let types: Vec<String> = types.iter().map(quoted).collect();
    let types = match function {
        "casewhen" | "greatest" | "if" | "in" | "least" => format!("[{}]", types.join(", ")),
        _ => format!("({})", types.join(" or ")),
    };
    SparkError::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("functionName", format!("`{function}`"))
        .param("dataType", types)
}

/// `DATATYPE_MISMATCH.NON_FOLDABLE_INPUT`
pub(crate) fn non_foldable(ctx: &CallContext<'_>, index: usize, name: &str, required: &str) -> SparkError {
    SparkError::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("inputName", format!("`{name}`"))
        .param("inputType", required)
        .param("inputExpr", format!("\"{}\"", ctx.text.argument(index)))
}

/// A value as Spark's `toSQLValue` prints it.
pub(crate) fn sql_value(value: &ScalarValue) -> String {
    match value {
        value if value.is_null() => "NULL".into(),
        ScalarValue::Utf8(Some(text)) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        ScalarValue::Int8(Some(v)) => format!("{v}Y"),
        ScalarValue::Int16(Some(v)) => format!("{v}S"),
        ScalarValue::Int64(Some(v)) => format!("{v}L"),
        ScalarValue::Float32(Some(v)) => crate::cast::float_text(*v),
        ScalarValue::Float64(Some(v)) if !v.is_finite() => crate::cast::double_text(*v),
        ScalarValue::Float64(Some(v)) => format!("{}D", crate::cast::double_text(*v)),
        ScalarValue::Decimal128(Some(v), _, scale) => format!("{}BD", crate::cast::decimal_text(*v, *scale)),
        ScalarValue::Date32(Some(v)) => format!("DATE '{}'", crate::datetime::date_text(*v)),
        ScalarValue::Binary(Some(bytes)) => {
            format!("X'{}'", bytes.iter().map(|b| format!("{b:02X}")).collect::<String>())
        }
        other => other.to_string(),
    }
}
