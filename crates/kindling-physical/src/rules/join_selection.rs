//! `JoinSelection`: how a join runs, by hints and estimated sizes.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::{
    common::{
        JoinSide, JoinType, NullEquality,
        tree_node::{Transformed, TreeNode},
    },
    error::Result,
    logical_expr::Operator,
    physical_expr::{
        PhysicalExpr, conjunction,
        expressions::{BinaryExpr, Column},
    },
    physical_plan::{
        ExecutionPlan,
        joins::utils::{ColumnIndex, JoinFilter},
    },
};

use super::{JoinNode, size_in_bytes};
use crate::{
    JoinHintExec, JoinStrategyHint, PhysicalConf, PinnedJoinExec, ShuffleExchangeExec, ShuffleOrigin,
    ShufflePartitioning,
};

type Plan = Arc<dyn ExecutionPlan>;

/// Whether a broadcast join may build its left side: no row of it may have to appear by itself.
pub fn can_build_left(join_type: JoinType) -> bool {
    matches!(
        join_type,
        JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark
    )
}

/// Whether a broadcast join may build its right side.
pub fn can_build_right(join_type: JoinType) -> bool {
    matches!(join_type, JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark)
}

/// Sides a shuffled hash join may build, left and right. Within a partition, rows of the build side that found
/// no match can be told apart, so more types allow either.
fn can_shuffle_build(join_type: JoinType) -> (bool, bool) {
    match join_type {
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (true, true),
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (false, true),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (true, false),
    }
}

fn take_hint(plan: Plan) -> (Plan, Option<JoinStrategyHint>) {
    match plan.downcast_ref::<JoinHintExec>() {
        Some(hint) => (Arc::clone(&hint.input), Some(hint.hint)),
        None => (plan, None),
    }
}

struct Sides {
    left_size: u128,
    right_size: u128,
    left_hint: Option<JoinStrategyHint>,
    right_hint: Option<JoinStrategyHint>,
}

impl Sides {
    /// Of two candidates the smaller side, the right one if they are equal.
    fn smaller_of(&self, left: bool, right: bool) -> Option<JoinSide> {
        match (left, right) {
            (true, true) if self.right_size <= self.left_size => Some(JoinSide::Right),
            (true, _) => Some(JoinSide::Left),
            (false, true) => Some(JoinSide::Right),
            (false, false) => None,
        }
    }

    fn hinted(&self, hint: JoinStrategyHint) -> (bool, bool) {
        (self.left_hint == Some(hint), self.right_hint == Some(hint))
    }

    fn any_hint(&self, hint: JoinStrategyHint) -> bool {
        self.left_hint == Some(hint) || self.right_hint == Some(hint)
    }
}

/// Picks the strategy of a join.
pub fn select_join(mut node: JoinNode, conf: &PhysicalConf) -> Result<Plan> {
    let (left, left_hint) = take_hint(node.left);
    let (right, right_hint) = take_hint(node.right);
    let sides = Sides { left_size: size_in_bytes(&left), right_size: size_in_bytes(&right), left_hint, right_hint };
    node.left = left;
    node.right = right;
    if node.null_aware {
        // One key and no other condition: always a broadcast, whatever the size.
        return node.broadcast_hash(JoinSide::Right);
    }
    let join_type = node.join_type;
    let (build_left, build_right) = (can_build_left(join_type), can_build_right(join_type));
    let small = |size: u128| conf.broadcast_threshold >= 0 && size <= conf.broadcast_threshold as u128;
    let (hint_left, hint_right) = sides.hinted(JoinStrategyHint::Broadcast);

    if node.on.is_empty() {
        return select_keyless(node, &sides, conf);
    }
    if let Some(side) = sides.smaller_of(build_left && hint_left, build_right && hint_right) {
        return node.broadcast_hash(side);
    }
    let (shuffle_left, shuffle_right) = can_shuffle_build(join_type);
    let mergeable = !matches!(join_type, JoinType::LeftMark | JoinType::RightMark);
    if sides.any_hint(JoinStrategyHint::ShuffleMerge) && mergeable {
        return Ok(Arc::new(PinnedJoinExec::new(node.sort_merge()?)));
    }
    let (hash_left, hash_right) = sides.hinted(JoinStrategyHint::ShuffleHash);
    if let Some(side) = sides.smaller_of(shuffle_left && hash_left, shuffle_right && hash_right) {
        return Ok(Arc::new(PinnedJoinExec::new(node.shuffled_hash(side)?)));
    }
    if sides.any_hint(JoinStrategyHint::ShuffleReplicateNl) && join_type == JoinType::Inner {
        return node_as_condition(node);
    }
    if let Some(side) = sides.smaller_of(build_left && small(sides.left_size), build_right && small(sides.right_size)) {
        return node.broadcast_hash(side);
    }
    if !conf.prefer_sort_merge_join {
        // One side small enough for a table per partition, and much smaller than the other.
        let limit = (conf.broadcast_threshold.max(0) as u128).saturating_mul(conf.shuffle_partitions as u128);
        let fits = |a: u128, b: u128| a < limit && a.saturating_mul(3) <= b;
        let left = shuffle_left && fits(sides.left_size, sides.right_size);
        let right = shuffle_right && fits(sides.right_size, sides.left_size);
        if let Some(side) = sides.smaller_of(left, right) {
            return node.shuffled_hash(side);
        }
    }
    if mergeable {
        return node.sort_merge();
    }
    // DataFusion's merge join has no mark types; the plan says what runs.
    let side = if shuffle_right { JoinSide::Right } else { JoinSide::Left };
    node.shuffled_hash(side)
}

