//! Higher-order functions: lists are flattened, the lambda's body runs once over all their elements.

use std::sync::{Arc, Mutex};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, UInt32Array},
    buffer::NullBuffer,
    compute::{SortOptions, take as gather},
    datatypes::{Field, Schema},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use datafusion::{
    common::{
        Column, DFSchema, ScalarValue,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{
        Case, Expr, Operator, execution_props::ExecutionProps, physical_planning_context::PhysicalPlanningContext,
    },
    physical_expr::{PhysicalExpr, create_physical_expr},
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{CastMode, DataType};

use super::{
    collection::{build_map, list, sort_range, union_nulls},
    options::nullable_all,
};
use crate::{
    CallContext, HigherOrder, LambdaArgument, ResolvedLambda, TypedExpr,
    cast::cast,
    coercion::{Accept, canonical_array, check_orderable, expect, to_boolean, unexpected_type, wider_type},
    entry::{FunctionEntry, higher_order},
    error::{from_arrow_error, from_datafusion},
    udf::{call, relabel},
};

type Known<'a> = &'a [Option<LambdaArgument>];
type Parameters = SparkResult<Vec<(DataType, bool)>>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    higher_order("transform", 2, 2, HigherOrder { lambdas: &[1], parameters: element_and_index, build: transform }),
    higher_order("filter", 2, 2, HigherOrder { lambdas: &[1], parameters: element_and_index, build: filter }),
    higher_order(
        "exists",
        2,
        2,
        HigherOrder { lambdas: &[1], parameters: element, build: |ctx, args| any_all(ctx, args, true) },
    ),
    higher_order(
        "forall",
        2,
        2,
        HigherOrder { lambdas: &[1], parameters: element, build: |ctx, args| any_all(ctx, args, false) },
    ),
    higher_order("aggregate", 3, 4, HigherOrder { lambdas: &[2, 3], parameters: accumulator, build: aggregate }),
    higher_order("reduce", 3, 4, HigherOrder { lambdas: &[2, 3], parameters: accumulator, build: aggregate }),
    higher_order("zip_with", 3, 3, HigherOrder { lambdas: &[2], parameters: both_elements, build: zip_with }),
    higher_order(
        "map_filter",
        2,
        2,
        HigherOrder {
            lambdas: &[1],
            parameters: key_and_value,
            build: |ctx, args| map_lambda(ctx, args, "map_filter"),
        },
    ),
    higher_order(
        "transform_keys",
        2,
        2,
        HigherOrder {
            lambdas: &[1],
            parameters: key_and_value,
            build: |ctx, args| map_lambda(ctx, args, "transform_keys"),
        },
    ),
    higher_order(
        "transform_values",
        2,
        2,
        HigherOrder {
            lambdas: &[1],
            parameters: key_and_value,
            build: |ctx, args| map_lambda(ctx, args, "transform_values"),
        },
    ),
    higher_order("map_zip_with", 3, 3, HigherOrder { lambdas: &[2], parameters: key_and_both, build: map_zip_with }),
    higher_order("array_sort", 1, 2, HigherOrder { lambdas: &[1], parameters: two_elements, build: array_sort }),
];

fn value(args: Known<'_>, index: usize) -> SparkResult<&TypedExpr> {
    match args.get(index) {
        Some(Some(LambdaArgument::Value(value))) => Ok(value),
        _ => Err(SparkError::internal("a lambda's types are asked for before its arguments")),
    }
}

fn element_type(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<(DataType, bool)> {
    match &arg.data_type {
        DataType::Array { element, contains_null } => Ok(((**element).clone(), *contains_null)),
        DataType::Null => Ok((DataType::Null, true)),
        other => Err(unexpected_type(ctx, index, "\"ARRAY\"", other)),
    }
}

fn entry_types(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<(DataType, DataType, bool)> {
    match &arg.data_type {
        DataType::Map { key, value, value_contains_null } => {
            Ok(((**key).clone(), (**value).clone(), *value_contains_null))
        }
        other => Err(unexpected_type(ctx, index, "\"MAP\"", other)),
    }
}

fn element(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    Ok(vec![element_type(ctx, value(args, 0)?, 0)?])
}

fn element_and_index(ctx: &CallContext<'_>, args: Known<'_>, _: usize, arity: usize) -> Parameters {
    let mut types = vec![element_type(ctx, value(args, 0)?, 0)?];
    if arity > 1 {
        types.push((DataType::Integer, false));
    }
    Ok(types)
}

fn two_elements(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let one = element_type(ctx, value(args, 0)?, 0)?;
    Ok(vec![one.clone(), one])
}

fn both_elements(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (a, b) = (element_type(ctx, value(args, 0)?, 0)?, element_type(ctx, value(args, 1)?, 1)?);
    Ok(vec![(a.0, true), (b.0, true)])
}

fn key_and_value(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (key, value, nullable) = entry_types(ctx, value(args, 0)?, 0)?;
    Ok(vec![(key, false), (value, nullable)])
}

fn key_and_both(ctx: &CallContext<'_>, args: Known<'_>, _: usize, _: usize) -> Parameters {
    let (first, a, _) = entry_types(ctx, value(args, 0)?, 0)?;
    let (second, b, _) = entry_types(ctx, value(args, 1)?, 1)?;
    Ok(vec![(common_key(ctx, &first, &second)?, false), (a, true), (b, true)])
}

/// The type that the keys of both maps are cast to (Spark's `MapZipWithCoercion`): no string becomes something else.
fn common_key(ctx: &CallContext<'_>, first: &DataType, second: &DataType) -> SparkResult<DataType> {
    let common = match first.is_string() == second.is_string() {
        true => wider_type(first, second, ctx.conf.ansi),
        false => None,
    };
    common.ok_or_else(|| {
        SparkError::analysis("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", "`map_zip_with`")
            .param("leftType", format!("\"{}\"", first.sql()))
            .param("rightType", format!("\"{}\"", second.sql()))
    })
}

/// The accumulator has the start's type; `finish` sees it alone.
fn accumulator(ctx: &CallContext<'_>, args: Known<'_>, index: usize, _: usize) -> Parameters {
    let zero = value(args, 1)?.data_type.clone();
    if index == 3 {
        return Ok(vec![(zero, true)]);
    }
    Ok(vec![(zero, true), element_type(ctx, value(args, 0)?, 0)?])
}

/// A body over its variables and the columns it captures.
struct Body {
    names: Vec<String>,
    expr: Expr,
    compiled: Mutex<Option<Arc<dyn PhysicalExpr>>>,
}

/// `AND` and `OR` that ask their right side only where the left one leaves the answer open, as Spark's do: the right side of
/// `x <> 0 AND 1 / x > y` must not raise for zero.
fn lazy_logic(expr: Expr) -> SparkResult<Expr> {
    let may_raise = |expr: &Expr| expr.exists(|node| Ok(matches!(node, Expr::ScalarFunction(_) | Expr::Cast(_))));
    let done = expr.transform_up(|node| {
        let Expr::BinaryExpr(binary) = &node else { return Ok(Transformed::no(node)) };
        if !matches!(binary.op, Operator::And | Operator::Or) || !may_raise(&binary.right)? {
            return Ok(Transformed::no(node));
        }
        let decided = binary.op == Operator::Or;
        let test = if decided { Expr::IsTrue(binary.left.clone()) } else { Expr::IsFalse(binary.left.clone()) };
        let answer = Expr::Literal(ScalarValue::Boolean(Some(decided)), None);
        let case = Case::new(None, vec![(Box::new(test), Box::new(answer))], Some(Box::new(node)));
        Ok(Transformed::yes(Expr::Case(case)))
    });
    done.map(|done| done.data).map_err(from_datafusion)
}

impl Body {
    /// The body, and the captured columns as further arguments of the call.
    fn new(lambda: &ResolvedLambda) -> (Body, Vec<TypedExpr>) {
        let mut names = lambda.parameters.clone();
        let mut captured = vec![];
        let _ = lambda.body.expr.apply(|node| {
            if let Expr::Column(column) = node
                && !names.contains(&column.name)
            {
                names.push(column.name.clone());
                // Only the expression of a captured column is used; its type shows at run time.
                captured.push(TypedExpr::new(
                    Expr::Column(Column::new_unqualified(column.name.clone())),
                    DataType::Null,
                    true,
                ));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        (Body { names, expr: lambda.body.expr.clone(), compiled: Mutex::new(None) }, captured)
    }

    /// Runs the body over columns in the order of its names.
    fn run(&self, columns: Vec<ArrayRef>, rows: usize) -> SparkResult<ArrayRef> {
        let fields: Vec<Field> =
            self.names.iter().zip(&columns).map(|(name, c)| Field::new(name, c.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let physical = {
            let mut slot = self.compiled.lock().map_err(|_| SparkError::internal("a lambda's lock is poisoned"))?;
            match &*slot {
                Some(physical) => Arc::clone(physical),
                None => {
                    let dfschema = DFSchema::try_from(schema.as_ref().clone()).map_err(from_datafusion)?;
                    let physical = create_physical_expr(
                        &lazy_logic(self.expr.clone())?,
                        &dfschema,
                        &ExecutionProps::new(),
                        &PhysicalPlanningContext::default(),
                    )
                    .map_err(from_datafusion)?;
                    *slot = Some(Arc::clone(&physical));
                    physical
                }
            }
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options).map_err(from_arrow_error)?;
        physical.evaluate(&batch).and_then(|value| value.into_array(rows)).map_err(from_datafusion)
    }
}

fn split(args: Vec<LambdaArgument>) -> (Vec<TypedExpr>, Vec<ResolvedLambda>) {
    let (mut values, mut lambdas) = (vec![], vec![]);
    for arg in args {
        match arg {
            LambdaArgument::Value(value) => values.push(value),
            LambdaArgument::Lambda(lambda) => lambdas.push(lambda),
        }
    }
    (values, lambdas)
}

fn only(lambdas: Vec<ResolvedLambda>) -> SparkResult<ResolvedLambda> {
    lambdas
        .into_iter()
        .next()
        .ok_or_else(|| SparkError::analysis("INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION"))
}

/// A body as text, the same for each resolution of a query: names of columns and variables, which carry ids, by position.
fn identity(body: &Body) -> String {
    let renamed = body.expr.clone().transform_up(|node| {
        let Expr::Column(column) = &node else { return Ok(Transformed::no(node)) };
        let position = body.names.iter().position(|name| *name == column.name);
        Ok(match position {
            Some(position) => Transformed::yes(Expr::Column(Column::new_unqualified(format!("${position}")))),
            None => Transformed::no(node),
        })
    });
    let body = renamed.map_or_else(|_| body.expr.clone(), |renamed| renamed.data);
    // The one shows casts, the other what calls were built with.
    format!("{body} {}", body.schema_name())
}

/// Elements of all rows, the row of each and its index there.
struct Flat {
    elements: UInt32Array,
    rows: UInt32Array,
    indices: Int32Array,
}

fn flat(offsets: &[i32], nulls: Option<&NullBuffer>, rows: usize) -> Flat {
    let (mut elements, mut parents, mut indices) = (vec![], vec![], vec![]);
    for row in 0..rows {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            continue;
        }
        for (index, element) in (offsets[row]..offsets[row + 1]).enumerate() {
            elements.push(element as u32);
            parents.push(row as u32);
            indices.push(index as i32);
        }
    }
    Flat { elements: elements.into(), rows: parents.into(), indices: indices.into() }
}

fn lengths(offsets: &[i32], nulls: Option<&NullBuffer>, rows: usize) -> Vec<usize> {
    let length = |row: usize| {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) { 0 } else { (offsets[row + 1] - offsets[row]) as usize }
    };
    (0..rows).map(length).collect()
}

fn pick(array: &ArrayRef, indices: &UInt32Array) -> SparkResult<ArrayRef> {
    gather(array, indices, None).map_err(from_arrow_error)
}

/// Runs a body over the elements of a list; `captured` are the arrays after the call's own arguments.
fn over_elements(
    body: &Body,
    source: &ListArray,
    captured: &[ArrayRef],
    with_index: bool,
) -> SparkResult<(ArrayRef, Flat)> {
    let flat = flat(source.offsets(), source.nulls(), source.len());
    let mut columns = vec![pick(source.values(), &flat.elements)?];
    if with_index {
        columns.push(Arc::new(flat.indices.clone()));
    }
    for array in captured {
        columns.push(pick(array, &flat.rows)?);
    }
    let result = body.run(columns, flat.elements.len())?;
    Ok((result, flat))
}

fn transform(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let data_type =
        DataType::Array { element: Box::new(lambda.body.data_type.clone()), contains_null: lambda.body.nullable };
    let (n, t, with_index) = (values[0].nullable, data_type.clone(), lambda.parameters.len() > 1);
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "transform").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (result, _) = over_elements(&body, source, &arrays[1..], with_index)?;
        list(&t, result, lengths(source.offsets(), source.nulls(), rows), source.nulls().cloned())
    }))
}

/// A lambda whose body is cast to a condition.
fn condition(ctx: &CallContext<'_>, mut lambda: ResolvedLambda) -> SparkResult<ResolvedLambda> {
    lambda.body = to_boolean(ctx, lambda.body, 1)?;
    Ok(lambda)
}

fn filter(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = condition(ctx, only(lambdas)?)?;
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (data_type, n, with_index) = (values[0].data_type.clone(), values[0].nullable, lambda.parameters.len() > 1);
    let t = data_type.clone();
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "filter").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (keep, flat) = over_elements(&body, source, &arrays[1..], with_index)?;
        let keep = keep.as_boolean();
        let (mut elements, mut sizes) = (vec![], vec![0; rows]);
        for i in 0..keep.len() {
            if keep.is_valid(i) && keep.value(i) {
                elements.push(flat.elements.value(i));
                sizes[flat.rows.value(i) as usize] += 1;
            }
        }
        list(&t, pick(source.values(), &elements.into())?, sizes, source.nulls().cloned())
    }))
}

