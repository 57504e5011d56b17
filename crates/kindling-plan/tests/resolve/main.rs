//! Queries in, schemas and rows out.

mod basics;
#[path = "../it/harness.rs"]
mod harness;
mod queries;
mod tpch;
