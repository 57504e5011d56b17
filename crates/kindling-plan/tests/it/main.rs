//! Queries in, schemas and rows out.

#![allow(clippy::unwrap_used)]

mod commands;
mod golden;
mod harness;
