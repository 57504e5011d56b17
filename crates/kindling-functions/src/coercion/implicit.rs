//! Implicit casts of arguments (`ImplicitTypeCasts`, `AnsiTypeCoercion.implicitCast`).

use kindling_common::SparkResult;
use kindling_spec::{CastMode, DataType};

use super::{
    diff_types,
    errors::quoted,
    unexpected_type,
    widening::{common_type, is_atomic},
};
use crate::{CallContext, TypedExpr, cast::cast};

/// What a parameter accepts (Spark's `AbstractDataType`).
#[derive(Debug, Clone)]
pub(crate) enum Accept {
    /// Exactly a type.
    Type(DataType),
    /// Any number; strings become doubles.
    Numeric,
    /// Any integral; strings become bigints.
    Integral,
    /// String or binary, string preferred.
    StringOrBinary,
    /// Any array.
    Array,
    /// Any map.
    Map,
    /// `TIMESTAMP` or `TIMESTAMP_NTZ`.
    AnyTimestamp,
    /// Any of several types; the first that there is an implicit cast to when it is none of them.
    OneOf(Vec<DataType>),
}

impl Accept {
    fn sql(&self) -> String {
        match self {
            Accept::Type(data_type) => quoted(data_type),
            Accept::Numeric => "\"NUMERIC\"".into(),
            Accept::Integral => "\"INTEGRAL\"".into(),
            Accept::StringOrBinary => "(\"STRING\" or \"BINARY\")".into(),
            Accept::Array => "\"ARRAY\"".into(),
            Accept::Map => "\"MAP\"".into(),
            Accept::AnyTimestamp => "(\"TIMESTAMP\" or \"TIMESTAMP WITHOUT TIME ZONE\")".into(),
            Accept::OneOf(types) => {
                let types: Vec<String> = types.iter().map(quoted).collect();
                format!("({})", types.join(" or "))
            }
        }
    }

    /// The type that the argument takes, `None` where Spark has no implicit cast.
    fn target(&self, from: &DataType, ansi: bool) -> Option<DataType> {
        use DataType::{Binary, Date, Double, Long, Null, String, Timestamp, TimestampNtz};
        match (self, from) {
            (Accept::Type(to), from) => can_implicitly_cast(from, to, ansi).then(|| to.clone()),
            (Accept::Numeric, t) if t.is_numeric() => Some(t.clone()),
            (Accept::Numeric, Null) => Some(Double),
            (Accept::Numeric, t) if t.is_string() => Some(Double),
            (Accept::Integral, t) if t.is_integral() => Some(t.clone()),
            (Accept::Integral, Null) => Some(Long),
            (Accept::Integral, t) if t.is_string() && ansi => Some(Long),
            (Accept::StringOrBinary, String | Binary) => Some(from.clone()),
            (Accept::StringOrBinary, t) if t.is_string() || *t == Null || is_atomic(t) => Some(String),
            (Accept::Array, DataType::Array { .. }) => Some(from.clone()),
            (Accept::Array, Null) => Some(DataType::array(Null)),
            (Accept::Map, DataType::Map { .. }) => Some(from.clone()),
            (Accept::Map, Null) => Some(DataType::map(Null, Null)),
            (Accept::AnyTimestamp, Timestamp | TimestampNtz) => Some(from.clone()),
            (Accept::AnyTimestamp, Date | Null) => Some(Timestamp),
            (Accept::AnyTimestamp, t) if t.is_string() => Some(Timestamp),
            (Accept::OneOf(types), t) if types.contains(t) => Some(t.clone()),
            (Accept::OneOf(types), t) => {
                let loses = |to: &DataType| t.is_fractional() && to.is_integral();
                types.iter().find(|to| can_implicitly_cast(t, to, ansi) && !loses(to)).cloned()
            }
            _ => None,
        }
    }
}

