//! Small builders of DataFusion plans over [`Attribute`]s.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::Field;
use datafusion::{
    common::{DFSchema, DFSchemaRef},
    logical_expr::{Aggregate, Distinct, EmptyRelation, Expr, Filter, LogicalPlan, Projection},
};
use kindling_common::{SparkResult, to_arrow};
use kindling_functions::error::from_datafusion;

use crate::Attribute;

/// One row without columns.
pub(super) fn one_row() -> LogicalPlan {
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) })
}

/// The Arrow field of a column inside plans.
pub(super) fn internal_field(attribute: &Attribute) -> Field {
    Field::new(attribute.internal_name(), to_arrow(&attribute.data_type), attribute.nullable)
}

/// A schema of columns.
pub(super) fn internal_schema(attributes: &[Attribute]) -> SparkResult<DFSchemaRef> {
    let fields = attributes.iter().map(|attribute| (None, Arc::new(internal_field(attribute)))).collect();
    DFSchema::new_with_metadata(fields, HashMap::new()).map(Arc::new).map_err(from_datafusion)
}

/// `expr AS name#id`, or the column itself when it is one already.
pub(super) fn aliased(expr: Expr, attribute: &Attribute) -> Expr {
    let name = attribute.internal_name();
    match &expr {
        Expr::Column(column) if column.relation.is_none() && column.name == name => expr,
        _ => expr.alias(name),
    }
}

/// A projection.
pub(super) fn project(plan: LogicalPlan, exprs: Vec<Expr>) -> SparkResult<LogicalPlan> {
    Projection::try_new(exprs, Arc::new(plan)).map(LogicalPlan::Projection).map_err(from_datafusion)
}

/// A projection of expressions to columns.
pub(super) fn project_items(plan: LogicalPlan, items: &[(Expr, Attribute)]) -> SparkResult<LogicalPlan> {
    project(plan, items.iter().map(|(expr, attribute)| aliased(expr.clone(), attribute)).collect())
}

/// Keeps just these columns, in order; the plan itself when it has no others.
pub(super) fn select_attributes(plan: LogicalPlan, attributes: &[Attribute]) -> SparkResult<LogicalPlan> {
    let same = plan.schema().fields().len() == attributes.len()
        && plan.schema().fields().iter().zip(attributes).all(|(field, a)| *field.name() == a.internal_name());
    if same {
        return Ok(plan);
    }
    project(plan, attributes.iter().map(Attribute::column).collect())
}

/// A filter.
pub(super) fn filter(plan: LogicalPlan, predicate: Expr) -> SparkResult<LogicalPlan> {
    Filter::try_new(predicate, Arc::new(plan)).map(LogicalPlan::Filter).map_err(from_datafusion)
}

/// Distinct rows.
pub(super) fn distinct(plan: LogicalPlan) -> LogicalPlan {
    LogicalPlan::Distinct(Distinct::All(Arc::new(plan)))
}

/// An aggregate.
pub(super) fn aggregate(plan: LogicalPlan, group: Vec<Expr>, aggregates: Vec<Expr>) -> SparkResult<LogicalPlan> {
    Aggregate::try_new(Arc::new(plan), group, aggregates).map(LogicalPlan::Aggregate).map_err(from_datafusion)
}

/// Adds columns of the input of the topmost projection to its output; `None` where nothing can be added.
pub(super) fn add_to_projection(plan: &LogicalPlan, missing: &[Attribute]) -> SparkResult<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let mut exprs = projection.expr.clone();
            for attribute in missing {
                let column = attribute.column();
                if !exprs.contains(&column) {
                    exprs.push(column);
                }
            }
            project(projection.input.as_ref().clone(), exprs).map(Some)
        }
        LogicalPlan::Filter(inner) => match add_to_projection(&inner.input, missing)? {
            Some(input) => filter(input, inner.predicate.clone()).map(Some),
            None => Ok(None),
        },
        LogicalPlan::Sort(inner) => Ok(add_to_projection(&inner.input, missing)?.map(|input| {
            LogicalPlan::Sort(datafusion::logical_expr::Sort { input: Arc::new(input), ..inner.clone() })
        })),
        _ => Ok(None),
    }
}