fn any_all(ctx: &CallContext<'_>, args: Vec<LambdaArgument>, any: bool) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = condition(ctx, only(lambdas)?)?;
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let n = values[0].nullable || lambda.body.nullable;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    let name = if any { "exists" } else { "forall" };
    Ok(call(ctx, name).key(identity(&body)).arrays(values, DataType::Boolean, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let (hits, flat) = over_elements(&body, source, &arrays[1..], false)?;
        let hits = hits.as_boolean();
        // `any` decides on the first true, `all` on the first false; a null leaves it open.
        let mut result: Vec<Option<bool>> = (0..rows).map(|row| source.is_valid(row).then_some(!any)).collect();
        for i in 0..hits.len() {
            let slot = &mut result[flat.rows.value(i) as usize];
            if *slot == Some(any) {
                continue;
            }
            if hits.is_null(i) {
                *slot = None;
            } else if hits.value(i) == any {
                *slot = Some(any);
            }
        }
        Ok(Arc::new(BooleanArray::from(result)))
    }))
}

/// A type with the fields of its structs numbered: what they are called makes no other type.
fn unnamed(t: &DataType) -> DataType {
    match t {
        DataType::Struct(fields) => {
            let fields = fields.fields.iter().enumerate().map(|(index, field)| kindling_spec::StructField {
                name: index.to_string(),
                data_type: unnamed(&field.data_type),
                ..field.clone()
            });
            DataType::Struct(kindling_spec::StructType { fields: fields.collect() })
        }
        DataType::Array { element, contains_null } => {
            DataType::Array { element: Box::new(unnamed(element)), contains_null: *contains_null }
        }
        DataType::Map { key, value, value_contains_null } => DataType::Map {
            key: Box::new(unnamed(key)),
            value: Box::new(unnamed(value)),
            value_contains_null: *value_contains_null,
        },
        other => other.clone(),
    }
}

