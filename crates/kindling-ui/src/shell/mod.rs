//! The frame around the notebook: bars, sidebar, footer, toasts, the Spark panel's dock.

pub mod cluster_shape;
pub mod footer;
pub mod icon;
pub mod memory_gauge;
pub mod menu;
pub mod nav_bar;
pub mod side_bar;
pub mod spark_dock;
pub mod toasts;
pub mod top_bar;
