//! Commands: statements and `spark.catalog` calls that change or describe the catalog and the session, and those that
//! write. Each answers with rows, perhaps none (Spark's `RunnableCommand`s).
//!
//! What needs a job goes through [`CommandRunner`], which the service implements: this crate plans and does not run.

mod analyze;
mod cache;
mod catalog_call;
mod configuration;
mod create_table;
mod describe;
mod describe_text;
mod explain;
mod function;
mod function_info;
mod insert;
mod namespace;
mod partition;
mod rows;
mod script;
mod show;
mod show_create;
mod statement;
mod store_assignment;
mod table;
mod variable;
mod view;
mod write;

pub use cache::{persist, storage_level, unpersist};

use arrow::array::RecordBatch;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{BucketSpec, Command, ExplainMode, Options, Plan, SaveMode, StructType};

use crate::{AnalyzedPlan, SessionState, analyze};

/// Rows that a command answers with.
#[derive(Debug, Clone)]
pub struct CommandOutput {
    /// Their schema; no columns when the command answers nothing.
    pub schema: StructType,
    /// The rows.
    pub batches: Vec<RecordBatch>,
}

impl CommandOutput {
    /// No rows and no columns.
    pub fn empty() -> CommandOutput {
        CommandOutput { schema: StructType::default(), batches: vec![] }
    }
}

/// A query's rows to be written into a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct FileWrite {
    /// Folder, as the user wrote it or as the catalog keeps it.
    pub path: String,
    /// Format as the user named it.
    pub format: String,
    /// Writer options.
    pub options: Options,
    /// What happens to files that are there. For a table only `Append` and `Overwrite`.
    pub mode: SaveMode,
    /// Columns of the plan whose values become folders, in order.
    pub partition_columns: Vec<String>,
    /// Buckets. The plan that is written then has one more column, the last: the bucket of each row.
    pub bucket_spec: Option<BucketSpec>,
    /// With `Overwrite`: replace only partitions that get rows (`spark.sql.sources.partitionOverwriteMode=dynamic`).
    pub dynamic_overwrite: bool,
}

/// What runs the jobs of commands.
pub trait CommandRunner {
    /// The rows of a plan.
    fn collect(&self, state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>>;
    /// Writes the rows of a plan; gives the partition folders that were written to.
    fn write(&self, state: &SessionState, plan: &AnalyzedPlan, write: &FileWrite) -> SparkResult<Vec<String>>;
    /// The text of `EXPLAIN`.
    fn explain(&self, state: &SessionState, plan: &Plan, mode: ExplainMode) -> SparkResult<String>;
}

/// A command being run.
pub(crate) struct CommandContext<'a> {
    pub(crate) state: &'a SessionState,
    pub(crate) runner: &'a dyn CommandRunner,
}

/// Runs a command.
pub fn run_command(state: &SessionState, command: &Command, runner: &dyn CommandRunner) -> SparkResult<CommandOutput> {
    CommandContext { state, runner }.run(command)
}

