//! The block of a file that this thread's task is reading, for `input_file_name()` and its kin (Spark's
//! `InputFileBlockHolder`).
//!
//! A scan says so before it hands out rows; the functions ask while the operators above work on these rows. A task is one
//! thread from start to end, so this is thread-local.

use std::cell::RefCell;

/// A block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFileBlock {
    /// URL of the file; empty without one.
    pub path: String,
    /// First byte; -1 without one.
    pub start: i64,
    /// Bytes; -1 without one.
    pub length: i64,
}

impl InputFileBlock {
    const NONE: InputFileBlock = InputFileBlock { path: String::new(), start: -1, length: -1 };
}

thread_local! {
    static BLOCK: RefCell<InputFileBlock> = const { RefCell::new(InputFileBlock::NONE) };
}

/// Says what is read from now on.
pub fn set_input_file(block: InputFileBlock) {
    BLOCK.set(block);
}

/// Says that nothing is read from now on.
pub fn unset_input_file() {
    BLOCK.set(InputFileBlock::NONE);
}

/// What is being read.
pub fn input_file() -> InputFileBlock {
    BLOCK.with_borrow(InputFileBlock::clone)
}
