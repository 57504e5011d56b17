//! [`FileTable`]: files as a DataFusion table (Spark's `HadoopFsRelation`).

use std::{any::Any, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions},
    datatypes::{Field, Schema, SchemaRef},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{
        DFSchema, Statistics,
        stats::Precision,
        tree_node::{Transformed, TreeNode},
    },
    error::Result,
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    physical_expr::{conjunction as physical_conjunction, split_conjunction},
    physical_plan::{ExecutionPlan, PhysicalExpr, expressions::Column},
    scalar::ScalarValue,
};
use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf, to_arrow};
use kindling_spec::{StructField, StructType};

use crate::{
    FileFormat, FilePath, FileScanExec, FileStatus, FileSystem, SourceRequest,
    error::external,
    format::Format,
    partitioning::{PartitionSpec, same_name},
    scan::{ColumnSource, ScanDescription, Tolerance},
    split::{PartitionDirectory, pack},
};

/// Files that are read as one table.
#[derive(Debug, Clone)]
pub struct FileTable {
    fs: Arc<dyn FileSystem>,
    file_format: FileFormat,
    format: Format,
    conf: RuntimeConfig,
    /// Columns that the files hold.
    data_schema: Arc<StructType>,
    partition_schema: StructType,
    /// The whole schema, and where each of its columns comes from.
    schema: StructType,
    columns: Vec<ColumnSource>,
    /// The names that plans see; the schema's own until [`FileTable::with_column_names`].
    names: Vec<String>,
    directories: Arc<Vec<PartitionDirectory>>,
    root_paths: Vec<FilePath>,
    tolerance: Tolerance,
    identity: Arc<str>,
}

impl FileTable {
    pub(crate) fn new(
        fs: Arc<dyn FileSystem>,
        request: &SourceRequest,
        format: Format,
        data_schema: StructType,
        spec: PartitionSpec,
        order: &[StructField],
        roots: Vec<FileStatus>,
    ) -> SparkResult<FileTable> {
        let case_sensitive = request.conf.boolean(&conf::CASE_SENSITIVE);
        let (mut fields, mut columns) = (vec![], vec![]);
        let partition = |name: &str| spec.schema.fields.iter().position(|p| same_name(&p.name, name, case_sensitive));
        // A partition column that the files or the user's schema name keeps its place there.
        for field in order {
            match partition(&field.name) {
                Some(index) => {
                    fields.push(StructField { name: field.name.clone(), ..spec.schema.fields[index].clone() });
                    columns.push(ColumnSource::Partition(index));
                }
                None => {
                    if let Some(index) = data_schema.fields.iter().position(|data| data.name == field.name) {
                        fields.push(field.clone());
                        columns.push(ColumnSource::Data(index));
                    }
                }
            }
        }
        for (index, field) in spec.schema.fields.iter().enumerate() {
            if !columns.contains(&ColumnSource::Partition(index)) {
                fields.push(field.clone());
                columns.push(ColumnSource::Partition(index));
            }
        }
        let names = fields.iter().map(|field: &StructField| field.name.clone()).collect();
        let paths: Vec<&FilePath> = roots.iter().map(|root| &root.path).collect();
        let identity = format!("{:?} {paths:?} {:?} {fields:?}", request.format, request.options).into();
        Ok(FileTable {
            fs,
            file_format: request.format,
            format,
            conf: request.conf.clone(),
            data_schema: Arc::new(data_schema),
            partition_schema: spec.schema,
            schema: StructType { fields },
            columns,
            names,
            directories: Arc::new(spec.directories),
            root_paths: roots.into_iter().map(|root| root.path).collect(),
            tolerance: Tolerance {
                missing: request
                    .options
                    .boolean("ignoreMissingFiles", request.conf.boolean(&conf::IGNORE_MISSING_FILES))?,
                corrupt: request
                    .options
                    .boolean("ignoreCorruptFiles", request.conf.boolean(&conf::IGNORE_CORRUPT_FILES))?,
            },
            identity,
        })
    }

    /// The table's columns as the user sees them.
    pub fn spark_schema(&self) -> &StructType {
        &self.schema
    }

    /// Those of them that come from folder names.
    pub fn partition_schema(&self) -> &StructType {
        &self.partition_schema
    }

    /// The format.
    pub fn format(&self) -> FileFormat {
        self.file_format
    }

    /// Paths as they were given, resolved.
    pub fn root_paths(&self) -> &[FilePath] {
        &self.root_paths
    }

    /// Equal for tables that are read from the same paths with the same schema and options, whatever files are there
    /// (equality of Spark's `HadoopFsRelation`).
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// URLs of the files, as `DataFrame.inputFiles` gives them.
    pub fn input_files(&self) -> Vec<String> {
        self.files().map(|file| file.path.url_encoded()).collect()
    }

    /// Bytes of all files (`sizeInBytes` of the relation).
    pub fn size_in_bytes(&self) -> u64 {
        self.files().map(|file| file.len).sum()
    }

    fn files(&self) -> impl Iterator<Item = &FileStatus> {
        self.directories.iter().flat_map(|directory| &directory.files)
    }

    /// The same table with other column names in plans (`name#id`), in the order of [`FileTable::spark_schema`].
    pub fn with_column_names(mut self, names: Vec<String>) -> FileTable {
        debug_assert_eq!(names.len(), self.columns.len());
        self.names = names;
        self
    }

    fn arrow_schema(&self) -> Schema {
        let fields = self.schema.fields.iter().zip(&self.names);
        Schema::new(fields.map(|(field, name)| Field::new(name, to_arrow(&field.data_type), true)).collect::<Vec<_>>())
    }

