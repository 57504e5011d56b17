//! `CacheManager`: which queries are kept, and plans that read them instead of computing them again (Spark's class of that
//! name).
//!
//! A query is kept by what it computes, not by the DataFrame that asked for it: any plan with an equal part reads the cached
//! rows ([`CacheManager::use_cached_data`], between analysis and optimisation). The physical plan that fills the cache is made
//! when the first query reads it, and again after files that it reads have changed; until then an entry holds only the
//! resolved query.

mod canonical;
mod table;

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    common::{
        Column,
        tree_node::{Transformed, TreeNodeRecursion},
    },
    datasource::source_as_provider,
    error::Result as DfResult,
    logical_expr::{Expr, LogicalPlan, Projection},
};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_datasource::FilePath;
use kindling_functions::error::{from_datafusion, to_datafusion};
use kindling_physical::{CacheLevel, CachedRelation, PreparedPlan, display};
use parking_lot::{Mutex, RwLock};

use self::canonical::{CanonicalPlan, references, shape, transparent};
pub(crate) use self::table::CachedTable;
use crate::{SessionState, create_physical_plan, resolver::Untrimmed, session::optimize_plan};

/// Where cached rows are kept; the engine is behind it.
pub trait CacheStore: Send + Sync + std::fmt::Debug {
    /// A relation to keep from now on; nothing is computed before a query reads it.
    fn cache(&self, name: String, level: CacheLevel, plan: PreparedPlan) -> Arc<CachedRelation>;
    /// Drops what is kept of a relation.
    fn unpersist(&self, relation: &CachedRelation);
    /// Whether all of a relation is kept.
    fn is_loaded(&self, relation: &CachedRelation) -> bool;
}

/// A query that is kept (Spark's `CachedData`).
#[derive(Debug)]
struct CachedData {
    /// The query, perhaps with columns that its user cannot see.
    plan: LogicalPlan,
    analyzed_at: i64,
    shape: String,
    key: CanonicalPlan,
    /// Columns of the plan that are kept.
    columns: Vec<usize>,
    /// Folders and files that it reads.
    paths: Vec<FilePath>,
    table_name: Option<String>,
    level: CacheLevel,
    relation: Mutex<Option<Arc<CachedRelation>>>,
}

/// Parts of plans to look for in others.
struct Wanted {
    shape: String,
    key: CanonicalPlan,
}

/// The cached queries of an application.
#[derive(Debug, Default)]
pub struct CacheManager {
    store: Option<Arc<dyn CacheStore>>,
    entries: RwLock<Vec<Arc<CachedData>>>,
}

impl CacheManager {
    /// A manager over an engine.
    pub fn new(store: Arc<dyn CacheStore>) -> CacheManager {
        CacheManager { store: Some(store), entries: RwLock::default() }
    }

    /// Keeps a query (`cacheQuery`); does nothing when it is kept already.
    pub(crate) fn cache_query(
        &self,
        query: &Untrimmed,
        table_name: Option<&str>,
        level: CacheLevel,
    ) -> SparkResult<()> {
        if !level.use_disk && !level.use_memory {
            return Ok(());
        }
        if self.store.is_none() {
            return Err(SparkError::unsupported("caching without an engine"));
        }
        let Some(Wanted { shape, key }) = wanted(query) else {
            return Err(SparkError::unsupported("caching this query"));
        };
        let mut entries = self.entries.write();
        if entries.iter().any(|entry| entry.shape == shape && entry.key == key) {
            log::warn!("Asked to cache already cached data.");
            return Ok(());
        }
        entries.push(Arc::new(CachedData {
            paths: paths_of(&query.plan).map_err(from_datafusion)?,
            columns: query.columns(),
            plan: query.plan.clone(),
            analyzed_at: query.analyzed_at,
            shape,
            key,
            table_name: table_name.map(str::to_string),
            level,
            relation: Mutex::default(),
        }));
        Ok(())
    }

    /// How a query is kept, if it is.
    pub(crate) fn storage_level(&self, query: &Untrimmed) -> Option<CacheLevel> {
        self.find(query).map(|entry| entry.level)
    }

