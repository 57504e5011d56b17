//! Commands: statements and calls with an effect, or that describe the catalog.

use std::collections::BTreeMap;

use crate::{
    ColumnDefinition, CompoundBody, Expr, MergeAction, Options, Origin, Plan, PythonUdf, Relation, StructType,
};

/// A name of one or more parts.
pub type MultipartIdentifier = Vec<String>;

/// What `spark.sql(…)`, the writer and `spark.catalog` may ask for besides rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `CREATE [OR REPLACE] [GLOBAL] TEMP VIEW` from a DataFrame or a query, and `CREATE VIEW`.
    CreateView(Box<CreateView>),
    /// `df.write…save()`.
    Write(Box<WriteOperation>),
    /// `df.writeTo(…)`.
    WriteV2(Box<WriteOperationV2>),
    /// `INSERT INTO|OVERWRITE`.
    Insert(Box<Insert>),
    /// `FROM … INSERT … INSERT …`: several inserts, in order.
    MultiInsert(Vec<Insert>),
    /// `CREATE TABLE`, CTAS, `CREATE TABLE LIKE` excluded.
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE a LIKE b`.
    CreateTableLike {
        /// New table.
        target: MultipartIdentifier,
        /// Model.
        source: MultipartIdentifier,
        /// `USING`.
        provider: Option<String>,
        /// `LOCATION`.
        location: Option<String>,
        /// `TBLPROPERTIES`.
        properties: Options,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `DROP TABLE|VIEW`.
    DropTable {
        /// Name.
        name: MultipartIdentifier,
        /// `IF EXISTS`.
        if_exists: bool,
        /// It was `DROP VIEW`.
        is_view: bool,
        /// `PURGE`.
        purge: bool,
    },
    /// `CREATE DATABASE|SCHEMA|NAMESPACE`.
    CreateNamespace {
        /// Name.
        name: MultipartIdentifier,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
        /// `COMMENT`.
        comment: Option<String>,
        /// `LOCATION`.
        location: Option<String>,
        /// `DBPROPERTIES`.
        properties: Options,
    },
    /// `DROP DATABASE`.
    DropNamespace {
        /// Name.
        name: MultipartIdentifier,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `CASCADE`.
        cascade: bool,
    },
    /// `ALTER DATABASE … SET …`.
    AlterNamespace {
        /// Name.
        name: MultipartIdentifier,
        /// `SET DBPROPERTIES`.
        properties: Options,
        /// `SET LOCATION`.
        location: Option<String>,
    },
    /// `ALTER TABLE|VIEW`.
    AlterTable {
        /// Name.
        name: MultipartIdentifier,
        /// `ALTER VIEW`.
        is_view: bool,
        /// What to do.
        action: AlterTableAction,
    },
    /// `TRUNCATE TABLE`.
    TruncateTable {
        /// Name.
        name: MultipartIdentifier,
        /// `PARTITION (…)`.
        partition: PartitionSpec,
    },
    /// `DELETE FROM`.
    Delete {
        /// Table.
        table: MultipartIdentifier,
        /// `AS alias`.
        alias: Option<String>,
        /// `WHERE`.
        condition: Option<Expr>,
    },
    /// `UPDATE … SET …`.
    Update {
        /// Table.
        table: MultipartIdentifier,
        /// `AS alias`.
        alias: Option<String>,
        /// Assignments.
        assignments: Vec<(Expr, Expr)>,
        /// `WHERE`.
        condition: Option<Expr>,
    },
    /// `MERGE INTO`.
    Merge(Box<Merge>),
    /// `USE [NAMESPACE|DATABASE] name`.
    UseNamespace {
        /// Name.
        name: MultipartIdentifier,
    },
    /// `USE CATALOG name` / `SET CATALOG name`.
    SetCatalog {
        /// Name.
        name: String,
    },
    /// `SHOW DATABASES`.
    ShowNamespaces {
        /// `LIKE` pattern.
        pattern: Option<String>,
    },
    /// `SHOW TABLES`.
    ShowTables {
        /// `IN database`.
        namespace: Option<MultipartIdentifier>,
        /// `LIKE` pattern.
        pattern: Option<String>,
    },
    /// `SHOW TABLE EXTENDED`.
    ShowTableExtended {
        /// `IN database`.
        namespace: Option<MultipartIdentifier>,
        /// `LIKE` pattern.
        pattern: String,
        /// `PARTITION (…)`.
        partition: PartitionSpec,
    },
    /// `SHOW VIEWS`.
    ShowViews {
        /// `IN database`.
        namespace: Option<MultipartIdentifier>,
        /// `LIKE` pattern.
        pattern: Option<String>,
    },
    /// `SHOW COLUMNS`.
    ShowColumns {
        /// Table.
        table: MultipartIdentifier,
    },
    /// `SHOW PARTITIONS`.
    ShowPartitions {
        /// Table.
        table: MultipartIdentifier,
        /// `PARTITION (…)`.
        partition: PartitionSpec,
    },
    /// `SHOW CREATE TABLE`.
    ShowCreateTable {
        /// Table.
        table: MultipartIdentifier,
        /// `AS SERDE`.
        as_serde: bool,
    },
    /// `SHOW TBLPROPERTIES`.
    ShowTableProperties {
        /// Table.
        table: MultipartIdentifier,
        /// One key.
        key: Option<String>,
    },
    /// `SHOW FUNCTIONS`.
    ShowFunctions {
        /// `USER`, `SYSTEM` or `ALL`.
        scope: FunctionScope,
        /// `LIKE` pattern or name.
        pattern: Option<String>,
        /// `IN database`.
        namespace: Option<MultipartIdentifier>,
    },
    /// `SHOW CATALOGS`.
    ShowCatalogs {
        /// `LIKE` pattern.
        pattern: Option<String>,
    },
    /// `SHOW CURRENT NAMESPACE`.
    ShowCurrentNamespace,
    /// `DESCRIBE [TABLE] [EXTENDED] name [column]`.
    DescribeTable {
        /// Table or view.
        table: MultipartIdentifier,
        /// `EXTENDED` / `FORMATTED`.
        extended: bool,
        /// `PARTITION (…)`.
        partition: PartitionSpec,
        /// One column.
        column: Option<Vec<String>>,
        /// `AS JSON`.
        as_json: bool,
    },
    /// `DESCRIBE QUERY`.
    DescribeQuery {
        /// The query.
        query: Box<Relation>,
    },
    /// `DESCRIBE DATABASE`.
    DescribeNamespace {
        /// Name.
        name: MultipartIdentifier,
        /// `EXTENDED`.
        extended: bool,
    },
    /// `DESCRIBE FUNCTION`.
    DescribeFunction {
        /// Name.
        name: MultipartIdentifier,
        /// `EXTENDED`.
        extended: bool,
    },
    /// `EXPLAIN`.
    Explain {
        /// What to explain.
        plan: Box<Plan>,
        /// Layout.
        mode: ExplainMode,
    },
    /// `SET`, `SET key`, `SET key = value`, `SET -v`.
    SetConf {
        /// Key; `None` lists.
        key: Option<String>,
        /// Value; `None` shows.
        value: Option<String>,
        /// `SET -v`.
        verbose: bool,
    },
    /// `RESET [key]`.
    ResetConf {
        /// Key; `None` resets all.
        key: Option<String>,
    },
    /// `SET TIME ZONE`.
    SetTimeZone {
        /// Zone id, `LOCAL`, or an interval expression's text.
        zone: Expr,
    },
    /// `CACHE [LAZY] TABLE name [OPTIONS …] [AS query]`.
    CacheTable {
        /// Name.
        name: MultipartIdentifier,
        /// `AS query`.
        query: Option<Box<Relation>>,
        /// `LAZY`.
        lazy: bool,
        /// Options (`storageLevel`).
        options: Options,
    },
    /// `UNCACHE TABLE`.
    UncacheTable {
        /// Name.
        name: MultipartIdentifier,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `CLEAR CACHE`.
    ClearCache,
    /// `REFRESH TABLE name` or `REFRESH path`.
    Refresh {
        /// A table, or a path.
        target: RefreshTarget,
    },
    /// `ANALYZE TABLE`.
    AnalyzeTable {
        /// Table.
        table: MultipartIdentifier,
        /// `PARTITION (…)`.
        partition: PartitionSpec,
        /// `FOR COLUMNS`.
        columns: Vec<String>,
        /// `FOR ALL COLUMNS`.
        all_columns: bool,
        /// `NOSCAN`.
        no_scan: bool,
    },
    /// `ANALYZE TABLES`.
    AnalyzeTables {
        /// `IN database`.
        namespace: Option<MultipartIdentifier>,
        /// `NOSCAN`.
        no_scan: bool,
    },
    /// `MSCK REPAIR TABLE` / `RECOVER PARTITIONS`.
    RepairTable {
        /// Table.
        table: MultipartIdentifier,
    },
    /// `CREATE FUNCTION` from SQL (body) or Java (class).
    CreateFunction(Box<CreateFunction>),
    /// `DROP FUNCTION`.
    DropFunction {
        /// Name.
        name: MultipartIdentifier,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `TEMPORARY`.
        temporary: bool,
    },
    /// `spark.udf.register`.
    RegisterFunction(Box<PythonUdf>),
    /// `spark.udtf.register`.
    RegisterTableFunction(Box<PythonUdf>),
    /// `DECLARE VARIABLE`.
    DeclareVariable {
        /// Names.
        names: Vec<MultipartIdentifier>,
        /// Type, if given.
        data_type: Option<crate::DataType>,
        /// `DEFAULT`.
        default: Option<Expr>,
        /// `OR REPLACE`.
        replace: bool,
    },
    /// `DROP TEMPORARY VARIABLE`.
    DropVariable {
        /// Name.
        name: MultipartIdentifier,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `SET VAR`.
    SetVariable {
        /// (name, value); `None` value resets to the default.
        assignments: Vec<(MultipartIdentifier, Option<Expr>)>,
        /// `SET VAR (a, b) = (query)`.
        query: Option<Box<Relation>>,
    },
    /// `EXECUTE IMMEDIATE`.
    ExecuteImmediate {
        /// The SQL text.
        query: Expr,
        /// `INTO` variables.
        into: Vec<MultipartIdentifier>,
        /// `USING` arguments.
        using: Vec<Expr>,
    },
    /// `BEGIN … END`.
    Script(Box<CompoundBody>),
    /// `COMMENT ON`.
    CommentOn {
        /// `TABLE` or `DATABASE`.
        object: CommentObject,
        /// Name.
        name: MultipartIdentifier,
        /// The comment; `None` removes.
        comment: Option<String>,
    },
    /// `spark.catalog.…`.
    Catalog(CatalogCall),
    /// A statement that is understood and not carried out: running it raises an error that names it.
    Unsupported {
        /// What the user would call it.
        name: String,
    },
}

/// `PARTITION (a = 1, b)`: column and value (absent for dynamic ones).
pub type PartitionSpec = Vec<(String, Option<Expr>)>;

/// A view to create.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// Name.
    pub name: MultipartIdentifier,
    /// Scope.
    pub scope: ViewScope,
    /// `OR REPLACE`.
    pub replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Column aliases and comments.
    pub columns: Vec<(String, Option<String>)>,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// `TBLPROPERTIES`.
    pub properties: Options,
    /// The query.
    pub query: Relation,
    /// Its text when it came from SQL.
    pub query_text: Option<String>,
}

/// How long a view lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewScope {
    /// The session.
    LocalTemp,
    /// All sessions, in `global_temp`.
    GlobalTemp,
    /// The catalog.
    Persistent,
}

/// What happens when the target exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveMode {
    /// Add.
    Append,
    /// Replace.
    Overwrite,
    /// Fail.
    ErrorIfExists,
    /// Do nothing.
    Ignore,
}

/// Where a writer writes.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteTarget {
    /// `save(path)`.
    Path(String),
    /// `saveAsTable(name)`.
    Table(MultipartIdentifier),
    /// `insertInto(name)`.
    InsertInto(MultipartIdentifier),
    /// `save()` without a path.
    None,
}

/// `df.write`.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOperation {
    /// Input.
    pub input: Relation,
    /// Format; the session's default when absent.
    pub source: Option<String>,
    /// Target.
    pub target: WriteTarget,
    /// Mode; `ErrorIfExists` when unset.
    pub mode: SaveMode,
    /// Options.
    pub options: Options,
    /// `partitionBy`.
    pub partition_columns: Vec<String>,
    /// `sortBy`.
    pub sort_columns: Vec<String>,
    /// `bucketBy`: buckets and columns.
    pub bucket_by: Option<(usize, Vec<String>)>,
    /// `clusterBy`.
    pub cluster_columns: Vec<String>,
}

/// `df.writeTo(table)`.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOperationV2 {
    /// Input.
    pub input: Relation,
    /// Table.
    pub table: MultipartIdentifier,
    /// `using`.
    pub provider: Option<String>,
    /// `partitionedBy`.
    pub partitioning: Vec<Expr>,
    /// Options.
    pub options: Options,
    /// `tableProperty`.
    pub properties: Options,
    /// The final call.
    pub mode: WriteV2Mode,
    /// `overwrite(condition)`.
    pub overwrite_condition: Option<Expr>,
}

/// The final call of `df.writeTo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteV2Mode {
    /// `create()`
    Create,
    /// `overwrite(condition)`
    Overwrite,
    /// `overwritePartitions()`
    OverwritePartitions,
    /// `append()`
    Append,
    /// `replace()`
    Replace,
    /// `createOrReplace()`
    CreateOrReplace,
}

