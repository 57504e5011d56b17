//! Comparisons: common type, then DataFusion's operators.
//!
//! Arrow orders floats totally: NaN equals NaN and is greatest, as in Spark, but -0.0 is below 0.0 and a NaN with a
//! sign is least. `normalize` makes both canonical where that can show.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, StructArray},
    datatypes::{DataType as ArrowType, Float32Type, Float64Type},
};
use datafusion::{
    common::ScalarValue,
    logical_expr::{BinaryExpr, ColumnarValue, Expr, Operator},
};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{
    decimal,
    errors::quoted,
    widening::{tightest_common_type, wider_for_string},
};
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    error::{from_arrow_error, from_datafusion},
    udf::call,
};

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `=`
    Equal,
    /// `<=>`
    EqualNullSafe,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl ComparisonOp {
    fn symbol(self) -> &'static str {
        match self {
            ComparisonOp::Equal => "=",
            ComparisonOp::EqualNullSafe => "<=>",
            ComparisonOp::NotEqual => "!=",
            ComparisonOp::Less => "<",
            ComparisonOp::LessOrEqual => "<=",
            ComparisonOp::Greater => ">",
            ComparisonOp::GreaterOrEqual => ">=",
        }
    }

    fn operator(self) -> Operator {
        match self {
            ComparisonOp::Equal => Operator::Eq,
            ComparisonOp::EqualNullSafe => Operator::IsNotDistinctFrom,
            ComparisonOp::NotEqual => Operator::NotEq,
            ComparisonOp::Less => Operator::Lt,
            ComparisonOp::LessOrEqual => Operator::LtEq,
            ComparisonOp::Greater => Operator::Gt,
            ComparisonOp::GreaterOrEqual => Operator::GtEq,
        }
    }
}

