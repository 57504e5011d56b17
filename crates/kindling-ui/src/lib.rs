#![doc = include_str!("../README.md")]
// Components' props are documented where it helps; the macro's own types cannot be.
#![allow(missing_docs)]

pub mod app;
pub mod dialogs;
pub mod files;
pub mod host;
pub mod kernel;
pub mod model;
pub mod notebook;
pub mod outputs;
pub mod shell;
pub mod spark;
pub mod state;
