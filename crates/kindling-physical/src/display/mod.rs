//! Spark's names for plans: nodes, metrics, text.

mod expr_text;
mod metrics;
mod node_text;
mod tree;

pub use expr_text::{expr_text, type_name};
pub use metrics::{MetricSource, MetricSpec, MetricType, metric_specs};
pub use node_text::{NodeText, node_text};
pub use tree::{ExplainMode, ShownNode, adaptive_frame, explain, prepared_text, shown_tree, tree_string};
