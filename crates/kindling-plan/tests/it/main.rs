//! Queries in, schemas and rows out.

#![allow(clippy::unwrap_used)]

mod basics;
mod commands;
mod harness;
mod queries;
mod routines;
mod semantics;
mod subqueries;
mod tpch;
