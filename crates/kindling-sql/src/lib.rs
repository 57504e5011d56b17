//! The Spark SQL parser: text to the unresolved plan.
