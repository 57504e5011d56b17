//! CSV as Spark reads it: univocity's rules for one record, Spark's for lines, headers, types and bad records.

mod convert;
mod infer;
mod options;
mod reader;
mod tokenizer;

pub(crate) use infer::infer;
pub(crate) use options::{CsvOptions, ParseMode, check_corrupt_column};
pub(crate) use reader::{CsvReader, fail_fast};
