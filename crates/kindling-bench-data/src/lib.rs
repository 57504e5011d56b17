#![doc = include_str!("../README.md")]

mod parquet_file;
mod taxi;
mod tpcds;
mod tpch;

pub use taxi::{Trip, taxi_batch, taxi_schema, write_taxi_csv, write_taxi_parquet};
pub use tpcds::{TPCDS_TABLES, write_tpcds};
pub use tpch::{TPCH_TABLES, write_tpch};

/// An error of writing or encoding.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
