//! `AND` and `OR` whose right side is evaluated only for rows that the left side leaves open.
//!
//! DataFusion evaluates both sides for all rows of a batch, unless the left side decides most of them. A right side that
//! raises (`b <> 0 AND a / b > 1` under ANSI) must not be asked about rows that Spark would not ask it about. The whole batch
//! is tried first where that is cheaper, and an error only counts if the open rows raise it too.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch},
    buffer::{BooleanBuffer, NullBuffer},
    compute::{and_kleene, filter_record_batch, or_kleene},
    datatypes::{DataType, Schema},
};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    error::Result,
    logical_expr::{ColumnarValue, Operator},
    physical_expr::{
        PhysicalExpr,
        expressions::{BinaryExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal, NotExpr},
        utils::collect_columns,
    },
    physical_plan::{
        ExecutionPlan,
        aggregates::AggregateExec,
        filter::{FilterExec, FilterExecBuilder},
        joins::{HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder, SortMergeJoinExec, utils::JoinFilter},
        projection::{ProjectionExec, ProjectionExpr},
    },
};

use crate::CartesianProductExec;

/// Below this share of open rows only they are evaluated; above it the whole batch is, which saves copying them.
const FEW: usize = 5;

/// `left AND right` or `left OR right`, the right side only for rows that the left side leaves open.
#[derive(Debug, Clone)]
pub struct LazyLogicExpr {
    left: Arc<dyn PhysicalExpr>,
    right: Arc<dyn PhysicalExpr>,
    and: bool,
    /// The right side over just the columns that it reads, and these columns.
    narrow: Arc<dyn PhysicalExpr>,
    columns: Vec<usize>,
    volatile: bool,
}

impl LazyLogicExpr {
    /// `left AND right`, or `OR`.
    pub fn try_new(left: Arc<dyn PhysicalExpr>, right: Arc<dyn PhysicalExpr>, and: bool) -> Result<LazyLogicExpr> {
        let mut columns: Vec<usize> = collect_columns(&right).iter().map(Column::index).collect();
        columns.sort_unstable();
        columns.dedup();
        let narrow = Arc::clone(&right).transform_up(|expr| {
            let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
            let index = columns.binary_search(&column.index()).unwrap_or_default();
            let moved: Arc<dyn PhysicalExpr> = Arc::new(Column::new(column.name(), index));
            Ok(Transformed::yes(moved))
        })?;
        let volatile = is_volatile(&right);
        Ok(LazyLogicExpr { left, right, and, narrow: narrow.data, columns, volatile })
    }

    /// The right side for the open rows, null for the others.
    fn right_of(&self, batch: &RecordBatch, open: &BooleanArray) -> Result<BooleanArray> {
        let selected = filter_record_batch(&batch.project(&self.columns)?, open)?;
        let count = selected.num_rows();
        let values = self.narrow.evaluate(&selected)?.into_array(count)?;
        let values = values.as_boolean();
        let rows = batch.num_rows();
        let (mut bits, mut valid) = (vec![false; rows], vec![false; rows]);
        for (index, row) in open.values().set_indices().enumerate() {
            if values.is_valid(index) {
                valid[row] = true;
                bits[row] = values.value(index);
            }
        }
        Ok(BooleanArray::new(BooleanBuffer::from(bits), Some(NullBuffer::from(valid))))
    }
}

impl PartialEq for LazyLogicExpr {
    fn eq(&self, other: &Self) -> bool {
        self.and == other.and && self.left.eq(&other.left) && self.right.eq(&other.right)
    }
}

impl Eq for LazyLogicExpr {}

impl Hash for LazyLogicExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.and.hash(state);
        self.left.hash(state);
        self.right.hash(state);
    }
}

impl fmt::Display for LazyLogicExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, if self.and { "AND" } else { "OR" }, self.right)
    }
}

impl PhysicalExpr for LazyLogicExpr {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        Ok(self.left.nullable(schema)? || self.right.nullable(schema)?)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let left: ArrayRef = self.left.evaluate(batch)?.into_array(rows)?;
        let known = left.as_boolean();
        // `false` decides an AND, `true` an OR; null decides neither.
        let deciding = if self.and { !known.values() } else { known.values().clone() };
        let decided = match known.nulls() {
            Some(nulls) => &deciding & nulls.inner(),
            None => deciding,
        };
        let open = BooleanArray::new(!&decided, None);
        let count = open.true_count();
        if count == 0 {
            return Ok(ColumnarValue::Array(left));
        }
        let whole = || -> Result<ArrayRef> { self.right.evaluate(batch)?.into_array(rows) };
        let right = if count == rows {
            whole()?.as_boolean().clone()
        } else if self.volatile || count * FEW < rows {
            self.right_of(batch, &open)?
        } else {
            match whole() {
                Ok(values) => values.as_boolean().clone(),
                Err(_) => self.right_of(batch, &open)?,
            }
        };
        let result = if self.and { and_kleene(known, &right)? } else { or_kleene(known, &right)? };
        Ok(ColumnarValue::Array(Arc::new(result)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.left, &self.right]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let right = children.swap_remove(1);
        let left = children.swap_remove(0);
        Ok(Arc::new(LazyLogicExpr::try_new(left, right, self.and)?))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.left.fmt_sql(f)?;
        write!(f, " {} ", if self.and { "AND" } else { "OR" })?;
        self.right.fmt_sql(f)
    }
}

