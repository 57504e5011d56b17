//! Kernels of `+ - * / % div pmod`, vectorised; they know no expressions.

mod decimal;
mod number;

use datafusion::logical_expr::ColumnarValue;
use kindling_common::{ExceptionClass, SparkError, SparkResult};

pub(crate) use decimal::{DecimalShape, decimal_kernel, divide_half_up, fits, pow10, rescale};
pub(crate) use number::number_kernel;

/// A kernel of two arguments.
pub(crate) type BinaryKernel =
    Box<dyn Fn(&ColumnarValue, &ColumnarValue, usize) -> SparkResult<ColumnarValue> + Send + Sync>;

pub(crate) const ANSI_CONFIG: &str = "\"spark.sql.ansi.enabled\"";

/// `ARITHMETIC_OVERFLOW`, with the function to use instead if there is one.
pub(crate) fn overflow(message: &str, suggestion: &str) -> SparkError {
    let alternative = if suggestion.is_empty() {
        String::new()
    } else {
        format!(" Use '{suggestion}' to tolerate overflow and return NULL instead.")
    };
    SparkError::new(ExceptionClass::Arithmetic, "ARITHMETIC_OVERFLOW")
        .param("message", message)
        .param("alternative", alternative)
        .param("config", ANSI_CONFIG)
}

/// A `java.lang.ArithmeticException` that Spark lets through: it has no condition.
pub(crate) fn java_arithmetic(message: impl Into<String>) -> SparkError {
    let mut error = SparkError::new(ExceptionClass::Arithmetic, "");
    error.message_override = Some(message.into());
    error
}

pub(crate) fn divide_by_zero() -> SparkError {
    SparkError::new(ExceptionClass::Arithmetic, "DIVIDE_BY_ZERO").param("config", ANSI_CONFIG)
}

pub(crate) fn remainder_by_zero() -> SparkError {
    SparkError::new(ExceptionClass::Arithmetic, "REMAINDER_BY_ZERO").param("config", ANSI_CONFIG)
}

/// `NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION`
pub(crate) fn decimal_out_of_range(value: &str, precision: u8, scale: i8) -> SparkError {
    SparkError::new(ExceptionClass::Arithmetic, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")
        .param("value", value)
        .param("precision", precision.to_string())
        .param("scale", scale.to_string())
        .param("config", ANSI_CONFIG)
}