/// Whether Spark casts implicitly: ANSI by the store assignment rules, else generously.
fn can_implicitly_cast(from: &DataType, to: &DataType, ansi: bool) -> bool {
    use DataType::{Array, Date, Decimal, Map, Null, Struct, Timestamp, TimestampNtz};
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) => true,
        (f, t) if f.is_string() && t.is_string() => true,
        (f, t) if f.is_numeric() && t.is_numeric() => true,
        (f, t) if f.is_string() => {
            if ansi {
                is_atomic(t)
            } else {
                is_atomic(t) && *t != DataType::Boolean || matches!(t, Decimal { .. })
            }
        }
        (DataType::Binary, t) if t.is_string() => !ansi,
        (f, t) if t.is_string() => is_atomic(f),
        (Date | Timestamp | TimestampNtz, Date | Timestamp | TimestampNtz) => true,
        (DataType::DayTimeInterval { .. }, DataType::DayTimeInterval { .. })
        | (DataType::YearMonthInterval { .. }, DataType::YearMonthInterval { .. })
        | (DataType::Time { .. }, DataType::Time { .. }) => true,
        (Array { element: f, contains_null: fn_ }, Array { element: t, contains_null: tn }) => {
            (!fn_ || *tn) && can_implicitly_cast(f, t, ansi)
        }
        (Map { key: fk, value: fv, value_contains_null: fn_ }, Map { key: tk, value: tv, value_contains_null: tn }) => {
            (!fn_ || *tn) && can_implicitly_cast(fk, tk, ansi) && can_implicitly_cast(fv, tv, ansi)
        }
        (Struct(f), Struct(t)) => {
            f.fields.len() == t.fields.len()
                && f.fields
                    .iter()
                    .zip(&t.fields)
                    .all(|(f, t)| (!f.nullable || t.nullable) && can_implicitly_cast(&f.data_type, &t.data_type, ansi))
        }
        _ => false,
    }
}

/// Casts where Spark does so by itself, `None` where it does not.
pub fn implicit_cast(ctx: &CallContext<'_>, expr: TypedExpr, to: &DataType) -> SparkResult<Option<TypedExpr>> {
    if !can_implicitly_cast(&expr.data_type, to, ctx.ansi) {
        return Ok(None);
    }
    cast(ctx, expr, to, CastMode::Session).map(Some)
}

/// Casts an argument to what its parameter accepts; `DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE` otherwise.
pub(crate) fn expect(ctx: &CallContext<'_>, arg: TypedExpr, index: usize, accept: Accept) -> SparkResult<TypedExpr> {
    match accept.target(&arg.data_type, ctx.ansi) {
        Some(target) => cast(ctx, arg, &target, CastMode::Session),
        None => Err(unexpected_type(ctx, index, &accept.sql(), &arg.data_type)),
    }
}

/// Casts all to their common type; `DATATYPE_MISMATCH.DATA_DIFF_TYPES` where there is none.
pub fn cast_all_to_common(ctx: &CallContext<'_>, function: &str, args: Vec<TypedExpr>) -> SparkResult<Vec<TypedExpr>> {
    let types: Vec<DataType> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let common = common_type(&types, ctx.ansi).ok_or_else(|| diff_types(ctx, function, &types))?;
    args.into_iter().map(|arg| cast(ctx, arg, &common, CastMode::Session)).collect()
}

/// A condition: a boolean, a null or, where Spark allows it, a string. `index` is its place for the message.
pub fn to_boolean(ctx: &CallContext<'_>, arg: TypedExpr, index: usize) -> SparkResult<TypedExpr> {
    match &arg.data_type {
        DataType::Boolean => Ok(arg),
        DataType::Null => cast(ctx, arg, &DataType::Boolean, CastMode::Session),
        t if t.is_string() => cast(ctx, arg, &DataType::Boolean, CastMode::Session),
        other => Err(unexpected_type(ctx, index, "\"BOOLEAN\"", other)),
    }
}
