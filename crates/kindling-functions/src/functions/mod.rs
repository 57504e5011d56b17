//! The functions, one file a tight family; each file has its `ENTRIES`.

use crate::entry::FunctionEntry;

/// Every family.
pub(crate) fn families() -> Vec<&'static [FunctionEntry]> {
    vec![]
}