fn aggregate(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let mut lambdas = lambdas.into_iter();
    let (Some(mut merge), finish) = (lambdas.next(), lambdas.next()) else { return only(vec![]).map(|l| l.body) };
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let mut zero = values[1].data_type.clone();
    let (open, merged) = (nullable_all(zero.clone()), nullable_all(merge.body.data_type.clone()));
    if merge.body.data_type != zero && unnamed(&open) == unnamed(&merged) {
        // The same type but for what may be null in it.
        zero = open;
        values[1] = cast(ctx, values[1].clone(), &zero, CastMode::Session)?;
    }
    if merge.body.data_type != zero && !crate::can_cast(&merge.body.data_type, &zero, ctx.ansi) {
        return Err(unexpected_type(ctx, 2, &format!("\"{}\"", zero.sql()), &merge.body.data_type));
    }
    merge.body = cast(ctx, merge.body, &zero, CastMode::Session)?;
    let (data_type, nullable) = match &finish {
        Some(finish) => (finish.body.data_type.clone(), finish.body.nullable),
        None => (zero.clone(), values[1].nullable || merge.body.nullable),
    };
    let n = values[0].nullable || nullable;
    let (body, captured) = Body::new(&merge);
    let own = captured.len();
    values.extend(captured);
    let finish = finish.map(|finish| {
        let (body, captured) = Body::new(&finish);
        values.extend(captured);
        body
    });
    let key = format!("{} {}", identity(&body), finish.as_ref().map(identity).unwrap_or_default());
    let state = to_arrow(&zero);
    Ok(call(ctx, "aggregate").key(key).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let offsets = source.offsets();
        let mut accumulated = relabel(&arrays[1], &state)?;
        let longest = lengths(offsets, source.nulls(), rows).into_iter().max().unwrap_or(0);
        // One step for the first elements of all rows, one for the second ones, …
        for step in 0..longest {
            let active: Vec<u32> = (0..rows)
                .filter(|row| source.is_valid(*row) && (offsets[row + 1] - offsets[*row]) as usize > step)
                .map(|row| row as u32)
                .collect();
            let elements: UInt32Array =
                active.iter().map(|row| offsets[*row as usize] as u32 + step as u32).collect::<Vec<u32>>().into();
            let active = UInt32Array::from(active);
            let mut columns = vec![pick(&accumulated, &active)?, pick(source.values(), &elements)?];
            for array in &arrays[2..2 + own] {
                columns.push(pick(array, &active)?);
            }
            let merged = relabel(&body.run(columns, active.len())?, &state)?;
            if active.len() == rows {
                accumulated = merged;
                continue;
            }
            let mut places: Vec<(usize, usize)> = (0..rows).map(|row| (0, row)).collect();
            for (i, row) in active.values().iter().enumerate() {
                places[*row as usize] = (1, i);
            }
            accumulated = arrow::compute::interleave(&[accumulated.as_ref(), merged.as_ref()], &places)
                .map_err(from_arrow_error)?;
        }
        let result = match &finish {
            Some(finish) => {
                let mut columns = vec![accumulated];
                columns.extend(arrays[2 + own..].iter().cloned());
                finish.run(columns, rows)?
            }
            None => accumulated,
        };
        // A null array aggregates to null.
        let mask: UInt32Array = (0..rows).map(|row| source.is_valid(row).then_some(row as u32)).collect();
        if mask.null_count() == 0 { Ok(result) } else { pick(&result, &mask) }
    }))
}

