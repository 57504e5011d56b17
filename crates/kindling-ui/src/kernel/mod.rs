//! The page's side of the kernel and storage workers.

pub mod protocol;