/// A comparison with Spark's coercion.
pub fn comparison(
    ctx: &CallContext<'_>,
    op: ComparisonOp,
    left: TypedExpr,
    right: TypedExpr,
) -> SparkResult<TypedExpr> {
    let common = comparison_type(&left, &right, ctx.ansi).ok_or_else(|| {
        SparkError::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("left", quoted(&left.data_type))
            .param("right", quoted(&right.data_type))
    })?;
    let comparable = is_orderable(&common) || common == DataType::CalendarInterval && is_equality(op);
    if !comparable {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{}`", op.symbol()))
            .param("dataType", quoted(&common)));
    }
    let left = cast(ctx, left, &common, CastMode::Session)?;
    let right = cast(ctx, right, &common, CastMode::Session)?;
    let nullable = op != ComparisonOp::EqualNullSafe && (left.nullable || right.nullable);
    let (left, right) = match common {
        DataType::Float | DataType::Double => normalize_pair(ctx, left, right),
        ref nested if holds_floats(nested) => (normalize(ctx, left), normalize(ctx, right)),
        _ => (left, right),
    };
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(left.expr), op.operator(), Box::new(right.expr)));
    Ok(TypedExpr::new(expr, DataType::Boolean, nullable))
}

fn is_equality(op: ComparisonOp) -> bool {
    matches!(op, ComparisonOp::Equal | ComparisonOp::EqualNullSafe | ComparisonOp::NotEqual)
}

fn comparison_type(left: &TypedExpr, right: &TypedExpr, ansi: bool) -> Option<DataType> {
    use DataType::{Date, Decimal, Double, String, Timestamp, TimestampNtz};
    let (a, b) = (&left.data_type, &right.data_type);
    if a == b {
        return Some(a.clone());
    }
    if matches!(a, Decimal { .. }) && b.is_integral() || matches!(b, Decimal { .. }) && a.is_integral() {
        return Some(decimal::wider(decimal::decimal_operand(left)?, decimal::decimal_operand(right)?));
    }
    match (a, b) {
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            return Some(decimal::wider((*p1, *s1), (*p2, *s2)));
        }
        (Decimal { .. }, DataType::Float | Double) | (DataType::Float | Double, Decimal { .. }) => return Some(Double),
        _ => {}
    }
    if let Some(common) = tightest_common_type(a, b, ansi) {
        return Some(common);
    }
    if ansi {
        return wider_for_string(a, b);
    }
    match (a, b) {
        (s, other) | (other, s) if s.is_string() => match other {
            Date | Timestamp | TimestampNtz => Some(other.clone()),
            Decimal { .. } => Some(Double),
            t if super::widening::is_atomic(t) => Some(t.clone()),
            DataType::Null => Some(String),
            _ => None,
        },
        _ => None,
    }
}

/// Whether values of a type can be ordered (Spark's `RowOrdering.isOrderable`).
pub fn is_orderable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map { .. } | DataType::Variant | DataType::CalendarInterval => false,
        DataType::Array { element, .. } => is_orderable(element),
        DataType::Struct(fields) => fields.fields.iter().all(|field| is_orderable(&field.data_type)),
        _ => true,
    }
}

/// `DATATYPE_MISMATCH.INVALID_ORDERING_TYPE` where a type cannot be ordered.
pub(crate) fn check_orderable(ctx: &CallContext<'_>, function: &str, data_type: &DataType) -> SparkResult<()> {
    if is_orderable(data_type) {
        return Ok(());
    }
    Err(SparkError::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
        .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
        .param("functionName", format!("`{function}`"))
        .param("dataType", quoted(data_type)))
}

/// A column against a constant that is not zero needs no normalising, and stays fit for pruning.
fn normalize_pair(ctx: &CallContext<'_>, left: TypedExpr, right: TypedExpr) -> (TypedExpr, TypedExpr) {
    let plain = |e: &TypedExpr| matches!(e.expr, Expr::Column(_) | Expr::Cast(_));
    match (left.as_literal().cloned(), right.as_literal().cloned()) {
        (None, Some(value)) if plain(&left) && !is_zero(&value) => (left, canonical(right, value)),
        (Some(value), None) if plain(&right) && !is_zero(&value) => (canonical(left, value), right),
        _ => (normalize(ctx, left), normalize(ctx, right)),
    }
}

fn is_zero(value: &ScalarValue) -> bool {
    matches!(value, ScalarValue::Float64(Some(v)) if *v == 0.0)
        || matches!(value, ScalarValue::Float32(Some(v)) if *v == 0.0)
}

fn canonical(expr: TypedExpr, value: ScalarValue) -> TypedExpr {
    let value = match value {
        ScalarValue::Float64(Some(v)) => ScalarValue::Float64(Some(canonical_f64(v))),
        ScalarValue::Float32(Some(v)) => ScalarValue::Float32(Some(canonical_f32(v))),
        other => other,
    };
    TypedExpr::new(Expr::Literal(value, None), expr.data_type, expr.nullable)
}

#[inline]
fn canonical_f64(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v + 0.0 }
}

#[inline]
fn canonical_f32(v: f32) -> f32 {
    if v.is_nan() { f32::NAN } else { v + 0.0 }
}

fn normalize(ctx: &CallContext<'_>, expr: TypedExpr) -> TypedExpr {
    if let Some(value @ (ScalarValue::Float32(_) | ScalarValue::Float64(_))) = expr.as_literal().cloned() {
        return canonical(expr, value);
    }
    // An integer that was widened has neither NaN nor -0.0.
    if matches!(&expr.expr, Expr::Cast(_)) {
        return expr;
    }
    let (data_type, nullable) = (expr.data_type.clone(), expr.nullable);
    call(ctx, "normalize_nan_and_zero").kernel(vec![expr], data_type, nullable, |values, _| {
        Ok(match &values[0] {
            ColumnarValue::Scalar(ScalarValue::Float64(v)) => {
                ColumnarValue::Scalar(ScalarValue::Float64(v.map(canonical_f64)))
            }
            ColumnarValue::Scalar(ScalarValue::Float32(v)) => {
                ColumnarValue::Scalar(ScalarValue::Float32(v.map(canonical_f32)))
            }
            ColumnarValue::Array(array) => ColumnarValue::Array(canonical_array(array)?),
            ColumnarValue::Scalar(other) => {
                let array = canonical_array(&other.to_array().map_err(from_datafusion)?)?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(from_datafusion)?)
            }
        })
    })
}

/// An array whose floats, nested ones too, have one zero and one NaN.
pub(crate) fn canonical_array(array: &ArrayRef) -> SparkResult<ArrayRef> {
    Ok(match array.data_type() {
        ArrowType::Float64 => Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(canonical_f64)),
        ArrowType::Float32 => Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(canonical_f32)),
        ArrowType::List(field) => {
            let list = array.as_list::<i32>();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let values = canonical_array(list.values())?;
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(from_arrow_error)?)
        }
        ArrowType::Struct(fields) => {
            let columns = array.as_struct().columns().iter().map(canonical_array).collect::<SparkResult<_>>()?;
            let nulls = array.nulls().cloned();
            Arc::new(StructArray::try_new(fields.clone(), columns, nulls).map_err(from_arrow_error)?)
        }
        _ => Arc::clone(array),
    })
}

/// Whether values of a type hold floats, of which several are one to a comparison.
pub fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float | DataType::Double => true,
        DataType::Array { element, .. } => holds_floats(element),
        DataType::Struct(fields) => fields.fields.iter().any(|field| holds_floats(&field.data_type)),
        _ => false,
    }
}

/// A grouping, join, partitioning or distinct key: floats lose the sign of zero and of NaN
/// (`NormalizeFloatingNumbers`); other types are returned as they are.
pub fn normalize_for_grouping(ctx: &CallContext<'_>, expr: TypedExpr) -> TypedExpr {
    if holds_floats(&expr.data_type) { normalize(ctx, expr) } else { expr }
}
