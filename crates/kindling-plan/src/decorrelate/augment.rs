//! Subquery expressions as columns joined to the input of the operator that holds them.

use std::sync::Arc;

use datafusion::{
    common::{
        Column, ExprSchema, JoinType, Result, ScalarValue, Spans, internal_err,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    functions_aggregate::expr_fn::{count, first_value},
    logical_expr::{
        Aggregate, Distinct, Expr, Filter, Limit, LogicalPlan, ScalarUDF, Subquery,
        expr::Exists,
        lit,
        utils::{conjunction, split_conjunction_owned},
        when,
    },
};

use super::{
    Decorrelator, column, columns_of,
    domain::{Domain, carriers, with_outer},
    is_rewritten, join_on, named, outer_columns_of, project,
};
use crate::functions::SingleRow;

impl Decorrelator<'_> {
    /// An operator whose expressions hold subqueries, over an input that has their values as columns.
    pub(super) fn in_expressions(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let [input] = plan.inputs()[..] else { return internal_err!("a subquery in an operator with two inputs") };
        let mut input = input.clone();
        let old: Vec<Column> = plan.schema().columns();
        if let LogicalPlan::Filter(filter) = &plan {
            let mut predicates = vec![];
            let (with_subqueries, plain): (Vec<_>, Vec<_>) =
                split_conjunction_owned(filter.predicate.clone()).into_iter().partition(is_rewritten);
            // First, because the domain is made of the rows that they leave: often they join what is a product without them.
            if let Some(predicate) = conjunction(plain) {
                input = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?);
            }
            for part in with_subqueries {
                let (augmented, part) = self.augment(input, part, true)?;
                input = augmented;
                predicates.push(part);
            }
            let predicate = conjunction(predicates).unwrap_or_else(|| lit(true));
            let filtered = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?);
            return project(filtered, old.into_iter().map(Expr::Column).collect());
        }
        let mut exprs = vec![];
        for expr in plan.expressions() {
            if !is_rewritten(&expr) {
                exprs.push(expr);
                continue;
            }
            let name = expr.schema_name().to_string();
            let (augmented, expr) = self.augment(input, expr, false)?;
            input = augmented;
            // An item of a list keeps its name; aggregates and windows are renamed above.
            exprs.push(if matches!(plan, LogicalPlan::Projection(_)) { named(expr, &name) } else { expr });
        }
        let width = input.schema().fields().len();
        let passes_input = plan.schema().fields().len() != plan.expressions().len()
            && !matches!(plan, LogicalPlan::Aggregate(_) | LogicalPlan::Projection(_));
        let rebuilt = plan.with_new_exprs(exprs, vec![input])?;
        let new = rebuilt.schema().columns();
        if new == old {
            return Ok(rebuilt);
        }
        // What an operator adds follows its input's columns.
        let before = old.len().saturating_sub(new.len().saturating_sub(width));
        let items = old.into_iter().enumerate().map(|(index, name)| {
            let place = if !passes_input || index < before { index } else { width + index - before };
            let from = if passes_input && index < before { Some(&name) } else { new.get(place) };
            named(Expr::Column(from.unwrap_or(&name).clone()), &name.name)
        });
        let items = items.collect();
        project(rebuilt, items)
    }

    /// An expression whose subqueries are columns of the input that comes with it. Where only rows that satisfy it are
    /// kept, `IN` need not tell null from false.
    pub(super) fn augment(&self, input: LogicalPlan, expr: Expr, keeps_true: bool) -> Result<(LogicalPlan, Expr)> {
        if let (Expr::InSubquery(inside), true) = (&expr, keeps_true)
            && !inside.negated
            && !is_rewritten(&inside.expr)
        {
            let found = self.found(&input, inside.expr.as_ref().clone(), &inside.subquery.subquery)?;
            return self.augment(input, found, false);
        }
        let mut input = input;
        let expr = expr.transform_down(|part| {
            Ok(match part {
                Expr::Exists(exists) => {
                    let (augmented, mark) = self.exists(input.clone(), &exists.subquery.subquery)?;
                    input = augmented;
                    let value = if exists.negated { mark.is_null() } else { mark.is_not_null() };
                    Transformed::new(value, true, TreeNodeRecursion::Jump)
                }
                Expr::InSubquery(inside) => {
                    let (augmented, left) = self.augment(input.clone(), *inside.expr, false)?;
                    let value = self.in_value(&augmented, left, &inside.subquery.subquery)?;
                    let (augmented, value) = self.augment(augmented, value, false)?;
                    input = augmented;
                    let value = if inside.negated { Expr::Not(Box::new(value)) } else { value };
                    Transformed::new(value, true, TreeNodeRecursion::Jump)
                }
                Expr::ScalarSubquery(subquery) if !super::outer_columns(&subquery.subquery).is_empty() => {
                    let (augmented, value) = self.scalar(input.clone(), &subquery.subquery)?;
                    input = augmented;
                    Transformed::new(value, true, TreeNodeRecursion::Jump)
                }
                other => Transformed::no(other),
            })
        })?;
        Ok((input, expr.data))
    }

    /// A column that is null where the subquery has no row.
    fn exists(&self, input: LogicalPlan, subquery: &LogicalPlan) -> Result<(LogicalPlan, Expr)> {
        let mark = self.fresh("exists");
        let subquery = &self.inner(subquery)?;
        let outer = outer_columns_of(subquery, &input);
        if outer.is_empty() {
            let fetch = Some(Box::new(lit(1_i64)));
            let one = LogicalPlan::Limit(Limit { skip: None, fetch, input: Arc::new(subquery.clone()) });
            let marked = project(one, vec![lit(true).alias(mark.as_str())])?;
            return Ok((join_on(input, marked, JoinType::Left, vec![], None)?, column(&mark)));
        }
        let (plan, carried) = self.unnest(subquery, &Domain { input: &input, columns: outer })?;
        let values = project(plan, carriers(&carried))?;
        let values = LogicalPlan::Distinct(Distinct::All(Arc::new(values)));
        let mut exprs = columns_of(&values);
        exprs.push(lit(true).alias(mark.as_str()));
        let marked = project(values, exprs)?;
        Ok((join_on(input, marked, JoinType::Left, with_outer(&carried), None)?, column(&mark)))
    }

    /// `EXISTS (subquery WHERE its column = value)`
    fn found(&self, input: &LogicalPlan, value: Expr, subquery: &LogicalPlan) -> Result<Expr> {
        let equal = self.equality(input, value, subquery)?;
        exists_where(subquery, equal)
    }

    /// `value IN (subquery)` with its three outcomes.
    fn in_value(&self, input: &LogicalPlan, value: Expr, subquery: &LogicalPlan) -> Result<Expr> {
        let equal = self.equality(input, value, subquery)?;
        let found = exists_where(subquery, equal.clone())?;
        let unknown = exists_where(subquery, equal.is_null())?;
        when(found, lit(true)).when(unknown, Expr::Literal(ScalarValue::Boolean(None), None)).otherwise(lit(false))
    }

    fn equality(&self, input: &LogicalPlan, value: Expr, subquery: &LogicalPlan) -> Result<Expr> {
        let [inner] = &subquery.schema().columns()[..] else { return internal_err!("IN over several columns") };
        let value = value.transform_up(|part| {
            Ok(match &part {
                Expr::Column(name) => match input.schema().field_from_column(name) {
                    Ok(field) => Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), name.clone())),
                    Err(_) => Transformed::no(part),
                },
                _ => Transformed::no(part),
            })
        })?;
        Ok(Expr::Column(inner.clone()).eq(value.data))
    }

    /// The one value of a correlated scalar subquery.
    fn scalar(&self, input: LogicalPlan, subquery: &LogicalPlan) -> Result<(LogicalPlan, Expr)> {
        let subquery = &self.inner(subquery)?;
        let [inner] = &subquery.schema().columns()[..] else {
            return internal_err!("a scalar subquery of several columns");
        };
        let outer = outer_columns_of(subquery, &input);
        let value = self.fresh(&inner.name);
        let (plan, carried) = if outer.is_empty() {
            // It looks at a query further out.
            (subquery.clone(), Default::default())
        } else {
            self.unnest(subquery, &Domain { input: &input, columns: outer })?
        };
        let inner = Expr::Column(inner.clone());
        let single = if gives_one_row(subquery) {
            let mut exprs = carriers(&carried);
            exprs.push(inner.alias(value.as_str()));
            project(plan, exprs)?
        } else {
            let calls = vec![first_value(inner, vec![]), count(lit(1_i64))];
            let names: Vec<String> = calls.iter().map(|call| call.schema_name().to_string()).collect();
            let grouped = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(plan), carriers(&carried), calls)?);
            let checked = Arc::new(ScalarUDF::new_from_impl(SingleRow::default()));
            let mut exprs = carriers(&carried);
            exprs.push(checked.call(names.iter().map(|name| column(name)).collect()).alias(value.as_str()));
            project(grouped, exprs)?
        };
        Ok((join_on(input, single, JoinType::Left, with_outer(&carried), None)?, column(&value)))
    }
}

fn exists_where(subquery: &LogicalPlan, predicate: Expr) -> Result<Expr> {
    let filtered = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(subquery.clone()))?);
    let outer_ref_columns = filtered.all_out_ref_exprs();
    let subquery = Subquery { subquery: Arc::new(filtered), outer_ref_columns, spans: Spans::new() };
    Ok(Expr::Exists(Exists { subquery, negated: false }))
}

/// Whether a plan can have no second row.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(_) => true,
        LogicalPlan::Limit(limit) => {
            matches!(limit.get_fetch_type(), Ok(datafusion::logical_expr::FetchType::Literal(Some(0 | 1))))
                || gives_one_row(&limit.input)
        }
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Window(_) => plan.inputs().into_iter().all(gives_one_row),
        _ => false,
    }
}
