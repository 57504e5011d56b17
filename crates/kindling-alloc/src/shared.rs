//! Batches of free blocks that one thread had too many of, for whichever needs some.

use std::{
    ptr,
    sync::{Mutex, PoisonError},
};

use crate::classes::{COUNT, SizeClass};

/// A free block: the next one of its list, and, in the first of a batch, the next batch.
pub struct FreeBlock {
    pub next: *mut FreeBlock,
    next_batch: *mut FreeBlock,
}

/// The first of the batches of a class.
struct Batches(*mut FreeBlock);

// SAFETY: free blocks belong to the list that they are on, not to a thread.
unsafe impl Send for Batches {}

static SHARED: [Mutex<Batches>; COUNT] = [const { Mutex::new(Batches(ptr::null_mut())) }; COUNT];

/// Leaves a list of [`SizeClass::batch`] blocks.
///
/// # Safety
/// `first` is such a list, of this class, and nobody else's.
pub unsafe fn leave(class: SizeClass, first: *mut FreeBlock) {
    let mut batches = SHARED[class.index()].lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the block is ours, and large enough for two pointers.
    unsafe { (*first).next_batch = batches.0 };
    batches.0 = first;
}

/// Takes a list of [`SizeClass::batch`] blocks; null where there is none.
pub fn fetch(class: SizeClass) -> *mut FreeBlock {
    let mut batches = SHARED[class.index()].lock().unwrap_or_else(PoisonError::into_inner);
    let first = batches.0;
    if !first.is_null() {
        // SAFETY: blocks on this list are free, and only reached under its lock.
        batches.0 = unsafe { (*first).next_batch };
    }
    first
}
