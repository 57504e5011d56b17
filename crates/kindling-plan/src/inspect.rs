//! What can be asked about a query without running it.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::{common::tree_node::TreeNodeRecursion, datasource::source_as_provider, logical_expr::LogicalPlan};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_datasource::{FilePath, FileTable};
use kindling_functions::error::from_datafusion;
use kindling_physical::display;
use kindling_spec::{ExplainMode, Relation};

use crate::{
    AnalyzedPlan, SessionState, analyze, create_physical_plan,
    logical::LocalRelation,
    logical_text::{tree_string, tree_string_with_cost},
    optimize,
};

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

/// Folders and files that a query reads.
pub(crate) fn root_paths(analyzed: &AnalyzedPlan) -> SparkResult<Vec<FilePath>> {
    crate::cache::paths_of(&analyzed.plan).map_err(from_datafusion)
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
        ExplainMode::Cost => Some(format!("== Optimized Logical Plan ==\n{}", tree_string_with_cost(&optimized))),
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

/// Whether two queries are the same but for the names and ids of their columns (`DataFrame.sameSemantics`).
pub fn same_semantics(state: &SessionState, left: &Relation, right: &Relation) -> SparkResult<bool> {
    let (left, right) = (analyze(state, left)?.plan, analyze(state, right)?.plan);
    Ok(without_names(&tree_string(&left)) == without_names(&tree_string(&right))
        && local_rows(&left) == local_rows(&right))
}

/// A query's text that is equal for queries with the same semantics (`DataFrame.semanticHash`).
pub fn canonical_text(state: &SessionState, relation: &Relation) -> SparkResult<String> {
    Ok(without_names(&tree_string(&analyze(state, relation)?.plan)))
}

/// Columns `name#id` of a plan's text as `#0`, `#1`, … in the order in which they first stand there.
fn without_names(text: &str) -> String {
    let mut ids: Vec<&str> = vec![];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('#') {
        let (before, after) = rest.split_at(at);
        let digits = after.get(1..).unwrap_or("");
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (id, following) = digits.split_at(end);
        if id.is_empty() {
            out.push_str(before);
            out.push('#');
        } else {
            let name = before.rfind(|c: char| " ([,".contains(c)).map_or(0, |delimiter| delimiter + 1);
            out.push_str(before.get(..name).unwrap_or(""));
            let place = ids.iter().position(|known| *known == id).unwrap_or(ids.len());
            if place == ids.len() {
                ids.push(id);
            }
            out.push_str(&format!("#{place}"));
        }
        rest = following;
    }
    out + rest
}

/// The rows of a plan's local relations, which its text does not show.
fn local_rows(plan: &LogicalPlan) -> Vec<Vec<ArrayRef>> {
    let mut rows = vec![];
    // The visitor cannot fail.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Extension(extension) = node
            && let Some(local) = extension.node.as_any().downcast_ref::<LocalRelation>()
        {
            rows.extend(local.batches.iter().map(|batch| batch.columns().to_vec()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_text_keeps_which_columns_are_equal_and_drops_what_they_are_called() {
        let text = without_names("Project [id#7L, (id#7L * 2) AS col1#12L]\n+- Range (0, 10)");
        assert_eq!(text, "Project [#0L, (#0L * 2) AS #1L]\n+- Range (0, 10)");
        assert_ne!(text, without_names("Project [id#7L, (id#8L * 2) AS col1#12L]\n+- Range (0, 10)"));
    }
}
