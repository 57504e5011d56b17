//! Spark's SQL functions.
