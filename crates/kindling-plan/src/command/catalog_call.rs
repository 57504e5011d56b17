//! `spark.catalog`: rows as PySpark's `catalog.py` reads them.

use kindling_common::SparkResult;
use kindling_spec::{CatalogCall, CreateTable, DataType, StructField};

use super::{
    CommandContext, CommandOutput,
    describe::comment_of,
    rows::{Cell, flag, output, text},
    show::matching,
};
use crate::{
    analyze,
    catalog::{CatalogDatabase, CatalogRelation, CatalogTable, GLOBAL_TEMP_DATABASE, SESSION_CATALOG, errors},
};

fn name_list(name: &str) -> StructField {
    StructField::new(name, DataType::array(DataType::String), true)
}

fn one_text(value: impl Into<Cell>) -> SparkResult<CommandOutput> {
    output(vec![text("value", false)], vec![vec![value.into()]])
}

fn one_flag(value: bool) -> SparkResult<CommandOutput> {
    output(vec![flag("value")], vec![vec![value.into()]])
}

/// No rows, of the one column that Spark gives them.
fn nothing() -> SparkResult<CommandOutput> {
    output(vec![text("value", false)], vec![])
}

/// `db.name` when a database is given apart from the name.
fn table_parts(name: &str, database: Option<&str>) -> SparkResult<Vec<String>> {
    match database {
        Some(database) => Ok(vec![database.to_string(), name.to_string()]),
        None => kindling_sql::parse_multipart_identifier(name),
    }
}

