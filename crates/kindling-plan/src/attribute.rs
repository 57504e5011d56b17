//! Columns as the resolver sees them.

use datafusion::{
    common::Column,
    logical_expr::{Expr, LogicalPlan},
};
use kindling_functions::TypedExpr;
use kindling_spec::{DataType, StructField, StructType};

/// A column of a resolved relation: what the user calls it, and which column of the plan it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Unique in the session.
    pub id: u64,
    /// Name as the user sees it.
    pub name: String,
    /// Spark type.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
    /// Column metadata as a JSON object's text.
    pub metadata: Option<String>,
    /// Qualifier: `[alias]` or `[catalog, database, table]`.
    pub qualifier: Vec<String>,
    /// Whether only a qualified name reaches it: a key of a `USING` join that the merged key hides.
    pub qualified_only: bool,
    /// Connect plans whose output this column is part of.
    pub plan_ids: Vec<PlanTag>,
}

/// A Connect plan that a column is part of the output of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanTag {
    /// The plan's id.
    pub id: i64,
    /// Operators between that plan and the one whose output this is.
    pub depth: usize,
}

impl Attribute {
    /// How far below a Connect plan is, if the column was part of its output.
    pub(crate) fn depth_of(&self, plan_id: i64) -> Option<usize> {
        self.plan_ids.iter().filter(|tag| tag.id == plan_id).map(|tag| tag.depth).min()
    }

    /// Goes up one operator, which may be a Connect plan.
    pub(crate) fn lift(&mut self, plan_id: Option<i64>) {
        for tag in &mut self.plan_ids {
            tag.depth += 1;
        }
        self.plan_ids.extend(plan_id.map(|id| PlanTag { id, depth: 0 }));
    }

    /// The column's name inside plans.
    pub fn internal_name(&self) -> String {
        format!("{}#{}", self.name, self.id)
    }

    /// A reference to the column.
    pub fn column(&self) -> Expr {
        Expr::Column(Column::new_unqualified(self.internal_name()))
    }

    /// A typed reference to the column.
    pub fn typed(&self) -> TypedExpr {
        TypedExpr { expr: self.column(), data_type: self.data_type.clone(), nullable: self.nullable }
    }

    /// `` `qualifier`.`name` ``, as error messages show it.
    pub fn qualified_sql(&self) -> String {
        let mut parts: Vec<&str> = self.qualifier.iter().map(String::as_str).collect();
        parts.push(&self.name);
        quote_parts(&parts)
    }

    /// `qualifier.name`, quoted where it must be (Spark's `AttributeReference.sql`).
    pub(crate) fn sql(&self) -> String {
        let parts = self.qualifier.iter().chain([&self.name]);
        parts.map(|part| kindling_spec::quote_if_needed(part)).collect::<Vec<_>>().join(".")
    }

    /// The column as a field of a schema.
    pub fn field(&self) -> StructField {
        StructField {
            name: self.name.clone(),
            data_type: self.data_type.clone(),
            nullable: self.nullable,
            metadata: self.metadata.clone(),
        }
    }
}

/// Backquotes each part and joins with dots (Spark's `toSQLId`).
pub(crate) fn quote_parts<S: AsRef<str>>(parts: &[S]) -> String {
    parts.iter().map(|part| kindling_spec::quote_identifier(part.as_ref())).collect::<Vec<_>>().join(".")
}

/// A resolved query: the plan and what its columns are to the user.
#[derive(Debug, Clone)]
pub struct AnalyzedPlan {
    /// The plan; its schema's columns are those of `output`, in order.
    pub plan: LogicalPlan,
    /// The columns.
    pub output: Vec<Attribute>,
    /// When it was resolved: the value of `current_timestamp()` in it, in microseconds since the epoch.
    pub analyzed_at: i64,
}

impl AnalyzedPlan {
    /// The schema that the user sees.
    pub fn schema(&self) -> StructType {
        StructType { fields: self.output.iter().map(Attribute::field).collect() }
    }
}
