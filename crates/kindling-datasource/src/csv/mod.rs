//! CSV as Spark reads it: univocity's rules for one record, Spark's for lines, headers, types and bad records.

mod convert;
mod infer;
mod options;
mod reader;
mod tokenizer;

pub(crate) use infer::infer;
pub(crate) use options::CsvOptions;
pub(crate) use reader::CsvReader;
