//! `CACHE TABLE`, `UNCACHE TABLE`, `CLEAR CACHE`, and what writes and drops do to cached queries.

use std::collections::BTreeSet;

use datafusion::{functions_aggregate::expr_fn::count, logical_expr::LogicalPlanBuilder, prelude::lit};
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_datasource::FileFormat;
use kindling_functions::error::from_datafusion;
use kindling_physical::CacheLevel;
use kindling_spec::{CreateView, MultipartIdentifier, Options, Relation, RelationKind, StorageLevel, ViewScope};

use super::{CommandContext, CommandOutput, FileWrite};
use crate::{
    AnalyzedPlan, SessionState, analyze,
    attribute::quote_parts,
    catalog::{CatalogRelation, CatalogTable, TableIdentifier, TableStatistics, TempView, errors},
    logical::is_streaming,
    resolver::Resolver,
    session::analyze_part,
};

/// Keeps the rows of a query from now on (`Dataset.persist`).
pub fn persist(state: &SessionState, relation: &Relation, level: StorageLevel) -> SparkResult<()> {
    state.cache.cache_query(&analyze_part(state, relation)?, None, cache_level(level))
}

/// Keeps them no longer (`Dataset.unpersist`).
pub fn unpersist(state: &SessionState, relation: &Relation) -> SparkResult<()> {
    state.cache.uncache_query(&analyze_part(state, relation)?, false)
}

/// How the rows of a query are kept (`Dataset.storageLevel`).
pub fn storage_level(state: &SessionState, relation: &Relation) -> SparkResult<StorageLevel> {
    let found = state.cache.storage_level(&analyze_part(state, relation)?);
    Ok(found.map_or(StorageLevel::NONE, |level| StorageLevel {
        use_disk: level.use_disk,
        use_memory: level.use_memory,
        use_off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: u32::try_from(level.replication).unwrap_or(1),
    }))
}

fn cache_level(level: StorageLevel) -> CacheLevel {
    CacheLevel {
        use_disk: level.use_disk,
        use_memory: level.use_memory,
        use_off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: i32::try_from(level.replication).unwrap_or(1),
    }
}

/// `StorageLevel.fromString`
fn level_of(name: &str) -> SparkResult<CacheLevel> {
    let level = |disk, memory, off_heap, deserialized, replication| CacheLevel {
        use_disk: disk,
        use_memory: memory,
        use_off_heap: off_heap,
        deserialized,
        replication,
    };
    let name = name.to_uppercase();
    Ok(match name.as_str() {
        "NONE" => level(false, false, false, false, 1),
        "DISK_ONLY" => level(true, false, false, false, 1),
        "DISK_ONLY_2" => level(true, false, false, false, 2),
        "DISK_ONLY_3" => level(true, false, false, false, 3),
        "MEMORY_ONLY" => level(false, true, false, true, 1),
        "MEMORY_ONLY_2" => level(false, true, false, true, 2),
        "MEMORY_ONLY_SER" => level(false, true, false, false, 1),
        "MEMORY_ONLY_SER_2" => level(false, true, false, false, 2),
        "MEMORY_AND_DISK" => CacheLevel::MEMORY_AND_DISK,
        "MEMORY_AND_DISK_2" => level(true, true, false, true, 2),
        "MEMORY_AND_DISK_SER" => level(true, true, false, false, 1),
        "MEMORY_AND_DISK_SER_2" => level(true, true, false, false, 2),
        "OFF_HEAP" => level(true, true, true, false, 1),
        _ => {
            return Err(SparkError {
                message_override: Some(format!("Invalid StorageLevel: {name}")),
                ..SparkError::new(ExceptionClass::IllegalArgument, "")
            });
        }
    })
}

/// `SELECT * FROM name`, unresolved.
fn table_relation(name: &[String]) -> Relation {
    RelationKind::NamedTable { name: name.to_vec(), options: Options::default(), temporal: None, is_streaming: false }
        .into()
}

