//! The notebook: cells, their editors, status and progress.

pub mod add_cell;
pub mod boot_card;
pub mod cell_item;
pub mod cell_progress;
pub mod cell_status;
pub mod cell_toolbar;
pub mod code_cell;
pub mod editor;
pub mod markdown_cell;
pub mod notebook_view;
pub mod quiz_cell;
