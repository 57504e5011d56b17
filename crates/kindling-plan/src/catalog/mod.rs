//! The session's catalog: what a table name means (Spark's `SessionCatalog`).
//!
//! Temporary views live in the session, global ones in the application, databases and tables in the warehouse:
//! each is a JSON file below `_catalog/` there, written through the one [`FileSystem`], so that every session of the
//! page and every visit sees the same tables. Nothing is cached; a lookup reads one small file.

mod database;
pub mod errors;
mod function;
mod pattern;
mod statistics;
mod table;
mod warehouse;

use std::{collections::BTreeMap, sync::Arc};

use kindling_common::{SparkError, SparkResult};
use kindling_datasource::FileSystem;
use kindling_spec::{Relation, StructType};
use parking_lot::RwLock;

pub use database::CatalogDatabase;
pub use function::{BodyTraits, FunctionResult, SqlFunction};
pub(crate) use pattern::filter_pattern;
pub use statistics::{ColumnStatistics, SizeAndRows, TableStatistics};
pub use table::{CatalogTable, CatalogTableType, ViewDefinition};
use warehouse::Warehouse;

/// The one catalog.
pub const SESSION_CATALOG: &str = "spark_catalog";
/// The database that is always there.
pub const DEFAULT_DATABASE: &str = "default";
/// The database of global temporary views.
pub const GLOBAL_TEMP_DATABASE: &str = "global_temp";

/// A temporary view: a query under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct TempView {
    /// Name as it was created.
    pub name: String,
    /// The query.
    pub query: Relation,
    /// Its text when it came from SQL.
    pub query_text: Option<String>,
    /// The database that was current when it was made from SQL, and the columns that it had.
    pub bound: Option<(String, StructType)>,
}

/// What a table name means.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogRelation {
    /// A temporary view.
    TempView(TempView),
    /// A view of `global_temp`.
    GlobalTempView(TempView),
    /// A table in the warehouse or outside it.
    Table(CatalogTable),
    /// A persistent view; its text is in [`CatalogTable::view`].
    View(CatalogTable),
}

/// Global temporary views, shared by the sessions of an application.
#[derive(Debug, Default)]
pub struct GlobalTempViews(RwLock<BTreeMap<String, TempView>>);

/// A table's name with its database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableIdentifier {
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
}

impl TableIdentifier {
    /// `` `spark_catalog`.`db`.`t` ``
    pub fn quoted(&self) -> String {
        crate::attribute::quote_parts(&[SESSION_CATALOG, &self.database, &self.table])
    }

    /// `spark_catalog.db.t`
    pub fn unquoted(&self) -> String {
        format!("{SESSION_CATALOG}.{}.{}", self.database, self.table)
    }
}

/// Names of one session.
#[derive(Debug)]
pub struct SessionCatalog {
    temp_views: RwLock<BTreeMap<String, TempView>>,
    global_temp_views: Arc<GlobalTempViews>,
    temp_functions: RwLock<BTreeMap<String, SqlFunction>>,
    current_database: RwLock<String>,
    warehouse: Warehouse,
}

impl SessionCatalog {
    /// The catalog of a session over the warehouse at `warehouse_dir`.
    pub fn new(
        file_system: Arc<dyn FileSystem>,
        warehouse_dir: &str,
        global_temp_views: Arc<GlobalTempViews>,
    ) -> SessionCatalog {
        SessionCatalog {
            temp_views: RwLock::default(),
            global_temp_views,
            temp_functions: RwLock::default(),
            current_database: RwLock::new(DEFAULT_DATABASE.into()),
            warehouse: Warehouse::new(file_system, warehouse_dir),
        }
    }

    // Temporary views.

    /// Makes a temporary view, replacing one of that name.
    pub fn create_temp_view(&self, view: TempView) {
        self.temp_views.write().insert(view.name.to_lowercase(), view);
    }

    /// Removes a temporary view and says whether there was one.
    pub fn drop_temp_view(&self, name: &str) -> bool {
        self.temp_views.write().remove(&name.to_lowercase()).is_some()
    }

    /// The temporary view of a name.
    pub fn temp_view(&self, name: &str) -> Option<TempView> {
        self.temp_views.read().get(&name.to_lowercase()).cloned()
    }

    /// The temporary views, by name.
    pub fn temp_views(&self) -> Vec<TempView> {
        self.temp_views.read().values().cloned().collect()
    }

    /// Makes a global temporary view, replacing one of that name.
    pub fn create_global_temp_view(&self, view: TempView) {
        self.global_temp_views.0.write().insert(view.name.to_lowercase(), view);
    }

    /// Removes a global temporary view and says whether there was one.
    pub fn drop_global_temp_view(&self, name: &str) -> bool {
        self.global_temp_views.0.write().remove(&name.to_lowercase()).is_some()
    }

    /// The global temporary view of a name.
    pub fn global_temp_view(&self, name: &str) -> Option<TempView> {
        self.global_temp_views.0.read().get(&name.to_lowercase()).cloned()
    }

    /// The global temporary views, by name.
    pub fn global_temp_views(&self) -> Vec<TempView> {
        self.global_temp_views.0.read().values().cloned().collect()
    }

