//! What can be asked about a query without running it.

use std::sync::Arc;

use datafusion::{common::tree_node::TreeNodeRecursion, datasource::source_as_provider, logical_expr::LogicalPlan};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_datasource::FileTable;
use kindling_functions::error::from_datafusion;
use kindling_physical::display;
use kindling_spec::{ExplainMode, Relation};

use crate::{SessionState, analyze, create_physical_plan, logical_text::tree_string, optimize};

/// URLs of the files that a query reads, each once (`DataFrame.inputFiles`).
pub fn input_files(state: &SessionState, relation: &Relation) -> SparkResult<Vec<String>> {
    let analyzed = analyze(state, relation)?;
    let mut files = vec![];
    analyzed
        .plan
        .apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let provider = source_as_provider(&scan.source)?;
                let any: Arc<dyn std::any::Any + Send + Sync> = provider;
                if let Some(table) = any.downcast_ref::<FileTable>() {
                    files.extend(table.input_files());
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(from_datafusion)?;
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The text of `EXPLAIN` and `DataFrame.explain`.
pub fn explain(state: &SessionState, relation: &Relation, mode: ExplainMode) -> SparkResult<String> {
    let analyzed = analyze(state, relation)?;
    let optimized = optimize(state, &analyzed)?;
    let prepared = create_physical_plan(state, &optimized)?;
    let values = state.conf.read().clone();
    let max_fields = values.integer(&conf::MAX_TO_STRING_FIELDS).max(1) as usize;
    let types: Vec<String> =
        analyzed.output.iter().map(|column| format!("{}: {}", column.name, column.data_type.simple_string())).collect();
    let analyzed_text = tree_string(&analyzed.plan);
    let logical = match mode {
        // What was parsed is shown resolved: the unresolved plan is not kept as a tree of Spark's nodes.
        ExplainMode::Extended => Some(format!(
            "== Parsed Logical Plan ==\n{analyzed_text}\n== Analyzed Logical Plan ==\n{}\n{analyzed_text}\n\
             == Optimized Logical Plan ==\n{}",
            types.join(", "),
            tree_string(&optimized)
        )),
        ExplainMode::Cost => Some(format!("== Optimized Logical Plan ==\n{}", tree_string(&optimized))),
        ExplainMode::Codegen => return Err(SparkError::unsupported("EXPLAIN CODEGEN: there is no generated code")),
        ExplainMode::Simple | ExplainMode::Formatted => None,
    };
    let shown = match mode {
        ExplainMode::Extended | ExplainMode::Cost => display::ExplainMode::Extended,
        ExplainMode::Formatted => display::ExplainMode::Formatted,
        ExplainMode::Simple | ExplainMode::Codegen => display::ExplainMode::Simple,
    };
    let adaptive = values.boolean(&conf::ADAPTIVE_ENABLED);
    Ok(display::explain(&prepared.plan, &prepared.subqueries, adaptive, shown, logical.as_deref(), max_fields))
}
