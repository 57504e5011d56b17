//! From the unresolved plan to DataFusion's logical and physical plans, with Spark's semantics; the catalog.
