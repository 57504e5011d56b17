//! `CREATE TABLE`, with a query or without, and `CREATE TABLE … LIKE`.

use std::sync::Arc;

use kindling_common::{SparkError, SparkResult, conf};
use kindling_datasource::{FileFormat, SourceOptions, SourceRequest, resolve_source};
use kindling_spec::{ColumnDefinition, CreateTable, Options, Relation, SaveMode, StructField, StructType};

use super::{CommandContext, CommandOutput, FileWrite};
use crate::{
    AnalyzedPlan, analyze,
    catalog::{CatalogTable, CatalogTableType, TableIdentifier, errors},
};

/// `spark.sql.sources.bucketing.maxBuckets`
const MAX_BUCKETS: usize = 100_000;

/// A column of a statement as a field of a schema.
pub(super) fn field_of(column: &ColumnDefinition) -> StructField {
    StructField {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        // Files promise nothing, so Spark makes every column of a file table nullable.
        nullable: true,
        metadata: column.comment.as_ref().map(|comment| serde_json::json!({ "comment": comment }).to_string()),
    }
}

/// The option `path`, whatever its case, taken out.
pub(super) fn take_path(options: &mut Options) -> Option<String> {
    let key = options.keys().find(|key| key.eq_ignore_ascii_case("path")).cloned()?;
    options.remove(&key)
}

