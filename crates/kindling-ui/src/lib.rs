//! The page: notebook and Spark UI in Leptos.
