//! Types as functions: `int(x)`, `date(x)`, …

use kindling_common::SparkResult;
use kindling_spec::{CastMode, DataType};

use super::take;
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    entry::{FunctionEntry, scalar},
};

macro_rules! to {
    ($name:literal, $t:expr) => {
        scalar($name, 1, 1, |ctx, args| convert(ctx, args, &$t))
    };
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    to!("boolean", DataType::Boolean),
    to!("tinyint", DataType::Byte),
    to!("smallint", DataType::Short),
    to!("int", DataType::Integer),
    to!("bigint", DataType::Long),
    to!("float", DataType::Float),
    to!("double", DataType::Double),
    to!("decimal", DataType::Decimal { precision: 10, scale: 0 }),
    to!("string", DataType::String),
    to!("binary", DataType::Binary),
    to!("date", DataType::Date),
    to!("timestamp", DataType::Timestamp),
    to!("time", DataType::Time { precision: 6 }),
];

fn convert(ctx: &CallContext<'_>, args: Vec<TypedExpr>, to: &DataType) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    cast(ctx, arg, to, CastMode::Session)
}
