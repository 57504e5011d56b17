//! One query from the unresolved plan to its rows: analyse, optimise, plan, run.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::AsArray,
    datatypes::{Schema, SchemaRef},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    datasource::source_as_provider,
    logical_expr::{LogicalPlan, LogicalPlanBuilder},
};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_datasource::FileTable;
use kindling_executor::{ResultSink, run_query};
use kindling_functions::error::from_datafusion;
use kindling_plan::{AnalyzedPlan, catalog::TempView};
use kindling_spec::{
    Command, CreateView, DataType, ExplainMode, Plan, Relation, RelationKind, StructField, StructType, ViewScope,
};

use crate::{
    ConnectService,
    holder::{ExecuteHolder, SessionHolder},
    show::ShowTable,
};

/// Resolves a relation in a session. Relations that the service answers itself have fixed schemas.
pub(crate) fn analyze(session: &SessionHolder, relation: &Relation) -> SparkResult<AnalyzedPlan> {
    kindling_plan::analyze(&session.state, relation)
}

/// The session's time zone, as a label on timestamps.
pub(crate) fn time_zone(session: &SessionHolder) -> String {
    session.state.conf.read().value(&conf::SESSION_TIME_ZONE).to_string()
}

/// The command that a plan is, when `spark.sql` has to run it at once; `None` for a query.
pub(crate) fn eager_command(session: &SessionHolder, plan: &Plan) -> SparkResult<Option<Command>> {
    let relation = match plan {
        Plan::Command(command) => return Ok(Some(command.clone())),
        Plan::Relation(relation) => relation,
    };
    let sql = match &relation.kind {
        RelationKind::WithRelations { root, .. } => root,
        _ => relation,
    };
    match &sql.kind {
        RelationKind::Command(command) => Ok(Some((**command).clone())),
        RelationKind::Sql { query, named_arguments, positional_arguments } => {
            match kindling_plan::parse_sql(&session.state, query, named_arguments, positional_arguments)? {
                Plan::Command(command) => Ok(Some(command)),
                Plan::Relation(_) => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// The text of `explain`.
pub(crate) fn explain(_session: &SessionHolder, _relation: &Relation, _mode: ExplainMode) -> SparkResult<String> {
    Err(SparkError::unsupported("explain"))
}

/// The files that a relation reads.
pub(crate) fn input_files(session: &SessionHolder, relation: &Relation) -> SparkResult<Vec<String>> {
    let mut files = BTreeSet::new();
    let plan = analyze(session, relation)?.plan;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if let Some(table) = (provider.as_ref() as &dyn std::any::Any).downcast_ref::<FileTable>() {
                files.extend(table.input_files());
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(from_datafusion)?;
    Ok(files.into_iter().collect())
}

/// A relation's text without what differs between two builds of the same query.
pub(crate) fn canonical(relation: &Relation) -> String {
    let text = format!("{relation:?}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("plan_id: Some(") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        rest = after.find(')').and_then(|end| after.get(end + 1..)).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// Runs plans of one execution.
pub(crate) struct QueryRun<'a> {
    pub service: &'a ConnectService,
    pub session: &'a SessionHolder,
    pub holder: &'a ExecuteHolder,
}

/// The first word of a command's debug text, which is its variant.
fn command_name(command: &Command) -> String {
    let text = format!("{command:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_string()
}

/// Takes a batch of rows with the schema they have.
pub(crate) type OnBatch<'a> = &'a mut dyn FnMut(&StructType, &RecordBatch) -> SparkResult<()>;

impl QueryRun<'_> {
    /// Runs a plan: `on_schema` once before any row, `on_batch` for rows in order. Returns the schema.
    pub fn run(
        &self,
        plan: &Plan,
        on_schema: &mut dyn FnMut(&StructType),
        on_batch: OnBatch<'_>,
    ) -> SparkResult<StructType> {
        let relation = match plan {
            Plan::Relation(relation) => relation,
            Plan::Command(command) => return self.run_command(command, on_schema, on_batch),
        };
        match &relation.kind {
            RelationKind::ShowString { input, num_rows, truncate, vertical } => {
                let text = self.show(input, *num_rows)?.to_text(*num_rows, *truncate, *vertical);
                one_string("show_string", text, on_schema, on_batch)
            }
            RelationKind::HtmlString { input, num_rows, truncate } => {
                let html = self.show(input, *num_rows)?.to_html(*num_rows, *truncate);
                one_string("html_string", html, on_schema, on_batch)
            }
            _ => match eager_command(self.session, plan)? {
                Some(command) => self.run_command(&command, on_schema, on_batch),
                None => self.run_analyzed(&analyze(self.session, relation)?, on_schema, on_batch),
            },
        }
    }

    /// Runs a command; its rows are few.
    fn run_command(
        &self,
        command: &Command,
        on_schema: &mut dyn FnMut(&StructType),
        on_batch: OnBatch<'_>,
    ) -> SparkResult<StructType> {
        match command {
            Command::CreateView(view) if view.scope != ViewScope::Persistent => self.create_temp_view(view)?,
            other => return Err(SparkError::unsupported(format!("the command {}", command_name(other)))),
        }
        let schema = StructType::default();
        on_schema(&schema);
        let options = RecordBatchOptions::new().with_row_count(Some(0));
        let empty = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options)
            .map_err(|error| SparkError::internal(error.to_string()))?;
        on_batch(&schema, &empty)?;
        Ok(schema)
    }

    fn create_temp_view(&self, view: &CreateView) -> SparkResult<()> {
        // Errors of the query show when the view is made.
        analyze(self.session, &view.query)?;
        let [.., name] = view.name.as_slice() else {
            return Err(SparkError::internal("a view without a name"));
        };
        let catalog = &self.session.state.catalog;
        let global = view.scope == ViewScope::GlobalTemp;
        let exists = if global { catalog.global_temp_view(name) } else { catalog.temp_view(name) }.is_some();
        if exists && !view.replace {
            return Err(SparkError::analysis("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS")
                .param("relationName", kindling_spec::quote_identifier(name)));
        }
        let view = TempView { name: name.clone(), query: view.query.clone(), query_text: view.query_text.clone() };
        if global {
            catalog.create_global_temp_view(view)
        } else {
            catalog.create_temp_view(view)
        }
        Ok(())
    }

    /// Runs a resolved query.
    pub fn run_analyzed(
        &self,
        plan: &AnalyzedPlan,
        on_schema: &mut dyn FnMut(&StructType),
        on_batch: OnBatch<'_>,
    ) -> SparkResult<StructType> {
        let schema = plan.schema();
        on_schema(&schema);
        self.execute(plan, &mut |batch| on_batch(&schema, batch))?;
        Ok(schema)
    }

    /// Runs a resolved query and hands out its rows.
    fn execute(
        &self,
        plan: &AnalyzedPlan,
        on_batch: &mut dyn FnMut(&RecordBatch) -> SparkResult<()>,
    ) -> SparkResult<()> {
        let state = &self.session.state;
        let optimized = kindling_plan::optimize(state, plan)?;
        let prepared = kindling_plan::create_physical_plan(state, &optimized)?;
        let conf = state.conf.read().clone();
        let context = state.datafusion();
        let mut run = kindling_executor::QueryRun::new(
            prepared,
            conf.clone(),
            context.config().clone(),
            Arc::clone(context.runtime_env()),
        );
        run.description = conf.get_set("spark.job.description").unwrap_or_default().to_string();
        run.call_site = conf.get_set("callSite.short").unwrap_or_default().to_string();
        run.job_group = conf.get_set("spark.jobGroup.id").map(str::to_string);
        run.tags = self.holder.tags.clone();
        if let Some(pool) = conf.get_set("spark.scheduler.pool") {
            run.properties.insert("spark.scheduler.pool".to_string(), pool.to_string());
        }
        run.cancel = self.holder.cancel_token();
        run_query(&self.service.engine, run, &mut Rows(on_batch)).map(drop)
    }

    /// The first `num_rows` rows as the text of their cells, and whether there are more.
    fn show(&self, relation: &Relation, num_rows: usize) -> SparkResult<ShowTable> {
        let analyzed = analyze(self.session, relation)?;
        let header = analyzed.output.iter().map(|attribute| attribute.name.clone()).collect();
        let pretty = kindling_plan::pretty_strings(&self.session.state, limit(analyzed, num_rows.saturating_add(1))?)?;
        let mut rows = vec![];
        self.execute(&pretty, &mut |batch| {
            let columns: Vec<_> = batch.columns().iter().map(|column| column.as_string::<i32>()).collect();
            rows.extend(
                (0..batch.num_rows())
                    .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<String>>()),
            );
            Ok(())
        })?;
        let has_more = rows.len() > num_rows;
        rows.truncate(num_rows);
        Ok(ShowTable { header, rows, has_more })
    }
}

/// Rows as they come, whatever partition they are of.
struct Rows<'a>(&'a mut dyn FnMut(&RecordBatch) -> SparkResult<()>);

impl ResultSink for Rows<'_> {
    fn schema(&mut self, _: SchemaRef) -> SparkResult<()> {
        Ok(())
    }

    fn batches(&mut self, _: usize, batches: Vec<RecordBatch>) -> SparkResult<()> {
        batches.iter().try_for_each(|batch| (self.0)(batch))
    }
}

/// At most `rows` rows of a plan.
pub(crate) fn limit(plan: AnalyzedPlan, rows: usize) -> SparkResult<AnalyzedPlan> {
    let limited = LogicalPlanBuilder::from(plan.plan)
        .limit(0, Some(rows))
        .and_then(LogicalPlanBuilder::build)
        .map_err(from_datafusion)?;
    Ok(AnalyzedPlan { plan: limited, output: plan.output })
}

/// The one row of a relation that the service answers itself.
fn one_string(
    name: &str,
    text: String,
    on_schema: &mut dyn FnMut(&StructType),
    on_batch: OnBatch<'_>,
) -> SparkResult<StructType> {
    let schema = StructType::from(vec![StructField::new(name, DataType::String, false)]);
    let column = arrow::array::StringArray::from(vec![text]);
    let batch = RecordBatch::try_from_iter([(name, std::sync::Arc::new(column) as arrow::array::ArrayRef)])
        .map_err(|error| SparkError::internal(error.to_string()))?;
    on_schema(&schema);
    on_batch(&schema, &batch)?;
    Ok(schema)
}
