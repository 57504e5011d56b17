//! Spark's names for plans.
