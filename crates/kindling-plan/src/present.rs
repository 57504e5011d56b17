//! Rows as text: what `show()`, notebooks and grids print.

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::Schema};
use datafusion::{
    common::DFSchema,
    logical_expr::{Expr, LogicalPlanBuilder, physical_planning_context::PhysicalPlanningContext, when},
    physical_expr::create_physical_expr,
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{CallContext, NoText, TypedExpr, error::from_datafusion, to_pretty_string};
use kindling_spec::{DataType, Origin, StructType};

use crate::{AnalyzedPlan, Attribute, SessionState, resolver::Resolver};

/// Each column as `show()` prints it (`ToPrettyString`): no nulls, `NULL` is text.
pub fn pretty_strings(state: &SessionState, plan: AnalyzedPlan) -> SparkResult<AnalyzedPlan> {
    strings(state, plan, |context, typed| Ok(to_pretty_string(context, typed).expr))
}

/// Each column as `show()` prints it, and nothing for NULL.
pub fn nullable_strings(state: &SessionState, plan: AnalyzedPlan) -> SparkResult<AnalyzedPlan> {
    strings(state, plan, nullable)
}

/// The same for rows that are there already.
pub fn batch_strings(state: &SessionState, schema: &StructType, batch: &RecordBatch) -> SparkResult<RecordBatch> {
    let resolver = Resolver::new(state)?;
    let context = CallContext::new(resolver.function_conf(), Origin::None, &NoText);
    let names: Vec<String> = (0..schema.fields.len()).map(|i| format!("c{i}")).collect();
    let fields: Vec<_> = batch
        .schema()
        .fields()
        .iter()
        .zip(&names)
        .map(|(field, name)| field.as_ref().clone().with_name(name))
        .collect();
    let renamed = RecordBatch::try_new(Arc::new(Schema::new(fields)), batch.columns().to_vec())
        .map_err(|error| SparkError::internal(error.to_string()))?;
    let df_schema = DFSchema::try_from(renamed.schema().as_ref().clone()).map_err(from_datafusion)?;
    let mut columns = vec![];
    for (field, name) in schema.fields.iter().zip(&names) {
        let typed = TypedExpr::column(name.as_str(), field.data_type.clone(), field.nullable);
        let expr = nullable(&context, typed)?;
        let physical = create_physical_expr(
            &expr,
            &df_schema,
            state.datafusion().execution_props(),
            &PhysicalPlanningContext::default(),
        )
        .map_err(from_datafusion)?;
        let column = physical
            .evaluate(&renamed)
            .and_then(|value| value.into_array(renamed.num_rows()))
            .map_err(from_datafusion)?;
        columns.push((name.clone(), column));
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .map_err(|error| SparkError::internal(error.to_string()))
}

fn nullable(context: &CallContext<'_>, typed: TypedExpr) -> SparkResult<Expr> {
    let is_not_null = typed.expr.clone().is_not_null();
    when(is_not_null, to_pretty_string(context, typed).expr).end().map_err(from_datafusion)
}

fn strings(
    state: &SessionState,
    plan: AnalyzedPlan,
    text: impl Fn(&CallContext<'_>, TypedExpr) -> SparkResult<Expr>,
) -> SparkResult<AnalyzedPlan> {
    let resolver = Resolver::new(state)?;
    let context = CallContext::new(resolver.function_conf(), Origin::None, &NoText);
    let mut exprs = vec![];
    let mut output = vec![];
    for attribute in &plan.output {
        let column = Attribute { id: state.next_id(), data_type: DataType::String, ..attribute.clone() };
        exprs.push(text(&context, attribute.typed())?.alias(column.internal_name()));
        output.push(column);
    }
    let analyzed_at = plan.analyzed_at;
    let plan = LogicalPlanBuilder::from(plan.plan)
        .project(exprs)
        .and_then(LogicalPlanBuilder::build)
        .map_err(from_datafusion)?;
    Ok(AnalyzedPlan { plan, output, analyzed_at })
}
