//! Unresolved relations.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Command, DataType, Expr, Literal, Origin, PythonUdf, SortOrder, StructType};

/// An unresolved relation.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// What it is.
    pub kind: RelationKind,
    /// The Connect plan id that columns may refer to.
    pub plan_id: Option<i64>,
    /// Where it came from.
    pub origin: Origin,
}

/// Options of a reader, writer or table, keys as written.
pub type Options = BTreeMap<String, String>;

/// What a relation is.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationKind {
    /// `SELECT …` without `FROM`: one row, no columns.
    OneRow,
    /// A table, view, CTE or path (``csv.`a.csv` ``) by name.
    NamedTable {
        /// Name parts.
        name: Vec<String>,
        /// Options (`spark.read.options(…).table(…)`, `WITH (…)`).
        options: Options,
        /// `VERSION|TIMESTAMP AS OF`.
        temporal: Option<Box<TemporalClause>>,
        /// `STREAM t`, `readStream.table`.
        is_streaming: bool,
    },
    /// Files or another source by format.
    DataSource(DataSource),
    /// `range(start, end, step, numPartitions)`.
    Range {
        /// First value.
        start: i64,
        /// One past the last value.
        end: i64,
        /// Step.
        step: i64,
        /// Partitions; the session's default parallelism when absent.
        num_partitions: Option<usize>,
    },
    /// Rows sent by the client as an Arrow IPC stream.
    LocalRelation {
        /// Arrow IPC stream; `None` for no rows.
        data: Option<Arc<[u8]>>,
        /// Schema to give the rows, if the client sent one.
        schema: Option<StructType>,
    },
    /// Rows that the client uploaded as artifacts before: each an Arrow IPC stream, found by its hash in the session.
    CachedLocalRelation {
        /// Hashes of the chunks in order.
        data_hashes: Vec<String>,
        /// Hash of the schema's text (DDL or JSON), if there is one.
        schema_hash: Option<String>,
    },
    /// `VALUES (…), (…)` with optional column names.
    Values {
        /// Rows of expressions.
        rows: Vec<Vec<Expr>>,
    },
    /// A table-valued function.
    TableValuedFunction {
        /// Name parts.
        name: Vec<String>,
        /// Arguments.
        arguments: Vec<Expr>,
    },
    /// An inline Python table function.
    PythonTableFunction {
        /// The function; `output_type` is `Null` when it analyses its own schema.
        function: Box<PythonUdf>,
    },
    /// `SELECT list` / `select(…)`.
    Project {
        /// Input.
        input: Box<Relation>,
        /// Select list; may contain stars, generators, windows and, in SQL, aggregates.
        expressions: Vec<Expr>,
    },
    /// `WHERE`.
    Filter {
        /// Input.
        input: Box<Relation>,
        /// Condition.
        condition: Expr,
    },
    /// A join.
    Join(Box<Join>),
    /// `UNION`, `INTERSECT`, `EXCEPT`.
    SetOperation {
        /// Left input.
        left: Box<Relation>,
        /// Right input.
        right: Box<Relation>,
        /// Which.
        op: SetOpType,
        /// Keep duplicates.
        all: bool,
        /// Match columns by name.
        by_name: bool,
        /// `unionByName(allowMissingColumns=True)`.
        allow_missing_columns: bool,
    },
    /// `ORDER BY` (global) or `SORT BY`/`sortWithinPartitions`.
    Sort {
        /// Input.
        input: Box<Relation>,
        /// Keys. `ORDER BY ALL` is one key over `UnresolvedAttribute ["ALL"]`.
        order: Vec<SortOrder>,
        /// Whether the order is total.
        global: bool,
    },
    /// `LIMIT`.
    Limit {
        /// Input.
        input: Box<Relation>,
        /// Row count, a foldable expression.
        limit: Box<Expr>,
    },
    /// `OFFSET`.
    Offset {
        /// Input.
        input: Box<Relation>,
        /// Rows to skip, a foldable expression.
        offset: Box<Expr>,
    },
    /// The last rows.
    Tail {
        /// Input.
        input: Box<Relation>,
        /// Row count.
        limit: Box<Expr>,
    },
    /// Grouping and aggregates.
    Aggregate(Box<Aggregate>),
    /// `HAVING` over an `Aggregate`.
    Having {
        /// The aggregate.
        input: Box<Relation>,
        /// Condition; may hold further aggregates.
        condition: Expr,
    },
    /// `QUALIFY`: a filter over window functions, which it may call or name by the select list's aliases.
    Qualify {
        /// The select.
        input: Box<Relation>,
        /// Condition; may hold window functions.
        condition: Expr,
    },
    /// `SELECT DISTINCT`.
    Distinct {
        /// Input.
        input: Box<Relation>,
    },
    /// `dropDuplicates`.
    Deduplicate {
        /// Input.
        input: Box<Relation>,
        /// Key columns; all when empty and `all_columns`.
        columns: Vec<String>,
        /// All columns are keys.
        all_columns: bool,
        /// `dropDuplicatesWithinWatermark`.
        within_watermark: bool,
    },
    /// `withWatermark`.
    WithWatermark {
        /// Input.
        input: Box<Relation>,
        /// The column of event times.
        event_time: String,
        /// How late rows may be, as an interval's text.
        delay_threshold: String,
    },
    /// `sample` / `TABLESAMPLE`.
    Sample {
        /// Input.
        input: Box<Relation>,
        /// How much.
        method: SampleMethod,
        /// Seed, if given.
        seed: Option<i64>,
        /// Sort first so that splits are disjoint (`randomSplit`).
        deterministic_order: bool,
    },
    /// `withColumns`.
    WithColumns {
        /// Input.
        input: Box<Relation>,
        /// `Alias` expressions.
        aliases: Vec<Expr>,
    },
    /// `withColumnsRenamed`.
    WithColumnsRenamed {
        /// Input.
        input: Box<Relation>,
        /// (existing, new) in order.
        renames: Vec<(String, String)>,
    },
    /// `drop`.
    Drop {
        /// Input.
        input: Box<Relation>,
        /// Columns as expressions.
        columns: Vec<Expr>,
        /// Columns by name; unknown names are ignored.
        column_names: Vec<String>,
    },
    /// `toDF(names)`.
    ToDf {
        /// Input.
        input: Box<Relation>,
        /// New names, one a column.
        column_names: Vec<String>,
    },
    /// `to(schema)`.
    ToSchema {
        /// Input.
        input: Box<Relation>,
        /// Target schema.
        schema: StructType,
    },
    /// `AS alias [(columns)]`.
    SubqueryAlias {
        /// Input.
        input: Box<Relation>,
        /// Alias.
        alias: String,
        /// Column aliases, may be empty.
        columns: Vec<String>,
    },
    /// `repartition(n)` (`shuffle`) and `coalesce(n)` (not).
    Repartition {
        /// Input.
        input: Box<Relation>,
        /// Partitions.
        num_partitions: usize,
        /// Whether to shuffle.
        shuffle: bool,
    },
    /// `repartition([n,] cols)`, `repartitionByRange`, `DISTRIBUTE BY`.
    RepartitionByExpression {
        /// Input.
        input: Box<Relation>,
        /// Keys; `SortOrder` keys mean range partitioning.
        expressions: Vec<Expr>,
        /// Partitions; `spark.sql.shuffle.partitions` when absent.
        num_partitions: Option<usize>,
    },
    /// A hint such as `BROADCAST`.
    Hint {
        /// Input.
        input: Box<Relation>,
        /// Name as written.
        name: String,
        /// Parameters.
        parameters: Vec<Expr>,
    },
    /// `UNPIVOT` / `melt`.
    Unpivot(Box<Unpivot>),
    /// `PIVOT` in SQL (`Aggregate.pivot` carries the DataFrame's).
    Pivot(Box<PivotClause>),
    /// `transpose`.
    Transpose {
        /// Input.
        input: Box<Relation>,
        /// Index column, first when empty.
        index_columns: Vec<Expr>,
    },
    /// `_joinAsOf` (`merge_asof` of pandas): each left row with the nearest right row.
    AsOfJoin(Box<AsOfJoin>),
    /// `nearestByJoin`: each left row with the first right rows by a ranking.
    NearestByJoin(Box<NearestByJoin>),
    /// `LATERAL VIEW [OUTER] generator(…) alias AS columns`.
    LateralView {
        /// Input.
        input: Box<Relation>,
        /// The generator call.
        generator: Expr,
        /// Keep rows without output.
        outer: bool,
        /// Table alias.
        table_alias: Option<String>,
        /// Column aliases, may be empty.
        column_aliases: Vec<String>,
    },
    /// A relation that may refer to columns of those on its left (`LATERAL`), as the right side of a join.
    Lateral {
        /// Input.
        input: Box<Relation>,
    },
    /// `WITH name AS (…) …`.
    WithCtes {
        /// Main query.
        input: Box<Relation>,
        /// CTEs in order.
        ctes: Vec<Cte>,
        /// `WITH RECURSIVE`.
        recursive: bool,
    },
    /// `WINDOW w AS (…)` around a select.
    WithWindows {
        /// Input.
        input: Box<Relation>,
        /// Names and specifications (the `function` of each is a null literal).
        windows: Vec<(String, crate::WindowExpr)>,
    },
    /// A SQL text with arguments (`spark.sql(…)`).
    Sql {
        /// The text.
        query: String,
        /// `:name` values.
        named_arguments: BTreeMap<String, Expr>,
        /// `?` values.
        positional_arguments: Vec<Expr>,
    },
    /// Relations that subquery expressions in `root` refer to by plan id.
    WithRelations {
        /// The relation.
        root: Box<Relation>,
        /// Referenced relations.
        references: Vec<Relation>,
    },
    /// A DataFrame kept on the server (checkpoint, foreachBatch).
    CachedRemoteRelation {
        /// Its id.
        relation_id: String,
    },
    /// `na.fill`.
    FillNa {
        /// Input.
        input: Box<Relation>,
        /// Columns; all of a fitting type when empty.
        columns: Vec<String>,
        /// One value, or one a column.
        values: Vec<Literal>,
    },
    /// `na.drop`.
    DropNa {
        /// Input.
        input: Box<Relation>,
        /// Columns; all when empty.
        columns: Vec<String>,
        /// Keep rows with at least this many non-null values; all when absent.
        min_non_nulls: Option<usize>,
    },
    /// `na.replace`.
    ReplaceNa {
        /// Input.
        input: Box<Relation>,
        /// Columns; all when empty.
        columns: Vec<String>,
        /// (old, new).
        replacements: Vec<(Literal, Literal)>,
    },
    /// `summary(statistics)`.
    Summary {
        /// Input.
        input: Box<Relation>,
        /// Statistics; Spark's default set when empty.
        statistics: Vec<String>,
    },
    /// `describe(columns)`.
    Describe {
        /// Input.
        input: Box<Relation>,
        /// Columns; all numeric and string ones when empty.
        columns: Vec<String>,
    },
    /// `stat.crosstab`.
    Crosstab {
        /// Input.
        input: Box<Relation>,
        /// Row key.
        column1: String,
        /// Column key.
        column2: String,
    },
    /// `stat.cov`.
    Cov {
        /// Input.
        input: Box<Relation>,
        /// First column.
        column1: String,
        /// Second column.
        column2: String,
    },
    /// `stat.corr`.
    Corr {
        /// Input.
        input: Box<Relation>,
        /// First column.
        column1: String,
        /// Second column.
        column2: String,
        /// Only `pearson`.
        method: Option<String>,
    },
    /// `stat.approxQuantile`.
    ApproxQuantile {
        /// Input.
        input: Box<Relation>,
        /// Columns.
        columns: Vec<String>,
        /// Probabilities.
        probabilities: Vec<f64>,
        /// Relative error.
        relative_error: f64,
    },
    /// `stat.freqItems`.
    FreqItems {
        /// Input.
        input: Box<Relation>,
        /// Columns.
        columns: Vec<String>,
        /// Support, 0.01 when absent.
        support: Option<f64>,
    },
    /// `stat.sampleBy`.
    SampleBy {
        /// Input.
        input: Box<Relation>,
        /// Stratum.
        column: Box<Expr>,
        /// Fractions.
        fractions: Vec<(Literal, f64)>,
        /// Seed.
        seed: Option<i64>,
    },
    /// `spark.read.csv(df)`/`json(df)`: parse a string column.
    Parse {
        /// Input with one string column.
        input: Box<Relation>,
        /// `csv`, `json` or `xml`.
        format: String,
        /// Schema; inferred when absent.
        schema: Option<StructType>,
        /// Options.
        options: Options,
    },
    /// `df.show()` as a one-row, one-column relation.
    ShowString {
        /// Input.
        input: Box<Relation>,
        /// Rows to show.
        num_rows: usize,
        /// Cell width; 0 means no truncation.
        truncate: usize,
        /// One line a field.
        vertical: bool,
    },
    /// `df._repr_html_()`.
    HtmlString {
        /// Input.
        input: Box<Relation>,
        /// Rows to show.
        num_rows: usize,
        /// Cell width; 0 means no truncation.
        truncate: usize,
    },
    /// `df.observe`.
    CollectMetrics {
        /// Input.
        input: Box<Relation>,
        /// Observation name.
        name: String,
        /// Aggregates.
        metrics: Vec<Expr>,
    },
    /// `mapInPandas`, `mapInArrow`, RDD-like partition functions.
    MapPartitions {
        /// Input.
        input: Box<Relation>,
        /// The function.
        function: Box<PythonUdf>,
        /// Barrier execution.
        is_barrier: bool,
    },
    /// `applyInPandas` and the like.
    GroupMap {
        /// Input.
        input: Box<Relation>,
        /// Keys.
        grouping: Vec<Expr>,
        /// The function.
        function: Box<PythonUdf>,
    },
    /// `cogroup(…).applyInPandas`.
    CoGroupMap {
        /// Left input.
        left: Box<Relation>,
        /// Left keys.
        left_grouping: Vec<Expr>,
        /// Right input.
        right: Box<Relation>,
        /// Right keys.
        right_grouping: Vec<Expr>,
        /// The function.
        function: Box<PythonUdf>,
    },
    /// `spark.catalog` calls and `SHOW`/`DESCRIBE` statements: commands that return rows.
    Command(Box<Command>),
    /// A relation the protocol knows and the engine does not: resolving it raises an error that names it.
    Unsupported {
        /// What the user would call it.
        name: String,
    },
}

