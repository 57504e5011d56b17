//! `WITH RECURSIVE`: the recursive term is run over the rows of the round before until a round gives none.
//!
//! Rounds are queries of their own, so they run while the query around them is planned (`QueryRunner`); Spark's
//! `UnionLoopExec` runs a job a round, too.

use arrow::array::RecordBatch;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Cte, Relation, RelationKind, SetOpType, StructType};

use super::{Resolved, Resolver, plan};
use crate::{AnalyzedPlan, Attribute};

/// `spark.sql.cteRecursionLevelLimit`
const LEVEL_LIMIT: i64 = 100;

/// The rows that a recursive CTE's name means while its next round is resolved.
#[derive(Debug, Clone)]
pub(super) struct BoundRows {
    pub name: String,
    pub schema: StructType,
    pub batches: Vec<RecordBatch>,
}

impl Resolver<'_> {
    /// The rows bound to a name, if any.
    pub(super) fn bound_rows(&mut self, name: &str) -> Option<SparkResult<Resolved>> {
        let bound = self.bound.iter().rev().find(|bound| self.names.same(&bound.name, name)).cloned()?;
        Some(self.local_rows(&bound.schema, bound.batches))
    }

    pub(super) fn recursive_cte(&mut self, cte: &Cte) -> SparkResult<Resolved> {
        let RelationKind::SetOperation { left, right, op: SetOpType::Union, all, .. } = &body(&cte.query).kind else {
            return Err(SparkError::analysis("INVALID_RECURSIVE_CTE"));
        };
        let limit = match cte.max_recursion {
            Some(limit) => limit,
            None => self
                .conf
                .get("spark.sql.cteRecursionLevelLimit")
                .and_then(|value| value.parse().ok())
                .unwrap_or(LEVEL_LIMIT),
        };
        let anchor = self.relation(left)?;
        let anchor = if cte.columns.is_empty() { anchor } else { self.rename_columns(anchor, &cte.columns)? };
        let mut schema = StructType { fields: anchor.attributes().iter().map(Attribute::field).collect() };
        for field in &mut schema.fields {
            field.nullable = true;
        }
        let mut rows = self.round(anchor, &schema)?;
        let mut seen = rows.clone();
        let mut level = 0;
        while rows.iter().any(|batch| batch.num_rows() > 0) {
            level += 1;
            if limit >= 0 && level > limit {
                return Err(SparkError::new(kindling_common::ExceptionClass::Spark, "RECURSION_LEVEL_LIMIT_EXCEEDED")
                    .param("levelLimit", limit.to_string()));
            }
            self.bound.push(BoundRows { name: cte.name.clone(), schema: schema.clone(), batches: rows });
            let term = self.relation(right);
            self.bound.pop();
            let mut term = term?;
            if !*all {
                // Only rows that no round gave before go on.
                let before = self.local_rows(&schema, seen.clone())?;
                term = self.new_rows(term, before)?;
            }
            rows = self.round(term, &schema)?;
            seen.extend(rows.clone());
        }
        self.local_rows(&schema, seen)
    }

    fn new_rows(&mut self, term: Resolved, before: Resolved) -> SparkResult<Resolved> {
        self.set_operation_resolved(term, before, SetOpType::Except, false)
    }

    /// Runs a round; its columns are cast to the anchor's types.
    fn round(&mut self, term: Resolved, schema: &StructType) -> SparkResult<Vec<RecordBatch>> {
        let columns = term.attributes().to_vec();
        if columns.len() != schema.fields.len() {
            return Err(SparkError::analysis("NUM_COLUMNS_MISMATCH")
                .param("operator", "UNION")
                .param("firstNumColumns", schema.fields.len().to_string())
                .param("invalidOrdinalNum", "second")
                .param("invalidNumColumns", columns.len().to_string()));
        }
        let mut items = Vec::with_capacity(columns.len());
        for (column, field) in columns.iter().zip(&schema.fields) {
            let typed = self.cast_typed(column.typed(), &field.data_type)?;
            items.push((typed.expr, self.new_column(field)));
        }
        let plan = plan::project_items(term.plan, &items)?;
        let output = items.into_iter().map(|(_, attribute)| attribute).collect();
        self.state.collect(&AnalyzedPlan { plan, output })
    }
}

/// The query below aliases and parentheses.
fn body(relation: &Relation) -> &Relation {
    match &relation.kind {
        RelationKind::SubqueryAlias { input, columns, .. } if columns.is_empty() => body(input),
        _ => relation,
    }
}
