//! What can be asked about a query without running it.

use std::sync::Arc;

use datafusion::{
    common::tree_node::{TreeNode, TreeNodeRecursion},
    datasource::source_as_provider,
    logical_expr::LogicalPlan,
};
use kindling_common::SparkResult;
use kindling_datasource::FileTable;
use kindling_functions::error::from_datafusion;
use kindling_spec::Relation;

use crate::{SessionState, analyze};

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
