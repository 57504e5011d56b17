#![doc = include_str!("../README.md")]

mod error;
mod first;
mod instrument;
mod module;
mod names;
mod second;
mod select;
mod split;

pub use error::{SplitError, SplitResult};
pub use instrument::{Instrumented, instrument};
pub use module::Module;
pub use select::{Patterns, Selection, select};
pub use split::{Parts, split};