/// Whether an expression raises for no row. What is not known to is taken to raise.
fn never_raises(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let known = expr.is::<Column>()
        || expr.is::<Literal>()
        || expr.is::<NotExpr>()
        || expr.is::<IsNullExpr>()
        || expr.is::<IsNotNullExpr>()
        || expr.is::<InListExpr>()
        || expr.is::<LikeExpr>()
        || expr.is::<LazyLogicExpr>()
        || expr.downcast_ref::<BinaryExpr>().is_some_and(|binary| {
            matches!(
                binary.op(),
                Operator::And
                    | Operator::Or
                    | Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
                    | Operator::IsDistinctFrom
                    | Operator::IsNotDistinctFrom
            )
        });
    known && expr.children().into_iter().all(never_raises)
}

/// The expression with every `AND` and `OR` made lazy whose right side may raise.
fn lazy(expr: &Arc<dyn PhysicalExpr>) -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
    Arc::clone(expr).transform_up(|expr| {
        let Some(binary) = expr.downcast_ref::<BinaryExpr>() else { return Ok(Transformed::no(expr)) };
        if !matches!(binary.op(), Operator::And | Operator::Or) || never_raises(binary.right()) {
            return Ok(Transformed::no(expr));
        }
        let and = *binary.op() == Operator::And;
        let lazy = LazyLogicExpr::try_new(Arc::clone(binary.left()), Arc::clone(binary.right()), and)?;
        let lazy: Arc<dyn PhysicalExpr> = Arc::new(lazy);
        Ok(Transformed::yes(lazy))
    })
}

fn lazy_filter(filter: Option<&JoinFilter>) -> Result<Option<JoinFilter>> {
    let Some(filter) = filter else { return Ok(None) };
    let expr = lazy(filter.expression())?;
    Ok(expr
        .transformed
        .then(|| JoinFilter::new(expr.data, filter.column_indices().to_vec(), Arc::clone(filter.schema()))))
}

/// An operator that evaluates its conditions as Spark does; just before it runs, since planning looks into conditions.
pub fn lazy_logic(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let predicate = lazy(filter.predicate())?;
        if predicate.transformed {
            let made = FilterExecBuilder::from(filter).with_predicate(predicate.data).build()?;
            return Ok(Arc::new(made));
        }
    } else if let Some(project) = plan.downcast_ref::<ProjectionExec>() {
        let mut changed = false;
        let exprs = project.expr().iter().map(|item| {
            let expr = lazy(&item.expr)?;
            changed |= expr.transformed;
            Ok(ProjectionExpr { expr: expr.data, alias: item.alias.clone() })
        });
        let exprs = exprs.collect::<Result<Vec<_>>>()?;
        if changed {
            return Ok(Arc::new(ProjectionExec::try_new(exprs, Arc::clone(project.input()))?));
        }
    } else if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return Ok(lazy_aggregate(aggregate)?.unwrap_or(plan));
    } else if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        if let Some(filter) = lazy_filter(join.filter())? {
            return join.builder().with_filter(Some(filter)).build_exec();
        }
    } else if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        if let Some(filter) = lazy_filter(join.filter())? {
            return Ok(Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(Some(filter)).build()?));
        }
    } else if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        if let Some(filter) = lazy_filter(join.filter().as_ref())? {
            let made = SortMergeJoinExec::try_new(
                Arc::clone(join.left()),
                Arc::clone(join.right()),
                join.on().to_vec(),
                Some(filter),
                join.join_type(),
                join.sort_options().to_vec(),
                join.null_equality(),
            )?;
            return Ok(Arc::new(made));
        }
    } else if let Some(join) = plan.downcast_ref::<CartesianProductExec>()
        && let Some(filter) = lazy_filter(join.filter())?
        && let [left, right] = join.children().as_slice()
    {
        return Ok(Arc::new(CartesianProductExec::new(Arc::clone(left), Arc::clone(right), Some(filter))));
    }
    Ok(plan)
}

fn lazy_aggregate(aggregate: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    // Above partial results the functions read columns.
    if !matches!(aggregate.mode().input_mode(), datafusion::physical_plan::aggregates::AggregateInputMode::Raw) {
        return Ok(None);
    }
    let mut changed = false;
    let functions = aggregate.aggr_expr().iter().map(|function| {
        let all = function.all_expressions();
        let mut own = false;
        let args = all.args.iter().map(|arg| {
            let arg = lazy(arg)?;
            own |= arg.transformed;
            Ok(arg.data)
        });
        let args = args.collect::<Result<Vec<_>>>()?;
        let made = own.then(|| function.with_new_expressions(args, all.order_by_exprs)).flatten();
        changed |= made.is_some();
        Ok(made.map_or_else(|| Arc::clone(function), Arc::new))
    });
    let functions = functions.collect::<Result<Vec<_>>>()?;
    Ok(changed.then(|| Arc::new(aggregate.with_new_aggr_exprs(functions)) as Arc<dyn ExecutionPlan>))
}