    // Functions.

    /// The function of a name: a temporary one before a persistent one.
    pub fn function(&self, name: &[String]) -> SparkResult<Option<SqlFunction>> {
        let temporary = match name {
            [name] => Some(name),
            [session, name] if session.eq_ignore_ascii_case("session") => Some(name),
            [system, session, name]
                if system.eq_ignore_ascii_case("system") && session.eq_ignore_ascii_case("session") =>
            {
                Some(name)
            }
            _ => None,
        };
        if let Some(found) = temporary.and_then(|name| self.temp_functions.read().get(&name.to_lowercase()).cloned()) {
            return Ok(Some(found));
        }
        match self.qualify(name) {
            Ok(identifier) => self.warehouse.function(&identifier),
            Err(_) => Ok(None),
        }
    }

    /// The temporary functions, by name.
    pub fn temp_functions(&self) -> Vec<SqlFunction> {
        self.temp_functions.read().values().cloned().collect()
    }

    /// The persistent functions of a database, by name.
    pub fn functions(&self, database: &str) -> SparkResult<Vec<SqlFunction>> {
        self.warehouse.functions(database)
    }

    /// Keeps a function, replacing one of that name.
    pub fn put_function(&self, function: SqlFunction) -> SparkResult<()> {
        if function.is_temporary() {
            let name = function.name.last().map(|name| name.to_lowercase()).unwrap_or_default();
            self.temp_functions.write().insert(name, function);
            return Ok(());
        }
        let identifier = self.qualify(&function.name)?;
        self.database(&identifier.database)?;
        self.warehouse.put_function(&identifier, &function)
    }

    /// Removes a temporary function and says whether there was one.
    pub fn drop_temp_function(&self, name: &str) -> bool {
        self.temp_functions.write().remove(&name.to_lowercase()).is_some()
    }

    /// Removes a persistent function and says whether there was one.
    pub fn drop_function(&self, identifier: &TableIdentifier) -> SparkResult<bool> {
        self.warehouse.remove_function(identifier)
    }

    // Names.

    /// The current database.
    pub fn current_database(&self) -> String {
        self.current_database.read().clone()
    }

    /// `USE`: fails with `SCHEMA_NOT_FOUND`.
    pub fn set_current_database(&self, name: &str) -> SparkResult<()> {
        let database = self.database(name)?;
        *self.current_database.write() = database.name;
        Ok(())
    }

    /// Makes another database the current one while a view's text is resolved; gives back the one before.
    pub(crate) fn swap_current_database(&self, name: String) -> String {
        std::mem::replace(&mut self.current_database.write(), name)
    }

    /// The database that a name of one or two parts (`[spark_catalog.]db`) means; it need not exist.
    pub fn database_name(&self, parts: &[String]) -> SparkResult<String> {
        match parts {
            [database] => Ok(database.to_lowercase()),
            [catalog, database] if catalog.eq_ignore_ascii_case(SESSION_CATALOG) => Ok(database.to_lowercase()),
            [_, _, ..] => Err(SparkError::analysis("REQUIRES_SINGLE_PART_NAMESPACE")
                .param("sessionCatalog", SESSION_CATALOG)
                .param("identifier", crate::attribute::quote_parts(parts))),
            [] => Ok(self.current_database()),
        }
    }

    /// The table that a name of up to three parts means; it need not exist.
    pub fn qualify(&self, parts: &[String]) -> SparkResult<TableIdentifier> {
        match parts {
            [table] => Ok(TableIdentifier { database: self.current_database(), table: table.to_lowercase() }),
            [namespace @ .., table] => {
                Ok(TableIdentifier { database: self.database_name(namespace)?, table: table.to_lowercase() })
            }
            [] => Err(SparkError::internal("a table name without parts")),
        }
    }

    /// What a name means; `None` when nothing has it. A temporary view comes before a table.
    pub fn lookup_relation(&self, name: &[String]) -> Option<CatalogRelation> {
        match name {
            [view] => {
                if let Some(view) = self.temp_view(view) {
                    return Some(CatalogRelation::TempView(view));
                }
            }
            [database, view] if database.eq_ignore_ascii_case(GLOBAL_TEMP_DATABASE) => {
                return self.global_temp_view(view).map(CatalogRelation::GlobalTempView);
            }
            _ => {}
        }
        let identifier = self.qualify(name).ok()?;
        let table = self.warehouse.table(&identifier).ok().flatten()?;
        Some(if table.is_view() { CatalogRelation::View(table) } else { CatalogRelation::Table(table) })
    }

    // Databases.

    /// The databases, by name.
    pub fn databases(&self) -> SparkResult<Vec<CatalogDatabase>> {
        self.warehouse.databases()
    }

    /// A database; fails with `SCHEMA_NOT_FOUND`.
    pub fn database(&self, name: &str) -> SparkResult<CatalogDatabase> {
        self.warehouse.database(name)?.ok_or_else(|| errors::schema_not_found(name))
    }

    /// Whether there is a database.
    pub fn database_exists(&self, name: &str) -> SparkResult<bool> {
        Ok(self.warehouse.database(name)?.is_some())
    }

