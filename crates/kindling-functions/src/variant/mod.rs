//! The `VARIANT` type: Spark's (and Parquet's) binary encoding, read and written (`org.apache.spark.types.variant`).
//!
//! A value is two byte strings: `value`, a tree of headers and offsets, and `metadata`, the dictionary of its keys.

mod build;
mod cast;
mod json;
mod path;
mod read;
mod schema;

pub(crate) use build::{Builder, variant_column};
pub(crate) use cast::{from_variant, to_variant};
pub(crate) use json::{json_variant, parse_variant, write_variant};
pub(crate) use path::{Step, get, parse_path};
pub(crate) use read::{Value, Variant, Variants, is_well_formed};
pub(crate) use schema::{merge_schemas, schema_of, schema_text};

const OBJECT: u8 = 2;
const ARRAY: u8 = 3;
const SHORT_STRING: u8 = 1;
/// Longest string that fits its header.
const MAX_SHORT_STRING: usize = 63;
/// Format version in the metadata's header.
const VERSION: u8 = 1;

/// Kinds of primitive values.
mod primitive {
    pub(super) const NULL: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const INT1: u8 = 3;
    pub(super) const INT2: u8 = 4;
    pub(super) const INT4: u8 = 5;
    pub(super) const INT8: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const DECIMAL4: u8 = 8;
    pub(super) const DECIMAL8: u8 = 9;
    pub(super) const DECIMAL16: u8 = 10;
    pub(super) const DATE: u8 = 11;
    pub(super) const TIMESTAMP: u8 = 12;
    pub(super) const TIMESTAMP_NTZ: u8 = 13;
    pub(super) const FLOAT: u8 = 14;
    pub(super) const BINARY: u8 = 15;
    pub(super) const LONG_STRING: u8 = 16;
    pub(super) const UUID: u8 = 20;
}
