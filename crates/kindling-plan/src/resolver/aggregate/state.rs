//! An aggregate with its select list, kept apart so that `HAVING` and `ORDER BY` can add to it.

use std::collections::HashSet;

use datafusion::{
    common::{
        Column,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Aggregate, Expr as DfExpr, GroupingSet, LogicalPlan, Operator},
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{TypedExpr, error::from_datafusion};

use crate::{
    Attribute,
    resolver::{plan, scope::Scope, with_windows::with_windows},
};

/// A grouping expression and the column that carries it.
#[derive(Debug, Clone)]
pub(crate) struct GroupKey {
    /// The expression over the input.
    pub expr: DfExpr,
    /// Its text.
    pub text: String,
    /// The column of the aggregate's input and output.
    pub column: Attribute,
    /// What the key is as a value, where the column holds another form of it: maps are grouped by their sorted entries
    /// (Spark's `InsertMapSortInGroupingExpressions`).
    pub restored: Option<TypedExpr>,
}

impl GroupKey {
    /// The key as a value over the groups.
    pub fn value(&self) -> TypedExpr {
        self.restored.clone().unwrap_or_else(|| self.column.typed())
    }
}

/// A key of grouping sets.
#[derive(Debug, Clone)]
pub(crate) struct GroupingColumn {
    /// The expression over the input.
    pub expr: DfExpr,
    /// Its text.
    pub text: String,
    /// Its bit in DataFusion's grouping id; `None` where it is in no set.
    pub bit: Option<usize>,
}

/// An aggregate: input, keys, calls, select list.
#[derive(Debug, Clone)]
pub(crate) struct AggregateState {
    /// Input; holds the keys' columns.
    pub input: LogicalPlan,
    /// Columns of the input.
    pub input_scope: Scope,
    /// Keys.
    pub keys: Vec<GroupKey>,
    /// Grouping sets as positions of keys.
    pub sets: Option<Vec<Vec<usize>>>,
    /// With grouping sets: the keys in the order that they were written in.
    pub written: Vec<usize>,
    /// Aggregate calls.
    pub aggregates: Vec<DfExpr>,
    /// Conditions on groups.
    pub having: Vec<DfExpr>,
    /// Whether a condition needs more than the select list. Spark then adds it and takes it away again above the
    /// condition, so that `ORDER BY` finds no aggregate to look into.
    pub having_adds: bool,
    /// Window calls over the groups.
    pub windows: Vec<DfExpr>,
    /// The select list.
    pub items: Vec<(DfExpr, Attribute)>,
}

impl AggregateState {
    /// Goes up one operator with the output.
    pub fn lift(&mut self, plan_id: Option<i64>) {
        for (_, attribute) in &mut self.items {
            attribute.lift(plan_id);
        }
    }

    /// The visible columns.
    pub fn output(&self) -> Vec<Attribute> {
        self.items.iter().map(|(_, attribute)| attribute.clone()).collect()
    }

    /// The plan, with further columns behind the select list.
    pub fn build(&self, extra: &[(DfExpr, Attribute)]) -> SparkResult<LogicalPlan> {
        let column = |key: &GroupKey| key.column.column();
        let group: Vec<DfExpr> = match &self.sets {
            None => self.keys.iter().map(column).collect(),
            Some(sets) => {
                let sets = sets
                    .iter()
                    .map(|set| set.iter().filter_map(|index| self.keys.get(*index)).map(column).collect())
                    .collect();
                vec![DfExpr::GroupingSet(GroupingSet::GroupingSets(sets))]
            }
        };
        let mut aggregates = self.aggregates.clone();
        if group.is_empty() && aggregates.is_empty() {
            // One group without values still gives one row.
            aggregates.push(datafusion::functions_aggregate::expr_fn::count(datafusion::logical_expr::lit(1_i64)));
        }
        let mut plan = plan::aggregate(self.input.clone(), group, aggregates)?;
        if self.present() < self.keys.len() {
            // A key of no set is null in every row.
            let mut columns: Vec<DfExpr> = plan.schema().columns().into_iter().map(DfExpr::Column).collect();
            for key in self.keys.iter().skip(self.present()) {
                let null = TypedExpr::null(key.column.data_type.clone())?;
                columns.push(null.expr.alias(key.column.internal_name()));
            }
            plan = plan::project(plan, columns)?;
        }
        for condition in &self.having {
            plan = plan::filter(plan, condition.clone())?;
        }
        plan = with_windows(plan, self.windows.clone())?;
        let mut items = self.items.clone();
        items.extend_from_slice(extra);
        plan::project_items(plan, &items)
    }

    /// Replaces select-list aliases and grouping expressions by what the aggregate gives, and checks that nothing
    /// else of the input is left.
    pub fn over_groups(&self, expr: DfExpr, text: &str) -> SparkResult<DfExpr> {
        let inlined = expr
            .transform_down(|node| {
                let DfExpr::Column(column) = &node else { return Ok(Transformed::no(node)) };
                let item = self.items.iter().find(|(_, attribute)| attribute.internal_name() == column.name);
                match item {
                    Some((item, _)) => Ok(Transformed::new(item.clone(), true, TreeNodeRecursion::Jump)),
                    None => Ok(Transformed::no(node)),
                }
            })
            .map_err(from_datafusion)?
            .data;
        self.replace_keys(inlined, text)
    }

    /// Replaces grouping expressions by their columns and checks the rest.
    pub fn replace_keys(&self, expr: DfExpr, text: &str) -> SparkResult<DfExpr> {
        let replaced = expr
            .transform_down(|node| {
                if self.keys.iter().any(|key| key.column.column() == node) {
                    return Ok(Transformed::no(node));
                }
                let same =
                    |key: &&GroupKey| key.expr == node || commutes(&node) && ordered(&key.expr) == ordered(&node);
                let key = self.keys.iter().find(same);
                Ok(match key {
                    Some(key) => Transformed::new(key.value().expr, true, TreeNodeRecursion::Jump),
                    None => Transformed::no(node),
                })
            })
            .map_err(from_datafusion)?
            .data;
        self.check(&replaced, text)?;
        Ok(replaced)
    }

    /// Whether an expression over the groups is made of what the select list has.
    pub fn is_in_list(&self, expr: &DfExpr) -> bool {
        let mut all = true;
        let _ = expr.apply(|node| {
            let listed = |(item, attribute): &(DfExpr, Attribute)| item == node || attribute.column() == *node;
            if self.items.iter().any(listed) {
                return Ok(TreeNodeRecursion::Jump);
            }
            all &= !matches!(node, DfExpr::Column(_));
            Ok(if all { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        });
        all
    }

    /// Whether an expression over the aggregate looks at a key.
    pub(super) fn holds_key(&self, expr: &DfExpr) -> bool {
        let is_key = |column: &&Column| self.keys.iter().any(|key| key.column.internal_name() == column.name);
        expr.column_refs().iter().any(is_key)
    }

    fn check(&self, expr: &DfExpr, text: &str) -> SparkResult<()> {
        let name = |call: &DfExpr| call.schema_name().to_string();
        let mut known: HashSet<String> = self.keys.iter().map(|key| key.column.internal_name()).collect();
        known.extend(self.aggregates.iter().map(name));
        known.extend(self.windows.iter().map(name));
        known.insert(Aggregate::INTERNAL_GROUPING_ID.to_string());
        let unknown: Vec<&Column> = expr.column_refs().into_iter().filter(|c| !known.contains(&c.name)).collect();
        let Some(column) = unknown.first() else { return Ok(()) };
        if self.keys.is_empty() && self.sets.is_none() && !self.aggregates.is_empty() {
            return Err(SparkError::analysis("MISSING_GROUP_BY"));
        }
        let found = self.input_scope.attributes.iter().find(|attribute| attribute.internal_name() == column.name);
        let shown = found.map_or_else(|| text.to_string(), |attribute| attribute.name.clone());
        Err(SparkError::analysis("MISSING_AGGREGATION")
            .param("expression", format!("\"{shown}\""))
            .param("expressionAnyValue", format!("\"any_value({shown})\"")))
    }

    /// How many keys are in any set; they come first.
    fn present(&self) -> usize {
        match &self.sets {
            Some(sets) => sets.iter().flatten().max().map_or(0, |last| last + 1),
            None => self.keys.len(),
        }
    }

    /// What `grouping` and `grouping_id` may name, as written; empty without grouping sets.
    pub fn grouping_columns(&self) -> Vec<GroupingColumn> {
        if self.sets.is_none() {
            return vec![];
        }
        let present = self.present();
        let column = |position: &usize| {
            let key = self.keys.get(*position)?;
            let bit = (*position < present).then(|| present - 1 - position);
            Some(GroupingColumn { expr: key.expr.clone(), text: key.text.clone(), bit })
        };
        self.written.iter().filter_map(column).collect()
    }
}

/// Whether the order of an expression's operands does not matter.
fn commutes(expr: &DfExpr) -> bool {
    match expr {
        DfExpr::BinaryExpr(binary) => matches!(binary.op, Operator::And | Operator::Or | Operator::Eq),
        DfExpr::ScalarFunction(call) => ["add", "multiply"].contains(&call.func.name()) && call.args.len() == 2,
        _ => false,
    }
}

/// An expression with the operands of commutative operators in one order (Spark's `Canonicalize`).
pub(super) fn ordered(expr: &DfExpr) -> DfExpr {
    let sorted = expr.clone().transform_up(|part| {
        if !commutes(&part) {
            return Ok(Transformed::no(part));
        }
        Ok(Transformed::yes(match part {
            DfExpr::BinaryExpr(mut binary) if binary.left.to_string() > binary.right.to_string() => {
                std::mem::swap(&mut binary.left, &mut binary.right);
                DfExpr::BinaryExpr(binary)
            }
            DfExpr::ScalarFunction(mut call) => {
                call.args.sort_by_key(ToString::to_string);
                DfExpr::ScalarFunction(call)
            }
            other => other,
        }))
    });
    sorted.map_or_else(|_| expr.clone(), |sorted| sorted.data)
}
