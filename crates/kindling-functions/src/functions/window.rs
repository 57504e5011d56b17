//! Functions that need a window.

use std::sync::Arc;

use datafusion::{
    functions_window::{
        cume_dist::cume_dist_udwf,
        lead_lag::{lag_udwf, lead_udwf},
        nth_value::nth_value_udwf,
        ntile::ntile_udwf,
        rank::{dense_rank_udwf, percent_rank_udwf, rank_udwf},
        row_number::row_number_udwf,
    },
    logical_expr::{
        Cast, Expr, WindowUDF,
        expr::{NullTreatment, WindowFunction},
    },
};
use kindling_common::{SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType};

use crate::{
    CallContext, TypedExpr, WindowOptions,
    cast::cast,
    coercion::{Accept, expect, non_foldable, tightest_common_type},
    entry::{FunctionEntry, MANY, window},
    error::from_datafusion,
};

pub(super) static ENTRIES: &[FunctionEntry] = &[
    window("row_number", 0, 0, |_, args, o| Ok(rank_like(row_number_udwf(), args, o, DataType::Integer))),
    window("rank", 0, MANY, |_, _, o| Ok(rank_like(rank_udwf(), vec![], o, DataType::Integer))),
    window("dense_rank", 0, MANY, |_, _, o| Ok(rank_like(dense_rank_udwf(), vec![], o, DataType::Integer))),
    window("percent_rank", 0, MANY, |_, _, o| Ok(rank_like(percent_rank_udwf(), vec![], o, DataType::Double))),
    window("cume_dist", 0, 0, |_, args, o| Ok(rank_like(cume_dist_udwf(), args, o, DataType::Double))),
    window("ntile", 0, 1, |ctx, mut args, o| {
        if args.is_empty() {
            args.push(TypedExpr::integer(1));
        }
        let arg = constant(ctx, args, 0, "buckets", &DataType::Integer)?;
        Ok(rank_like(ntile_udwf(), arg, o, DataType::Integer))
    }),
    window("lag", 1, 3, |ctx, args, o| shift(ctx, args, o, lag_udwf())),
    window("lead", 1, 3, |ctx, args, o| shift(ctx, args, o, lead_udwf())),
    window("nth_value", 2, 3, |ctx, args, o| {
        let mut ignore = o.clone();
        if let Some(flag) = args.get(2) {
            let value = crate::fold(flag)?;
            ignore.ignore_nulls |= value == Some(datafusion::common::ScalarValue::Boolean(Some(true)));
        }
        let args: Vec<TypedExpr> = args.into_iter().take(2).collect();
        let data_type = args[0].data_type.clone();
        let args = constant(ctx, args, 1, "offset", &DataType::Long)?;
        Ok(call(nth_value_udwf(), args, &ignore, data_type, true))
    }),
];

fn call(
    udwf: Arc<WindowUDF>,
    args: Vec<TypedExpr>,
    options: &WindowOptions,
    data_type: DataType,
    nullable: bool,
) -> TypedExpr {
    let mut window = WindowFunction::new(udwf, args.into_iter().map(|arg| arg.expr).collect());
    window.params.null_treatment = options.ignore_nulls.then_some(NullTreatment::IgnoreNulls);
    TypedExpr::new(Expr::WindowFunction(Box::new(window)), data_type, nullable)
}

/// DataFusion counts in `UInt64`; Spark in `INT`.
fn rank_like(udwf: Arc<WindowUDF>, args: Vec<TypedExpr>, options: &WindowOptions, data_type: DataType) -> TypedExpr {
    let inner = call(udwf, args, options, data_type.clone(), false);
    if data_type == DataType::Double {
        return inner;
    }
    let expr = Expr::Cast(Cast::new(Box::new(inner.expr), to_arrow(&data_type)));
    TypedExpr::new(expr, data_type, false)
}

/// Makes the argument at `index` a literal `BIGINT`.
fn constant(
    ctx: &CallContext<'_>,
    mut args: Vec<TypedExpr>,
    index: usize,
    name: &str,
    required: &DataType,
) -> SparkResult<Vec<TypedExpr>> {
    let arg = expect(ctx, args[index].clone(), index, Accept::Type(required.clone()))?;
    let arg = cast(ctx, arg, &DataType::Long, CastMode::Session)?;
    let Some(value) = crate::fold(&arg)? else {
        return Err(non_foldable(ctx, index, name, &format!("\"{}\"", required.sql())));
    };
    args[index] = TypedExpr::scalar(value, DataType::Long, false);
    Ok(args)
}

fn shift(
    ctx: &CallContext<'_>,
    args: Vec<TypedExpr>,
    options: &WindowOptions,
    udwf: Arc<WindowUDF>,
) -> SparkResult<TypedExpr> {
    let mut args = args;
    if args.len() == 1 {
        args.push(TypedExpr::integer(1));
    }
    if args.len() == 2 {
        args.push(TypedExpr::null(args[0].data_type.clone())?);
    }
    let common = tightest_common_type(&args[0].data_type, &args[2].data_type, ctx.ansi).ok_or_else(|| {
        crate::coercion::diff_types(ctx, "lag", &[args[0].data_type.clone(), args[2].data_type.clone()])
    })?;
    args[0] = cast(ctx, args[0].clone(), &common, CastMode::Session)?;
    args[2] = cast(ctx, args[2].clone(), &common, CastMode::Session)?;
    let nullable = args[0].nullable || args[2].nullable;
    let mut args = constant(ctx, args, 1, "offset", &DataType::Integer)?;
    if args[2].as_literal().is_some() {
        return Ok(call(udwf, args, options, common, nullable));
    }
    // DataFusion takes a constant default: another one stands where there is no such row, which is where `true` has no
    // neighbour. Rows passed over for their nulls count as none.
    let otherwise = std::mem::replace(&mut args[2], TypedExpr::null(common.clone())?);
    let value = call(Arc::clone(&udwf), args.clone(), options, common.clone(), true).expr;
    let absent = if options.ignore_nulls {
        value.clone().is_null()
    } else {
        let marks = vec![TypedExpr::boolean(true), args.swap_remove(1), TypedExpr::null(DataType::Boolean)?];
        call(udwf, marks, options, DataType::Boolean, true).expr.is_null()
    };
    let expr = datafusion::logical_expr::when(absent, otherwise.expr).otherwise(value).map_err(from_datafusion)?;
    Ok(TypedExpr::new(expr, common, nullable))
}