    /// Whether a filter looks at partition columns only.
    fn is_partition_filter(&self, filter: &Expr) -> bool {
        let columns = filter.column_refs();
        !columns.is_empty()
            && !filter.is_volatile()
            && columns.iter().all(|column| {
                let index = self.names.iter().position(|name| *name == column.name);
                index.is_some_and(|index| matches!(self.columns[index], ColumnSource::Partition(_)))
            })
    }

    /// The conjuncts of a predicate over the table that look at the files' columns only, over those columns.
    fn over_data_columns(&self, predicate: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
        let mut kept = vec![];
        for conjunct in split_conjunction(predicate) {
            let mut usable = true;
            let rewritten = Arc::clone(conjunct).transform(|expr| {
                let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
                match self.columns[column.index()] {
                    ColumnSource::Data(index) => {
                        let name = &self.data_schema.fields[index].name;
                        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, index));
                        Ok(Transformed::yes(column))
                    }
                    ColumnSource::Partition(_) => {
                        usable = false;
                        Ok(Transformed::no(expr))
                    }
                }
            });
            if let (true, Ok(rewritten)) = (usable, rewritten) {
                kept.push(rewritten.data);
            }
        }
        (!kept.is_empty()).then(|| physical_conjunction(kept))
    }

    /// The folders whose values satisfy the filters.
    fn select(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionDirectory>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(self.directories.to_vec()) };
        let arrow = self.arrow_schema();
        let rows = self.directories.len();
        let mut fields = vec![];
        let mut arrays: Vec<ArrayRef> = vec![];
        for (i, column) in self.columns.iter().enumerate() {
            if let ColumnSource::Partition(index) = column {
                fields.push(arrow.field(i).clone());
                let values = self.directories.iter().map(|directory| directory.values[*index].clone());
                arrays.push(ScalarValue::iter_to_array(values)?);
            }
        }
        let schema = Arc::new(Schema::new(fields));
        let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options)?;
        let kept = filter.evaluate(&batch)?.into_array(rows)?;
        let kept = kept.as_boolean();
        let selected = self.directories.iter().enumerate();
        Ok(selected.filter(|(i, _)| kept.is_valid_at(*i) && kept.value(*i)).map(|(_, d)| d.clone()).collect())
    }
}

/// `is_valid` of a boolean array by index, named so that the null case reads at the call.
trait ValidAt {
    fn is_valid_at(&self, index: usize) -> bool;
}

impl ValidAt for arrow::array::BooleanArray {
    fn is_valid_at(&self, index: usize) -> bool {
        arrow::array::Array::is_valid(self, index)
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::new(self.arrow_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let kind = |filter: &&Expr| {
            if self.is_partition_filter(filter) {
                TableProviderFilterPushDown::Exact
            } else if filter.is_volatile() {
                TableProviderFilterPushDown::Unsupported
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(kind).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (partition_filters, data_filters): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|filter| self.is_partition_filter(filter));
        let selected = self.select(state, &partition_filters)?;
        let partitions = pack(&self.conf, &selected, |path| self.format.splittable(path));

        let arrow = self.arrow_schema();
        let predicate = conjunction(data_filters.iter().cloned())
            .map(|filter| state.create_physical_expr(filter, &DFSchema::try_from(Arc::new(arrow.clone()))?))
            .transpose()?
            .and_then(|predicate| self.over_data_columns(&predicate));
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let projection = projection.unwrap_or(&all);
        let schema = Arc::new(arrow.project(projection)?);
        let columns: Vec<ColumnSource> = projection.iter().map(|index| self.columns[*index]).collect();
        // Only parsing tells which records are malformed, and a scan of that column alone would parse nothing.
        if let Some(corrupt) = self.format.corrupt_index(&self.data_schema) {
            let mut data = columns.iter().filter(|column| matches!(column, ColumnSource::Data(_))).peekable();
            if data.peek().is_some() && data.all(|column| *column == ColumnSource::Data(corrupt)) {
                return Err(external(SparkError::analysis("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN")));
            }
        }
        let read = columns.iter().filter_map(|column| match column {
            ColumnSource::Data(index) => Some(self.data_schema.fields[*index].clone()),
            ColumnSource::Partition(_) => None,
        });
        let files = || selected.iter().flat_map(|directory| &directory.files);
        let description = ScanDescription {
            format: self.file_format,
            root_paths: self.root_paths.clone(),
            read_schema: StructType { fields: read.collect() },
            partition_filters,
            selected_bytes: files().map(|file| file.len).sum(),
            selected_files: files().count(),
            selected_partitions: (!self.partition_schema.fields.is_empty()).then_some(selected.len()),
            // A limit counts rows that pass every filter, and data filters are applied above.
            data_filters,
        };
        let limit = if description.data_filters.is_empty() { limit } else { None };
        Ok(Arc::new(FileScanExec::new(
            Arc::clone(&self.fs),
            self.format.clone(),
            Arc::clone(&self.data_schema),
            columns,
            schema,
            predicate,
            partitions,
            limit,
            self.tolerance,
            description,
        )))
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.arrow_schema());
        statistics.total_byte_size = Precision::Inexact(usize::try_from(self.size_in_bytes()).unwrap_or(usize::MAX));
        Some(statistics)
    }
}

/// A table behind `dyn TableProvider`, if it is one of ours.
pub fn as_file_table(provider: &dyn TableProvider) -> Option<&FileTable> {
    (provider as &dyn Any).downcast_ref::<FileTable>()
}
