//! Queries in, schemas and rows out.

mod basics;
mod harness;
