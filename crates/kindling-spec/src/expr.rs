//! Unresolved expressions.

use crate::{DataType, Literal, Origin, Relation};

/// An unresolved expression with the place it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it came from, for error contexts.
    pub origin: Origin,
}

/// What an expression is. Operators are functions, as in Spark's registry: `+`, `and`, `like`, `in`, `when`, `isnull`.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A column or nested field by name: `a`, `t.a`, `a.b.c`.
    UnresolvedAttribute {
        /// Name parts, unquoted.
        name_parts: Vec<String>,
        /// The Connect plan the column was taken from (`df["a"]`).
        plan_id: Option<i64>,
        /// Whether it names a metadata column.
        is_metadata_column: bool,
    },
    /// `*`, `t.*`, `* EXCEPT (a, b.c)`.
    UnresolvedStar {
        /// Qualifier or struct column, if any.
        target: Option<Vec<String>>,
        /// Columns left out.
        except: Vec<Vec<String>>,
        /// The Connect plan (`df["*"]`).
        plan_id: Option<i64>,
    },
    /// A value as a column of a table keeps it: cast as the store assignment policy does, `CHAR` and `VARCHAR` with their
    /// length.
    Stored {
        /// The value.
        child: Box<Expr>,
        /// The column.
        column: String,
        /// Its type.
        to: DataType,
    },
    /// An expression of a pipe operator, which says where aggregates may stand.
    Pipe {
        /// The expression.
        child: Box<Expr>,
        /// The operator.
        clause: PipeClause,
    },
    /// `df.colRegex(…)` or a backquoted regular expression.
    UnresolvedRegex {
        /// The pattern, matched against whole names.
        pattern: String,
        /// Table qualifier, if any.
        table: Option<String>,
        /// The Connect plan, if any.
        plan_id: Option<i64>,
    },
    /// A function, operator or aggregate by name.
    UnresolvedFunction(UnresolvedFunction),
    /// `expr AS name` (several names for generators).
    Alias {
        /// The aliased expression.
        expr: Box<Expr>,
        /// One or more names.
        names: Vec<String>,
        /// Column metadata as JSON, if given.
        metadata: Option<String>,
    },
    /// `CAST(expr AS type)`.
    Cast {
        /// Operand.
        expr: Box<Expr>,
        /// Target type.
        to: DataType,
        /// Behaviour on failure.
        mode: CastMode,
    },
    /// `expr ASC NULLS FIRST`, only where an ordering is expected.
    SortOrder(Box<SortOrder>),
    /// `f(…) OVER (…)`.
    Window(Box<WindowExpr>),
    /// `x -> body`.
    LambdaFunction {
        /// The body.
        body: Box<Expr>,
        /// Parameter names.
        arguments: Vec<String>,
    },
    /// A reference to a lambda's parameter from the DataFrame API, e.g. `x_1`, possibly with nested fields.
    UnresolvedNamedLambdaVariable {
        /// Name parts.
        name_parts: Vec<String>,
    },
    /// `child[extraction]`, `child.field`.
    UnresolvedExtractValue {
        /// Array, map or struct.
        child: Box<Expr>,
        /// Ordinal, key or field name literal.
        extraction: Box<Expr>,
    },
    /// `Column.withField` / `dropFields`.
    UpdateFields {
        /// The struct.
        child: Box<Expr>,
        /// Field path, dots separate levels.
        field_name: String,
        /// The new value, `None` to drop.
        value: Option<Box<Expr>>,
    },
    /// `name => expr` in a call.
    NamedArgument {
        /// Parameter name.
        name: String,
        /// Its value.
        value: Box<Expr>,
    },
    /// `:name` or `?` (position in the text tells which).
    Parameter(Parameter),
    /// A subquery used as an expression.
    Subquery(Box<SubqueryExpr>),
    /// A SQL text to be parsed as an expression (`F.expr`, `selectExpr`).
    ExpressionString(String),
    /// A Python function carried inline by the client.
    PythonUdf(Box<PythonUdf>),
    /// A Connect `MergeAction`.
    MergeAction(Box<MergeAction>),
}