/// A source read by format and paths (`spark.read.format(…).load(…)`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataSource {
    /// `csv`, `parquet`, …; the session's default when absent.
    pub format: Option<String>,
    /// Schema the user gave: DDL or JSON text.
    pub schema: Option<String>,
    /// Reader options.
    pub options: Options,
    /// Paths and globs.
    pub paths: Vec<String>,
    /// Partition predicates (JDBC).
    pub predicates: Vec<String>,
    /// `readStream`.
    pub is_streaming: bool,
}

/// `VERSION AS OF` / `TIMESTAMP AS OF`.
#[derive(Debug, Clone, PartialEq)]
pub enum TemporalClause {
    /// A version.
    Version(String),
    /// A timestamp expression.
    Timestamp(Expr),
}

/// A join.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Left input.
    pub left: Relation,
    /// Right input.
    pub right: Relation,
    /// Kind.
    pub join_type: JoinType,
    /// `ON`, `USING` or nothing.
    pub criteria: JoinCriteria,
    /// The right side may refer to the left (`LATERAL`, `lateralJoin`).
    pub lateral: bool,
}

/// What a join matches on.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinCriteria {
    /// Nothing: a cross product.
    None,
    /// `ON condition`.
    On(Expr),
    /// `USING (columns)`.
    Using(Vec<String>),
    /// `NATURAL`.
    Natural,
}