impl CommandContext<'_> {
    fn run(&self, command: &Command) -> SparkResult<CommandOutput> {
        match command {
            Command::CreateView(view) => self.create_view(view),
            Command::Write(write) => self.write(write),
            Command::WriteV2(write) => self.write_v2(write),
            Command::Insert(insert) => self.insert(insert),
            Command::MultiInsert(inserts) => {
                inserts.iter().try_for_each(|insert| self.insert(insert).map(drop))?;
                Ok(CommandOutput::empty())
            }
            Command::CreateTable(table) => self.create_table(table),
            Command::CreateTableLike { target, source, provider, location, properties, if_not_exists } => {
                let clauses = (provider.as_deref(), location.as_deref(), properties);
                self.create_table_like(target, source, clauses, *if_not_exists)
            }
            Command::DropTable { name, if_exists, is_view, .. } => self.drop_table(name, *if_exists, *is_view),
            Command::CreateNamespace { name, if_not_exists, comment, location, properties } => {
                self.create_namespace(name, *if_not_exists, comment.as_deref(), location.as_deref(), properties)
            }
            Command::DropNamespace { name, if_exists, cascade } => self.drop_namespace(name, *if_exists, *cascade),
            Command::AlterNamespace { name, properties, location } => {
                self.alter_namespace(name, properties, location.as_deref())
            }
            Command::AlterTable { name, is_view, action } => self.alter_table(name, *is_view, action),
            Command::TruncateTable { name, partition } => self.truncate_table(name, partition),
            Command::Delete { table, .. } => self.row_level(table, "DELETE"),
            Command::Update { table, .. } => self.row_level(table, "UPDATE TABLE"),
            Command::Merge(merge) => self.row_level(&merge.target, "MERGE INTO TABLE"),
            Command::UseNamespace { name } => self.use_namespace(name),
            Command::SetCatalog { name } => self.set_catalog(name),
            Command::ShowNamespaces { pattern } => self.show_namespaces(pattern.as_deref()),
            Command::ShowTables { namespace, pattern } => self.show_tables(namespace.as_deref(), pattern.as_deref()),
            Command::ShowTableExtended { namespace, pattern, partition } => {
                self.show_table_extended(namespace.as_deref(), pattern, partition)
            }
            Command::ShowViews { namespace, pattern } => self.show_views(namespace.as_deref(), pattern.as_deref()),
            Command::ShowColumns { table } => self.show_columns(table),
            Command::ShowPartitions { table, partition } => self.show_partitions(table, partition),
            Command::ShowCreateTable { table, .. } => self.show_create_table(table),
            Command::ShowTableProperties { table, key } => self.show_table_properties(table, key.as_deref()),
            Command::ShowFunctions { scope, pattern, namespace } => {
                self.show_functions(*scope, pattern.as_deref(), namespace.as_deref())
            }
            Command::ShowCatalogs { pattern } => self.show_catalogs(pattern.as_deref()),
            Command::ShowCurrentNamespace => self.show_current_namespace(),
            Command::DescribeTable { table, extended, partition, column, as_json } => {
                self.describe_table(table, *extended, partition, column.as_deref(), *as_json)
            }
            Command::DescribeQuery { query } => self.describe_query(query),
            Command::DescribeNamespace { name, extended } => self.describe_namespace(name, *extended),
            Command::DescribeFunction { name, extended } => self.describe_function(name, *extended),
            Command::Explain { plan, mode } => self.explain(plan, *mode),
            Command::SetConf { key, value, verbose } => self.set_conf(key.as_deref(), value.as_deref(), *verbose),
            Command::ResetConf { key } => self.reset_conf(key.as_deref()),
            Command::SetTimeZone { zone } => self.set_time_zone(zone),
            Command::CacheTable { name, query, lazy, options } => {
                self.cache_table(name, query.as_deref(), *lazy, options)
            }
            Command::UncacheTable { name, if_exists } => self.uncache_table(name, *if_exists),
            Command::ClearCache => {
                self.state.cache.clear();
                Ok(CommandOutput::empty())
            }
            Command::Refresh { target } => self.refresh(target),
            Command::AnalyzeTable { table, partition, columns, all_columns, no_scan } => {
                self.analyze_table(table, partition, (columns, *all_columns), *no_scan)
            }
            Command::AnalyzeTables { namespace, no_scan } => self.analyze_tables(namespace.as_deref(), *no_scan),
            Command::RepairTable { table } => self.repair_table(table),
            Command::CreateFunction(definition) => self.create_function(definition),
            Command::DropFunction { name, if_exists, temporary } => self.drop_function(name, *if_exists, *temporary),
            Command::RegisterFunction(_) => Err(SparkError::unsupported("Python functions in SQL")),
            Command::RegisterTableFunction(_) => Err(SparkError::unsupported("Python table functions in SQL")),
            Command::DeclareVariable { names, data_type, default, replace } => {
                self.declare_variables(names, data_type.as_ref(), default.as_ref(), *replace)
            }
            Command::DropVariable { name, if_exists } => self.drop_variable(name, *if_exists),
            Command::SetVariable { assignments, query } => self.set_variables(assignments, query.as_deref()),
            Command::ExecuteImmediate { query, into, using } => self.execute_immediate(query, into, using),
            Command::Script(body) => self.script(body),
            Command::CommentOn { object, name, comment } => self.comment_on(*object, name, comment.as_deref()),
            Command::Catalog(call) => self.catalog_call(call),
            Command::Unsupported { name } => Err(SparkError::unsupported(name.clone())),
        }
    }

    /// Runs a plan for its rows.
    fn rows_of(&self, plan: &Plan) -> SparkResult<CommandOutput> {
        match plan {
            Plan::Command(command) => self.run(command),
            Plan::Relation(relation) => {
                let analyzed = analyze(self.state, relation)?;
                let batches = self.runner.collect(self.state, &analyzed)?;
                Ok(CommandOutput { schema: analyzed.schema(), batches })
            }
        }
    }
}
