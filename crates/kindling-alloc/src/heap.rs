//! The heap under the free lists. Its lock parks a thread that has to wait; no thread of the engine is the page's own, which
//! must not.

use std::{
    alloc::Layout,
    sync::{Mutex, MutexGuard, PoisonError},
};

use dlmalloc::Dlmalloc;

static HEAP: Mutex<Dlmalloc> = Mutex::new(Dlmalloc::new());

fn heap() -> MutexGuard<'static, Dlmalloc> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Memory of a layout, or null.
pub fn alloc(layout: Layout) -> *mut u8 {
    // SAFETY: the guard is the only access.
    unsafe { heap().malloc(layout.size(), layout.align()) }
}

/// The same, all zero.
pub fn alloc_zeroed(layout: Layout) -> *mut u8 {
    // SAFETY: as above.
    unsafe { heap().calloc(layout.size(), layout.align()) }
}

/// Gives memory back.
///
/// # Safety
/// `block` came from this heap with this layout, and is not used again.
pub unsafe fn free(block: *mut u8, layout: Layout) {
    // SAFETY: the caller's promise.
    unsafe { heap().free(block, layout.size(), layout.align()) }
}

/// Grows or shrinks a block, which may move.
///
/// # Safety
/// As of [`free`], unless the answer is null.
pub unsafe fn realloc(block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { heap().realloc(block, layout.size(), layout.align(), new_size) }
}
