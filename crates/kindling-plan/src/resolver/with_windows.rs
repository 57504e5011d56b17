//! Window operators over a plan.

use datafusion::{
    common::Column,
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder},
};
use kindling_common::SparkResult;
use kindling_functions::error::from_datafusion;

use super::plan;

/// Adds window operators for the calls, one for each partitioning and order.
///
/// What they partition by, order by or take as arguments is a column or a constant: an expression is computed below, as Spark's
/// `ExtractWindowExpressions` does.
pub(super) fn with_windows(input: LogicalPlan, windows: Vec<Expr>) -> SparkResult<LogicalPlan> {
    if windows.is_empty() {
        return Ok(input);
    }
    let mut computed = Computed { names: columns(&input), exprs: vec![] };
    let names: Vec<String> = windows.iter().map(|window| window.schema_name().to_string()).collect();
    let windows: Vec<Expr> = windows.into_iter().map(|window| computed.over_columns(window)).collect();
    let build = |input, windows| LogicalPlanBuilder::window_plan(input, windows).map_err(from_datafusion);
    if computed.exprs.is_empty() {
        return build(input, windows);
    }
    let kept: Vec<Expr> = columns(&input).into_iter().map(column).collect();
    let input = plan::project(input, kept.iter().cloned().chain(computed.exprs).collect())?;
    // Those above know the calls by the names of what they were written with.
    let renamed = windows.iter().zip(names).map(|(window, name)| {
        let made = window.schema_name().to_string();
        if made == name { column(name) } else { column(made).alias(name) }
    });
    let output = kept.iter().cloned().chain(renamed).collect();
    plan::project(build(input, windows)?, output)
}

/// Whether a plan was made by [`with_windows`].
pub(super) fn is_windowed(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Window(_) => true,
        LogicalPlan::Projection(projection) => matches!(projection.input.as_ref(), LogicalPlan::Window(_)),
        _ => false,
    }
}

/// The expressions of windows that are neither columns nor constants.
struct Computed {
    names: Vec<String>,
    exprs: Vec<Expr>,
}

impl Computed {
    fn over_columns(&mut self, window: Expr) -> Expr {
        let Expr::WindowFunction(mut function) = window else { return window };
        let params = &mut function.params;
        let order = params.order_by.iter_mut().map(|key| &mut key.expr);
        let exprs = params.args.iter_mut().chain(&mut params.partition_by).chain(order);
        for expr in exprs.chain(params.filter.as_mut().map(|filter| filter.as_mut())) {
            if !matches!(expr, Expr::Column(_)) && expr.any_column_refs() {
                *expr = self.column_of(expr);
            }
        }
        Expr::WindowFunction(function)
    }

    fn column_of(&mut self, expr: &Expr) -> Expr {
        let known = self.exprs.iter().find_map(|each| match each {
            Expr::Alias(alias) if alias.expr.as_ref() == expr => Some(alias.name.clone()),
            _ => None,
        });
        column(known.unwrap_or_else(|| {
            let mut number = self.exprs.len();
            while self.names.contains(&format!("_w{number}")) {
                number += 1;
            }
            let name = format!("_w{number}");
            self.names.push(name.clone());
            self.exprs.push(expr.clone().alias(name.clone()));
            name
        }))
    }
}

fn columns(plan: &LogicalPlan) -> Vec<String> {
    plan.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn column(name: String) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}