/// Kind of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinType {
    /// `INNER`
    Inner,
    /// `FULL OUTER`
    FullOuter,
    /// `LEFT OUTER`
    LeftOuter,
    /// `RIGHT OUTER`
    RightOuter,
    /// `LEFT ANTI`
    LeftAnti,
    /// `LEFT SEMI`
    LeftSemi,
    /// `CROSS`
    Cross,
}

/// An as-of join. Names of types and directions are as the user wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct AsOfJoin {
    /// Left input.
    pub left: Relation,
    /// Right input.
    pub right: Relation,
    /// Time, or what is like it, of a left row.
    pub left_as_of: Expr,
    /// That of a right row.
    pub right_as_of: Expr,
    /// What must hold besides: nothing, `On` or `Using`.
    pub criteria: JoinCriteria,
    /// `inner` or `left`.
    pub join_type: String,
    /// How far apart two rows may be.
    pub tolerance: Option<Expr>,
    /// Whether equal times match.
    pub allow_exact_matches: bool,
    /// `backward`, `forward` or `nearest`.
    pub direction: String,
}

/// A join with the rows that a ranking puts first. Names are as the user wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestByJoin {
    /// Left input.
    pub left: Relation,
    /// Right input.
    pub right: Relation,
    /// The ranking of a right row for a left one.
    pub ranking: Expr,
    /// Right rows for one left row, at most.
    pub num_results: i32,
    /// `inner` or `leftouter`.
    pub join_type: String,
    /// `exact` or `approx`.
    pub mode: String,
    /// `distance` (small ones first) or `similarity` (large ones first).
    pub direction: String,
}

