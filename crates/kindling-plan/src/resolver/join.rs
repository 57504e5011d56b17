//! Joins.

use std::sync::Arc;

use datafusion::{
    common::{
        JoinType as DfJoinType, NullEquality, Spans,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Expr as DfExpr, Join as DfJoin, JoinConstraint, LogicalPlan, Subquery},
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::error::from_datafusion;
use kindling_spec::{DataType, Expr, Join, JoinCriteria, JoinType, RelationKind};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Value},
    plan,
    scope::Scope,
};
use crate::{Attribute, logical_size::Statistics, logical_text::tree_string};

impl Resolver<'_> {
    pub(super) fn join(&mut self, join: &Join) -> SparkResult<Resolved> {
        let left = self.relation(&join.left)?;
        let lateral = join.lateral || matches!(join.right.kind, RelationKind::Lateral { .. });
        let right = if lateral {
            self.outer.push(left.scope.clone());
            let right = self.relation(&join.right);
            self.outer.pop();
            right?
        } else {
            self.relation(&join.right)?
        };
        if lateral && !matches!(join.join_type, JoinType::Inner | JoinType::Cross | JoinType::LeftOuter) {
            return Err(SparkError::analysis("INVALID_LATERAL_JOIN_TYPE").param("joinType", join_name(join.join_type)));
        }
        if lateral {
            check_lateral(&left, &right)?;
        }
        match &join.criteria {
            JoinCriteria::None => self.join_on(left, right, join.join_type, None, lateral),
            JoinCriteria::On(condition) => {
                let predicate = self.join_condition(condition, &left, &right)?;
                if lateral && predicate.is_volatile() {
                    let category = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC";
                    return Err(SparkError::analysis(category)
                        .param("condition", predicate.to_string())
                        .at(&condition.origin));
                }
                self.join_on(left, right, join.join_type, Some(predicate), lateral)
            }
            JoinCriteria::Using(columns) => self.join_using(left, right, join.join_type, columns),
            JoinCriteria::Natural => {
                let common: Vec<String> = left
                    .attributes()
                    .iter()
                    .filter(|a| right.attributes().iter().any(|b| self.names.same(&a.name, &b.name)))
                    .map(|a| a.name.clone())
                    .collect();
                self.join_using(left, right, join.join_type, &common)
            }
        }
    }

    /// What an `ON` clause says of two sides.
    pub(super) fn join_condition(
        &mut self,
        condition: &Expr,
        left: &Resolved,
        right: &Resolved,
    ) -> SparkResult<DfExpr> {
        let scope = both(left, right);
        let mut context = ExprContext::new(&scope, "JOIN");
        let value = self.expression(condition, &mut context)?;
        if !matches!(value.typed.data_type, DataType::Boolean | DataType::Null) {
            return Err(SparkError::analysis("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE")
                .param("joinCondition", format!("\"{}\"", value.text))
                .param("conditionType", format!("\"{}\"", value.typed.data_type.sql()))
                .at(&condition.origin));
        }
        let correlated = |expr: &DfExpr| {
            Ok(matches!(expr, DfExpr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty()))
        };
        if value.typed.expr.exists(correlated).unwrap_or(false) {
            let unsupported = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY";
            return Err(SparkError::analysis(unsupported).param("treeNode", value.text).at(&condition.origin));
        }
        Ok(self.cast_typed(value.typed, &DataType::Boolean)?.expr)
    }

    fn join_on(
        &mut self,
        left: Resolved,
        right: Resolved,
        join_type: JoinType,
        condition: Option<DfExpr>,
        lateral: bool,
    ) -> SparkResult<Resolved> {
        let scope = match join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => left.scope.clone(),
            _ => with_nullability(&left.scope, &right.scope, join_type),
        };
        if lateral
            && condition.is_none()
            && matches!(join_type, JoinType::Inner | JoinType::Cross | JoinType::LeftOuter)
            && let Some(plan) = super::lateral::unnested(&left, &right, join_type == JoinType::LeftOuter)?
        {
            return Ok(Resolved { plan, scope, below: Below::Nothing });
        }
        let right_plan = if lateral {
            let outer_ref_columns = right.plan.all_out_ref_exprs();
            if outer_ref_columns.is_empty() {
                right.plan
            } else {
                let subquery = Arc::new(right.plan);
                LogicalPlan::Subquery(Subquery { subquery, outer_ref_columns, spans: Spans::new() })
            }
        } else {
            right.plan
        };
        let plan = join_plan(left.plan, right_plan, join_type, condition)?;
        Ok(Resolved { plan, scope, below: Below::Nothing })
    }

    fn join_using(
        &mut self,
        left: Resolved,
        right: Resolved,
        join_type: JoinType,
        columns: &[String],
    ) -> SparkResult<Resolved> {
        let mut pairs = Vec::with_capacity(columns.len());
        for name in columns {
            let find = |side: &Resolved, which: &str| -> SparkResult<Attribute> {
                let visible = Scope::new(side.attributes().to_vec());
                match visible.find(self.names, std::slice::from_ref(name))? {
                    Some(found) => Ok(found.attribute),
                    None => {
                        let mut names: Vec<String> =
                            side.attributes().iter().map(|a| kindling_spec::quote_identifier(&a.name)).collect();
                        names.sort();
                        Err(SparkError::analysis("UNRESOLVED_USING_COLUMN_FOR_JOIN")
                            .param("colName", kindling_spec::quote_identifier(name))
                            .param("side", which)
                            .param("suggestion", names.join(", ")))
                    }
                }
            };
            pairs.push((find(&left, "left")?, find(&right, "right")?));
        }
        let mut condition: Option<DfExpr> = None;
        for (a, b) in &pairs {
            let equal = self.scalar("=", vec![Value::of_attribute(a), Value::of_attribute(b)])?.typed.expr;
            condition = Some(match condition {
                Some(condition) => condition.and(equal),
                None => equal,
            });
        }
        let left_keys: Vec<u64> = pairs.iter().map(|(a, _)| a.id).collect();
        let right_keys: Vec<u64> = pairs.iter().map(|(_, b)| b.id).collect();
        let join_type = if join_type == JoinType::Cross { JoinType::Inner } else { join_type };
        let joined = self.join_on(left.clone(), right.clone(), join_type, condition, false)?;
        if matches!(join_type, JoinType::LeftSemi | JoinType::LeftAnti) {
            let keys = pairs.iter().map(|(a, _)| a.clone());
            let rest = left.attributes().iter().filter(|a| !left_keys.contains(&a.id)).cloned();
            let attributes: Vec<Attribute> = keys.chain(rest).collect();
            let scope = Scope { attributes, hidden: left.scope.hidden, ..Scope::default() };
            return Ok(Resolved { scope, ..joined });
        }
        // Columns as the join gives them, with its nullability.
        let hide = |attribute: Attribute| Attribute { qualified_only: true, ..attribute };
        let of = |id: u64| joined.scope.attributes.iter().find(|a| a.id == id).cloned();
        let mut attributes: Vec<Attribute> = vec![];
        let mut hidden: Vec<Attribute> = joined.scope.hidden.clone();
        let mut plan = joined.plan;
        match join_type {
            JoinType::RightOuter => {
                attributes.extend(right_keys.iter().filter_map(|id| of(*id)));
                hidden.extend(left_keys.iter().filter_map(|id| of(*id)).map(hide));
            }
            JoinType::FullOuter => {
                let mut items: Vec<(DfExpr, Attribute)> = joined
                    .scope
                    .attributes
                    .iter()
                    .chain(&joined.scope.hidden)
                    .map(|attribute| (attribute.column(), attribute.clone()))
                    .collect();
                for (a, b) in &pairs {
                    let values = [a, b].into_iter().filter_map(|side| of(side.id)).map(|a| Value::of_attribute(&a));
                    let merged = self.scalar("coalesce", values.collect())?;
                    let attribute = self.attribute(a.name.clone(), &merged.typed);
                    items.push((merged.typed.expr, attribute.clone()));
                    attributes.push(attribute);
                }
                plan = plan::project_items(plan, &items)?;
                hidden.extend(left_keys.iter().chain(&right_keys).filter_map(|id| of(*id)).map(hide));
            }
            _ => {
                attributes.extend(left_keys.iter().filter_map(|id| of(*id)));
                hidden.extend(right_keys.iter().filter_map(|id| of(*id)).map(hide));
            }
        }
        let is_key = |id: u64| left_keys.contains(&id) || right_keys.contains(&id);
        attributes.extend(joined.scope.attributes.iter().filter(|a| !is_key(a.id)).cloned());
        Ok(Resolved { plan, scope: Scope { attributes, hidden, ..Scope::default() }, below: Below::Nothing })
    }
}