/// `INSERT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Target.
    pub table: MultipartIdentifier,
    /// Where its name stands.
    pub table_origin: Origin,
    /// Column list, may be empty.
    pub columns: Vec<String>,
    /// `PARTITION (…)`.
    pub partition: PartitionSpec,
    /// `INSERT OVERWRITE`.
    pub overwrite: bool,
    /// `IF NOT EXISTS`.
    pub if_partition_not_exists: bool,
    /// `BY NAME`.
    pub by_name: bool,
    /// `INSERT INTO t REPLACE WHERE cond`.
    pub replace_where: Option<Expr>,
    /// Rows.
    pub query: Relation,
    /// `INSERT OVERWRITE DIRECTORY path USING format`.
    pub directory: Option<InsertDirectory>,
}

/// Target of `INSERT OVERWRITE DIRECTORY`.
#[derive(Debug, Clone, PartialEq)]
pub struct InsertDirectory {
    /// Path.
    pub path: String,
    /// Format.
    pub provider: String,
    /// Options.
    pub options: Options,
}

/// `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// Name.
    pub name: MultipartIdentifier,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `OR REPLACE` or `REPLACE TABLE`.
    pub replace: bool,
    /// It was `REPLACE TABLE`: the table must exist.
    pub must_exist: bool,
    /// `EXTERNAL`.
    pub external: bool,
    /// Columns.
    pub columns: Vec<ColumnDefinition>,
    /// `USING` format.
    pub provider: Option<String>,
    /// `OPTIONS`.
    pub options: Options,
    /// `PARTITIONED BY (columns)`; typed columns (Hive style) are also in `columns`.
    pub partition_columns: Vec<String>,
    /// `PARTITIONED BY (transform(…))`: those that are not plain columns.
    pub partition_transforms: Vec<Expr>,
    /// `CLUSTERED BY (…) [SORTED BY (…)] INTO n BUCKETS`.
    pub bucket_spec: Option<BucketSpec>,
    /// `CLUSTER BY`.
    pub cluster_columns: Vec<String>,
    /// `LOCATION`.
    pub location: Option<String>,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// `TBLPROPERTIES`.
    pub properties: Options,
    /// `AS query`.
    pub query: Option<Relation>,
}

