//! The sidebar's panes.

pub mod file_item;
pub mod files_pane;
pub mod notebooks_pane;
pub mod outline_pane;
