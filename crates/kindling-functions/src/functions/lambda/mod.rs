//! Higher-order functions: lists are flattened, the lambda's body runs once over all their elements.

mod arrays;
mod fold;
mod maps;
mod parameters;
mod sort;

use std::sync::{Arc, Mutex};

use arrow::{
    array::{Array, ArrayRef, Int32Array, UInt32Array},
    buffer::NullBuffer,
    compute::take as gather,
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
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use crate::{
    HigherOrder, LambdaArgument, ResolvedLambda, TypedExpr,
    entry::{FunctionEntry, higher_order},
    error::{from_arrow_error, from_datafusion},
};

use arrays::{any_all, filter, transform, zip_with};
use fold::aggregate;
use maps::{map_lambda, map_zip_with};
use parameters::{accumulator, both_elements, element, element_and_index, key_and_both, key_and_value, two_elements};
use sort::array_sort;

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
