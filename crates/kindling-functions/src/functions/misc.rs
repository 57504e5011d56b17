//! Hashes, digests, session facts, errors on purpose, task facts and random numbers.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray};
use datafusion::logical_expr::ColumnarValue;
use kindling_common::{SparkError, SparkResult, input_file::input_file};
use kindling_spec::DataType;

use super::{string::typed, take};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect, to_boolean},
    entry::{FunctionEntry, MANY, scalar},
    error::from_arrow_error,
    kernels::{Bin, Str, View},
    spark_hash::{spark_hash, spark_xxhash64},
    task,
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("hash", 1, MANY, |ctx, args| {
        no_maps(ctx, &args, "hash")?;
        Ok(call(ctx, "hash").arrays(args, DataType::Integer, false, |arrays, _| {
            Ok(Arc::new(Int32Array::from(spark_hash(arrays).map_err(from_arrow_error)?)))
        }))
    }),
    scalar("xxhash64", 1, MANY, |ctx, args| {
        no_maps(ctx, &args, "xxhash64")?;
        Ok(call(ctx, "xxhash64").arrays(args, DataType::Long, false, |arrays, _| {
            Ok(Arc::new(Int64Array::from(spark_xxhash64(arrays).map_err(from_arrow_error)?)))
        }))
    }),
    scalar("crc32", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[DataType::Binary])?;
        Ok(call(ctx, "crc32").map1::<Bin, i64>(args, DataType::Long, n, |b| Ok(Some(crc32fast::hash(b).into()))))
    }),
    scalar("md5", 1, 1, |ctx, args| digest(ctx, args, "md5")),
    scalar("sha", 1, 1, |ctx, args| digest(ctx, args, "sha1")),
    scalar("sha1", 1, 1, |ctx, args| digest(ctx, args, "sha1")),
    scalar("sha2", 2, 2, sha2),
    scalar("current_catalog", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_catalog.clone()))),
    scalar("current_database", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_database.clone()))),
    scalar("current_schema", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_database.clone()))),
    scalar("current_user", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_user.clone()))),
    scalar("session_user", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_user.clone()))),
    scalar("user", 0, 0, |ctx, _| Ok(TypedExpr::string(ctx.conf.current_user.clone()))),
    scalar("version", 0, 0, |_, _| Ok(TypedExpr::string("4.2.0 kindling"))),
    scalar("typeof", 1, 1, |_, args| {
        let [a] = take(args)?;
        Ok(TypedExpr::string(a.data_type.simple_string()))
    }),
    scalar("assert_true", 1, 2, assert_true),
    scalar("raise_error", 1, 2, raise_error),
    scalar("spark_partition_id", 0, 0, |ctx, _| {
        Ok(per_row(ctx, "spark_partition_id", DataType::Integer, |_, rows| {
            Arc::new(Int32Array::from(vec![task::partition_id() as i32; rows]))
        }))
    }),
    scalar("monotonically_increasing_id", 0, 0, |ctx, _| {
        Ok(per_row(ctx, "monotonically_increasing_id", DataType::Long, |id, rows| {
            task::with_state(
                id,
                |partition| i64::from(partition) << 33,
                |next| {
                    let start = *next;
                    *next += rows as i64;
                    Arc::new(Int64Array::from_iter_values(start..*next)) as ArrayRef
                },
            )
        }))
    }),
    scalar("input_file_name", 0, 0, |ctx, _| {
        Ok(per_row(ctx, "input_file_name", DataType::String, |_, rows| {
            Arc::new(StringArray::from(vec![input_file().path; rows]))
        }))
    }),
    scalar("input_file_block_start", 0, 0, |ctx, _| {
        Ok(per_row(ctx, "input_file_block_start", DataType::Long, |_, rows| {
            Arc::new(Int64Array::from(vec![input_file().start; rows]))
        }))
    }),
    scalar("input_file_block_length", 0, 0, |ctx, _| {
        Ok(per_row(ctx, "input_file_block_length", DataType::Long, |_, rows| {
            Arc::new(Int64Array::from(vec![input_file().length; rows]))
        }))
    }),
];

fn no_maps(ctx: &CallContext<'_>, args: &Args, name: &str) -> SparkResult<()> {
    fn has_map(t: &DataType) -> bool {
        match t {
            DataType::Map { .. } => true,
            DataType::Array { element, .. } => has_map(element),
            DataType::Struct(fields) => fields.fields.iter().any(|field| has_map(&field.data_type)),
            _ => false,
        }
    }
    if args.iter().any(|arg| has_map(&arg.data_type)) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.HASH_MAP_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", format!("`{name}`")));
    }
    Ok(())
}

fn digest(ctx: &CallContext<'_>, args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let (args, n) = typed(ctx, args, &[DataType::Binary])?;
    if name == "md5" {
        return call(ctx, "md5").delegate(datafusion::functions::crypto::md5(), args, DataType::String, n);
    }
    call(ctx, "sha1").delegate(datafusion_spark::function::hash::sha1(), args, DataType::String, n)
}

/// `sha2(bytes, bits)` for 0, 224, 256, 384 and 512 bits; null for others.
fn sha2(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let (args, _) = typed(ctx, args, &[DataType::Binary, DataType::Integer])?;
    call(ctx, "sha2").delegate(datafusion_spark::function::hash::sha2(), args, DataType::String, true)
}

fn user_error(message: &str) -> SparkError {
    SparkError::runtime("USER_RAISED_EXCEPTION").param("errorMessage", message)
}

fn assert_true(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let mut args = args.into_iter();
    let condition = args.next().ok_or_else(|| SparkError::internal("no argument"))?;
    let condition = to_boolean(ctx, condition, 0)?;
    let text = format!("'{}' is not true!", ctx.text.argument(0));
    let message = match args.next() {
        Some(message) => expect(ctx, message, 1, Accept::Type(DataType::String))?,
        None => TypedExpr::string(text),
    };
    Ok(call(ctx, "assert_true").kernel(vec![condition, message], DataType::Null, true, |values, rows| {
        let condition = View::<crate::kernels::Bool>::new(&values[0])?;
        let message = View::<Str>::new(&values[1])?;
        for row in 0..rows {
            if condition.get(row) != Some(true) {
                return Err(user_error(message.get(row).unwrap_or("null")));
            }
        }
        Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::Null))
    }))
}

fn raise_error(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        return Err(SparkError::unsupported("raise_error with an error class"));
    }
    let (args, _) = typed(ctx, args, &[DataType::String])?;
    Ok(call(ctx, "raise_error").volatile().kernel(args, DataType::Null, true, |values, rows| {
        let message = View::<Str>::new(&values[0])?;
        if rows > 0 {
            return Err(user_error(message.get(0).unwrap_or("null")));
        }
        Ok(ColumnarValue::Array(arrow::array::new_null_array(&arrow::datatypes::DataType::Null, 0)))
    }))
}

/// A value a row that depends on the running task; `id` tells calls apart.
pub(super) fn per_row(
    ctx: &CallContext<'_>,
    name: &'static str,
    data_type: DataType,
    make: impl Fn(u64, usize) -> ArrayRef + Send + Sync + 'static,
) -> TypedExpr {
    let id = ctx.fresh_id();
    call(ctx, name)
        .key(id.to_string())
        .volatile()
        .kernel(vec![], data_type, false, move |_, rows| Ok(ColumnarValue::Array(make(id, rows))))
}