impl CommandContext<'_> {
    pub(super) fn cache_table(
        &self,
        name: &MultipartIdentifier,
        query: Option<&Relation>,
        lazy: bool,
        options: &Options,
    ) -> SparkResult<CommandOutput> {
        let level = options.iter().find(|(key, _)| key.eq_ignore_ascii_case("storageLevel"));
        if let Some(query) = query {
            let [_] = name.as_slice() else {
                return Err(SparkError::internal(format!("{} is no name of a view", quote_parts(name))));
            };
            self.create_view(&CreateView {
                name: name.clone(),
                scope: ViewScope::LocalTemp,
                replace: false,
                if_not_exists: false,
                columns: vec![],
                comment: None,
                properties: Default::default(),
                query: query.clone(),
                query_text: None,
            })?;
        }
        let relation = table_relation(name);
        let part = analyze_part(self.state, &relation)?;
        let cached = match level {
            Some((_, level)) => level_of(level),
            None => Ok(CacheLevel::MEMORY_AND_DISK),
        };
        let shown = name.iter().map(|part| kindling_spec::quote_if_needed(part)).collect::<Vec<_>>().join(".");
        let cached = cached.and_then(|level| self.state.cache.cache_query(&part, Some(&shown), level));
        if let (Err(error), true, [view]) = (&cached, query.is_some(), name.as_slice()) {
            self.state.catalog.drop_temp_view(view);
            return Err(error.clone());
        }
        cached?;
        if !lazy {
            self.materialize(&relation)?;
        }
        Ok(CommandOutput::empty())
    }

    /// Counts the rows of a query, which fills its cache.
    fn materialize(&self, relation: &Relation) -> SparkResult<()> {
        let analyzed = analyze(self.state, relation)?;
        let plan = LogicalPlanBuilder::from(analyzed.plan)
            .aggregate(Vec::<datafusion::logical_expr::Expr>::new(), vec![count(lit(1_i64)).alias("count#0")])
            .and_then(LogicalPlanBuilder::build)
            .map_err(from_datafusion)?;
        let counted = AnalyzedPlan { plan, output: vec![], analyzed_at: analyzed.analyzed_at };
        self.runner.collect(self.state, &counted).map(drop)
    }

    pub(super) fn cache_table_call(&self, text: &str, level: Option<StorageLevel>) -> SparkResult<()> {
        let name = kindling_sql::parse_multipart_identifier(text)?;
        let part = analyze_part(self.state, &table_relation(&name))?;
        let level = level.map_or(CacheLevel::MEMORY_AND_DISK, cache_level);
        self.state.cache.cache_query(&part, Some(text), level)
    }

    pub(super) fn is_cached(&self, name: &[String]) -> SparkResult<bool> {
        let part = analyze_part(self.state, &table_relation(name))?;
        Ok(self.state.cache.storage_level(&part).is_some())
    }

    /// How a table is kept.
    pub(super) fn level_of_table(&self, table: &CatalogTable) -> SparkResult<Option<CacheLevel>> {
        let name = [table.identifier.database.clone(), table.identifier.table.clone()];
        Ok(self.state.cache.storage_level(&analyze_part(self.state, &table_relation(&name))?))
    }

    /// Keeps a table under its new name as it was kept under its old.
    pub(super) fn cache_again(&self, table: &TableIdentifier, level: Option<CacheLevel>) -> SparkResult<()> {
        let Some(level) = level else { return Ok(()) };
        let part = analyze_part(self.state, &table_relation(&[table.database.clone(), table.table.clone()]))?;
        self.state.cache.cache_query(&part, Some(&table.unquoted()), level)
    }

    pub(super) fn uncache_table(&self, name: &[String], if_exists: bool) -> SparkResult<CommandOutput> {
        let found = self.state.catalog.lookup_relation(name);
        if found.is_none() && if_exists {
            return Ok(CommandOutput::empty());
        }
        let cascade = matches!(found, Some(CatalogRelation::Table(_) | CatalogRelation::View(_)));
        let part = analyze_part(self.state, &table_relation(name))?;
        self.state.cache.uncache_query(&part, cascade)?;
        Ok(CommandOutput::empty())
    }

    /// A view that is going, or is about to mean something else, is not kept any longer.
    pub(super) fn uncache_temp_view(&self, view: &TempView) {
        // A view whose query does not resolve any more cannot be found among the cached ones.
        if let Ok(part) = analyze_part(self.state, &view.query) {
            drop(self.state.cache.uncache_query(&part, false));
        }
    }

    /// A view that means the same afterwards stays cached.
    pub(super) fn uncache_replaced(&self, before: &TempView, after: &TempView) -> SparkResult<()> {
        let Ok(old) = analyze_part(self.state, &before.query) else { return Ok(()) };
        let new = analyze_part(self.state, &after.query)?;
        if !crate::cache::same_result(&old, &new) {
            self.state.cache.uncache_query(&old, false)?;
        }
        Ok(())
    }

    /// Forgets what was computed of a table that is going or has other columns from now on.
    pub(super) fn uncache_files_of(&self, table: &CatalogTable) -> SparkResult<()> {
        if table.is_view() {
            let name = [table.identifier.database.clone(), table.identifier.table.clone()];
            if let Ok(part) = analyze_part(self.state, &table_relation(&name)) {
                self.state.cache.uncache_query(&part, true)?;
            }
        } else if let Some(location) = &table.location {
            self.state.cache.uncache_path(&self.state.file_system.resolve(location)?);
        }
        Ok(())
    }

    /// Has everything that reads a path computed again.
    pub(super) fn recache_path(&self, path: &str) -> SparkResult<()> {
        self.state.cache.recache_path(&self.state.file_system.resolve(path)?);
        Ok(())
    }

    /// Has everything that reads a table computed again.
    pub(super) fn recache_table(&self, table: &CatalogTable) -> SparkResult<()> {
        table.location.as_deref().map_or(Ok(()), |location| self.recache_path(location))
    }

    pub(super) fn recache_named(&self, name: &[String]) -> SparkResult<()> {
        match self.state.catalog.lookup_relation(name) {
            Some(CatalogRelation::Table(table)) => self.recache_table(&table),
            Some(_) => {
                for path in crate::inspect::root_paths(&analyze(self.state, &table_relation(name))?)? {
                    self.state.cache.recache_path(&path);
                }
                Ok(())
            }
            None => Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        }
    }

    /// Writes rows; what was computed from the files before is computed again.
    pub(super) fn write_files(&self, plan: &AnalyzedPlan, write: &FileWrite) -> SparkResult<Vec<String>> {
        if is_streaming(&plan.plan) {
            return Err(SparkError::analysis("CALL_ON_STREAMING_DATASET_UNSUPPORTED").param("methodName", "`write`"));
        }
        let mut plan = std::borrow::Cow::Borrowed(plan);
        if let Some(spec) = &write.bucket_spec {
            plan = std::borrow::Cow::Owned(Resolver::new(self.state)?.bucketed(&plan, spec)?);
        }
        if FileFormat::find(&write.format)? == FileFormat::Xml {
            let (resolver, bucketed) = (Resolver::new(self.state)?, write.bucket_spec.is_some());
            plan = std::borrow::Cow::Owned(resolver.xml_output(
                &plan,
                &write.options,
                &write.partition_columns,
                bucketed,
            )?);
        }
        let partitions = self.runner.write(self.state, &plan, write)?;
        self.recache_path(&write.path)?;
        Ok(partitions)
    }

    /// Writes rows into a table; the catalog learns of new partitions, and forgets statistics that hold no longer.
    pub(super) fn write_table(&self, table: &CatalogTable, plan: &AnalyzedPlan, write: &FileWrite) -> SparkResult<()> {
        let written = self.write_files(plan, write)?;
        self.table_changed(table, |known| known.extend(written))
    }

    /// Notes that files of a table have changed: its statistics go, and `change` is made to the partitions it keeps a list of.
    pub(super) fn table_changed(
        &self,
        table: &CatalogTable,
        change: impl FnOnce(&mut BTreeSet<String>),
    ) -> SparkResult<()> {
        if table.partitions.is_none() && table.statistics.is_none() {
            return Ok(());
        }
        let mut after = table.clone();
        after.statistics = after.statistics.and_then(TableStatistics::after_change);
        if let Some(partitions) = &mut after.partitions {
            change(partitions);
        }
        self.state.catalog.alter_table(&after)
    }
}
