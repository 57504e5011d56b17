//! Spark's physical operators: exchanges, query stages and the plan rules that place them.
