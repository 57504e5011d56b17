//! One shape for DataFusion's four join operators, so that selection sees what is joined and not how.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::{
    common::{JoinSide, JoinType, NullEquality},
    error::Result,
    physical_expr::{PhysicalExpr, expressions::Column},
    physical_plan::{
        ExecutionPlan,
        joins::{
            CrossJoinExec, HashJoinExec, HashJoinExecBuilder, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec,
            utils::{JoinFilter, JoinOn, swap_join_projection},
        },
        projection::{ProjectionExec, ProjectionExpr},
    },
};

use crate::{BroadcastExchangeExec, NullAwareAntiJoinExec, operators::CartesianProductExec};

type Plan = Arc<dyn ExecutionPlan>;
type Keys = Vec<Arc<dyn PhysicalExpr>>;

/// A join before its strategy.
#[derive(Debug, Clone)]
pub struct JoinNode {
    /// Left side.
    pub left: Plan,
    /// Right side.
    pub right: Plan,
    /// Equal keys; empty for a join by condition only.
    pub on: JoinOn,
    /// Residual condition.
    pub filter: Option<JoinFilter>,
    /// Type.
    pub join_type: JoinType,
    /// Whether nulls equal.
    pub null_equality: NullEquality,
    /// `NOT IN`.
    pub null_aware: bool,
    /// Columns kept of the join's output.
    pub projection: Option<Vec<usize>>,
}