    fn find(&self, query: &Untrimmed) -> Option<Arc<CachedData>> {
        let entries = self.entries.read();
        if entries.is_empty() {
            return None;
        }
        let wanted = wanted(query)?;
        entries.iter().find(|entry| entry.shape == wanted.shape && entry.key == wanted.key).cloned()
    }

    /// Forgets a query (`uncacheQuery`); with `cascade` also those that read it. Without it what they have computed stays,
    /// and what they have not will be computed in another way.
    pub(crate) fn uncache_query(&self, query: &Untrimmed, cascade: bool) -> SparkResult<()> {
        if self.entries.read().is_empty() {
            return Ok(());
        }
        let Some(wanted) = wanted(query) else { return Ok(()) };
        let mut removed = vec![];
        let mut entries = self.entries.write();
        entries.retain(|entry| {
            let itself = entry.shape == wanted.shape && entry.key == wanted.key;
            let keep = !(itself || cascade && contains(entry, &wanted));
            if !keep {
                removed.push(Arc::clone(entry));
            }
            keep
        });
        for entry in entries.iter().filter(|entry| contains(entry, &wanted)) {
            let mut relation = entry.relation.lock();
            let loaded = self.store.as_ref().zip(relation.as_ref()).is_some_and(|(store, r)| store.is_loaded(r));
            if !loaded {
                self.drop_blocks(relation.take());
            }
        }
        drop(entries);
        removed.iter().for_each(|entry| self.drop_blocks(entry.relation.lock().take()));
        Ok(())
    }

    /// Forgets the queries that read files at or below a path.
    pub(crate) fn uncache_path(&self, path: &FilePath) {
        let mut removed = vec![];
        self.entries.write().retain(|entry| {
            let keep = !reads(entry, path);
            if !keep {
                removed.push(Arc::clone(entry));
            }
            keep
        });
        removed.iter().for_each(|entry| self.drop_blocks(entry.relation.lock().take()));
    }

    /// Computes the queries that read files at or below a path again when they are next read (`recacheByPath`).
    pub(crate) fn recache_path(&self, path: &FilePath) {
        for entry in self.entries.read().iter().filter(|entry| reads(entry, path)) {
            self.drop_blocks(entry.relation.lock().take());
        }
    }

    /// Forgets everything (`clearCache`).
    pub(crate) fn clear(&self) {
        let entries = std::mem::take(&mut *self.entries.write());
        entries.iter().for_each(|entry| self.drop_blocks(entry.relation.lock().take()));
    }

    fn drop_blocks(&self, relation: Option<Arc<CachedRelation>>) {
        if let (Some(store), Some(relation)) = (&self.store, relation) {
            store.unpersist(&relation);
        }
    }

    /// The plan with every part that is kept read from the cache (`useCachedData`).
    pub(crate) fn use_cached_data(
        &self,
        state: &SessionState,
        plan: &LogicalPlan,
        analyzed_at: i64,
    ) -> SparkResult<LogicalPlan> {
        self.replace(state, plan, analyzed_at, None).map_err(from_datafusion)
    }

    fn replace(
        &self,
        state: &SessionState,
        plan: &LogicalPlan,
        analyzed_at: i64,
        except: Option<&Arc<CachedData>>,
    ) -> DfResult<LogicalPlan> {
        let entries: Vec<Arc<CachedData>> = self
            .entries
            .read()
            .iter()
            .filter(|entry| except.is_none_or(|except| !Arc::ptr_eq(entry, except)))
            .cloned()
            .collect();
        if entries.is_empty() {
            return Ok(plan.clone());
        }
        let total = references(plan)?;
        let done = plan.clone().transform_down_with_subqueries(|node| {
            if transparent(&node).is_some() {
                return Ok(Transformed::no(node));
            }
            let shape = shape(&node);
            let mut key = None;
            for entry in entries.iter().filter(|entry| entry.shape == shape) {
                let key = key.get_or_insert_with(|| CanonicalPlan::new(&node, analyzed_at));
                if key.as_ref() != Some(&entry.key) || !only_kept_are_read(entry, &node, &total)? {
                    continue;
                }
                let relation = self.relation(state, entry, &node, analyzed_at).map_err(to_datafusion)?;
                let read = CachedTable::plan(relation, &node, &entry.columns)?;
                return Ok(Transformed::new(read, true, TreeNodeRecursion::Jump));
            }
            Ok(Transformed::no(node))
        })?;
        Ok(done.data)
    }