fn zip_with(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let data_type =
        DataType::Array { element: Box::new(lambda.body.data_type.clone()), contains_null: lambda.body.nullable };
    let (n, t) = (values[0].nullable || values[1].nullable, data_type.clone());
    for (i, value) in values.iter_mut().enumerate() {
        *value = expect(ctx, value.clone(), i, Accept::Array)?;
    }
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "zip_with").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let lists = [arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>()];
        let nulls = union_nulls(&arrays[..2]);
        let (mut left, mut right, mut parents, mut sizes) = (vec![], vec![], vec![], vec![]);
        for row in 0..rows {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                sizes.push(0);
                continue;
            }
            let length = |i: usize| lists[i].value_length(row) as usize;
            let size = length(0).max(length(1));
            let at = |i: usize, e: usize| (e < length(i)).then(|| lists[i].offsets()[row] as u32 + e as u32);
            for e in 0..size {
                left.push(at(0, e));
                right.push(at(1, e));
                parents.push(row as u32);
            }
            sizes.push(size);
        }
        let parents = UInt32Array::from(parents);
        let mut columns = vec![pick(lists[0].values(), &left.into())?, pick(lists[1].values(), &right.into())?];
        for array in &arrays[2..] {
            columns.push(pick(array, &parents)?);
        }
        list(&t, body.run(columns, parents.len())?, sizes, nulls)
    }))
}