pub(super) fn both(left: &Resolved, right: &Resolved) -> Scope {
    let join = |a: &[Attribute], b: &[Attribute]| a.iter().chain(b).cloned().collect();
    Scope {
        attributes: join(&left.scope.attributes, &right.scope.attributes),
        hidden: join(&left.scope.hidden, &right.scope.hidden),
        ..Scope::default()
    }
}

fn with_nullability(left: &Scope, right: &Scope, join_type: JoinType) -> Scope {
    let left_nullable = matches!(join_type, JoinType::RightOuter | JoinType::FullOuter);
    let right_nullable = matches!(join_type, JoinType::LeftOuter | JoinType::FullOuter);
    let side = |list: &[Attribute], nullable: bool| -> Vec<Attribute> {
        list.iter().map(|a| Attribute { nullable: a.nullable || nullable, ..a.clone() }).collect()
    };
    let join = |a: &[Attribute], b: &[Attribute]| {
        let mut all = side(a, left_nullable);
        all.extend(side(b, right_nullable));
        all
    };
    Scope {
        attributes: join(&left.attributes, &right.attributes),
        hidden: join(&left.hidden, &right.hidden),
        ..Scope::default()
    }
}

/// A join plan; equalities in the condition are found by the optimizer.
pub(super) fn join_plan(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    condition: Option<DfExpr>,
) -> SparkResult<LogicalPlan> {
    let join_type = match join_type {
        JoinType::Inner | JoinType::Cross => DfJoinType::Inner,
        JoinType::FullOuter => DfJoinType::Full,
        JoinType::LeftOuter => DfJoinType::Left,
        JoinType::RightOuter => DfJoinType::Right,
        JoinType::LeftAnti => DfJoinType::LeftAnti,
        JoinType::LeftSemi => DfJoinType::LeftSemi,
    };
    DfJoin::try_new(
        Arc::new(left),
        Arc::new(right),
        vec![],
        condition,
        join_type,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    )
    .map(LogicalPlan::Join)
    .map_err(from_datafusion)
}

