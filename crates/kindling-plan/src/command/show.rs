//! `SHOW …`.

use kindling_common::SparkResult;
use kindling_spec::{FunctionScope, PartitionSpec};

use super::{
    CommandContext, CommandOutput,
    describe_text::{partition_information, redacted},
    rows::{Cell, flag, output, text},
};
use crate::{
    analyze,
    catalog::{CatalogRelation, GLOBAL_TEMP_DATABASE, SESSION_CATALOG, errors, filter_pattern},
};

/// A table or view as `SHOW` lists it.
pub(super) struct Listed {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) temporary: bool,
    pub(super) view: bool,
}

impl CommandContext<'_> {
    pub(super) fn show_namespaces(&self, pattern: Option<&str>) -> SparkResult<CommandOutput> {
        let names = self.state.catalog.databases()?.into_iter().map(|database| database.name).collect();
        let rows = matching(names, pattern).into_iter().map(|name| vec![name.into()]).collect();
        output(vec![text("namespace", false)], rows)
    }

    /// The tables and views of a database, and the session's temporary views after them.
    pub(super) fn listed(&self, namespace: Option<&[String]>, pattern: Option<&str>) -> SparkResult<Vec<Listed>> {
        let catalog = &self.state.catalog;
        let database = match namespace {
            Some(parts) => catalog.database_name(parts)?,
            None => catalog.current_database(),
        };
        let mut listed = vec![];
        if database == GLOBAL_TEMP_DATABASE {
            listed.extend(catalog.global_temp_views().into_iter().map(|view| Listed {
                namespace: GLOBAL_TEMP_DATABASE.into(),
                name: view.name,
                temporary: true,
                view: true,
            }));
        } else {
            listed.extend(catalog.tables(&database)?.into_iter().map(|table| Listed {
                namespace: table.identifier.database.clone(),
                name: table.identifier.table.clone(),
                temporary: false,
                view: table.is_view(),
            }));
        }
        listed.extend(catalog.temp_views().into_iter().map(|view| Listed {
            namespace: String::new(),
            name: view.name,
            temporary: true,
            view: true,
        }));
        if let Some(pattern) = pattern {
            listed.retain(|item| !filter_pattern(vec![item.name.clone()], pattern).is_empty());
        }
        Ok(listed)
    }

    pub(super) fn show_tables(
        &self,
        namespace: Option<&[String]>,
        pattern: Option<&str>,
    ) -> SparkResult<CommandOutput> {
        let rows = self.listed(namespace, pattern)?.into_iter();
        let rows = rows.map(|item| vec![item.namespace.into(), item.name.into(), item.temporary.into()]).collect();
        output(vec![text("namespace", false), text("tableName", false), flag("isTemporary")], rows)
    }

    pub(super) fn show_views(&self, namespace: Option<&[String]>, pattern: Option<&str>) -> SparkResult<CommandOutput> {
        let rows = self.listed(namespace, pattern)?.into_iter().filter(|item| item.view);
        let rows = rows.map(|item| vec![item.namespace.into(), item.name.into(), item.temporary.into()]).collect();
        output(vec![text("namespace", false), text("viewName", false), flag("isTemporary")], rows)
    }

    pub(super) fn show_table_extended(
        &self,
        namespace: Option<&[String]>,
        pattern: &str,
        partition: &PartitionSpec,
    ) -> SparkResult<CommandOutput> {
        let fields =
            vec![text("namespace", false), text("tableName", false), flag("isTemporary"), text("information", false)];
        if !partition.is_empty() {
            let name: Vec<String> =
                namespace.unwrap_or_default().iter().cloned().chain([pattern.to_string()]).collect();
            let table = self.table_of(&name, "SHOW TABLE EXTENDED")?;
            let path = self.full_partition(&table, partition)?;
            let values = self.values_of(&table, partition)?;
            let mut information = String::new();
            for (key, value) in partition_information(&table, &(path, values)) {
                information.push_str(&format!("{key}: {value}\n"));
            }
            let row = vec![
                table.identifier.database.into(),
                table.identifier.table.into(),
                false.into(),
                format!("{information}\n").into(),
            ];
            return output(fields, vec![row]);
        }
        let mut rows: Vec<Vec<Cell>> = vec![];
        for item in self.listed(namespace, Some(pattern))? {
            let parts: Vec<String> =
                [&item.namespace, &item.name].into_iter().filter(|part| !part.is_empty()).cloned().collect();
            let information = match self.state.catalog.lookup_relation(&parts) {
                Some(CatalogRelation::Table(table) | CatalogRelation::View(table)) => self.table_information(&table)?,
                Some(CatalogRelation::TempView(view) | CatalogRelation::GlobalTempView(view)) => {
                    self.temp_view_information(&view)?
                }
                None => continue,
            };
            rows.push(vec![item.namespace.into(), item.name.into(), item.temporary.into(), information.into()]);
        }
        output(fields, rows)
    }

    /// The columns of a table, view or temporary view.
    pub(super) fn schema_of(&self, name: &[String]) -> SparkResult<kindling_spec::StructType> {
        match self.state.catalog.lookup_relation(name) {
            Some(CatalogRelation::Table(table) | CatalogRelation::View(table)) => Ok(table.schema),
            Some(CatalogRelation::TempView(view) | CatalogRelation::GlobalTempView(view)) => {
                Ok(analyze(self.state, &view.query)?.schema())
            }
            None => Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        }
    }

    pub(super) fn show_columns(&self, table: &[String]) -> SparkResult<CommandOutput> {
        let rows = self.schema_of(table)?.fields.into_iter().map(|field| vec![field.name.into()]).collect();
        output(vec![text("col_name", false)], rows)
    }

    pub(super) fn show_table_properties(&self, table: &[String], key: Option<&str>) -> SparkResult<CommandOutput> {
        let fields = vec![text("key", false), text("value", false)];
        let table = match self.state.catalog.lookup_relation(table) {
            Some(CatalogRelation::Table(table) | CatalogRelation::View(table)) => table,
            // Temporary views have none.
            Some(_) => return output(fields, vec![]),
            None => return Err(errors::table_or_view_not_found(&self.state.catalog, table)),
        };
        let rows = match key {
            Some(key) => {
                let missing = || format!("Table {} does not have property: {key}", table.identifier.unquoted());
                let value = table.properties.get(key).map(|value| redacted(key, value).to_string());
                vec![vec![key.into(), value.unwrap_or_else(missing).into()]]
            }
            None => table
                .properties
                .iter()
                .map(|(key, value)| vec![key.as_str().into(), redacted(key, value).into()])
                .collect(),
        };
        output(fields, rows)
    }

    pub(super) fn show_functions(
        &self,
        scope: FunctionScope,
        pattern: Option<&str>,
        namespace: Option<&[String]>,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let database = match namespace {
            Some(parts) => catalog.database_name(parts)?,
            None => catalog.current_database(),
        };
        catalog.database(&database)?;
        let mut names: Vec<String> = match scope {
            FunctionScope::User => vec![],
            _ => kindling_functions::all().into_iter().map(|entry| entry.name.to_string()).collect(),
        };
        if scope != FunctionScope::System {
            names.extend(catalog.functions(&database)?.iter().map(|function| function.name.join(".")));
            names.extend(catalog.temp_functions().iter().map(|function| function.name.join(".")));
            names.sort();
        }
        let rows = matching(names, pattern).into_iter().map(|name| vec![name.into()]).collect();
        output(vec![text("function", false)], rows)
    }

    pub(super) fn show_catalogs(&self, pattern: Option<&str>) -> SparkResult<CommandOutput> {
        let rows = matching(vec![SESSION_CATALOG.to_string()], pattern).into_iter().map(|name| vec![name.into()]);
        output(vec![text("catalog", false)], rows.collect())
    }

    pub(super) fn show_current_namespace(&self) -> SparkResult<CommandOutput> {
        let row = vec![SESSION_CATALOG.into(), self.state.catalog.current_database().into()];
        output(vec![text("catalog", false), text("namespace", false)], vec![row])
    }
}

/// The names that an optional pattern matches.
pub(super) fn matching(names: Vec<String>, pattern: Option<&str>) -> Vec<String> {
    match pattern {
        Some(pattern) => filter_pattern(names, pattern),
        None => names,
    }
}