/// Bucketing of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketSpec {
    /// Buckets.
    pub num_buckets: usize,
    /// Keys.
    pub columns: Vec<String>,
    /// Order within a bucket.
    pub sort_columns: Vec<String>,
}

/// What `ALTER TABLE` does.
#[allow(clippy::large_enum_variant)] // One a statement: a box would save nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterTableAction {
    /// `RENAME TO`.
    RenameTo(MultipartIdentifier),
    /// `ADD COLUMNS`: name path, definition, position (`FIRST` or `AFTER c`).
    AddColumns(Vec<(Vec<String>, ColumnDefinition, Option<ColumnPosition>)>),
    /// `DROP COLUMNS`.
    DropColumns {
        /// Columns.
        columns: Vec<Vec<String>>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `RENAME COLUMN a TO b`.
    RenameColumn {
        /// Existing column.
        column: Vec<String>,
        /// New name.
        new_name: String,
    },
    /// `ALTER COLUMN`.
    AlterColumn {
        /// Column.
        column: Vec<String>,
        /// `TYPE`.
        data_type: Option<crate::DataType>,
        /// `SET|DROP NOT NULL`.
        nullable: Option<bool>,
        /// `COMMENT`.
        comment: Option<String>,
        /// `FIRST` / `AFTER`.
        position: Option<ColumnPosition>,
        /// `SET DEFAULT` (text and expression), or `DROP DEFAULT` (`Some(None)`).
        default: Option<Option<(String, Expr)>>,
    },
    /// `REPLACE COLUMNS`.
    ReplaceColumns(Vec<ColumnDefinition>),
    /// `SET TBLPROPERTIES`.
    SetProperties(Options),
    /// `UNSET TBLPROPERTIES`.
    UnsetProperties {
        /// Keys.
        keys: Vec<String>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `SET LOCATION`.
    SetLocation {
        /// `PARTITION (…)`.
        partition: PartitionSpec,
        /// Where.
        location: String,
    },
    /// `ADD PARTITION`: specification and location.
    AddPartitions {
        /// Partitions.
        partitions: Vec<(PartitionSpec, Option<String>)>,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `DROP PARTITION`.
    DropPartitions {
        /// Partitions.
        partitions: Vec<PartitionSpec>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `PARTITION … RENAME TO PARTITION …`.
    RenamePartition {
        /// Existing.
        from: PartitionSpec,
        /// New.
        to: PartitionSpec,
    },
    /// `RECOVER PARTITIONS`.
    RecoverPartitions,
    /// `ALTER VIEW … AS query`.
    ViewAs {
        /// The query.
        query: Box<Relation>,
        /// Its text.
        query_text: String,
    },
    /// Understood, not carried out.
    Unsupported(String),
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// `FIRST`
    First,
    /// `AFTER column`
    After(String),
}

/// `MERGE INTO`.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Target table.
    pub target: MultipartIdentifier,
    /// `AS alias`.
    pub target_alias: Option<String>,
    /// Source.
    pub source: Relation,
    /// `ON`.
    pub condition: Expr,
    /// `WHEN MATCHED`.
    pub matched: Vec<MergeAction>,
    /// `WHEN NOT MATCHED [BY TARGET]`.
    pub not_matched: Vec<MergeAction>,
    /// `WHEN NOT MATCHED BY SOURCE`.
    pub not_matched_by_source: Vec<MergeAction>,
}

/// Which functions `SHOW FUNCTIONS` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionScope {
    /// `ALL`
    All,
    /// `USER`
    User,
    /// `SYSTEM`
    System,
}

/// `EXPLAIN` layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainMode {
    /// Physical plan only.
    Simple,
    /// Parsed, analysed, optimised and physical plans.
    Extended,
    /// Generated code.
    Codegen,
    /// Optimised plan with statistics, and physical plan.
    Cost,
    /// Numbered operators with details below.
    Formatted,
}

