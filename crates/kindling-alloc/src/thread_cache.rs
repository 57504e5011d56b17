//! Free lists of the running thread, one a class.

use std::{alloc::Layout, cell::UnsafeCell, ptr};

use crate::{
    classes::{ALIGN, COUNT, SizeClass},
    heap,
    shared::{self, FreeBlock},
};

#[derive(Clone, Copy)]
struct FreeList {
    first: *mut FreeBlock,
    length: usize,
}

thread_local! {
    // Constant and without a destructor, so that reaching it neither allocates nor registers anything.
    static LISTS: UnsafeCell<[FreeList; COUNT]> = const { UnsafeCell::new([FreeList { first: ptr::null_mut(), length: 0 }; COUNT]) };
}

/// The running thread's list; none while the thread's own storage does not exist yet, which is when the start code of a wasm
/// thread allocates it. Its base is 0 until then, so that the list would lie below everything that is ever allocated.
fn list(class: SizeClass) -> Option<*mut FreeList> {
    const LOWEST: usize = 64 * 1024;
    let lists = LISTS.with(UnsafeCell::get);
    let set_up = cfg!(not(target_arch = "wasm32")) || lists as usize >= LOWEST;
    // SAFETY: the index is below `COUNT`.
    set_up.then(|| unsafe { lists.cast::<FreeList>().add(class.index()) })
}

/// A block of a class; null when there is no more memory.
pub fn take(class: SizeClass) -> *mut u8 {
    let Some(list) = list(class) else {
        return heap::alloc(block_layout(class));
    };
    // SAFETY: the list is this thread's, and nothing below calls back into it.
    unsafe {
        if (*list).first.is_null() {
            let first = shared::fetch(class);
            let first = if first.is_null() { carve(class) } else { first };
            if first.is_null() {
                return ptr::null_mut();
            }
            *list = FreeList { first, length: class.batch() };
        }
        let block = (*list).first;
        (*list).first = (*block).next;
        (*list).length -= 1;
        block.cast()
    }
}

/// Takes a block back.
///
/// # Safety
/// It is of this class and not used again.
pub unsafe fn give(class: SizeClass, block: *mut u8) {
    let Some(list) = list(class) else {
        // SAFETY: the caller's promise. Blocks from a slab cannot go back to the heap one by one; none is freed that early.
        return unsafe { heap::free(block, block_layout(class)) };
    };
    let block = block.cast::<FreeBlock>();
    // SAFETY: as in `take`; the block is free now, so its memory is the list's.
    unsafe {
        (*block).next = (*list).first;
        (*list).first = block;
        (*list).length += 1;
        if (*list).length >= 2 * class.batch() {
            let rest = split(block, class.batch());
            shared::leave(class, block);
            *list = FreeList { first: rest, length: (*list).length - class.batch() };
        }
    }
}

fn block_layout(class: SizeClass) -> Layout {
    // SAFETY: the alignment is a power of two and the size is small.
    unsafe { Layout::from_size_align_unchecked(class.bytes(), ALIGN) }
}

/// Ends a list after `length` blocks; what came after.
///
/// # Safety
/// There are as many, all free and this thread's.
unsafe fn split(first: *mut FreeBlock, length: usize) -> *mut FreeBlock {
    // SAFETY: the caller's promise.
    unsafe {
        let mut last = first;
        for _ in 1..length {
            last = (*last).next;
        }
        std::mem::replace(&mut (*last).next, ptr::null_mut())
    }
}

/// A list of [`SizeClass::batch`] blocks of fresh memory; null where there is none.
fn carve(class: SizeClass) -> *mut FreeBlock {
    let bytes = class.bytes();
    // SAFETY: as of `block_layout`.
    let slab = heap::alloc(unsafe { Layout::from_size_align_unchecked(bytes * class.batch(), ALIGN) });
    if slab.is_null() {
        return ptr::null_mut();
    }
    let mut next = ptr::null_mut();
    for index in (0..class.batch()).rev() {
        // SAFETY: the slab has room for as many blocks, each aligned as `bytes` is.
        next = unsafe {
            let block = slab.add(index * bytes).cast::<FreeBlock>();
            (*block).next = next;
            block
        };
    }
    next
}