/// Kind of a set operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOpType {
    /// `UNION`
    Union,
    /// `INTERSECT`
    Intersect,
    /// `EXCEPT`
    Except,
}

/// Grouping and aggregates.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Input.
    pub input: Relation,
    /// How groups are made.
    pub group_type: GroupType,
    /// Grouping expressions (`GROUP BY ALL` is one `UnresolvedAttribute ["ALL"]`).
    pub grouping: Vec<Expr>,
    /// `GROUPING SETS` when `group_type` says so.
    pub grouping_sets: Vec<Vec<Expr>>,
    /// Output expressions. SQL lists every output column; Connect lists only aggregates and the grouping columns come first.
    pub aggregates: Vec<Expr>,
    /// Whether the grouping columns are put before `aggregates` (Connect) or `aggregates` is the whole output (SQL).
    pub with_grouping_expressions: bool,
    /// DataFrame `pivot`: column and values.
    pub pivot: Option<(Expr, Vec<Literal>)>,
}

/// How groups are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupType {
    /// `GROUP BY`
    GroupBy,
    /// `ROLLUP`
    Rollup,
    /// `CUBE`
    Cube,
    /// `GROUPING SETS`
    GroupingSets,
}

/// How much to sample.
#[derive(Debug, Clone, PartialEq)]
pub enum SampleMethod {
    /// A fraction range `[lower, upper)`.
    Fraction {
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
        /// With replacement.
        with_replacement: bool,
    },
    /// `TABLESAMPLE (n ROWS)`.
    Rows(Box<Expr>),
    /// `TABLESAMPLE (BUCKET x OUT OF y)`.
    Bucket {
        /// Which bucket, from 1.
        numerator: i64,
        /// Buckets.
        denominator: i64,
    },
}