fn map_lambda(ctx: &CallContext<'_>, args: Vec<LambdaArgument>, name: &'static str) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    let mut lambda = only(lambdas)?;
    let (key, value, value_nullable) = entry_types(ctx, &values[0], 0)?;
    if name == "map_filter" {
        lambda = condition(ctx, lambda)?;
    }
    let result = lambda.body.data_type.clone();
    let data_type = match name {
        "transform_keys" => {
            DataType::Map { key: Box::new(result), value: Box::new(value), value_contains_null: value_nullable }
        }
        "transform_values" => {
            DataType::Map { key: Box::new(key), value: Box::new(result), value_contains_null: lambda.body.nullable }
        }
        _ => values[0].data_type.clone(),
    };
    let (n, t, last_win) = (values[0].nullable, data_type.clone(), ctx.conf.map_key_last_win);
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    let id = format!("{} {last_win}", identity(&body));
    Ok(call(ctx, name).key(id).arrays(values, data_type, n, move |arrays, rows| {
        let map = arrays[0].as_map();
        let flat = flat(map.offsets(), map.nulls(), rows);
        let (keys, values) = (pick(map.keys(), &flat.elements)?, pick(map.values(), &flat.elements)?);
        let mut columns = vec![Arc::clone(&keys), Arc::clone(&values)];
        for array in &arrays[1..] {
            columns.push(pick(array, &flat.rows)?);
        }
        let result = body.run(columns, flat.elements.len())?;
        let sizes = lengths(map.offsets(), map.nulls(), rows);
        let nulls = map.nulls().cloned();
        match name {
            "transform_keys" => build_map(&t, result, values, sizes, nulls, last_win),
            "transform_values" => build_map(&t, keys, result, sizes, nulls, last_win),
            _ => {
                let keep = result.as_boolean();
                let (mut kept, mut sizes) = (vec![], vec![0; rows]);
                for i in 0..keep.len() {
                    if keep.is_valid(i) && keep.value(i) {
                        kept.push(i as u32);
                        sizes[flat.rows.value(i) as usize] += 1;
                    }
                }
                let kept = UInt32Array::from(kept);
                build_map(&t, pick(&keys, &kept)?, pick(&values, &kept)?, sizes, nulls, last_win)
            }
        }
    }))
}

