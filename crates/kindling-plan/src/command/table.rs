//! Tables: drop, alter, truncate, refresh.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{AlterTableAction, ColumnDefinition, ColumnPosition, PartitionSpec, RefreshTarget, StructField};

use super::{CommandContext, CommandOutput, create_table::field_of};
use crate::{
    attribute::quote_parts,
    catalog::{CatalogTable, errors},
};

impl CommandContext<'_> {
    /// A table by name, where a view will not do.
    pub(super) fn table_of(&self, name: &[String], operation: &str) -> SparkResult<CatalogTable> {
        let catalog = &self.state.catalog;
        if let [single] = name
            && catalog.temp_view(single).is_some()
        {
            return Err(SparkError::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE")
                .param("viewName", quote_parts(name))
                .param("operation", operation));
        }
        let table = catalog.table_by_name(name)?;
        if table.is_view() {
            return Err(SparkError::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE")
                .param("viewName", table.identifier.quoted())
                .param("operation", operation));
        }
        Ok(table)
    }

    pub(super) fn drop_table(&self, name: &[String], if_exists: bool, is_view: bool) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        match name {
            [single] if catalog.temp_view(single).is_some() => {
                self.drop_temp_view(single);
                return Ok(CommandOutput::empty());
            }
            [database, single] if database.eq_ignore_ascii_case(crate::catalog::GLOBAL_TEMP_DATABASE) => {
                if self.drop_global_temp_view(single) || if_exists {
                    return Ok(CommandOutput::empty());
                }
                return Err(errors::table_or_view_not_found(catalog, name));
            }
            _ => {}
        }
        let identifier = catalog.qualify(name)?;
        let Some(table) = catalog.table(&identifier)? else {
            if if_exists {
                return Ok(CommandOutput::empty());
            }
            return Err(errors::command_target_not_found(catalog, &identifier));
        };
        if is_view && !table.is_view() {
            return Err(SparkError::analysis("WRONG_COMMAND_FOR_OBJECT_TYPE")
                .param("operation", "DROP VIEW")
                .param("requiredType", "VIEW or METRIC_VIEW")
                .param("objectName", identifier.unquoted())
                .param("foundType", table.table_type.name())
                .param("alternative", "DROP TABLE"));
        }
        self.uncache_files_of(&table)?;
        catalog.drop_table(&identifier)?;
        Ok(CommandOutput::empty())
    }

    /// Drops a temporary view with what is cached of it, and says whether there was one.
    pub(super) fn drop_temp_view(&self, name: &str) -> bool {
        let Some(view) = self.state.catalog.temp_view(name) else { return false };
        self.uncache_temp_view(&view);
        self.state.catalog.drop_temp_view(name)
    }

    /// The same for a view of `global_temp`.
    pub(super) fn drop_global_temp_view(&self, name: &str) -> bool {
        let Some(view) = self.state.catalog.global_temp_view(name) else { return false };
        self.uncache_temp_view(&view);
        self.state.catalog.drop_global_temp_view(name)
    }

    pub(super) fn alter_table(
        &self,
        name: &[String],
        is_view: bool,
        action: &AlterTableAction,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        if let AlterTableAction::ViewAs { query, query_text } = action {
            return self.alter_view_query(name, query, query_text);
        }
        if let (AlterTableAction::RenameTo(to), [single]) = (action, name)
            && let Some(view) = catalog.temp_view(single)
        {
            let new_name = to.last().cloned().unwrap_or_default();
            if catalog.temp_view(&new_name).is_some() {
                return Err(errors::temp_view_already_exists(to));
            }
            catalog.drop_temp_view(single);
            catalog.create_temp_view(crate::catalog::TempView { name: new_name, ..view });
            return Ok(CommandOutput::empty());
        }
        let mut table = if is_view {
            self.view_of(name, "ALTER VIEW")?
        } else {
            let table = catalog.table_by_name(name)?;
            if table.is_view() {
                return Err(SparkError::analysis("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW")
                    .param("viewName", table.identifier.quoted())
                    .param("operation", operation_name(action)));
            }
            table
        };
        match action {
            AlterTableAction::RenameTo(to) => {
                let mut target = catalog.qualify(to)?;
                if to.len() == 1 {
                    target.database.clone_from(&table.identifier.database);
                }
                let level = self.level_of_table(&table)?;
                self.uncache_files_of(&table)?;
                catalog.rename_table(&table, &target)?;
                self.cache_again(&target, level)?;
                return Ok(CommandOutput::empty());
            }
            AlterTableAction::AddColumns(columns) => {
                self.uncache_files_of(&table)?;
                add_columns(&mut table, columns)?;
            }
            AlterTableAction::SetProperties(properties) => {
                let mut properties = properties.clone();
                if let (Some(mode), Some(view)) = (properties.remove("view.schemaMode"), table.view.as_mut()) {
                    view.schema_mode = mode;
                }
                table.properties.extend(properties);
            }
            AlterTableAction::UnsetProperties { keys, .. } => {
                table.properties.retain(|key, _| !keys.contains(key));
            }
            AlterTableAction::SetLocation { partition, location } if partition.is_empty() => {
                table.location = Some(self.state.file_system.resolve(location)?.uri());
                table.statistics = None;
            }
            AlterTableAction::AlterColumn { column, data_type, nullable, comment, position, default } => {
                let [single] = column.as_slice() else {
                    return Err(unsupported(&table, "ALTER COLUMN of a nested column"));
                };
                if position.is_some() || nullable.is_some() {
                    return Err(unsupported(&table, "ALTER COLUMN ... FIRST | AFTER | SET NOT NULL | DROP NOT NULL"));
                }
                let Some(index) = table.schema.fields.iter().position(|f| f.name.eq_ignore_ascii_case(single)) else {
                    return Err(missing_column(&table, single));
                };
                if let Some(field) = table.schema.fields.get_mut(index) {
                    if data_type.as_ref().is_some_and(|to| *to != field.data_type) {
                        return Err(SparkError::analysis("NOT_SUPPORTED_CHANGE_COLUMN")
                            .param("table", table.identifier.quoted())
                            .param("originName", kindling_spec::quote_identifier(&field.name))
                            .param("originType", format!("\"{}\"", field.data_type.sql()))
                            .param("newName", kindling_spec::quote_identifier(single))
                            .param(
                                "newType",
                                format!("\"{}\"", data_type.as_ref().map_or(String::new(), |t| t.sql())),
                            ));
                    }
                    if let Some(comment) = comment {
                        field.metadata = Some(serde_json::json!({ "comment": comment }).to_string());
                    }
                    match default {
                        Some(Some((text, _))) => {
                            table.defaults.insert(field.name.clone(), text.clone());
                        }
                        Some(None) => {
                            table.defaults.remove(&field.name);
                        }
                        None => {}
                    }
                }
            }
            AlterTableAction::AddPartitions { partitions, if_not_exists } => {
                return self.add_partitions(&table, partitions, *if_not_exists);
            }
            AlterTableAction::DropPartitions { partitions, if_exists } => {
                return self.drop_partitions(&table, partitions, *if_exists);
            }
            AlterTableAction::RenamePartition { from, to } => return self.rename_partition(&table, from, to),
            AlterTableAction::RecoverPartitions => return self.repair_table(name),
            other => return Err(unsupported(&table, operation_name(other))),
        }
        catalog.alter_table(&table)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn truncate_table(&self, name: &[String], partition: &PartitionSpec) -> SparkResult<CommandOutput> {
        let table = self.table_of(name, "TRUNCATE TABLE")?;
        let files = &self.state.file_system;
        let folder = files.resolve(table.location.as_deref().unwrap_or_default())?;
        if partition.is_empty() {
            files.delete(&folder, true)?;
            files.mkdirs(&folder)?;
            self.table_changed(&table, |_| {})?;
            self.recache_table(&table)?;
            return Ok(CommandOutput::empty());
        }
        for (path, _) in self.matching_partitions(&table, partition)? {
            files.delete(&folder.join(&path), true)?;
            files.mkdirs(&folder.join(&path))?;
        }
        self.table_changed(&table, |_| {})?;
        self.recache_table(&table)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn refresh(&self, target: &RefreshTarget) -> SparkResult<CommandOutput> {
        match target {
            // Files are listed at each read, so only what is cached can be stale.
            RefreshTarget::Table(name) => self.recache_named(name)?,
            RefreshTarget::Path(path) => self.recache_path(path)?,
            RefreshTarget::Function(name) => return Err(self.unresolved_routine(name)),
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn repair_table(&self, name: &[String]) -> SparkResult<CommandOutput> {
        let table = self.table_of(name, "MSCK REPAIR TABLE")?;
        self.check_partitioned(&table)?;
        let there = self.partitions(&CatalogTable { partitions: None, ..table.clone() })?;
        // Those that were known stay, whether their folders are there or not.
        self.table_changed(&table, |known| known.extend(there.into_iter().map(|(path, _)| path)))?;
        self.recache_table(&table)?;
        Ok(CommandOutput::empty())
    }
}

fn unsupported(table: &CatalogTable, operation: &str) -> SparkError {
    SparkError::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION")
        .param("tableName", table.identifier.quoted())
        .param("operation", operation)
}

fn missing_column(table: &CatalogTable, name: &str) -> SparkError {
    let names: Vec<String> = table.schema.fields.iter().map(|f| kindling_spec::quote_identifier(&f.name)).collect();
    SparkError::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .param("objectName", kindling_spec::quote_identifier(name))
        .param("proposal", names.join(", "))
}

fn operation_name(action: &AlterTableAction) -> &str {
    match action {
        AlterTableAction::AddColumns(_) => "ALTER TABLE ... ADD COLUMNS",
        AlterTableAction::DropColumns { .. } => "DROP COLUMN",
        AlterTableAction::RenameColumn { .. } => "RENAME COLUMN",
        AlterTableAction::ReplaceColumns(_) => "REPLACE COLUMNS",
        AlterTableAction::SetProperties(_) => "ALTER TABLE ... SET TBLPROPERTIES",
        AlterTableAction::UnsetProperties { .. } => "ALTER TABLE ... UNSET TBLPROPERTIES",
        AlterTableAction::SetLocation { .. } => "ALTER TABLE ... SET LOCATION",
        AlterTableAction::AlterColumn { .. } => "ALTER TABLE ... ALTER COLUMN",
        AlterTableAction::Unsupported(name) => name,
        _ => "ALTER TABLE",
    }
}

/// New columns go before the partition columns.
fn add_columns(
    table: &mut CatalogTable,
    columns: &[(Vec<String>, ColumnDefinition, Option<ColumnPosition>)],
) -> SparkResult<()> {
    for (path, column, position) in columns {
        if path.len() > 1 {
            return Err(unsupported(table, "ADD COLUMN of a nested column"));
        }
        if position.is_some() {
            return Err(unsupported(table, "ADD COLUMN ... FIRST | AFTER"));
        }
        if table.schema.fields.iter().any(|field| field.name.eq_ignore_ascii_case(&column.name)) {
            return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                .param("columnName", kindling_spec::quote_identifier(&column.name.to_lowercase())));
        }
        if let Some((text, _)) = &column.default {
            table.defaults.insert(column.name.clone(), text.clone());
        }
        let field: StructField = field_of(column);
        let at = table.schema.fields.len() - table.partition_columns.len();
        table.schema.fields.insert(at, field);
    }
    Ok(())
}
