//! `df.write…` and `df.writeTo(…)`.

use datafusion::{common::tree_node::TreeNodeRecursion, datasource::source_as_provider, logical_expr::LogicalPlan};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_functions::error::from_datafusion;
use kindling_spec::{
    BucketSpec, ExprKind, Relation, SaveMode, WriteOperation, WriteOperationV2, WriteTarget, WriteV2Mode,
};

use super::{CommandContext, CommandOutput, FileWrite, create_table::take_path, insert::Matching};
use crate::{
    AnalyzedPlan, analyze,
    catalog::{CatalogTable, errors},
};

impl CommandContext<'_> {
    pub(super) fn write(&self, write: &WriteOperation) -> SparkResult<CommandOutput> {
        if write.bucket_by.is_none() && !write.sort_columns.is_empty() {
            return Err(SparkError::analysis("SORT_BY_WITHOUT_BUCKETING"));
        }
        let operation = match &write.target {
            WriteTarget::Table(_) => None,
            WriteTarget::InsertInto(_) => Some("insertInto"),
            WriteTarget::Path(_) | WriteTarget::None => Some("save"),
        };
        if let (Some(operation), Some(_)) = (operation, &write.bucket_by) {
            let condition =
                if write.sort_columns.is_empty() { "_LEGACY_ERROR_TEMP_1312" } else { "_LEGACY_ERROR_TEMP_1313" };
            return Err(SparkError::analysis(condition).param("operation", operation));
        }
        match &write.target {
            WriteTarget::Table(name) => self.save_as_table(write, name),
            WriteTarget::InsertInto(name) => self.insert_into(write, name),
            WriteTarget::Path(path) => self.save(write, path.clone()),
            WriteTarget::None => match take_path(&mut write.options.clone()) {
                Some(path) => self.save(write, path),
                None => {
                    Err(SparkError::new(kindling_common::ExceptionClass::IllegalArgument, "_LEGACY_ERROR_TEMP_2047"))
                }
            },
        }
    }

    fn save(&self, write: &WriteOperation, path: String) -> SparkResult<CommandOutput> {
        let plan = analyze(self.state, &write.input)?;
        let conf = self.state.conf.read();
        let default = conf.value(&conf::DEFAULT_SOURCE).to_string();
        let dynamic = conf.value(&conf::PARTITION_OVERWRITE_MODE).eq_ignore_ascii_case("dynamic");
        drop(conf);
        let mut options = write.options.clone();
        take_path(&mut options);
        let dynamic = match options.iter().find(|(key, _)| key.eq_ignore_ascii_case("partitionOverwriteMode")) {
            Some((_, mode)) => mode.eq_ignore_ascii_case("dynamic"),
            None => dynamic,
        };
        let write = FileWrite {
            path,
            format: write.source.clone().unwrap_or(default),
            options,
            mode: write.mode,
            partition_columns: write.partition_columns.clone(),
            bucket_spec: None,
            dynamic_overwrite: dynamic && write.mode == SaveMode::Overwrite && !write.partition_columns.is_empty(),
        };
        self.write_files(&plan, &write)?;
        Ok(CommandOutput::empty())
    }

    fn save_as_table(&self, write: &WriteOperation, name: &[String]) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let identifier = catalog.qualify(name)?;
        catalog.database(&identifier.database)?;
        if let Some(existing) = catalog.table(&identifier)? {
            match write.mode {
                SaveMode::ErrorIfExists => return Err(errors::table_already_exists(&identifier)),
                SaveMode::Ignore => return Ok(CommandOutput::empty()),
                SaveMode::Append => return self.append_rows(name, &write.input, Matching::ByName, SaveMode::Append),
                SaveMode::Overwrite => {
                    if existing.is_view() {
                        return Err(SparkError::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE")
                            .param("viewName", identifier.quoted())
                            .param("operation", "saveAsTable"));
                    }
                    // The rows may come from the table itself, so they are resolved before it goes.
                    let plan = analyze(self.state, &write.input)?;
                    self.check_not_read(&plan, &existing)?;
                    catalog.drop_table(&identifier)?;
                }
            }
        }
        let plan = analyze(self.state, &write.input)?;
        let mut table =
            self.new_table(identifier, write.source.as_deref(), crate::resolver::raw_schema(plan.schema()))?;
        table.options = write.options.clone();
        self.place(&mut table, None)?;
        table.partition_columns = write.partition_columns.clone();
        table.bucket_spec = write.bucket_by.clone().map(|(num_buckets, columns)| BucketSpec {
            num_buckets,
            columns,
            sort_columns: write.sort_columns.clone(),
        });
        if !write.cluster_columns.is_empty() {
            // As Spark keeps it (`ClusterBySpec.toProperty`). Its file sources write as if nothing had been said: clustering is
            // for catalogs that do it.
            let columns: Vec<Vec<&str>> = write.cluster_columns.iter().map(|name| vec![name.as_str()]).collect();
            table.properties.insert("clusteringColumns".into(), serde_json::json!(columns).to_string());
        }
        self.create_from(table, &plan)
    }

    fn insert_into(&self, write: &WriteOperation, name: &[String]) -> SparkResult<CommandOutput> {
        let mode = if write.mode == SaveMode::Overwrite { SaveMode::Overwrite } else { SaveMode::Append };
        self.append_rows(name, &write.input, Matching::ByPosition(&[]), mode)
    }

    /// Adds or replaces rows of a table.
    fn append_rows(
        &self,
        name: &[String],
        input: &Relation,
        matching: Matching<'_>,
        mode: SaveMode,
    ) -> SparkResult<CommandOutput> {
        let table = self.table_of(name, "INSERT")?;
        let plan = self.plan_insert(&table, input, &matching, &[])?;
        self.write_files(&plan, &self.write_of(&table, mode))?;
        self.drop_statistics(&table)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn write_v2(&self, write: &WriteOperationV2) -> SparkResult<CommandOutput> {
        match write.mode {
            WriteV2Mode::Create => {
                let catalog = &self.state.catalog;
                let identifier = catalog.qualify(&write.table)?;
                let plan = analyze(self.state, &write.input)?;
                let mut table =
                    self.new_table(identifier, write.provider.as_deref(), crate::resolver::raw_schema(plan.schema()))?;
                table.options = write.options.clone();
                table.properties = write.properties.clone();
                self.place(&mut table, None)?;
                for column in &write.partitioning {
                    match &column.kind {
                        ExprKind::UnresolvedAttribute { name_parts, .. } => {
                            table.partition_columns.push(name_parts.join("."));
                        }
                        _ => return Err(SparkError::unsupported("partition transforms of file tables")),
                    }
                }
                self.create_from(table, &plan)
            }
            WriteV2Mode::Append => self.append_rows(&write.table, &write.input, Matching::ByName, SaveMode::Append),
            WriteV2Mode::OverwritePartitions => {
                let table = self.table_of(&write.table, "OVERWRITE")?;
                let plan = self.plan_insert(&table, &write.input, &Matching::ByName, &[])?;
                let mut target = self.write_of(&table, SaveMode::Overwrite);
                target.dynamic_overwrite = !table.partition_columns.is_empty();
                self.write_files(&plan, &target)?;
                self.drop_statistics(&table)?;
                Ok(CommandOutput::empty())
            }
            WriteV2Mode::Overwrite | WriteV2Mode::Replace | WriteV2Mode::CreateOrReplace => {
                let table = self.state.catalog.qualify(&write.table)?;
                Err(SparkError::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION")
                    .param("tableName", table.quoted())
                    .param("operation", "REPLACE TABLE"))
            }
        }
    }

    /// Fails where a plan reads the table that it is to replace.
    pub(super) fn check_not_read(&self, plan: &AnalyzedPlan, table: &CatalogTable) -> SparkResult<()> {
        let Some(location) = &table.location else { return Ok(()) };
        let folder = self.state.file_system.resolve(location)?;
        let mut found = false;
        plan.plan
            .apply_with_subqueries(|node| {
                if let LogicalPlan::TableScan(scan) = node
                    && let Ok(provider) = source_as_provider(&scan.source)
                    && let Some(files) = kindling_datasource::as_file_table(provider.as_ref())
                {
                    found |= files.root_paths().iter().any(|root| root.starts_with(&folder));
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(from_datafusion)?;
        if found {
            return Err(SparkError::analysis("UNSUPPORTED_OVERWRITE.TABLE").param("table", table.identifier.quoted()));
        }
        Ok(())
    }
}
