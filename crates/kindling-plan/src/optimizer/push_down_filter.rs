//! DataFusion's pushing of filters, with the conjuncts left in the order in which they were written.
//!
//! DataFusion's rule moves the cheap conjuncts of a filter before the others. Where a conjunct raises for some rows
//! (`a / b > 1 AND b <> 0` under ANSI), that shows: Spark asks the first conjunct about every row.

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    error::Result,
    logical_expr::{
        Expr, Filter, Join, LogicalPlan,
        utils::{conjunction, split_conjunction_owned},
    },
    optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule, push_down_filter::PushDownFilter as Unordered},
};

use super::never_raises;

/// How deep below a node one step of the rule puts the conjuncts of a filter.
const DEPTH: usize = 2;

#[derive(Debug, Default)]
pub(super) struct PushDownFilter {
    unordered: Unordered,
}

impl OptimizerRule for PushDownFilter {
    fn name(&self) -> &str {
        self.unordered.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.unordered.apply_order()
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let filter = match plan {
            LogicalPlan::Filter(filter) => merged(filter),
            LogicalPlan::Join(join) => return self.rewrite_join(&join, None, config),
            other => return self.unordered.rewrite(other, config),
        };
        let conjuncts = split_conjunction_owned(filter.predicate.clone());
        if conjuncts.len() < 2 || conjuncts.iter().all(never_raises) {
            return self.unordered.rewrite(LogicalPlan::Filter(filter), config);
        }
        // What becomes of each conjunct alone says which one a conjunct of the result was.
        let mut ranks = HashMap::new();
        for (rank, conjunct) in conjuncts.into_iter().enumerate() {
            let alone = LogicalPlan::Filter(Filter::try_new(conjunct, filter.input.clone())?);
            record(&self.unordered.rewrite(alone, config)?.data, rank, DEPTH, &mut ranks);
        }
        let result = match filter.input.as_ref() {
            LogicalPlan::Join(join) => self.rewrite_join(join, Some(&filter), config)?,
            _ => self.unordered.rewrite(LogicalPlan::Filter(filter), config)?,
        };
        result.map_data(|plan| ordered(plan, &ranks, DEPTH))
    }
}

impl PushDownFilter {
    /// Pushes the conditions of a join and of a filter over it, without those that DataFusion derives from them for a side and
    /// that may raise: `l.a = r.a AND l.a / r.b > 1` gives `r.a / r.b > 1`, which Spark would ask about the joined rows alone.
    fn rewrite_join(
        &self,
        join: &Join,
        filter: Option<&Filter>,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let written = filter.map(|filter| &filter.predicate).into_iter().chain(&join.filter).cloned();
        let written: Vec<Expr> = written.flat_map(split_conjunction_owned).collect();
        let plan = match filter {
            Some(filter) => LogicalPlan::Filter(filter.clone()),
            None => LogicalPlan::Join(join.clone()),
        };
        let side = |result: Arc<LogicalPlan>, before: &Arc<LogicalPlan>| match result.as_ref() {
            LogicalPlan::Filter(pushed) if !Arc::ptr_eq(&result, before) => {
                let mut conjuncts = split_conjunction_owned(pushed.predicate.clone());
                conjuncts.retain(|conjunct| written.contains(conjunct) || never_raises(conjunct));
                match conjunction(conjuncts) {
                    Some(predicate) => {
                        let mut pushed = pushed.clone();
                        pushed.predicate = predicate;
                        Arc::new(LogicalPlan::Filter(pushed))
                    }
                    None => Arc::clone(&pushed.input),
                }
            }
            _ => result,
        };
        let sides = |plan: LogicalPlan| match plan {
            LogicalPlan::Join(mut made) => {
                made.left = side(made.left, &join.left);
                made.right = side(made.right, &join.right);
                LogicalPlan::Join(made)
            }
            other => other,
        };
        self.unordered.rewrite(plan, config)?.map_data(|plan| match plan {
            LogicalPlan::Filter(mut kept) => {
                kept.input = Arc::new(sides(kept.input.as_ref().clone()));
                Ok(LogicalPlan::Filter(kept))
            }
            other => Ok(sides(other)),
        })
    }
}

/// A filter over filters as one; the rows go through the lowest first.
fn merged(mut filter: Filter) -> Filter {
    while let LogicalPlan::Filter(below) = filter.input.as_ref().clone() {
        let mut conjuncts = split_conjunction_owned(below.predicate.clone());
        for conjunct in split_conjunction_owned(filter.predicate.clone()) {
            if !conjuncts.contains(&conjunct) {
                conjuncts.push(conjunct);
            }
        }
        let Some(predicate) = conjunction(conjuncts) else { break };
        filter.predicate = predicate;
        filter.input = Arc::clone(&below.input);
    }
    filter
}

/// Notes the rank of the conjuncts of the filters of a plan, down to `depth` inputs.
fn record(plan: &LogicalPlan, rank: usize, depth: usize, ranks: &mut HashMap<Expr, usize>) {
    let predicate = match plan {
        LogicalPlan::Filter(filter) => Some(&filter.predicate),
        LogicalPlan::Join(join) => join.filter.as_ref(),
        _ => None,
    };
    for conjunct in predicate.cloned().map(split_conjunction_owned).unwrap_or_default() {
        ranks.entry(conjunct).or_insert(rank);
    }
    if depth > 0 {
        for input in plan.inputs() {
            record(input, rank, depth - 1, ranks);
        }
    }
}

/// The plan with the conjuncts of its filters in the order of their ranks.
fn ordered(plan: LogicalPlan, ranks: &HashMap<Expr, usize>, depth: usize) -> Result<LogicalPlan> {
    let sorted = |predicate: Expr| {
        let mut conjuncts = split_conjunction_owned(predicate.clone());
        conjuncts.sort_by_key(|conjunct| ranks.get(conjunct).copied().unwrap_or(usize::MAX));
        conjunction(conjuncts).unwrap_or(predicate)
    };
    let plan = match plan {
        LogicalPlan::Filter(mut filter) => {
            filter.predicate = sorted(filter.predicate);
            LogicalPlan::Filter(filter)
        }
        LogicalPlan::Join(mut join) => {
            join.filter = join.filter.take().map(sorted);
            LogicalPlan::Join(join)
        }
        other => other,
    };
    if depth == 0 {
        return Ok(plan);
    }
    Ok(plan.map_children(|input| ordered(input, ranks, depth - 1).map(Transformed::yes))?.data)
}