/// What `REFRESH` refreshes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshTarget {
    /// A table.
    Table(MultipartIdentifier),
    /// A path.
    Path(String),
    /// A function.
    Function(MultipartIdentifier),
}

/// What `COMMENT ON` comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentObject {
    /// A table.
    Table,
    /// A namespace.
    Namespace,
}

/// `CREATE FUNCTION`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateFunction {
    /// Name.
    pub name: MultipartIdentifier,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `OR REPLACE`.
    pub replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Parameters.
    pub parameters: Vec<ColumnDefinition>,
    /// Result type of a scalar function, if written.
    pub return_type: Option<crate::DataType>,
    /// Result schema of a table function; `Some` of an empty one when it is to be inferred.
    pub return_table: Option<StructType>,
    /// The body.
    pub body: FunctionBody,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// `DETERMINISTIC` or not, if written.
    pub deterministic: Option<bool>,
    /// `CONTAINS SQL`: it may not read data.
    pub contains_sql: bool,
    /// `READS SQL DATA`: it counts as reading data, whatever its body does.
    pub reads_sql_data: bool,
    /// The whole statement.
    pub text: String,
}

/// Body of a SQL function, or what stands in its place.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionBody {
    /// `RETURN expr`, with its text.
    Expr(Box<Expr>, String),
    /// `RETURN query`, with its text.
    Query(Box<Relation>, String),
    /// `AS 'class'` (`USING` resources are ignored by nobody: it is an error to run).
    Class(String),
}