impl JoinNode {
    /// The join that `plan` is.
    pub fn extract(plan: &Plan) -> Option<JoinNode> {
        if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
            return Some(JoinNode {
                left: Arc::clone(join.left()),
                right: Arc::clone(join.right()),
                on: join.on().to_vec(),
                filter: join.filter().cloned(),
                join_type: *join.join_type(),
                null_equality: join.null_equality(),
                null_aware: join.null_aware,
                projection: join.projection.as_deref().map(<[usize]>::to_vec),
            });
        }
        if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
            return Some(JoinNode {
                left: Arc::clone(join.left()),
                right: Arc::clone(join.right()),
                on: join.on().to_vec(),
                filter: join.filter().clone(),
                join_type: join.join_type(),
                null_equality: join.null_equality(),
                null_aware: false,
                projection: None,
            });
        }
        if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
            return Some(JoinNode {
                left: Arc::clone(join.left()),
                right: Arc::clone(join.right()),
                on: vec![],
                filter: join.filter().cloned(),
                join_type: *join.join_type(),
                null_equality: NullEquality::NullEqualsNothing,
                null_aware: false,
                projection: join.projection().as_deref().map(<[usize]>::to_vec),
            });
        }
        if let Some(join) = plan.downcast_ref::<CrossJoinExec>() {
            return Some(JoinNode {
                left: Arc::clone(join.left()),
                right: Arc::clone(join.right()),
                on: vec![],
                filter: None,
                join_type: JoinType::Inner,
                null_equality: NullEquality::NullEqualsNothing,
                null_aware: false,
                projection: None,
            });
        }
        None
    }

    /// The same join with its sides exchanged and the columns of its output where they were.
    fn swapped(self) -> JoinNode {
        let left_fields = self.left.schema().fields().len();
        let right_fields = self.right.schema().fields().len();
        let keeps_one_side = matches!(
            self.join_type,
            JoinType::LeftSemi
                | JoinType::RightSemi
                | JoinType::LeftAnti
                | JoinType::RightAnti
                | JoinType::LeftMark
                | JoinType::RightMark
        );
        let projection = match self.projection {
            None if keeps_one_side => None,
            None => Some((0..left_fields + right_fields).collect()),
            some => some,
        };
        JoinNode {
            projection: swap_join_projection(left_fields, right_fields, projection.as_deref(), &self.join_type),
            left: self.right,
            right: self.left,
            on: self.on.into_iter().map(|(l, r)| (r, l)).collect(),
            filter: self.filter.as_ref().map(JoinFilter::swap),
            join_type: self.join_type.swap(),
            null_equality: self.null_equality,
            null_aware: self.null_aware,
        }
    }

    fn keys(&self) -> (Keys, Keys) {
        self.on.iter().cloned().unzip()
    }

    fn hash_join(self, mode: PartitionMode) -> Result<Plan> {
        // A new node: it has no dynamic filter, which would make tasks wait for each other.
        HashJoinExecBuilder::new(self.left, self.right, self.on, self.join_type)
            .with_filter(self.filter)
            .with_projection(self.projection)
            .with_partition_mode(mode)
            .with_null_equality(self.null_equality)
            .build_exec()
    }

    /// `BroadcastHashJoin`.
    pub fn broadcast_hash(self, build: JoinSide) -> Result<Plan> {
        if self.null_aware {
            return self.null_aware_anti();
        }
        let mut node = if build == JoinSide::Right { self.swapped() } else { self };
        let keys = node.keys().0;
        node.left = broadcast(node.left, keys, false);
        node.hash_join(PartitionMode::CollectLeft)
    }

    /// `ShuffledHashJoin`.
    pub fn shuffled_hash(self, build: JoinSide) -> Result<Plan> {
        let node = if build == JoinSide::Right { self.swapped() } else { self };
        node.hash_join(PartitionMode::Partitioned)
    }

    /// `SortMergeJoin`.
    pub fn sort_merge(self) -> Result<Plan> {
        let options = vec![Default::default(); self.on.len()];
        let join = SortMergeJoinExec::try_new(
            self.left,
            self.right,
            self.on,
            self.filter.map(over_nulls),
            self.join_type,
            options,
            self.null_equality,
        )?;
        project(Arc::new(join), self.projection)
    }

    /// `BroadcastNestedLoopJoin`.
    pub fn broadcast_nested_loop(self, build: JoinSide) -> Result<Plan> {
        let mut node = if build == JoinSide::Right { self.swapped() } else { self };
        node.left = broadcast(node.left, vec![], false);
        let join = NestedLoopJoinExec::try_new(node.left, node.right, node.filter, &node.join_type, node.projection)?;
        Ok(Arc::new(join))
    }

    /// `CartesianProduct`.
    pub fn cartesian_product(self) -> Result<Plan> {
        project(Arc::new(CartesianProductExec::new(self.left, self.right, self.filter)), self.projection)
    }

    fn null_aware_anti(self) -> Result<Plan> {
        let (left_keys, right_keys) = self.keys();
        let (Some(left_key), Some(right_key)) = (left_keys.into_iter().next(), right_keys.into_iter().next()) else {
            return Err(crate::error::internal("a null-aware anti join has no key"));
        };
        let build = broadcast(self.right, vec![Arc::clone(&right_key)], true);
        let join = NullAwareAntiJoinExec::try_new(self.left, build, left_key, right_key)?;
        project(Arc::new(join), self.projection)
    }
}

/// Keeps some columns of a join that cannot do so itself.
fn project(join: Plan, projection: Option<Vec<usize>>) -> Result<Plan> {
    let Some(projection) = projection else { return Ok(join) };
    let schema = join.schema();
    let columns = projection.iter().filter_map(|i| schema.fields().get(*i).map(|field| (*i, field)));
    let columns = columns.map(|(i, field)| ProjectionExpr {
        expr: Arc::new(Column::new(field.name(), i)) as Arc<dyn PhysicalExpr>,
        alias: field.name().clone(),
    });
    Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), join)?))
}

fn broadcast(plan: Plan, keys: Vec<Arc<dyn PhysicalExpr>>, null_aware: bool) -> Plan {
    Arc::new(BroadcastExchangeExec::new(plan, keys, null_aware))
}

/// A condition that is also given rows without a partner, whose columns are null: DataFusion's merge join evaluates it over them
/// and drops what it says.
fn over_nulls(filter: JoinFilter) -> JoinFilter {
    let fields = filter.schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    JoinFilter::new(Arc::clone(filter.expression()), filter.column_indices().to_vec(), Arc::new(schema))
}