fn join_name(join_type: JoinType) -> &'static str {
    match join_type {
        JoinType::Inner => "INNER",
        JoinType::FullOuter => "FULL OUTER",
        JoinType::LeftOuter => "LEFT OUTER",
        JoinType::RightOuter => "RIGHT OUTER",
        JoinType::LeftAnti => "LEFT ANTI",
        JoinType::LeftSemi => "LEFT SEMI",
        JoinType::Cross => "CROSS",
    }
}

/// A lateral relation that gives other rows each time would be another one for each row at its left.
fn check_lateral(left: &Resolved, right: &Resolved) -> SparkResult<()> {
    let mut volatile = false;
    // The visitor cannot fail.
    let _ = right.plan.apply_with_subqueries(|node| {
        volatile |= node.expressions().iter().any(DfExpr::is_volatile);
        Ok(if volatile { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    if !volatile || gives_one_row(&left.plan) {
        return Ok(());
    }
    Err(SparkError::analysis("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES")
        .param("treeNode", tree_string(&right.plan)))
}

/// Whether a plan gives at most one row, as far as that is known before it runs (`LogicalPlan.maxRows`).
fn gives_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::EmptyRelation(_) => true,
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::SubqueryAlias(_) => plan.inputs().iter().all(|input| gives_one_row(input)),
        LogicalPlan::Join(join) if matches!(join.join_type, DfJoinType::Inner) => {
            gives_one_row(&join.left) && gives_one_row(&join.right)
        }
        other => Statistics::of(other).rows().is_some_and(|rows| rows <= 1),
    }
}