/// `UNPIVOT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpivot {
    /// Input.
    pub input: Relation,
    /// Id columns; `None` in SQL: all that are not values.
    pub ids: Option<Vec<Expr>>,
    /// Value column groups with an optional alias; `None`: all that are not ids.
    pub values: Option<Vec<(Vec<Expr>, Option<String>)>>,
    /// Name of the variable column.
    pub variable_column_name: String,
    /// Names of the value columns.
    pub value_column_names: Vec<String>,
    /// Keep rows whose values are all null.
    pub include_nulls: bool,
}

/// `PIVOT (aggregates FOR columns IN (values))`.
#[derive(Debug, Clone, PartialEq)]
pub struct PivotClause {
    /// Input.
    pub input: Relation,
    /// Aggregates, maybe aliased.
    pub aggregates: Vec<Expr>,
    /// Pivot column(s): several are a struct.
    pub columns: Vec<Expr>,
    /// Values, maybe aliased.
    pub values: Vec<Expr>,
}

/// A common table expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Name.
    pub name: String,
    /// Column aliases, may be empty.
    pub columns: Vec<String>,
    /// The query.
    pub query: Relation,
    /// `MAX RECURSION LEVEL n`.
    pub max_recursion: Option<i64>,
}

impl From<RelationKind> for Relation {
    fn from(kind: RelationKind) -> Self {
        Relation { kind, plan_id: None, origin: Origin::None }
    }
}

impl Relation {
    /// A relation with the Connect plan id that columns may refer to.
    pub fn with_plan_id(mut self, plan_id: Option<i64>) -> Relation {
        self.plan_id = plan_id;
        self
    }

    /// `SELECT expressions FROM self`
    pub fn project(self, expressions: Vec<Expr>) -> Relation {
        RelationKind::Project { input: Box::new(self), expressions }.into()
    }

    /// `… WHERE condition`
    pub fn filter(self, condition: Expr) -> Relation {
        RelationKind::Filter { input: Box::new(self), condition }.into()
    }
}

/// A column of a `CREATE TABLE` or a DDL schema string.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDefinition {
    /// Name.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// `NOT NULL` clears it.
    pub nullable: bool,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// `DEFAULT expr`, as text and parsed.
    pub default: Option<(String, Expr)>,
    /// `GENERATED ALWAYS AS (expr)`, as text.
    pub generated: Option<String>,
}
