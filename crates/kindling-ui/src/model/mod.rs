//! Plain data and pure rules of the page: no browser, no signals, tested natively.

pub mod cell_queue;
pub mod chart;
pub mod edits;
pub mod file_format;
pub mod format;
pub mod grid;
pub mod hint;
pub mod keymap;
pub mod markdown;
pub mod mime_bundle;
pub mod nbformat;
pub mod notebook;
pub mod outline;
pub mod progress;
pub mod quiz;
pub mod share;
pub mod stream_text;
pub mod terminal;