impl CommandContext<'_> {
    pub(super) fn create_table(&self, create: &CreateTable) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        if !create.partition_transforms.is_empty() {
            return Err(SparkError::unsupported("partition transforms of file tables"));
        }
        if !create.cluster_columns.is_empty() {
            return Err(SparkError::unsupported("CLUSTER BY tables"));
        }
        if create.columns.iter().any(|column| column.generated.is_some()) {
            return Err(SparkError::unsupported("generated columns"));
        }
        if create.replace {
            // Spark's session catalog cannot replace a file table either.
            let identifier = catalog.qualify(&create.name)?;
            return Err(SparkError::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION")
                .param("tableName", identifier.quoted())
                .param("operation", if create.query.is_some() { "REPLACE TABLE AS SELECT" } else { "REPLACE TABLE" }));
        }
        let identifier = catalog.qualify(&create.name)?;
        catalog.database(&identifier.database)?;
        if catalog.table(&identifier)?.is_some() {
            if create.if_not_exists {
                return Ok(CommandOutput::empty());
            }
            return Err(errors::table_already_exists(&identifier));
        }
        let columns: Vec<StructField> = create.columns.iter().map(field_of).collect();
        let mut table = self.new_table(identifier, create.provider.as_deref(), columns.into())?;
        table.options = create.options.clone();
        self.place(&mut table, create.location.as_deref())?;
        table.comment = create.comment.clone();
        table.properties = create.properties.clone();
        table.bucket_spec = create.bucket_spec.clone();
        table.partition_columns = create.partition_columns.clone();
        for column in &create.columns {
            if let Some((text, _)) = &column.default {
                table.defaults.insert(column.name.clone(), text.clone());
            }
        }
        match &create.query {
            Some(query) => self.create_table_as(table, query, &create.columns),
            None => self.create_empty(table),
        }
    }

    /// A description of a table that is in no file yet.
    pub(super) fn new_table(
        &self,
        identifier: TableIdentifier,
        provider: Option<&str>,
        schema: StructType,
    ) -> SparkResult<CatalogTable> {
        let default = self.state.conf.read().value(&conf::DEFAULT_SOURCE).to_string();
        let format = FileFormat::find(provider.unwrap_or(&default))?;
        Ok(CatalogTable {
            identifier,
            table_type: CatalogTableType::Managed,
            schema,
            provider: Some(format.short_name().to_string()),
            options: Options::new(),
            partition_columns: vec![],
            bucket_spec: None,
            location: None,
            comment: None,
            properties: Options::new(),
            defaults: Options::new(),
            created_at: self.state.clock.now_millis(),
            view: None,
            statistics: None,
        })
    }

    /// Gives a table its folder: the one named, or its own in the warehouse.
    pub(super) fn place(&self, table: &mut CatalogTable, location: Option<&str>) -> SparkResult<()> {
        let path = take_path(&mut table.options);
        match location.map(str::to_string).or(path) {
            Some(location) => {
                table.table_type = CatalogTableType::External;
                table.location = Some(self.state.file_system.resolve(&location)?.uri());
            }
            None => table.location = Some(self.state.catalog.default_table_location(&table.identifier)?),
        }
        Ok(())
    }

    fn create_empty(&self, mut table: CatalogTable) -> SparkResult<CommandOutput> {
        if table.schema.fields.is_empty() {
            self.infer_schema(&mut table)?;
        }
        order_columns(&mut table)?;
        check_buckets(&mut table)?;
        self.state.catalog.create_table(&table)?;
        Ok(CommandOutput::empty())
    }

    /// The columns of the files that are there.
    fn infer_schema(&self, table: &mut CatalogTable) -> SparkResult<()> {
        let request = SourceRequest {
            format: FileFormat::find(table.provider.as_deref().unwrap_or_default())?,
            paths: table.location.iter().cloned().collect(),
            schema: None,
            options: SourceOptions::new(table.options.iter().map(|(key, value)| (key.clone(), value.clone()))),
            conf: self.state.conf.read().clone(),
        };
        if table.table_type == CatalogTableType::Managed {
            return Err(SparkError::analysis("UNABLE_TO_INFER_SCHEMA").param("format", request.format.display_name()));
        }
        let found = resolve_source(Arc::clone(&self.state.file_system), &request)?;
        table.partition_columns = found.partition_schema().fields.iter().map(|field| field.name.clone()).collect();
        table.schema = found.spark_schema().clone();
        Ok(())
    }

    fn create_table_as(
        &self,
        table: CatalogTable,
        query: &Relation,
        columns: &[ColumnDefinition],
    ) -> SparkResult<CommandOutput> {
        if !columns.is_empty() {
            let message = "Schema may not be specified in a Create Table As Select (CTAS) statement";
            return Err(SparkError::parse("_LEGACY_ERROR_TEMP_0035").param("message", message));
        }
        let analyzed = analyze(self.state, query)?;
        self.create_from(table, &analyzed)
    }

    /// Makes a table from the rows of a plan; when writing fails there is no table.
    pub(super) fn create_from(&self, mut table: CatalogTable, plan: &AnalyzedPlan) -> SparkResult<CommandOutput> {
        let fields = crate::resolver::raw_schema(plan.schema())
            .fields
            .into_iter()
            .map(|field| StructField { nullable: true, ..field });
        table.schema = StructType { fields: fields.collect() };
        order_columns(&mut table)?;
        check_buckets(&mut table)?;
        let catalog = &self.state.catalog;
        catalog.create_table(&table)?;
        let write = self.write_of(&table, SaveMode::Append);
        match self.write_files(plan, &write) {
            Ok(()) => Ok(CommandOutput::empty()),
            Err(error) => {
                // The failure of the query is what the user must see.
                let _ = catalog.drop_table(&table.identifier);
                Err(error)
            }
        }
    }

    /// A write into a table's folder.
    pub(super) fn write_of(&self, table: &CatalogTable, mode: SaveMode) -> FileWrite {
        let dynamic = self.state.conf.read().value(&conf::PARTITION_OVERWRITE_MODE).eq_ignore_ascii_case("dynamic");
        FileWrite {
            path: table.location.clone().unwrap_or_default(),
            format: table.provider.clone().unwrap_or_default(),
            options: table.options.clone(),
            mode,
            partition_columns: table.partition_columns.clone(),
            bucket_spec: table.bucket_spec.clone(),
            dynamic_overwrite: dynamic && mode == SaveMode::Overwrite && !table.partition_columns.is_empty(),
        }
    }

    pub(super) fn create_table_like(
        &self,
        target: &[String],
        source: &[String],
        (provider, location, properties): (Option<&str>, Option<&str>, &Options),
        if_not_exists: bool,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let identifier = catalog.qualify(target)?;
        catalog.database(&identifier.database)?;
        if catalog.table(&identifier)?.is_some() {
            if if_not_exists {
                return Ok(CommandOutput::empty());
            }
            return Err(errors::table_already_exists(&identifier));
        }
        let schema = self.schema_of(source)?;
        let model = catalog.qualify(source).ok().and_then(|name| catalog.table(&name).ok().flatten());
        let model = model.filter(|_| !matches!(source, [name] if catalog.temp_view(name).is_some()));
        let format = provider.or(model.as_ref().and_then(|model| model.provider.as_deref()));
        let mut table = self.new_table(identifier, format, schema)?;
        if let Some(model) = model {
            table.partition_columns = model.partition_columns;
            table.bucket_spec = model.bucket_spec;
            table.comment = model.comment;
            if provider.is_none() {
                table.options = model.options;
            }
        }
        table.properties = properties.clone();
        self.place(&mut table, location)?;
        self.create_empty(table)
    }
}