    /// The relation of an entry; made from `node`, which is the entry's query as this session resolved it just now.
    fn relation(
        &self,
        state: &SessionState,
        entry: &Arc<CachedData>,
        node: &LogicalPlan,
        analyzed_at: i64,
    ) -> SparkResult<Arc<CachedRelation>> {
        let mut relation = entry.relation.lock();
        if let Some(relation) = &*relation {
            return Ok(Arc::clone(relation));
        }
        let Some(store) = &self.store else { return Err(SparkError::internal("a cache without a store")) };
        let plan = self.replace(state, node, analyzed_at, Some(entry)).map_err(from_datafusion)?;
        let fields = plan.schema().fields();
        let columns = entry.columns.iter().filter_map(|index| fields.get(*index));
        let exprs = columns.map(|field| Expr::Column(Column::new_unqualified(field.name()))).collect();
        let plan = Projection::try_new(exprs, Arc::new(plan)).map(LogicalPlan::Projection).map_err(from_datafusion)?;
        let prepared = create_physical_plan(state, &optimize_plan(state, plan)?)?;
        let name = match &entry.table_name {
            Some(name) => format!("In-memory table {name}"),
            None => {
                let most = state.conf.read().integer(&conf::MAX_TO_STRING_FIELDS).max(1) as usize;
                abbreviate(display::prepared_text(&prepared, most), 1024)
            }
        };
        let made = store.cache(name, entry.level, prepared);
        *relation = Some(Arc::clone(&made));
        Ok(made)
    }
}

/// Whether two queries compute the same (`LogicalPlan.sameResult`).
pub(crate) fn same_result(a: &Untrimmed, b: &Untrimmed) -> bool {
    match (wanted(a), wanted(b)) {
        (Some(a), Some(b)) => a.shape == b.shape && a.key == b.key,
        _ => false,
    }
}

fn wanted(query: &Untrimmed) -> Option<Wanted> {
    let key = CanonicalPlan::new(&query.plan, query.analyzed_at)?;
    Some(Wanted { shape: shape(&query.plan), key })
}

/// Whether a cached query has an equal part.
fn contains(entry: &CachedData, wanted: &Wanted) -> bool {
    let mut found = false;
    let walked = entry.plan.apply_with_subqueries(|node| {
        found |= transparent(node).is_none()
            && shape(node) == wanted.shape
            && CanonicalPlan::new(node, entry.analyzed_at).as_ref() == Some(&wanted.key);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.is_ok() && found
}

/// Whether no expression outside `node` reads one of its columns that the entry does not keep.
fn only_kept_are_read(entry: &CachedData, node: &LogicalPlan, total: &HashMap<String, usize>) -> DfResult<bool> {
    let fields = node.schema().fields();
    if entry.columns.len() == fields.len() {
        return Ok(true);
    }
    let inside = references(node)?;
    Ok(fields.iter().enumerate().filter(|(index, _)| !entry.columns.contains(index)).all(|(_, field)| {
        let count = |all: &HashMap<String, usize>| all.get(field.name()).copied().unwrap_or(0);
        count(total) == count(&inside)
    }))
}

fn reads(entry: &CachedData, path: &FilePath) -> bool {
    entry.paths.iter().any(|root| root.starts_with(path) || path.starts_with(root))
}

/// Folders and files that a plan reads.
pub(crate) fn paths_of(plan: &LogicalPlan) -> DfResult<Vec<FilePath>> {
    let mut paths = vec![];
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(files) = kindling_datasource::as_file_table(source_as_provider(&scan.source)?.as_ref())
        {
            paths.extend(files.root_paths().iter().cloned());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(paths)
}

/// `StringUtils.abbreviate`
fn abbreviate(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}