/// A call of `spark.catalog`; each mirrors a message of `catalog.proto`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // Names and fields are those of catalog.proto.
pub enum CatalogCall {
    CurrentDatabase,
    SetCurrentDatabase {
        db_name: String,
    },
    ListDatabases {
        pattern: Option<String>,
    },
    ListTables {
        db_name: Option<String>,
        pattern: Option<String>,
    },
    ListFunctions {
        db_name: Option<String>,
        pattern: Option<String>,
    },
    ListColumns {
        table_name: String,
        db_name: Option<String>,
    },
    GetDatabase {
        db_name: String,
    },
    GetTable {
        table_name: String,
        db_name: Option<String>,
    },
    GetFunction {
        function_name: String,
        db_name: Option<String>,
    },
    DatabaseExists {
        db_name: String,
    },
    TableExists {
        table_name: String,
        db_name: Option<String>,
    },
    FunctionExists {
        function_name: String,
        db_name: Option<String>,
    },
    CreateTable {
        table_name: String,
        path: Option<String>,
        source: Option<String>,
        description: Option<String>,
        schema: Option<StructType>,
        options: BTreeMap<String, String>,
        external: bool,
    },
    DropTempView {
        view_name: String,
    },
    DropGlobalTempView {
        view_name: String,
    },
    RecoverPartitions {
        table_name: String,
    },
    IsCached {
        table_name: String,
    },
    CacheTable {
        table_name: String,
        storage_level: Option<StorageLevel>,
    },
    UncacheTable {
        table_name: String,
    },
    ClearCache,
    RefreshTable {
        table_name: String,
    },
    RefreshByPath {
        path: String,
    },
    CurrentCatalog,
    SetCurrentCatalog {
        catalog_name: String,
    },
    ListCatalogs {
        pattern: Option<String>,
    },
    ListPartitions {
        table_name: String,
    },
    ListViews {
        db_name: Option<String>,
        pattern: Option<String>,
    },
    GetTableProperties {
        table_name: String,
    },
    GetCreateTableString {
        table_name: String,
        as_serde: bool,
    },
}

/// Spark's `StorageLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageLevel {
    /// Keep on disk.
    pub use_disk: bool,
    /// Keep in memory.
    pub use_memory: bool,
    /// Keep off heap.
    pub use_off_heap: bool,
    /// Keep as objects.
    pub deserialized: bool,
    /// Copies.
    pub replication: u32,
}

impl StorageLevel {
    /// `MEMORY_AND_DISK`, deserialised: the default of `df.cache()`.
    pub const MEMORY_AND_DISK_DESER: StorageLevel =
        StorageLevel { use_disk: true, use_memory: true, use_off_heap: false, deserialized: true, replication: 1 };
    /// `NONE`.
    pub const NONE: StorageLevel =
        StorageLevel { use_disk: false, use_memory: false, use_off_heap: false, deserialized: false, replication: 1 };
}
