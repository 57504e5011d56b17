//! Parquet: schemas from footers, reads through DataFusion's `ParquetSource`, values as Spark's types.

mod conform;
mod footer;
mod options;
mod reader;
mod schema;

pub(crate) use options::ParquetOptions;
pub(crate) use reader::open;
pub(crate) use schema::{ROW_METADATA, infer};