    /// Makes a database with its folder.
    pub fn create_database(&self, database: &CatalogDatabase) -> SparkResult<()> {
        if self.database_exists(&database.name)? {
            return Err(SparkError::analysis("SCHEMA_ALREADY_EXISTS")
                .param("schemaName", kindling_spec::quote_identifier(&database.name)));
        }
        self.warehouse.make_folder(&database.location)?;
        self.warehouse.put_database(database)
    }

    /// Changes a database.
    pub fn alter_database(&self, database: &CatalogDatabase) -> SparkResult<()> {
        self.warehouse.put_database(database)
    }

    /// Where a new database's tables go.
    pub fn default_database_location(&self, name: &str) -> SparkResult<String> {
        self.warehouse.database_location(name)
    }

    /// Removes a database, with its tables when `cascade`.
    pub fn drop_database(&self, name: &str, cascade: bool) -> SparkResult<()> {
        if name.eq_ignore_ascii_case(DEFAULT_DATABASE) {
            let quoted = crate::attribute::quote_parts(&[SESSION_CATALOG, DEFAULT_DATABASE]);
            return Err(SparkError::analysis("UNSUPPORTED_FEATURE.DROP_DATABASE").param("database", quoted));
        }
        let database = self.database(name)?;
        let tables = self.tables(name)?;
        if !tables.is_empty() && !cascade {
            return Err(SparkError::analysis("SCHEMA_NOT_EMPTY")
                .param("schemaName", kindling_spec::quote_identifier(&database.name)));
        }
        for table in tables {
            self.drop_table(&table.identifier)?;
        }
        self.warehouse.remove_database(&database)
    }

    // Tables and persistent views.

    /// The tables and persistent views of a database, by name; fails with `SCHEMA_NOT_FOUND`.
    pub fn tables(&self, database: &str) -> SparkResult<Vec<CatalogTable>> {
        self.database(database)?;
        self.warehouse.tables(database)
    }

    /// A table or persistent view, if there is one.
    pub fn table(&self, identifier: &TableIdentifier) -> SparkResult<Option<CatalogTable>> {
        self.warehouse.table(identifier)
    }

    /// A table or persistent view by name; fails with `TABLE_OR_VIEW_NOT_FOUND`.
    pub fn table_by_name(&self, name: &[String]) -> SparkResult<CatalogTable> {
        let identifier = self.qualify(name)?;
        self.warehouse.table(&identifier)?.ok_or_else(|| errors::table_or_view_not_found(self, name))
    }

    /// Makes a table or persistent view. A managed table gets its folder, which must be empty.
    pub fn create_table(&self, table: &CatalogTable) -> SparkResult<()> {
        self.database(&table.identifier.database)?;
        if self.table(&table.identifier)?.is_some() {
            return Err(errors::table_already_exists(&table.identifier));
        }
        if let Some(location) = &table.location {
            if table.table_type == CatalogTableType::Managed && !self.warehouse.is_empty_folder(location)? {
                return Err(SparkError::analysis("LOCATION_ALREADY_EXISTS")
                    .param("location", format!("'{location}'"))
                    .param("identifier", table.identifier.quoted()));
            }
            self.warehouse.make_folder(location)?;
        }
        self.warehouse.put_table(table)
    }

    /// Changes a table's or view's description.
    pub fn alter_table(&self, table: &CatalogTable) -> SparkResult<()> {
        self.warehouse.put_table(table)
    }

    /// Where a managed table's files go.
    pub fn default_table_location(&self, identifier: &TableIdentifier) -> SparkResult<String> {
        let database = self.database(&identifier.database)?;
        Ok(format!("{}/{}", database.location.trim_end_matches('/'), identifier.table))
    }

    /// Renames a table or view; a managed table's folder moves with it.
    pub fn rename_table(&self, from: &CatalogTable, to: &TableIdentifier) -> SparkResult<()> {
        self.database(&to.database)?;
        if self.table(to)?.is_some() {
            return Err(errors::table_already_exists(to));
        }
        let mut renamed = from.clone();
        renamed.identifier = to.clone();
        let default = self.default_table_location(&from.identifier)?;
        if from.table_type == CatalogTableType::Managed && from.location.as_deref() == Some(default.as_str()) {
            let location = self.default_table_location(to)?;
            self.warehouse.rename_folder(&default, &location)?;
            renamed.location = Some(location);
        }
        self.warehouse.put_table(&renamed)?;
        self.warehouse.remove_table(&from.identifier)
    }

    /// Removes a table or view, with the files of a managed table.
    pub fn drop_table(&self, identifier: &TableIdentifier) -> SparkResult<()> {
        let Some(table) = self.table(identifier)? else { return Ok(()) };
        self.warehouse.remove_table(identifier)?;
        match (&table.location, table.table_type) {
            (Some(location), CatalogTableType::Managed) => self.warehouse.remove_folder(location),
            _ => Ok(()),
        }
    }

    /// The columns of a table in the order of the schema, partition columns last.
    pub fn columns(table: &CatalogTable) -> StructType {
        table.schema.clone()
    }
}