impl CommandContext<'_> {
    pub(super) fn catalog_call(&self, call: &CatalogCall) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        match call {
            CatalogCall::CurrentDatabase => one_text(catalog.current_database()),
            CatalogCall::SetCurrentDatabase { db_name } => {
                catalog.set_current_database(&self.database_of(db_name)?)?;
                nothing()
            }
            CatalogCall::ListDatabases { pattern } => {
                let names = catalog.databases()?.into_iter().map(|database| database.name).collect();
                let names = matching(names, pattern.as_deref());
                let rows = names.iter().map(|name| catalog.database(name).map(database_row));
                output(database_fields(), rows.collect::<SparkResult<_>>()?)
            }
            CatalogCall::GetDatabase { db_name } => {
                output(database_fields(), vec![database_row(catalog.database(&self.database_of(db_name)?)?)])
            }
            CatalogCall::DatabaseExists { db_name } => one_flag(catalog.database_exists(&self.database_of(db_name)?)?),
            CatalogCall::ListTables { db_name, pattern } => {
                self.list_tables(db_name.as_deref(), pattern.as_deref(), false)
            }
            CatalogCall::ListViews { db_name, pattern } => {
                self.list_tables(db_name.as_deref(), pattern.as_deref(), true)
            }
            CatalogCall::GetTable { table_name, db_name } => {
                let row = self.table_row(&table_parts(table_name, db_name.as_deref())?)?;
                output(table_fields(), vec![row])
            }
            CatalogCall::TableExists { table_name, db_name } => {
                one_flag(catalog.lookup_relation(&table_parts(table_name, db_name.as_deref())?).is_some())
            }
            CatalogCall::ListColumns { table_name, db_name } => {
                self.list_columns(&table_parts(table_name, db_name.as_deref())?)
            }
            CatalogCall::ListFunctions { db_name, pattern } => {
                if let Some(database) = db_name {
                    catalog.database(&self.database_of(database)?)?;
                }
                let names = kindling_functions::all().into_iter().map(|entry| entry.name.to_string()).collect();
                let rows = matching(names, pattern.as_deref()).into_iter().map(function_row).collect();
                output(function_fields(), rows)
            }
            CatalogCall::GetFunction { function_name, db_name } => {
                let parts = table_parts(function_name, db_name.as_deref())?;
                match parts.as_slice() {
                    [name] if kindling_functions::lookup(name).is_some() => {
                        output(function_fields(), vec![function_row(name.to_lowercase())])
                    }
                    _ => Err(self.unresolved_routine(&parts)),
                }
            }
            CatalogCall::FunctionExists { function_name, db_name } => {
                let parts = table_parts(function_name, db_name.as_deref())?;
                one_flag(matches!(parts.as_slice(), [name] if kindling_functions::lookup(name).is_some()))
            }
            CatalogCall::CreateTable { table_name, path, source, description, schema, options, external } => {
                self.create_table_call(table_name, path, source, description, schema.as_ref(), options, *external)
            }
            CatalogCall::DropTempView { view_name } => one_flag(self.drop_temp_view(view_name)),
            CatalogCall::DropGlobalTempView { view_name } => one_flag(self.drop_global_temp_view(view_name)),
            CatalogCall::RecoverPartitions { table_name } => {
                self.repair_table(&table_parts(table_name, None)?)?;
                nothing()
            }
            CatalogCall::IsCached { table_name } => one_flag(self.is_cached(&table_parts(table_name, None)?)?),
            CatalogCall::CacheTable { table_name, storage_level } => {
                self.cache_table_call(table_name, *storage_level)?;
                nothing()
            }
            CatalogCall::UncacheTable { table_name } => {
                self.uncache_table(&table_parts(table_name, None)?, false)?;
                nothing()
            }
            CatalogCall::ClearCache => {
                self.state.cache.clear();
                nothing()
            }
            CatalogCall::RefreshByPath { path } => {
                self.recache_path(path)?;
                nothing()
            }
            CatalogCall::RefreshTable { table_name } => {
                self.recache_named(&table_parts(table_name, None)?)?;
                nothing()
            }
            CatalogCall::CurrentCatalog => one_text(SESSION_CATALOG),
            CatalogCall::SetCurrentCatalog { catalog_name } => {
                self.set_catalog(catalog_name)?;
                nothing()
            }
            CatalogCall::ListCatalogs { pattern } => {
                let rows = matching(vec![SESSION_CATALOG.to_string()], pattern.as_deref());
                let rows = rows.into_iter().map(|name| vec![name.into(), Cell::Text(None)]).collect();
                output(vec![text("name", false), text("description", true)], rows)
            }
            CatalogCall::ListPartitions { table_name } => {
                self.show_partitions(&table_parts(table_name, None)?, &vec![])
            }
            CatalogCall::GetTableProperties { table_name } => {
                self.show_table_properties(&table_parts(table_name, None)?, None)
            }
            CatalogCall::GetCreateTableString { table_name, .. } => {
                one_text(self.create_statement(&table_parts(table_name, None)?)?)
            }
        }
    }

    fn database_of(&self, name: &str) -> SparkResult<String> {
        self.state.catalog.database_name(&kindling_sql::parse_multipart_identifier(name)?)
    }

    fn list_tables(&self, database: Option<&str>, pattern: Option<&str>, views: bool) -> SparkResult<CommandOutput> {
        let namespace = database.map(|database| self.database_of(database)).transpose()?.map(|name| vec![name]);
        let listed = self.listed(namespace.as_deref(), pattern)?;
        let rows = listed.into_iter().filter(|item| !views || item.view).map(|item| {
            let parts: Vec<String> = [item.namespace, item.name].into_iter().filter(|part| !part.is_empty()).collect();
            self.table_row(&parts)
        });
        output(table_fields(), rows.collect::<SparkResult<_>>()?)
    }

    fn table_row(&self, name: &[String]) -> SparkResult<Vec<Cell>> {
        match self.state.catalog.lookup_relation(name) {
            Some(CatalogRelation::Table(table) | CatalogRelation::View(table)) => Ok(stored_row(&table)),
            Some(CatalogRelation::TempView(view)) => Ok(vec![
                view.name.into(),
                Cell::Text(None),
                Cell::List(Some(vec![])),
                Cell::Text(None),
                "TEMPORARY".into(),
                true.into(),
            ]),
            Some(CatalogRelation::GlobalTempView(view)) => Ok(vec![
                view.name.into(),
                Cell::Text(None),
                Cell::List(Some(vec![GLOBAL_TEMP_DATABASE.into()])),
                Cell::Text(None),
                "TEMPORARY".into(),
                true.into(),
            ]),
            None => Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        }
    }

    fn list_columns(&self, name: &[String]) -> SparkResult<CommandOutput> {
        let found = self.state.catalog.lookup_relation(name);
        let (schema, table) = match found {
            Some(CatalogRelation::Table(table) | CatalogRelation::View(table)) => (table.schema.clone(), Some(table)),
            Some(CatalogRelation::TempView(view) | CatalogRelation::GlobalTempView(view)) => {
                (analyze(self.state, &view.query)?.schema(), None)
            }
            None => return Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        };
        let rows = schema.fields.iter().map(|field| {
            let is_partition = table.as_ref().is_some_and(|table| table.is_partition_column(&field.name));
            let buckets = table.as_ref().and_then(|table| table.bucket_spec.as_ref());
            let is_bucket = buckets.is_some_and(|spec| spec.columns.contains(&field.name));
            vec![
                field.name.as_str().into(),
                comment_of(field).into(),
                field.data_type.simple_string().into(),
                field.nullable.into(),
                is_partition.into(),
                is_bucket.into(),
                false.into(),
            ]
        });
        let fields = vec![
            text("name", false),
            text("description", true),
            text("dataType", false),
            flag("nullable"),
            flag("isPartition"),
            flag("isBucket"),
            flag("isCluster"),
        ];
        output(fields, rows.collect())
    }

    #[allow(clippy::too_many_arguments)] // The fields of one message.
    fn create_table_call(
        &self,
        table_name: &str,
        path: &Option<String>,
        source: &Option<String>,
        description: &Option<String>,
        schema: Option<&kindling_spec::StructType>,
        options: &std::collections::BTreeMap<String, String>,
        external: bool,
    ) -> SparkResult<CommandOutput> {
        let columns =
            schema.into_iter().flat_map(|schema| &schema.fields).map(|field| kindling_spec::ColumnDefinition {
                name: field.name.clone(),
                data_type: field.data_type.clone(),
                nullable: field.nullable,
                comment: comment_of(field),
                default: None,
                generated: None,
            });
        let create = CreateTable {
            name: table_parts(table_name, None)?,
            if_not_exists: false,
            replace: false,
            must_exist: false,
            external,
            columns: columns.collect(),
            provider: source.clone(),
            options: options.clone(),
            partition_columns: vec![],
            partition_transforms: vec![],
            bucket_spec: None,
            cluster_columns: vec![],
            location: path.clone(),
            comment: description.clone(),
            properties: Default::default(),
            query: None,
        };
        self.create_table(&create)?;
        nothing()
    }
}

