//! `CASE`, `if`, `coalesce`, `nvl`, `nullif`, `greatest`, `least`, `nanvl`, …

use datafusion::logical_expr::{Case, Expr};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::take;
use crate::{
    CallContext, TypedExpr,
    cast::cast,
    coercion::{
        Accept, ComparisonOp, cast_all_to_common, check_orderable, common_type, comparison, diff_types, expect,
        to_boolean,
    },
    entry::{FunctionEntry, MANY, scalar},
    kernels::F64,
    udf::call,
};

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("when", 2, MANY, |ctx, args| case_when(ctx, "casewhen", args)),
    scalar("case", 2, MANY, |ctx, args| case_when(ctx, "casewhen", args)),
    scalar("if", 3, 3, |ctx, args| case_when(ctx, "if", args)),
    scalar("coalesce", 1, MANY, |ctx, args| coalesce(ctx, "coalesce", args)),
    scalar("nvl", 2, 2, |ctx, args| coalesce(ctx, "coalesce", args)),
    scalar("ifnull", 2, 2, |ctx, args| coalesce(ctx, "coalesce", args)),
    scalar("nvl2", 3, 3, |ctx, args| {
        let [test, then, other] = take(args)?;
        let test = TypedExpr::new(Expr::IsNotNull(Box::new(test.expr)), DataType::Boolean, false);
        case_when(ctx, "if", vec![test, then, other])
    }),
    scalar("nullif", 2, 2, |ctx, args| {
        let [a, b] = take(args)?;
        let equal = comparison(ctx, ComparisonOp::Equal, a.clone(), b)?;
        let null = TypedExpr::null(a.data_type.clone())?;
        case_when(ctx, "if", vec![equal, null, a])
    }),
    scalar("nullifzero", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let equal = comparison(ctx, ComparisonOp::Equal, a.clone(), TypedExpr::integer(0))?;
        let null = TypedExpr::null(a.data_type.clone())?;
        case_when(ctx, "if", vec![equal, null, a])
    }),
    scalar("zeroifnull", 1, 1, |ctx, mut args| {
        args.push(TypedExpr::integer(0));
        coalesce(ctx, "coalesce", args)
    }),
    scalar("greatest", 2, MANY, |ctx, args| extreme(ctx, "greatest", ComparisonOp::Greater, args)),
    scalar("least", 2, MANY, |ctx, args| extreme(ctx, "least", ComparisonOp::Less, args)),
    scalar("isnan", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Type(DataType::Double))?;
        let nan = call(ctx, "isnan").map1::<F64, bool>(vec![a], DataType::Boolean, true, |v| Ok(Some(v.is_nan())));
        let mut nan = coalesce(ctx, "coalesce", vec![nan, TypedExpr::boolean(false)])?;
        nan.nullable = false;
        Ok(nan)
    }),
    scalar("nanvl", 2, 2, |ctx, args| {
        let args = cast_all_to_common(ctx, "nanvl", args)?;
        let [a, b] = take(args)?;
        let (a, b) = if a.data_type == DataType::Float {
            (a, b)
        } else {
            (expect(ctx, a, 0, Accept::Type(DataType::Double))?, expect(ctx, b, 1, Accept::Type(DataType::Double))?)
        };
        let wide = cast(ctx, a.clone(), &DataType::Double, CastMode::Session)?;
        let nan =
            call(ctx, "isnan").map1::<F64, bool>(vec![wide], DataType::Boolean, a.nullable, |v| Ok(Some(v.is_nan())));
        let mut result = case_when(ctx, "if", vec![nan, b, a.clone()])?;
        result.nullable |= a.nullable;
        Ok(result)
    }),
];

/// `CASE WHEN c1 THEN v1 … [ELSE e] END`: conditions and values alternate, an odd last one is the `ELSE`.
fn case_when(ctx: &CallContext<'_>, name: &str, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let has_else = args.len() % 2 == 1;
    let (mut conditions, mut values) = (vec![], vec![]);
    let count = args.len();
    for (i, arg) in args.into_iter().enumerate() {
        if i % 2 == 0 && !(has_else && i == count - 1) {
            conditions.push(to_boolean(ctx, arg, i)?);
        } else {
            values.push(arg);
        }
    }
    let types: Vec<DataType> = values.iter().map(|value| value.data_type.clone()).collect();
    let common = common_type(&types, ctx.ansi).ok_or_else(|| diff_types(ctx, name, &types))?;
    let nullable = !has_else || values.iter().any(|value| value.nullable);
    let mut values: Vec<TypedExpr> =
        values.into_iter().map(|value| cast(ctx, value, &common, CastMode::Session)).collect::<SparkResult<_>>()?;
    let other = if has_else { values.pop().map(|value| Box::new(value.expr)) } else { None };
    let branches: Vec<(Box<Expr>, Box<Expr>)> = conditions
        .into_iter()
        .zip(values)
        .map(|(condition, value)| (Box::new(condition.expr), Box::new(value.expr)))
        .collect();
    Ok(TypedExpr::new(Expr::Case(Case::new(None, branches, other)), common, nullable))
}

/// The first value that is not null; later ones are not evaluated where an earlier one is there.
pub(super) fn coalesce(ctx: &CallContext<'_>, name: &str, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let nullable = args.iter().all(|arg| arg.nullable);
    let mut args = cast_all_to_common(ctx, name, args)?;
    let Some(last) = args.pop() else { return Err(SparkError::internal("coalesce of nothing")) };
    if args.is_empty() {
        return Ok(last);
    }
    let data_type = last.data_type.clone();
    let branches = args
        .into_iter()
        .map(|arg| (Box::new(Expr::IsNotNull(Box::new(arg.expr.clone()))), Box::new(arg.expr)))
        .collect();
    let expr = Expr::Case(Case::new(None, branches, Some(Box::new(last.expr))));
    Ok(TypedExpr::new(expr, data_type, nullable))
}

/// `greatest` and `least`: nulls are skipped.
fn extreme(
    ctx: &CallContext<'_>,
    name: &'static str,
    op: ComparisonOp,
    args: Vec<TypedExpr>,
) -> SparkResult<TypedExpr> {
    let nullable = args.iter().all(|arg| arg.nullable);
    let args = cast_all_to_common(ctx, name, args)?;
    let data_type = args[0].data_type.clone();
    check_orderable(ctx, name, &data_type)?;
    let greatest = op == ComparisonOp::Greater;
    Ok(call(ctx, name).arrays(args, data_type, nullable, move |arrays, rows| {
        use arrow::array::Array;
        // Row by row the index of the winner, then one gather.
        let options = arrow::compute::SortOptions::default();
        let mut winners: Vec<(usize, usize)> = (0..rows).map(|row| (0, row)).collect();
        for (candidate, b) in arrays.iter().enumerate().skip(1) {
            let comparators: Vec<_> = arrays[..candidate]
                .iter()
                .map(|a| arrow::array::make_comparator(a, b, options))
                .collect::<Result<_, _>>()
                .map_err(|e| SparkError::internal(e.to_string()))?;
            for (row, winner) in winners.iter_mut().enumerate() {
                if b.is_null(row) {
                    continue;
                }
                let order = comparators[winner.0](row, row);
                if arrays[winner.0].is_null(row) || (if greatest { order.is_lt() } else { order.is_gt() }) {
                    winner.0 = candidate;
                }
            }
        }
        let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        arrow::compute::interleave(&sources, &winners).map_err(|e| SparkError::internal(e.to_string()))
    }))
}
