//! Queries in, schemas and rows out.

#![allow(clippy::unwrap_used)]

mod basics;
#[path = "../it/harness.rs"]
mod harness;
mod queries;
mod tpch;
