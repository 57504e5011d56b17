//! The first rows of a result as text, for the page's grid.

use arrow::{
    array::{Array, AsArray},
    record_batch::RecordBatch,
};
use kindling_common::SparkResult;
use kindling_proto::connect::{ExecutePlanRequest, plan::OpType};
use kindling_spec::{Plan, Relation, StructType};
use serde::Serialize;

use crate::{
    ConnectError, ConnectService,
    lower::{lower_command, lower_relation},
    lower_error,
    query::{QueryRun, analyze, eager_command, limit},
};

/// A column of a grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridColumn {
    /// Name.
    pub name: String,
    /// Spark's short type name.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether the schema allows nulls.
    pub nullable: bool,
}

/// Rows as the page shows them: cells as `show()` prints them untruncated, nothing for NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grid {
    /// Columns.
    pub columns: Vec<GridColumn>,
    /// Rows.
    pub rows: Vec<Vec<Option<String>>>,
    /// All rows, where the run gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<usize>,
    /// Whether the result has more rows than these.
    pub truncated: bool,
}

impl ConnectService {
    /// Runs a request (a SQL text, a file, a client's DataFrame) and keeps its first `rows` rows as text.
    pub fn execute_grid(&self, request: ExecutePlanRequest, rows: usize) -> Result<Grid, ConnectError> {
        let execution = self.start_execute(&request)?;
        let session = execution.session();
        let run = execution.query_run(self);
        let result = lower(&request).and_then(|plan| match (eager_command(&session.state, &plan)?, &plan) {
            (Some(command), _) => grid_of_command(&run, Plan::Command(command)),
            (None, Plan::Relation(relation)) => grid_of_query(&run, relation, rows),
            (None, Plan::Command(_)) => grid_of_command(&run, plan),
        });
        self.engine.bus().drain();
        session.remove_execution(&execution.holder.operation_id);
        result.map_err(|error| session.keep_error(error))
    }
}

fn lower(request: &ExecutePlanRequest) -> SparkResult<Plan> {
    match request.plan.as_ref().and_then(|plan| plan.op_type.as_ref()) {
        Some(OpType::Root(relation)) => lower_relation(relation).map(Plan::Relation),
        Some(OpType::Command(command)) => lower_command(command),
        _ => Err(lower_error("the request has no plan")),
    }
}

/// Cells that a grid holds at most, so that a wide result costs the page no more than a long one.
const MAX_CELLS: usize = 200_000;
/// Bytes of text after which no more rows are kept.
const MAX_BYTES: usize = 8 << 20;

/// At most `rows` rows, fewer where they are wide or long.
fn grid_of_query(run: &QueryRun<'_>, relation: &Relation, rows: usize) -> SparkResult<Grid> {
    let analyzed = analyze(run.state, relation)?;
    let columns = columns(&analyzed.schema());
    let rows = rows.min((MAX_CELLS / columns.len().max(1)).max(1));
    let limited = limit(analyzed, rows.saturating_add(1))?;
    let pretty = kindling_plan::nullable_strings(run.state, limited)?;
    let mut grid = Grid { columns, ..Grid::default() };
    let mut room = MAX_BYTES;
    run.run_analyzed(&pretty, &mut |_| {}, &mut |_, batch| {
        let kept = rows_within(batch, &mut room);
        push_rows(&mut grid, &batch.slice(0, kept));
        grid.truncated |= kept < batch.num_rows();
        Ok(())
    })?;
    grid.truncated |= grid.rows.len() > rows;
    grid.total_rows = (!grid.truncated).then_some(grid.rows.len());
    grid.rows.truncate(rows);
    Ok(grid)
}

/// How many rows of a batch fit into `room` bytes of text, which they use up; the first row of all always fits.
fn rows_within(batch: &RecordBatch, room: &mut usize) -> usize {
    if *room == 0 {
        return 0;
    }
    let columns: Vec<_> = batch.columns().iter().map(|column| column.as_string::<i32>()).collect();
    for row in 0..batch.num_rows() {
        let bytes: usize = columns.iter().map(|column| column.value_length(row).unsigned_abs() as usize).sum();
        if bytes > *room && *room < MAX_BYTES {
            *room = 0;
            return row;
        }
        *room = room.saturating_sub(bytes);
    }
    batch.num_rows()
}

/// The rows that a command returns are few and of simple types.
fn grid_of_command(run: &QueryRun<'_>, plan: Plan) -> SparkResult<Grid> {
    let mut grid = Grid::default();
    let schema = run.run(&plan, &mut |_| {}, &mut |schema, batch| {
        let strings = kindling_plan::batch_strings(run.state, schema, batch)?;
        push_rows(&mut grid, &strings);
        Ok(())
    })?;
    grid.columns = columns(&schema);
    grid.total_rows = Some(grid.rows.len());
    Ok(grid)
}

fn columns(schema: &StructType) -> Vec<GridColumn> {
    schema
        .fields
        .iter()
        .map(|field| GridColumn {
            name: field.name.clone(),
            data_type: field.data_type.simple_string(),
            nullable: field.nullable,
        })
        .collect()
}

fn push_rows(grid: &mut Grid, batch: &RecordBatch) {
    let columns: Vec<_> = batch.columns().iter().map(|column| column.as_string::<i32>()).collect();
    grid.rows.extend((0..batch.num_rows()).map(|row| {
        columns.iter().map(|column| column.is_valid(row).then(|| column.value(row).to_string())).collect::<Vec<_>>()
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn batch(values: &[Option<&str>]) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([(
            "s",
            Arc::new(StringArray::from(values.to_vec())) as ArrayRef,
            true,
        )])
        .unwrap()
    }

    #[test]
    fn rows_are_kept_until_their_text_fills_the_room() {
        let mut room = 5;
        assert_eq!(rows_within(&batch(&[Some("abc"), Some("de"), Some("f")]), &mut room), 2);
        assert_eq!(
            rows_within(&batch(&[None, Some("g")]), &mut room),
            0,
            "no later row may follow one that was left out"
        );
    }

    #[test]
    fn one_row_is_kept_however_long_it_is() {
        let long = "x".repeat(MAX_BYTES + 1);
        let mut room = MAX_BYTES;
        assert_eq!(rows_within(&batch(&[Some(&long), Some("y")]), &mut room), 1);
    }
}
