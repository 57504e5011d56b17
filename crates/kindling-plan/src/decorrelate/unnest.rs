//! One rule an operator: how it computes its rows for every row of the domain at once.

use std::sync::Arc;

use datafusion::{
    common::{
        JoinType, Result, not_impl_err,
        tree_node::{Transformed, TreeNode},
    },
    functions_window::expr_fn::row_number,
    logical_expr::{
        Aggregate, Distinct, Expr, ExprFunctionExt, FetchType, Filter, GroupingSet, Limit, LogicalPlan, SkipType,
        Union, Window, lit, utils::conjunction,
    },
};

use super::{
    Decorrelator, column, columns_of,
    domain::{Carried, Domain, between, carriers, substitute},
    join_on, named, outer_columns, project,
};

/// A plan with the columns that carry the outer ones.
type Unnested = (LogicalPlan, Carried);

impl Decorrelator<'_> {
    /// The rows of a subquery for each row of the domain: its own columns and those that carry the outer ones.
    pub fn unnest(&self, plan: &LogicalPlan, domain: &Domain<'_>) -> Result<Unnested> {
        let correlated = outer_columns(plan);
        if !domain.columns.iter().any(|name| correlated.contains(name)) {
            let (values, carried) = self.domain(domain)?;
            return Ok((join_on(values, plan.clone(), JoinType::Inner, vec![], None)?, carried));
        }
        match plan {
            LogicalPlan::Projection(projection) => {
                let (input, carried) = self.unnest(&projection.input, domain)?;
                let mut exprs = carriers(&carried);
                for expr in &projection.expr {
                    exprs.push(renamed(expr, &carried)?);
                }
                Ok((project(input, exprs)?, carried))
            }
            LogicalPlan::Filter(filter) => {
                let (input, carried) = self.unnest(&filter.input, domain)?;
                let predicate = substitute(filter.predicate.clone(), &carried)?;
                Ok((LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?), carried))
            }
            // An order is lost in a join; a limit takes it from below itself.
            LogicalPlan::Sort(sort) => self.unnest(&sort.input, domain),
            LogicalPlan::SubqueryAlias(alias) => self.unnest(&alias.input, domain),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, carried) = self.unnest(input, domain)?;
                Ok((LogicalPlan::Distinct(Distinct::All(Arc::new(input))), carried))
            }
            LogicalPlan::Aggregate(aggregate) => self.unnest_aggregate(aggregate, domain),
            LogicalPlan::Limit(limit) => self.unnest_limit(limit, domain),
            LogicalPlan::Window(window) => self.unnest_window(window, domain),
            LogicalPlan::Union(union) => self.unnest_union(union, domain),
            LogicalPlan::Join(join) => self.unnest_join(join, domain),
            LogicalPlan::Extension(node) if node.node.name() != "Tail" => match node.node.inputs().as_slice() {
                [input] => {
                    let (input, carried) = self.unnest(input, domain)?;
                    let exprs = node.node.expressions().into_iter().map(|expr| substitute(expr, &carried));
                    let exprs = exprs.collect::<Result<_>>()?;
                    Ok((plan.with_new_exprs(exprs, vec![input])?, carried))
                }
                _ => not_impl_err!("outer columns below {}", node.node.name()),
            },
            other => not_impl_err!("outer columns below {}", other.display()),
        }
    }

    /// Groups by the carried columns as well. Without keys there is a group for every row of the domain: what the outer
    /// join adds for those without rows is kept from the aggregates.
    fn unnest_aggregate(&self, aggregate: &Aggregate, domain: &Domain<'_>) -> Result<Unnested> {
        let (mut input, mut carried) = self.unnest(&aggregate.input, domain)?;
        let is_global = aggregate.group_expr.is_empty();
        let mut calls = vec![];
        for call in &aggregate.aggr_expr {
            calls.push(substitute(call.clone(), &carried)?);
        }
        let mut groups = vec![];
        for group in &aggregate.group_expr {
            groups.push(substitute(group.clone(), &carried)?);
        }
        if is_global {
            let marker = self.fresh("present");
            let mut exprs = columns_of(&input);
            exprs.push(lit(true).alias(marker.as_str()));
            let marked = project(input, exprs)?;
            let (values, own) = self.domain(domain)?;
            let on = between(&own, &carried);
            input = join_on(values, marked, JoinType::Left, on, None)?;
            calls = calls.into_iter().map(|call| only_where(call, &column(&marker))).collect::<Result<_>>()?;
            carried = own;
        }
        let keys = carriers(&carried);
        let groups = match groups.pop() {
            Some(Expr::GroupingSet(sets)) => {
                let sets = match sets {
                    GroupingSet::GroupingSets(sets) => sets,
                    other => return not_impl_err!("outer columns below {other:?}"),
                };
                let with_keys = |set: Vec<Expr>| set.into_iter().chain(keys.clone()).collect();
                vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets.into_iter().map(with_keys).collect()))]
            }
            last => groups.into_iter().chain(last).chain(keys.clone()).collect(),
        };
        let old: Vec<String> = aggregate.schema.fields().iter().map(|field| field.name().clone()).collect();
        let grouped = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), groups, calls)?);
        // Names of calls are their texts, which have changed; keys and calls are still in order.
        let new = grouped.schema().columns();
        let own: Vec<&String> = carried.values().collect();
        let kept: Vec<_> = new.into_iter().filter(|column| !own.contains(&&column.name)).collect();
        let mut exprs = keys;
        exprs.extend(kept.into_iter().zip(&old).map(|(column, name)| named(Expr::Column(column), name)));
        Ok((project(grouped, exprs)?, carried))
    }

    /// The first rows of each row of the domain, by their number.
    fn unnest_limit(&self, limit: &Limit, domain: &Domain<'_>) -> Result<Unnested> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) = (limit.get_skip_type()?, limit.get_fetch_type()?)
        else {
            return not_impl_err!("outer columns below a limit that is not constant");
        };
        let (input, carried) = self.unnest(&limit.input, domain)?;
        let mut order = vec![];
        if let LogicalPlan::Sort(sort) = limit.input.as_ref() {
            for key in &sort.expr {
                let mut key = key.clone();
                key.expr = substitute(key.expr, &carried)?;
                order.push(key);
            }
        }
        let kept = columns_of(&input);
        let number = row_number().partition_by(carriers(&carried)).order_by(order).build()?;
        let name = number.schema_name().to_string();
        let numbered = LogicalPlan::Window(Window::try_new(vec![number], Arc::new(input))?);
        let mut predicates = vec![column(&name).gt(lit(skip as u64))];
        predicates.extend(fetch.map(|fetch| column(&name).lt_eq(lit((skip + fetch) as u64))));
        let predicate = conjunction(predicates).unwrap_or_else(|| lit(true));
        let filtered = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(numbered))?);
        Ok((project(filtered, kept)?, carried))
    }

    fn unnest_window(&self, window: &Window, domain: &Domain<'_>) -> Result<Unnested> {
        let (input, carried) = self.unnest(&window.input, domain)?;
        let mut exprs = columns_of(&input);
        let mut calls = vec![];
        for call in &window.window_expr {
            let name = call.schema_name().to_string();
            let call = substitute(call.clone(), &carried)?.transform_up(|part| {
                Ok(match part {
                    Expr::WindowFunction(mut function) => {
                        function.params.partition_by.extend(carriers(&carried));
                        Transformed::yes(Expr::WindowFunction(function))
                    }
                    other => Transformed::no(other),
                })
            })?;
            exprs.push(named(column(&call.data.schema_name().to_string()), &name));
            calls.push(call.data);
        }
        let windowed = LogicalPlan::Window(Window::try_new(calls, Arc::new(input))?);
        Ok((project(windowed, exprs)?, carried))
    }

    fn unnest_union(&self, union: &Union, domain: &Domain<'_>) -> Result<Unnested> {
        let mut inputs = vec![];
        let mut first: Option<Carried> = None;
        for input in &union.inputs {
            let own = columns_of(input);
            let (plan, carried) = self.unnest(input, domain)?;
            let carried_as = first.get_or_insert_with(|| carried.clone());
            let mut exprs = vec![];
            for (outer, name) in carried_as.iter() {
                exprs.push(named(column(carried.get(outer).unwrap_or(name)), name));
            }
            for (expr, field) in own.into_iter().zip(union.schema.fields()) {
                exprs.push(named(expr, field.name()));
            }
            inputs.push(Arc::new(project(plan, exprs)?));
        }
        Ok((LogicalPlan::Union(Union::try_new(inputs)?), first.unwrap_or_default()))
    }

    fn unnest_join(&self, join: &datafusion::logical_expr::Join, domain: &Domain<'_>) -> Result<Unnested> {
        let is_correlated = |plan: &LogicalPlan| {
            let outer = outer_columns(plan);
            domain.columns.iter().any(|name| outer.contains(name))
        };
        let of_right = matches!(join.join_type, JoinType::Right | JoinType::RightSemi | JoinType::RightAnti);
        let (need_left, need_right) = match join.join_type {
            JoinType::Inner if !is_correlated(&join.right) => (true, false),
            JoinType::Inner => (is_correlated(&join.left), true),
            JoinType::Full => (true, true),
            _ if of_right => (is_correlated(&join.left), true),
            _ => (true, is_correlated(&join.right)),
        };
        let side = |plan: &Arc<LogicalPlan>, need: bool| -> Result<(LogicalPlan, Option<Carried>)> {
            if !need {
                return Ok((plan.as_ref().clone(), None));
            }
            self.unnest(plan, domain).map(|(plan, carried)| (plan, Some(carried)))
        };
        let (left, left_carried) = side(&join.left, need_left)?;
        let (right, right_carried) = side(&join.right, need_right)?;
        let kept = match (of_right, &left_carried, &right_carried) {
            (false, Some(carried), _) | (true, None, Some(carried)) | (false, None, Some(carried)) => carried.clone(),
            (true, _, Some(carried)) => carried.clone(),
            _ => return not_impl_err!("a join without outer columns"),
        };
        let mut conditions = vec![];
        for (a, b) in &join.on {
            let (a, b) = (substitute(a.clone(), &kept)?, substitute(b.clone(), &kept)?);
            conditions.push(match join.null_equality {
                datafusion::common::NullEquality::NullEqualsNothing => a.eq(b),
                datafusion::common::NullEquality::NullEqualsNull => {
                    datafusion::logical_expr::binary_expr(a, datafusion::logical_expr::Operator::IsNotDistinctFrom, b)
                }
            });
        }
        if let Some(filter) = &join.filter {
            conditions.push(substitute(filter.clone(), &kept)?);
        }
        let on = match (&left_carried, &right_carried) {
            (Some(left), Some(right)) => between(left, right),
            _ => vec![],
        };
        let joined = join_on(left, right, join.join_type, on, conjunction(conditions))?;
        let own = join.schema.columns().into_iter().map(Expr::Column);
        if let (JoinType::Full, Some(a), Some(b)) = (join.join_type, &left_carried, &right_carried) {
            let mut merged = Carried::new();
            let mut exprs: Vec<Expr> = own.collect();
            for (outer, name) in a {
                let fresh = self.fresh(outer);
                let either = vec![column(name), column(b.get(outer).unwrap_or(name))];
                exprs.push(datafusion::functions::expr_fn::coalesce(either).alias(fresh.as_str()));
                merged.insert(outer.clone(), fresh);
            }
            return Ok((project(joined, exprs)?, merged));
        }
        let exprs = carriers(&kept).into_iter().chain(own).collect();
        Ok((project(joined, exprs)?, kept))
    }
}

/// An item of a list under the name that it had.
fn renamed(expr: &Expr, carried: &Carried) -> Result<Expr> {
    let name = expr.schema_name().to_string();
    Ok(named(substitute(expr.clone(), carried)?, &name))
}

/// An aggregate over the rows where a marker is there.
fn only_where(call: Expr, marker: &Expr) -> Result<Expr> {
    call.transform_up(|part| {
        Ok(match part {
            Expr::AggregateFunction(mut function) => {
                let present = marker.clone().is_not_null();
                function.params.filter = Some(Box::new(match function.params.filter.take() {
                    Some(filter) => present.and(*filter),
                    None => present,
                }));
                Transformed::yes(Expr::AggregateFunction(function))
            }
            other => Transformed::no(other),
        })
    })
    .map(|transformed| transformed.data)
}