/// A call by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnresolvedFunction {
    /// Name parts (`catalog.db.f`), as written.
    pub name: Vec<String>,
    /// Arguments; `count(*)` carries an `UnresolvedStar`.
    pub arguments: Vec<Expr>,
    /// `f(DISTINCT …)`.
    pub is_distinct: bool,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Box<Expr>>,
    /// `Some(true)` for `IGNORE NULLS`, `Some(false)` for `RESPECT NULLS`.
    pub ignore_nulls: Option<bool>,
    /// `WITHIN GROUP (ORDER BY …)`.
    pub order_within_group: Vec<SortOrder>,
    /// Internal functions are looked up in Catalyst's internal registry and never shadowed.
    pub is_internal: bool,
}

/// The pipe operators with expressions of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeClause {
    /// `|> EXTEND`
    Extend,
    /// `|> SET`
    Set,
    /// `|> AGGREGATE`
    Aggregate,
    /// The keys of `|> AGGREGATE … GROUP BY`, whose ordinals count the columns of the input.
    GroupBy,
}

/// Failure behaviour of a cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastMode {
    /// As the session's `spark.sql.ansi.enabled` says.
    Session,
    /// Never fails (`EVAL_MODE_LEGACY`).
    Legacy,
    /// Fails with Spark's error.
    Ansi,
    /// `TRY_CAST`: null on failure.
    Try,
}

/// An ordering key.
#[derive(Debug, Clone, PartialEq)]
pub struct SortOrder {
    /// The key.
    pub child: Expr,
    /// Direction; `Ascending` when not written.
    pub direction: SortDirection,
    /// Null ordering; `None` means Spark's default for the direction (ascending: first, descending: last).
    pub null_ordering: Option<NullOrdering>,
}

/// Direction of an ordering key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortDirection {
    /// `ASC`
    Ascending,
    /// `DESC`
    Descending,
}

/// Where nulls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullOrdering {
    /// `NULLS FIRST`
    NullsFirst,
    /// `NULLS LAST`
    NullsLast,
}

/// `f(…) OVER (PARTITION BY … ORDER BY … frame)`.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowExpr {
    /// The window or aggregate function.
    pub function: Expr,
    /// Partition keys.
    pub partition_spec: Vec<Expr>,
    /// Ordering keys.
    pub order_spec: Vec<SortOrder>,
    /// Explicit frame, if any.
    pub frame: Option<WindowFrame>,
    /// `OVER w`: a named window to be looked up in the query's `WINDOW` clause.
    pub window_name: Option<String>,
}

/// Name of the call that stands for Spark's `DirectShufflePartitionID` among the keys of a repartitioning.
pub const DIRECT_SHUFFLE_PARTITION_ID: &str = "direct_shuffle_partition_id";

/// A window frame.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowFrame {
    /// `ROWS` or `RANGE`.
    pub frame_type: FrameType,
    /// Lower bound.
    pub lower: FrameBoundary,
    /// Upper bound.
    pub upper: FrameBoundary,
}

/// Unit of a window frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType {
    /// `ROWS`
    Rows,
    /// `RANGE`
    Range,
}

/// A frame bound. Offsets are signed: `2 PRECEDING` is `Value(-2)`.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameBoundary {
    /// `CURRENT ROW`
    CurrentRow,
    /// `UNBOUNDED PRECEDING` as lower, `UNBOUNDED FOLLOWING` as upper bound.
    Unbounded,
    /// An offset expression, negative before the current row.
    Value(Box<Expr>),
}

/// A parameter marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// `:name`
    Named(String),
    /// `?`, with its byte position in the text
    Positional(usize),
}

