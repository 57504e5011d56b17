//! Rows that the client sent, and DataFrames kept on the server.

use std::{io::Cursor, sync::Arc};

use arrow::{array::RecordBatch, compute::cast, datatypes::Schema, ipc::reader::StreamReader};
use kindling_common::{SparkError, SparkResult, from_arrow_schema, to_arrow};
use kindling_functions::error::from_arrow_error;
use kindling_spec::{StructField, StructType};

use super::{Resolved, Resolver, plan};
use crate::{
    Attribute,
    logical::{self, extension},
    session::default_parallelism,
};

impl Resolver<'_> {
    pub(super) fn local_relation(&mut self, data: Option<&[u8]>, schema: Option<&StructType>) -> SparkResult<Resolved> {
        let (sent, batches) = match data {
            Some(data) => read_stream(data)?,
            None => (Arc::new(Schema::empty()), vec![]),
        };
        let fields = match (schema, data) {
            (Some(schema), _) => schema.clone(),
            (None, Some(_)) => from_arrow_schema(&sent)?,
            (None, None) => StructType::default(),
        };
        if data.is_some() && sent.fields().len() != fields.fields.len() {
            return Err(SparkError::internal("the schema and the rows of a local relation differ in width"));
        }
        self.local_rows(&fields, batches)
    }

    /// Rows that were uploaded as artifacts before.
    pub(super) fn cached_local_relation(
        &mut self,
        data_hashes: &[String],
        schema_hash: Option<&str>,
    ) -> SparkResult<Resolved> {
        let find = |hash: &str| {
            self.state.cached_artifacts.read().get(hash).cloned().ok_or_else(|| {
                SparkError::internal(format!("Not found any cached local relation with the hash: {hash}"))
            })
        };
        let schema = match schema_hash {
            Some(hash) => Some(parse_schema(&String::from_utf8_lossy(&find(hash)?))?),
            None => None,
        };
        let mut sent = None;
        let mut batches = vec![];
        for hash in data_hashes {
            let (schema, chunk) = read_stream(&find(hash)?)?;
            sent.get_or_insert(schema);
            batches.extend(chunk);
        }
        let fields = match (schema, sent) {
            (Some(schema), _) => schema,
            (None, Some(sent)) => from_arrow_schema(&sent)?,
            (None, None) => StructType::default(),
        };
        self.local_rows(&fields, batches)
    }

    /// A relation over rows in memory.
    pub(super) fn local_rows(&mut self, schema: &StructType, batches: Vec<RecordBatch>) -> SparkResult<Resolved> {
        let attributes: Vec<Attribute> = schema.fields.iter().map(|field| self.new_column(field)).collect();
        let df_schema = plan::internal_schema(&attributes)?;
        let arrow_schema = Arc::clone(df_schema.inner());
        let mut rows = vec![];
        for batch in batches.into_iter().filter(|batch| batch.num_rows() > 0) {
            let columns = batch
                .columns()
                .iter()
                .zip(&attributes)
                .map(|(column, attribute)| cast(column, &to_arrow(&attribute.data_type)))
                .collect::<Result<Vec<_>, _>>()
                .map_err(from_arrow_error)?;
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&arrow_schema), columns, &options)
                .map_err(from_arrow_error)?;
            rows.push(batch);
        }
        let node = logical::LocalRelation {
            batches: Arc::new(rows),
            num_partitions: default_parallelism(&self.conf),
            schema: df_schema,
        };
        Ok(Resolved::new(extension(node), attributes))
    }

    /// A new column for a field of a schema.
    pub(super) fn new_column(&self, field: &StructField) -> Attribute {
        Attribute {
            id: self.state.next_id(),
            name: field.name.clone(),
            data_type: field.data_type.clone(),
            nullable: field.nullable,
            metadata: field.metadata.clone(),
            qualifier: vec![],
            qualified_only: false,
            plan_ids: vec![],
        }
    }

    pub(super) fn cached_remote_relation(&mut self, relation_id: &str) -> SparkResult<Resolved> {
        let found = self.state.remote_relations.read().get(relation_id).cloned();
        let Some(analyzed) = found else {
            return Err(SparkError::internal(format!("No DataFrame with id {relation_id} is found in this session")));
        };
        // Used twice in one query it must not bring the same ids twice.
        let items: Vec<_> = analyzed
            .output
            .iter()
            .map(|old| (old.column(), Attribute { id: self.state.next_id(), ..old.clone() }))
            .collect();
        let plan = plan::project_items(analyzed.plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }
}

fn read_stream(data: &[u8]) -> SparkResult<(Arc<Schema>, Vec<RecordBatch>)> {
    let reader = StreamReader::try_new(Cursor::new(data), None).map_err(from_arrow_error)?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(from_arrow_error)?;
    Ok((schema, batches))
}

/// A schema as DDL or JSON.
pub(super) fn parse_schema(text: &str) -> SparkResult<StructType> {
    if text.trim_start().starts_with('{') {
        let parsed = serde_json::from_str(text).ok().and_then(|value| StructType::from_json(&value));
        return parsed.ok_or_else(|| SparkError::internal(format!("not a schema: {text}")));
    }
    kindling_sql::parse_table_schema(text)
}