/// The columns of buckets under the names of the schema; none of them makes partitions.
fn check_buckets(table: &mut CatalogTable) -> SparkResult<()> {
    let Some(mut spec) = table.bucket_spec.take() else { return Ok(()) };
    if spec.num_buckets == 0 || spec.num_buckets > MAX_BUCKETS {
        return Err(SparkError::analysis("INVALID_BUCKET_COUNT")
            .param("bucketingMaxBuckets", MAX_BUCKETS.to_string())
            .param("numBuckets", spec.num_buckets.to_string()));
    }
    for (name, kind) in spec
        .columns
        .iter_mut()
        .map(|name| (name, "bucket"))
        .chain(spec.sort_columns.iter_mut().map(|name| (name, "sort")))
    {
        let Some(field) = table.schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)) else {
            let quoted: Vec<String> =
                table.schema.fields.iter().map(|field| kindling_spec::quote_identifier(&field.name)).collect();
            return Err(SparkError::analysis("COLUMN_NOT_DEFINED_IN_TABLE")
                .param("colType", kind)
                .param("colName", kindling_spec::quote_identifier(name))
                .param("tableName", table.identifier.quoted())
                .param("tableCols", quoted.join(", ")));
        };
        name.clone_from(&field.name);
        if table.is_partition_column(name) {
            let partition = table.partition_columns.join(", ");
            return Err(match kind {
                "bucket" => SparkError::analysis("_LEGACY_ERROR_TEMP_1166").param("bucketCol", name.as_str()),
                _ => SparkError::analysis("_LEGACY_ERROR_TEMP_1167").param("sortCol", name.as_str()),
            }
            .param("normalizedPartCols", partition));
        }
    }
    table.bucket_spec = Some(spec);
    Ok(())
}

/// Partition columns last, under the names of the schema.
fn order_columns(table: &mut CatalogTable) -> SparkResult<()> {
    let fields = std::mem::take(&mut table.schema.fields);
    for (i, field) in fields.iter().enumerate() {
        if fields.iter().take(i).any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                .param("columnName", kindling_spec::quote_identifier(&field.name.to_lowercase())));
        }
    }
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let mut partition_fields = vec![];
    for name in &mut table.partition_columns {
        let Some(field) = fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)) else {
            let quoted: Vec<String> = names.iter().map(|name| kindling_spec::quote_identifier(name)).collect();
            return Err(SparkError::analysis("COLUMN_NOT_DEFINED_IN_TABLE")
                .param("colType", "partition")
                .param("colName", kindling_spec::quote_identifier(name))
                .param("tableName", table.identifier.quoted())
                .param("tableCols", quoted.join(", ")));
        };
        name.clone_from(&field.name);
        partition_fields.push(field.clone());
    }
    if !fields.is_empty() && partition_fields.len() == fields.len() {
        return Err(SparkError::analysis("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    table.schema.fields = fields.into_iter().filter(|field| !table.partition_columns.contains(&field.name)).collect();
    table.schema.fields.extend(partition_fields);
    Ok(())
}
