//! Joins with the nearest rows: `_joinAsOf` and `nearestByJoin`.
//!
//! Spark rewrites both over plain operators (`RewriteAsOfJoin`, `RewriteNearestByJoin`), and so do we, in the second's shape:
//! each left row gets an id, is joined with all right rows that may match, and an aggregate by the id keeps the nearest ones.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_functions::{GeneratorCall, TypedExpr, coercion::is_orderable};
use kindling_spec::{AsOfJoin, Expr, JoinCriteria, JoinType, NearestByJoin, StructField, StructType};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Generator, Value},
    join::{both, join_plan},
    plan,
    scope::Scope,
};
use crate::Attribute;

/// The largest `num_results` (`NearestByJoinValidation`).
const MOST_RESULTS: i32 = 100_000;

/// Which right rows a left row gets.
struct Nearest {
    /// What must hold of the two.
    condition: Option<DfExpr>,
    /// What they are ranked by.
    key: Value,
    /// Whether great keys come first.
    descending: bool,
    /// How many there may be; `None` is one, and the later of equals.
    count: Option<i32>,
    /// Whether left rows without any stay.
    outer: bool,
}

impl Resolver<'_> {
    pub(super) fn as_of_join(&mut self, join: &AsOfJoin) -> SparkResult<Resolved> {
        let direction = Direction::of(&join.direction)?;
        let outer = is_outer(&join.join_type).map_err(|name| SparkError {
            message_override: Some(format!("requirement failed: Unsupported as-of join type {name}")),
            ..SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
        })?;
        let left = self.relation(&join.left)?;
        let right = self.relation(&join.right)?;
        let mut condition = match &join.criteria {
            JoinCriteria::On(condition) => Some(self.join_condition(condition, &left, &right)?),
            JoinCriteria::Using(columns) => {
                let mut all: Option<DfExpr> = None;
                for name in columns {
                    let [a, b] = [&left, &right].map(|side| self.column_of(side, name));
                    let equal = self.scalar("=", vec![a?, b?])?.typed.expr;
                    all = Some(all.map_or(equal.clone(), |all| all.and(equal)));
                }
                all
            }
            JoinCriteria::None | JoinCriteria::Natural => None,
        };
        let scope = both(&left, &right);
        let value = |this: &mut Self, expr: &Expr| this.expression(expr, &mut ExprContext::new(&scope, "JOIN"));
        let left_as_of = value(self, &join.left_as_of)?;
        let right_as_of = value(self, &join.right_as_of)?;
        let tolerance = join.tolerance.as_ref().map(|expr| value(self, expr)).transpose()?;
        if let Some(tolerance) = &tolerance {
            self.check_tolerance(tolerance)?;
        }
        let exact = join.allow_exact_matches;
        for part in self.as_of_conditions(direction, exact, &left_as_of, &right_as_of, tolerance.as_ref())? {
            condition = Some(condition.map_or(part.clone(), |condition| condition.and(part)));
        }
        let (l, r) = (left_as_of, right_as_of);
        let key = match direction {
            Direction::Backward => self.scalar("-", vec![l, r])?,
            Direction::Forward => self.scalar("-", vec![r, l])?,
            Direction::Nearest => {
                let after = self.scalar(">", vec![l.clone(), r.clone()])?;
                let since = self.scalar("-", vec![l.clone(), r.clone()])?;
                let until = self.scalar("-", vec![r, l])?;
                self.scalar("if", vec![after, since, until])?
            }
        };
        self.nearest_rows(left, right, Nearest { condition, key, descending: false, count: None, outer })
    }

    /// The only column of a side that a name means.
    fn column_of(&self, side: &Resolved, name: &str) -> SparkResult<Value> {
        let parts = [name.to_string()];
        let visible = Scope::new(side.attributes().to_vec());
        let found = visible.find(self.names, &parts)?.ok_or_else(|| visible.unresolved(&parts))?;
        Ok(Value::of_attribute(&found.attribute))
    }

    fn check_tolerance(&mut self, tolerance: &Value) -> SparkResult<()> {
        let zero = self.cast_typed(TypedExpr::integer(0), &tolerance.typed.data_type).unwrap_or(TypedExpr::integer(0));
        let enough = self.scalar(">=", vec![tolerance.clone(), Value::new(zero, "0")])?;
        match kindling_functions::fold(&enough.typed)? {
            None => Err(SparkError::analysis("AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE")),
            Some(datafusion::scalar::ScalarValue::Boolean(Some(true))) => Ok(()),
            Some(_) => Err(SparkError::analysis("AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE")),
        }
    }

    /// `AsOfJoin.makeAsOfCond`
    fn as_of_conditions(
        &mut self,
        direction: Direction,
        exact: bool,
        left: &Value,
        right: &Value,
        tolerance: Option<&Value>,
    ) -> SparkResult<Vec<DfExpr>> {
        let mut parts = vec![];
        let (not_after, not_before) = if exact { (">=", "<=") } else { (">", "<") };
        let pair = |a: &Value, b: &Value| vec![a.clone(), b.clone()];
        match direction {
            Direction::Backward => parts.push(self.scalar(not_after, pair(left, right))?),
            Direction::Forward => parts.push(self.scalar(not_before, pair(left, right))?),
            Direction::Nearest if exact => {}
            Direction::Nearest => {
                let equal = self.scalar("=", pair(left, right))?;
                parts.push(self.scalar("not", vec![equal])?);
            }
        }
        if let Some(tolerance) = tolerance {
            if direction != Direction::Forward {
                let earliest = self.scalar("-", pair(left, tolerance))?;
                parts.push(self.scalar(not_after, pair(right, &earliest))?);
            }
            if direction != Direction::Backward {
                let latest = self.scalar("+", pair(left, tolerance))?;
                parts.push(self.scalar(not_before, pair(right, &latest))?);
            }
        }
        Ok(parts.into_iter().map(|value| value.typed.expr).collect())
    }

    pub(super) fn nearest_by_join(&mut self, join: &NearestByJoin) -> SparkResult<Resolved> {
        if !(1..=MOST_RESULTS).contains(&join.num_results) {
            return Err(SparkError::analysis("NEAREST_BY_JOIN.NUM_RESULTS_OUT_OF_RANGE")
                .param("numResults", join.num_results.to_string())
                .param("min", "1")
                .param("max", MOST_RESULTS.to_string()));
        }
        let outer = is_outer(&join.join_type).map_err(|_| {
            SparkError::analysis("NEAREST_BY_JOIN.UNSUPPORTED_JOIN_TYPE")
                .param("joinType", join.join_type.clone())
                .param("supported", "'INNER', 'LEFT OUTER'")
        })?;
        // `approx` permits an index; without one every search is exact.
        if !["approx", "exact"].contains(&join.mode.to_lowercase().as_str()) {
            return Err(SparkError::analysis("NEAREST_BY_JOIN.UNSUPPORTED_MODE")
                .param("mode", join.mode.clone())
                .param("supported", "'approx', 'exact'"));
        }
        let descending = match join.direction.to_lowercase().as_str() {
            "distance" => false,
            "similarity" => true,
            _ => {
                return Err(SparkError::analysis("NEAREST_BY_JOIN.UNSUPPORTED_DIRECTION")
                    .param("direction", join.direction.clone())
                    .param("supported", "'distance', 'similarity'"));
            }
        };
        let left = self.relation(&join.left)?;
        let right = self.relation(&join.right)?;
        let scope = both(&left, &right);
        let key = self.expression(&join.ranking, &mut ExprContext::new(&scope, "JOIN"))?;
        if !is_orderable(&key.typed.data_type) {
            return Err(SparkError::analysis("NEAREST_BY_JOIN.NON_ORDERABLE_RANKING_EXPRESSION")
                .param("expression", format!("\"{}\"", key.text))
                .param("type", format!("\"{}\"", key.typed.data_type.sql()))
                .at(&join.ranking.origin));
        }
        let count = Some(join.num_results);
        self.nearest_rows(left, right, Nearest { condition: None, key, descending, count, outer })
    }

    fn nearest_rows(&mut self, left: Resolved, right: Resolved, nearest: Nearest) -> SparkResult<Resolved> {
        let Nearest { condition, key, descending, count, outer } = nearest;
        // Equal left rows are rows of their own.
        let seed = self.state.random_seed() as i64;
        let id = self.scalar("uuid", vec![Value::new(TypedExpr::long(seed), seed.to_string())])?;
        let row_id = self.attribute("__qid", &id.typed);
        let kept: Vec<Attribute> = left.scope.attributes.iter().chain(&left.scope.hidden).cloned().collect();
        let mut items: Vec<(DfExpr, Attribute)> = kept.iter().map(|a| (a.column(), a.clone())).collect();
        items.push((id.typed.expr, row_id.clone()));
        let numbered = plan::project_items(left.plan, &items)?;
        let join_type = if outer { JoinType::LeftOuter } else { JoinType::Inner };
        let joined = join_plan(numbered, right.plan, join_type, condition)?;

        let columns = right.scope.attributes;
        let mut fields = vec![];
        for (index, column) in columns.iter().enumerate() {
            let name = format!("_{index}");
            fields.push(Value::new(TypedExpr::string(name.clone()), name));
            fields.push(Value::of_attribute(column));
        }
        let row = self.scalar("named_struct", fields)?;
        let mut aggregates = vec![];
        let mut arguments = vec![row, key];
        arguments.extend(count.map(|count| Value::new(TypedExpr::integer(count), count.to_string())));
        let function = if descending { "max_by" } else { "min_by" };
        let found = self.aggregated(function, arguments, false, &mut aggregates)?;
        let mut firsts = vec![];
        for column in &kept {
            let first = self.aggregated("first", vec![Value::of_attribute(column)], false, &mut aggregates)?;
            firsts.push((first.typed.expr, column.clone()));
        }
        let aggregated = plan::aggregate(joined, vec![row_id.column()], aggregates)?;
        let rows = if count.is_some() {
            found
        } else {
            let any = self.scalar("isnotnull", vec![found.clone()])?;
            let one = self.scalar("array", vec![found])?;
            self.scalar("when", vec![any, one])?
        };
        let matches = self.attribute("__nearest_matches__", &rows.typed);
        firsts.push((rows.typed.expr, matches.clone()));
        let grouped = plan::project_items(aggregated, &firsts)?;

        let output = columns.iter().map(|column| StructField {
            metadata: column.metadata.clone(),
            ..StructField::new(column.name.clone(), column.data_type.clone(), column.nullable)
        });
        let output = StructType { fields: output.collect() };
        let call = GeneratorCall { name: "inline", outer, rows: matches.typed(), output };
        let (plan, generated) =
            self.generate(grouped, &Generator::of(call, "inline(__nearest_matches__)"), &[], &[])?;
        let found = generated.into_iter().zip(columns).map(|(generated, column)| Attribute {
            id: generated.id,
            nullable: generated.nullable,
            ..column
        });
        let mut attributes = left.scope.attributes;
        attributes.extend(found);
        let scope = Scope { attributes, hidden: left.scope.hidden, ..Scope::default() };
        Ok(Resolved { plan, scope, below: Below::Nothing })
    }
}

/// Where an as-of join looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Backward,
    Forward,
    Nearest,
}

impl Direction {
    fn of(name: &str) -> SparkResult<Direction> {
        match name.to_lowercase().as_str() {
            "backward" => Ok(Direction::Backward),
            "forward" => Ok(Direction::Forward),
            "nearest" => Ok(Direction::Nearest),
            _ => Err(SparkError::analysis("AS_OF_JOIN.UNSUPPORTED_DIRECTION")
                .param("direction", name)
                .param("supported", "'forward', 'backward', 'nearest'")),
        }
    }
}

/// Whether left rows without a match stay; the Scala name of any other type.
fn is_outer(join_type: &str) -> Result<bool, String> {
    match join_type.to_lowercase().replace('_', "").as_str() {
        "inner" => Ok(false),
        "left" | "leftouter" => Ok(true),
        "right" | "rightouter" => Err("RightOuter".into()),
        "outer" | "full" | "fullouter" => Err("FullOuter".into()),
        "semi" | "leftsemi" => Err("LeftSemi".into()),
        "anti" | "leftanti" => Err("LeftAnti".into()),
        "cross" => Err("Cross".into()),
        _ => Err(join_type.into()),
    }
}