fn map_zip_with(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    use arrow::row::{RowConverter, SortField};
    let (mut values, lambdas) = split(args);
    let lambda = only(lambdas)?;
    let (first, ..) = entry_types(ctx, &values[0], 0)?;
    let (second, ..) = entry_types(ctx, &values[1], 1)?;
    let key = common_key(ctx, &first, &second)?;
    for map in &mut values {
        if let DataType::Map { key: from, value, value_contains_null } = &map.data_type
            && **from != key
        {
            let value_contains_null = *value_contains_null;
            let to = DataType::Map { key: Box::new(key.clone()), value: value.clone(), value_contains_null };
            *map = cast(ctx, map.clone(), &to, CastMode::Session)?;
        }
    }
    let data_type = DataType::Map {
        key: Box::new(key),
        value: Box::new(lambda.body.data_type.clone()),
        value_contains_null: lambda.body.nullable,
    };
    let (n, t) = (values[0].nullable || values[1].nullable, data_type.clone());
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "map_zip_with").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let maps = [arrays[0].as_map(), arrays[1].as_map()];
        let nulls = union_nulls(&arrays[..2]);
        let converter =
            RowConverter::new(vec![SortField::new(maps[0].keys().data_type().clone())]).map_err(from_arrow_error)?;
        let keys = [
            converter.convert_columns(&[canonical_array(maps[0].keys())?]).map_err(from_arrow_error)?,
            converter
                .convert_columns(&[canonical_array(&relabel(maps[1].keys(), maps[0].keys().data_type())?)?])
                .map_err(from_arrow_error)?,
        ];
        let (mut at_key, mut left, mut right, mut parents, mut sizes) = (vec![], vec![], vec![], vec![], vec![]);
        for row in 0..rows {
            let before = at_key.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let range = |i: usize| maps[i].offsets()[row] as usize..maps[i].offsets()[row + 1] as usize;
                for a in range(0) {
                    let b = range(1).find(|b| keys[1].row(*b) == keys[0].row(a));
                    at_key.push((0, a));
                    left.push(Some(a as u32));
                    right.push(b.map(|b| b as u32));
                }
                for b in range(1) {
                    if !range(0).any(|a| keys[0].row(a) == keys[1].row(b)) {
                        at_key.push((1, b));
                        left.push(None);
                        right.push(Some(b as u32));
                    }
                }
            }
            sizes.push(at_key.len() - before);
            parents.extend(std::iter::repeat_n(row as u32, at_key.len() - before));
        }
        let second = relabel(maps[1].keys(), maps[0].keys().data_type())?;
        let keys = arrow::compute::interleave(&[maps[0].keys().as_ref(), second.as_ref()], &at_key)
            .map_err(from_arrow_error)?;
        let parents = UInt32Array::from(parents);
        let mut columns =
            vec![Arc::clone(&keys), pick(maps[0].values(), &left.into())?, pick(maps[1].values(), &right.into())?];
        for array in &arrays[2..] {
            columns.push(pick(array, &parents)?);
        }
        let result = body.run(columns, parents.len())?;
        build_map(&t, keys, result, sizes, nulls, true)
    }))
}

