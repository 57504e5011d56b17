//! Databases: create, drop, alter, use, describe.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CommentObject, Options};

use super::{
    CommandContext, CommandOutput,
    rows::{Cell, output, text},
};
use crate::catalog::{CatalogDatabase, SESSION_CATALOG, errors};

impl CommandContext<'_> {
    pub(super) fn create_namespace(
        &self,
        name: &[String],
        if_not_exists: bool,
        comment: Option<&str>,
        location: Option<&str>,
        properties: &Options,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let name = catalog.database_name(name)?;
        if if_not_exists && catalog.database_exists(&name)? {
            return Ok(CommandOutput::empty());
        }
        let location = match location {
            Some(location) => self.state.file_system.resolve(location)?.uri(),
            None => catalog.default_database_location(&name)?,
        };
        let description = comment.unwrap_or("").to_string();
        catalog.create_database(&CatalogDatabase { name, description, location, properties: properties.clone() })?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn drop_namespace(&self, name: &[String], if_exists: bool, cascade: bool) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let name = catalog.database_name(name)?;
        if if_exists && !catalog.database_exists(&name)? {
            return Ok(CommandOutput::empty());
        }
        catalog.drop_database(&name, cascade)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn alter_namespace(
        &self,
        name: &[String],
        properties: &Options,
        location: Option<&str>,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let mut database = catalog.database(&catalog.database_name(name)?)?;
        database.properties.extend(properties.clone());
        if let Some(location) = location {
            database.location = self.state.file_system.resolve(location)?.uri();
        }
        catalog.alter_database(&database)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn use_namespace(&self, name: &[String]) -> SparkResult<CommandOutput> {
        if let [single] = name
            && single.eq_ignore_ascii_case(SESSION_CATALOG)
        {
            self.state.catalog.set_current_database(crate::catalog::DEFAULT_DATABASE)?;
            return Ok(CommandOutput::empty());
        }
        self.state.catalog.set_current_database(&self.state.catalog.database_name(name)?)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn set_catalog(&self, name: &str) -> SparkResult<CommandOutput> {
        if name.eq_ignore_ascii_case(SESSION_CATALOG) {
            return Ok(CommandOutput::empty());
        }
        Err(errors::catalog_not_found(name))
    }

    pub(super) fn describe_namespace(&self, name: &[String], extended: bool) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let database = catalog.database(&catalog.database_name(name)?)?;
        let mut rows: Vec<Vec<Cell>> = vec![
            vec!["Catalog Name".into(), SESSION_CATALOG.into()],
            vec!["Namespace Name".into(), database.name.into()],
            vec!["Comment".into(), database.description.into()],
            vec!["Location".into(), database.location.into()],
        ];
        if extended {
            let pairs: Vec<String> =
                database.properties.iter().map(|(key, value)| format!("({key},{value})")).collect();
            let all = if pairs.is_empty() { String::new() } else { format!("({})", pairs.join(", ")) };
            rows.push(vec!["Properties".into(), all.into()]);
        }
        output(vec![text("info_name", false), text("info_value", true)], rows)
    }

    pub(super) fn comment_on(
        &self,
        object: CommentObject,
        name: &[String],
        comment: Option<&str>,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        match object {
            CommentObject::Namespace => {
                let mut database = catalog.database(&catalog.database_name(name)?)?;
                database.description = comment.unwrap_or("").to_string();
                catalog.alter_database(&database)?;
            }
            CommentObject::Table => {
                let mut table = self.table_of(name, "COMMENT ON TABLE")?;
                table.comment = comment.map(str::to_string);
                catalog.alter_table(&table)?;
            }
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn row_level(&self, table: &[String], operation: &str) -> SparkResult<CommandOutput> {
        let table = self.table_of(table, operation)?;
        Err(SparkError::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION")
            .param("tableName", table.identifier.quoted())
            .param("operation", operation))
    }
}