/// A subquery in an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct SubqueryExpr {
    /// The kind.
    pub kind: SubqueryKind,
    /// The plan itself, or a reference into `RelationKind::WithRelations`.
    pub plan: SubqueryPlan,
}

/// Where a subquery's plan is.
#[allow(clippy::large_enum_variant)] // Always behind the box of `ExprKind::Subquery`.
#[derive(Debug, Clone, PartialEq)]
pub enum SubqueryPlan {
    /// Inline (SQL).
    Inline(Relation),
    /// By plan id (Connect).
    Reference(i64),
}

/// The kind of a subquery expression.
#[derive(Debug, Clone, PartialEq)]
pub enum SubqueryKind {
    /// `(SELECT …)` as a value.
    Scalar,
    /// `EXISTS (…)`.
    Exists,
    /// `(values) IN (…)`.
    In {
        /// Left-hand values.
        values: Vec<Expr>,
    },
    /// `TABLE(…)` argument of a table function.
    TableArgument {
        /// `PARTITION BY`.
        partition_spec: Vec<Expr>,
        /// `ORDER BY`.
        order_spec: Vec<SortOrder>,
        /// `WITH SINGLE PARTITION`.
        with_single_partition: bool,
    },
}

/// A Python function carried by the client (`CommonInlineUserDefinedFunction`).
#[derive(Debug, Clone, PartialEq)]
pub struct PythonUdf {
    /// Name shown to the user.
    pub name: String,
    /// Whether equal inputs give equal outputs.
    pub deterministic: bool,
    /// Arguments.
    pub arguments: Vec<Expr>,
    /// Result type.
    pub output_type: DataType,
    /// PySpark's `PythonEvalType`.
    pub eval_type: i32,
    /// The pickled function.
    pub command: Vec<u8>,
    /// Python version of the pickle, e.g. `3.11`.
    pub python_ver: String,
}

/// One clause of `MERGE INTO`.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeAction {
    /// The action.
    pub kind: MergeActionKind,
    /// `AND condition`.
    pub condition: Option<Expr>,
    /// Assignments of columns to values.
    pub assignments: Vec<(Expr, Expr)>,
}

/// What a `MERGE INTO` clause does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeActionKind {
    /// `DELETE`
    Delete,
    /// `INSERT (…)`
    Insert,
    /// `INSERT *`
    InsertStar,
    /// `UPDATE SET …`
    Update,
    /// `UPDATE SET *`
    UpdateStar,
}

impl From<ExprKind> for Expr {
    fn from(kind: ExprKind) -> Self {
        Expr { kind, origin: Origin::None }
    }
}

impl Expr {
    /// A constant.
    pub fn literal(value: Literal) -> Expr {
        ExprKind::Literal(value).into()
    }

    /// A column by its name parts.
    pub fn column<I: IntoIterator<Item = S>, S: Into<String>>(name_parts: I) -> Expr {
        ExprKind::UnresolvedAttribute {
            name_parts: name_parts.into_iter().map(Into::into).collect(),
            plan_id: None,
            is_metadata_column: false,
        }
        .into()
    }

    /// A call of a function or operator.
    pub fn call(name: impl Into<String>, arguments: Vec<Expr>) -> Expr {
        let function = UnresolvedFunction { name: vec![name.into()], arguments, ..Default::default() };
        ExprKind::UnresolvedFunction(function).into()
    }

    /// `*`
    pub fn star() -> Expr {
        ExprKind::UnresolvedStar { target: None, except: vec![], plan_id: None }.into()
    }

    /// `self AS name`
    pub fn alias(self, name: impl Into<String>) -> Expr {
        let origin = self.origin.clone();
        Expr { kind: ExprKind::Alias { expr: Box::new(self), names: vec![name.into()], metadata: None }, origin }
    }

    /// The same expression with an origin.
    pub fn at(mut self, origin: Origin) -> Expr {
        self.origin = origin;
        self
    }
}