/// `array_sort(array[, comparator])`: without one ascending, nulls last.
fn array_sort(ctx: &CallContext<'_>, args: Vec<LambdaArgument>) -> SparkResult<TypedExpr> {
    let (mut values, lambdas) = split(args);
    values[0] = expect(ctx, values[0].clone(), 0, Accept::Array)?;
    let (data_type, n) = (values[0].data_type.clone(), values[0].nullable);
    let t = data_type.clone();
    let Some(mut lambda) = lambdas.into_iter().next() else {
        check_orderable(ctx, "array_sort", &element_type(ctx, &values[0], 0)?.0)?;
        return Ok(call(ctx, "array_sort").arrays(values, data_type, n, move |arrays, rows| {
            let source = arrays[0].as_list::<i32>();
            let mut order = vec![];
            for row in 0..rows {
                if source.is_valid(row) {
                    sort_range(source, row, SortOptions { descending: false, nulls_first: false }, &mut order)?;
                }
            }
            let sizes = lengths(source.offsets(), source.nulls(), rows);
            list(&t, pick(source.values(), &order.into())?, sizes, source.nulls().cloned())
        }));
    };
    lambda.body = expect(ctx, lambda.body, 1, Accept::Type(DataType::Integer))?;
    let (body, captured) = Body::new(&lambda);
    values.extend(captured);
    Ok(call(ctx, "array_sort").key(identity(&body)).arrays(values, data_type, n, move |arrays, rows| {
        let source = arrays[0].as_list::<i32>();
        let mut order: Vec<u32> = vec![];
        for row in 0..rows {
            if source.is_null(row) {
                continue;
            }
            let range: Vec<u32> = (source.offsets()[row] as u32..source.offsets()[row + 1] as u32).collect();
            order.extend(merge_sort(range, &|a, b| {
                let mut columns = vec![source.values().slice(a as usize, 1), source.values().slice(b as usize, 1)];
                columns.extend(arrays[1..].iter().map(|array| array.slice(row, 1)));
                let result = body.run(columns, 1)?;
                let result = result.as_primitive::<arrow::datatypes::Int32Type>();
                if result.is_null(0) {
                    return Err(SparkError::runtime("COMPARATOR_RETURNS_NULL")
                        .param("firstValue", "?")
                        .param("secondValue", "?"));
                }
                Ok(result.value(0) <= 0)
            })?);
        }
        let sizes = lengths(source.offsets(), source.nulls(), rows);
        list(&t, pick(source.values(), &order.into())?, sizes, source.nulls().cloned())
    }))
}

/// A stable sort whose comparison may fail.
fn merge_sort(items: Vec<u32>, in_order: &dyn Fn(u32, u32) -> SparkResult<bool>) -> SparkResult<Vec<u32>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let (left, right) = (merge_sort(left, in_order)?, merge_sort(right, in_order)?);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if in_order(left[i], right[j])? {
            out.push(left[i]);
            i += 1;
        } else {
            out.push(right[j]);
            j += 1;
        }
    }
    out.extend_from_slice(&left[i..]);
    out.extend_from_slice(&right[j..]);
    Ok(out)
}
