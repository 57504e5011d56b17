//! One query from the unresolved plan to its rows: analyse, optimise, plan, run.

use std::sync::Arc;

use arrow::{array::AsArray, datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::logical_expr::LogicalPlanBuilder;
use kindling_common::{SparkError, SparkResult, conf};
use kindling_executor::{CancelToken, Engine, ResultSink, run_query};
use kindling_functions::error::from_datafusion;
use kindling_physical::PreparedPlan;
use kindling_plan::{
    AnalyzedPlan, SessionState,
    physical::{ObservedMetrics, observations},
};
use kindling_spec::{Command, DataType, ExplainMode, Plan, Relation, RelationKind, StructField, StructType};

use crate::show::ShowTable;

/// Resolves a relation in a session. Relations that the service answers itself have fixed schemas.
pub(crate) fn analyze(state: &SessionState, relation: &Relation) -> SparkResult<AnalyzedPlan> {
    kindling_plan::analyze(state, relation)
}

/// The session's time zone, as a label on timestamps.
pub(crate) fn time_zone(state: &SessionState) -> String {
    state.conf.read().value(&conf::SESSION_TIME_ZONE).to_string()
}

/// The command that a plan is, when `spark.sql` has to run it at once; `None` for a query.
pub(crate) fn eager_command(state: &SessionState, plan: &Plan) -> SparkResult<Option<Command>> {
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
            match kindling_plan::parse_sql(state, query, named_arguments, positional_arguments)? {
                Plan::Command(command) => Ok(Some(command)),
                Plan::Relation(_) => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// The text of `explain`.
pub(crate) fn explain(state: &SessionState, relation: &Relation, mode: ExplainMode) -> SparkResult<String> {
    kindling_plan::explain(state, relation, mode)
}

/// The files that a relation reads.
pub(crate) fn input_files(state: &SessionState, relation: &Relation) -> SparkResult<Vec<String>> {
    kindling_plan::input_files(state, relation)
}

/// Runs plans of one execution.
pub(crate) struct QueryRun<'a> {
    /// What runs it.
    pub engine: &'a Arc<Engine>,
    /// The session it belongs to.
    pub state: &'a SessionState,
    /// Tags for interruption.
    pub tags: &'a [String],
    /// Stops it.
    pub cancel: CancelToken,
    /// Where the observations of its plans go, for the response.
    pub observed: Option<&'a Observed>,
}

/// Observations of the plans that an execution has run.
pub(crate) type Observed = parking_lot::Mutex<Vec<Arc<ObservedMetrics>>>;

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
            _ => match eager_command(self.state, plan)? {
                Some(command) => self.run_command(&command, on_schema, on_batch),
                None => self.run_analyzed(&analyze(self.state, relation)?, on_schema, on_batch),
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
        let output = kindling_plan::command::run_command(self.state, command, self)?;
        on_schema(&output.schema);
        for batch in &output.batches {
            on_batch(&output.schema, batch)?;
        }
        Ok(output.schema)
    }

    /// All rows of a resolved query.
    pub fn collect_analyzed(&self, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        let mut batches = vec![];
        self.execute(plan, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        Ok(batches)
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
        let state = self.state;
        let optimized = kindling_plan::optimize(state, plan)?;
        self.run_prepared(kindling_plan::create_physical_plan(state, &optimized)?, on_batch)
    }

    /// Runs a physical plan and hands out its rows.
    pub fn run_prepared(
        &self,
        prepared: PreparedPlan,
        on_batch: &mut dyn FnMut(&RecordBatch) -> SparkResult<()>,
    ) -> SparkResult<()> {
        let state = self.state;
        let conf = state.conf.read().clone();
        let context = state.datafusion();
        let observed = observations(&prepared.plan);
        let mut run = kindling_executor::QueryRun::new(
            prepared,
            conf.clone(),
            context.config().clone(),
            Arc::clone(context.runtime_env()),
        );
        run.description = conf.get_set("spark.job.description").unwrap_or_default().to_string();
        run.call_site = state.call_site.read().clone();
        run.job_group = conf.get_set("spark.jobGroup.id").map(str::to_string);
        run.tags = self.tags.to_vec();
        if let Some(pool) = conf.get_set("spark.scheduler.pool") {
            run.properties.insert("spark.scheduler.pool".to_string(), pool.to_string());
        }
        run.cancel = self.cancel.clone();
        run_query(self.engine, run, &mut Rows(on_batch))?;
        if let Some(all) = self.observed {
            all.lock().extend(observed);
        }
        Ok(())
    }

    /// The first `num_rows` rows as the text of their cells, and whether there are more.
    fn show(&self, relation: &Relation, num_rows: usize) -> SparkResult<ShowTable> {
        let analyzed = analyze(self.state, relation)?;
        let header = analyzed.output.iter().map(|attribute| attribute.name.clone()).collect();
        let pretty = kindling_plan::pretty_strings(self.state, limit(analyzed, num_rows.saturating_add(1))?)?;
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
    Ok(AnalyzedPlan { plan: limited, ..plan })
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
