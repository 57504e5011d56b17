//! `CREATE TABLE`, with a query or without, and `CREATE TABLE … LIKE`.

use std::sync::Arc;

use kindling_common::{ExceptionClass, SparkError, SparkResult, conf};
use kindling_datasource::{FileFormat, SourceOptions, SourceRequest, resolve_source};
use kindling_spec::{
    BucketSpec, ColumnDefinition, CreateTable, DataSource, Expr, ExprKind, Literal, Options, Relation, RelationKind,
    SaveMode, StructField, StructType,
};

use super::{CommandContext, CommandOutput, FileWrite};
use crate::{
    AnalyzedPlan, analyze,
    catalog::{CatalogTable, CatalogTableType, TableIdentifier, errors},
};

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
        for transform in &create.partition_transforms {
            partition_by(&mut table, transform)?;
        }
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
            partitions: None,
            statistics: None,
            created_at: self.state.clock.now_millis(),
            view: None,
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
        // Partitions that are there already are the table's once they are recovered (`MSCK REPAIR TABLE`).
        if !table.partition_columns.is_empty() && !self.partitions(&table)?.is_empty() {
            table.partitions = Some(Default::default());
        }
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
            inferred: Arc::clone(&self.state.inferred_schemas),
            table: None,
        };
        if table.table_type == CatalogTableType::Managed {
            return Err(SparkError::analysis("UNABLE_TO_INFER_SCHEMA").param("format", request.format.display_name()));
        }
        if request.format == FileFormat::Xml {
            let source = DataSource {
                format: table.provider.clone(),
                options: table.options.clone(),
                paths: request.paths,
                ..DataSource::default()
            };
            table.schema = analyze(self.state, &RelationKind::DataSource(source).into())?.schema();
            return Ok(());
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
            Ok(_) => Ok(CommandOutput::empty()),
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

/// `PARTITIONED BY` something: a column, or `bucket(n, columns)`, which makes buckets.
pub(super) fn partition_by(table: &mut CatalogTable, by: &Expr) -> SparkResult<()> {
    let column = |expr: &Expr| match &expr.kind {
        ExprKind::UnresolvedAttribute { name_parts, .. } => Some(name_parts.join(".")),
        _ => None,
    };
    if let Some(name) = column(by) {
        table.partition_columns.push(name);
        return Ok(());
    }
    let unsupported = |name: &str, arguments: &[Expr]| {
        let shown: Vec<String> = arguments
            .iter()
            .map(|argument| match &argument.kind {
                ExprKind::Literal(Literal::Integer(n)) => n.to_string(),
                _ => column(argument).unwrap_or_default(),
            })
            .collect();
        SparkError::new(ExceptionClass::UnsupportedOperation, "UNSUPPORTED_PARTITION_TRANSFORM")
            .param("transform", format!("`{name}({})`", shown.join(", ")))
    };
    let ExprKind::UnresolvedFunction(function) = &by.kind else { return Err(unsupported("", &[])) };
    let name = function.name.join(".").to_lowercase();
    let (count, columns) = match (name.as_str(), function.arguments.split_first()) {
        ("bucket", Some((count, columns))) => (count, columns.iter().map(column).collect::<Option<Vec<_>>>()),
        ("identity", Some((single, []))) => {
            return match column(single) {
                Some(column) => {
                    table.partition_columns.push(column);
                    Ok(())
                }
                None => Err(unsupported(&name, &function.arguments)),
            };
        }
        _ => return Err(unsupported(&name, &function.arguments)),
    };
    let (ExprKind::Literal(Literal::Integer(count)), Some(columns)) = (&count.kind, columns) else {
        return Err(unsupported(&name, &function.arguments));
    };
    let num_buckets = usize::try_from(*count).unwrap_or(0);
    table.bucket_spec = Some(BucketSpec { num_buckets, columns, sort_columns: vec![] });
    Ok(())
}

/// The most buckets that a table may have (`spark.sql.sources.bucketing.maxBuckets`).
const MOST_BUCKETS: usize = 100_000;

/// Checks the buckets of a new table, and puts their columns under the names of its schema.
fn check_buckets(table: &mut CatalogTable) -> SparkResult<()> {
    let Some(mut spec) = table.bucket_spec.take() else { return Ok(()) };
    if !(1..=MOST_BUCKETS).contains(&spec.num_buckets) {
        return Err(SparkError::analysis("INVALID_BUCKET_COUNT")
            .param("bucketingMaxBuckets", MOST_BUCKETS.to_string())
            .param("numBuckets", spec.num_buckets.to_string()));
    }
    for (names, kind) in [(&mut spec.columns, "bucket"), (&mut spec.sort_columns, "sort")] {
        for i in 0..names.len() {
            let name = names[i].clone();
            let Some(field) = table.schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name)) else {
                return Err(undefined_column(table, kind, &name));
            };
            if names.iter().take(i).any(|other| *other == field.name) {
                return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                    .param("columnName", kindling_spec::quote_identifier(&field.name)));
            }
            if table.is_partition_column(&name) {
                let (condition, key) = match kind {
                    "bucket" => ("_LEGACY_ERROR_TEMP_1166", "bucketCol"),
                    _ => ("_LEGACY_ERROR_TEMP_1167", "sortCol"),
                };
                return Err(SparkError::analysis(condition)
                    .param(key, name)
                    .param("normalizedPartCols", table.partition_columns.join(", ")));
            }
            names[i].clone_from(&field.name);
        }
    }
    table.bucket_spec = Some(spec);
    Ok(())
}

fn undefined_column(table: &CatalogTable, kind: &str, name: &str) -> SparkError {
    let quoted: Vec<String> =
        table.schema.fields.iter().map(|field| kindling_spec::quote_identifier(&field.name)).collect();
    SparkError::analysis("COLUMN_NOT_DEFINED_IN_TABLE")
        .param("colType", kind)
        .param("colName", kindling_spec::quote_identifier(name))
        .param("tableName", table.identifier.quoted())
        .param("tableCols", quoted.join(", "))
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