fn database_fields() -> Vec<StructField> {
    vec![text("name", false), text("catalog", true), text("description", true), text("locationUri", false)]
}

fn database_row(database: CatalogDatabase) -> Vec<Cell> {
    vec![database.name.into(), SESSION_CATALOG.into(), database.description.into(), database.location.into()]
}

fn table_fields() -> Vec<StructField> {
    vec![
        text("name", false),
        text("catalog", true),
        name_list("namespace"),
        text("description", true),
        text("tableType", false),
        flag("isTemporary"),
    ]
}

fn stored_row(table: &CatalogTable) -> Vec<Cell> {
    vec![
        table.identifier.table.as_str().into(),
        SESSION_CATALOG.into(),
        Cell::List(Some(vec![table.identifier.database.clone()])),
        table.comment.clone().into(),
        table.table_type.name().into(),
        false.into(),
    ]
}

fn function_fields() -> Vec<StructField> {
    vec![
        text("name", false),
        text("catalog", true),
        name_list("namespace"),
        text("description", true),
        text("className", false),
        flag("isTemporary"),
    ]
}

/// Built-in functions are temporary ones to Spark's catalog. Their Java classes are not ours, so there is no class name.
fn function_row(name: String) -> Vec<Cell> {
    vec![name.into(), Cell::Text(None), Cell::List(None), Cell::Text(None), "".into(), true.into()]
}
