//! JSON as Spark reads it: lines or whole documents, Jackson's leniency, Spark's inference and conversions.

mod convert;
mod infer;
mod options;
mod parser;
mod reader;

pub(crate) use infer::infer;
pub(crate) use options::JsonOptions;
pub(crate) use reader::JsonReader;
