//! The page's side of the kernel and storage workers.

pub mod client;
pub mod protocol;
pub mod storage;