/// A join by keys as a product of partitions with all of the condition on its rows.
fn node_as_condition(mut node: JoinNode) -> Result<Plan> {
    let (left, right) = (node.left.schema(), node.right.schema());
    let moved = |expr: &Arc<dyn PhysicalExpr>, to: &dyn Fn(usize) -> usize| -> Result<Arc<dyn PhysicalExpr>> {
        let moved = Arc::clone(expr).transform_up(|expr| {
            let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
            let moved: Arc<dyn PhysicalExpr> = Arc::new(Column::new(column.name(), to(column.index())));
            Ok(Transformed::yes(moved))
        });
        Ok(moved?.data)
    };
    let equal = match node.null_equality {
        NullEquality::NullEqualsNothing => Operator::Eq,
        NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
    };
    let width = left.fields().len();
    let mut conditions = vec![];
    for (a, b) in &node.on {
        let (a, b) = (Arc::clone(a), moved(b, &|index| width + index)?);
        conditions.push(Arc::new(BinaryExpr::new(a, equal, b)) as Arc<dyn PhysicalExpr>);
    }
    if let Some(filter) = &node.filter {
        let places: Vec<usize> = filter
            .column_indices()
            .iter()
            .map(|column| if column.side == JoinSide::Left { column.index } else { width + column.index })
            .collect();
        conditions.push(moved(filter.expression(), &|index| places.get(index).copied().unwrap_or(index))?);
    }
    let indices = (0..width)
        .map(|index| ColumnIndex { index, side: JoinSide::Left })
        .chain((0..right.fields().len()).map(|index| ColumnIndex { index, side: JoinSide::Right }))
        .collect();
    let fields: Vec<_> = left.fields().iter().chain(right.fields().iter()).cloned().collect();
    node.filter = Some(JoinFilter::new(conjunction(conditions), indices, Arc::new(Schema::new(fields))));
    node.on = vec![];
    node.cartesian_product()
}

/// Joins by condition only.
fn select_keyless(node: JoinNode, sides: &Sides, conf: &PhysicalConf) -> Result<Plan> {
    let join_type = node.join_type;
    let (build_left, build_right) = (can_build_left(join_type), can_build_right(join_type));
    let small = |size: u128| conf.broadcast_threshold >= 0 && size <= conf.broadcast_threshold as u128;
    let (hint_left, hint_right) = sides.hinted(JoinStrategyHint::Broadcast);
    if let Some(side) = sides.smaller_of(build_left && hint_left, build_right && hint_right) {
        return node.broadcast_nested_loop(side);
    }
    if sides.any_hint(JoinStrategyHint::ShuffleReplicateNl) && join_type == JoinType::Inner {
        return node.cartesian_product();
    }
    if let Some(side) = sides.smaller_of(build_left && small(sides.left_size), build_right && small(sides.right_size)) {
        return node.broadcast_nested_loop(side);
    }
    match join_type {
        JoinType::Inner => node.cartesian_product(),
        JoinType::Full => full_outer(node, sides),
        _ if build_right => node.broadcast_nested_loop(JoinSide::Right),
        _ => node.broadcast_nested_loop(JoinSide::Left),
    }
}

/// Rows of the broadcast side without a match must appear once: the streamed side is read by one task, which
/// sees all matches.
fn full_outer(mut node: JoinNode, sides: &Sides) -> Result<Plan> {
    let single = |plan: Plan| -> Plan {
        Arc::new(ShuffleExchangeExec::new(plan, ShufflePartitioning::Single, ShuffleOrigin::EnsureRequirements))
    };
    if sides.right_size <= sides.left_size {
        node.left = single(node.left);
        node.broadcast_nested_loop(JoinSide::Right)
    } else {
        node.right = single(node.right);
        node.broadcast_nested_loop(JoinSide::Left)
    }
}
