//! Queries in, schemas and rows out.

mod commands;
mod harness;
