#![doc = include_str!("../README.md")]

mod classes;
mod heap;
mod shared;
mod thread_cache;

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

use classes::SizeClass;

/// The allocator; stateless, all of it is static.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadCachingAlloc;

// SAFETY: a block of a size class is as large as its class and aligned to `classes::ALIGN`, the most a layout of that class may
// ask for; it is on one list at most, and on none while it is allocated. Everything else is the heap's, which is behind a lock.
unsafe impl GlobalAlloc for ThreadCachingAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match SizeClass::of(layout) {
            Some(class) => thread_cache::take(class),
            None => heap::alloc(layout),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match SizeClass::of(layout) {
            Some(class) => {
                let block = thread_cache::take(class);
                if !block.is_null() {
                    // SAFETY: the block is at least as large as the layout.
                    unsafe { ptr::write_bytes(block, 0, layout.size()) };
                }
                block
            }
            None => heap::alloc_zeroed(layout),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match SizeClass::of(layout) {
            // SAFETY: the caller gives back a block that `alloc` made for the same layout, hence the same class.
            Some(class) => unsafe { thread_cache::give(class, block) },
            // SAFETY: likewise of the heap.
            None => unsafe { heap::free(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, does not overflow.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        let (old, new) = (SizeClass::of(layout), SizeClass::of(new_layout));
        if old.is_none() && new.is_none() {
            // SAFETY: the block is the heap's, of this layout.
            return unsafe { heap::realloc(block, layout, new_size) };
        }
        if old == new {
            return block;
        }
        // SAFETY: both blocks are as large as their layouts, and the new one is not the old one.
        unsafe {
            let moved = self.alloc(new_layout);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn fill(block: *mut u8, size: usize, byte: u8) {
        unsafe { ptr::write_bytes(block, byte, size) };
    }

    fn holds(block: *mut u8, size: usize, byte: u8) -> bool {
        (0..size).all(|at| unsafe { *block.add(at) } == byte)
    }

    #[test]
    fn blocks_are_aligned_and_do_not_overlap() {
        let alloc = ThreadCachingAlloc;
        let mut blocks = Vec::new();
        for (index, size) in (1..3000).step_by(7).enumerate() {
            let layout = layout(size, 1 << (index % 8));
            let block = unsafe { alloc.alloc(layout) };
            assert_eq!(block as usize % layout.align(), 0);
            fill(block, size, index as u8);
            blocks.push((block, layout, index as u8));
        }
        for (block, layout, byte) in blocks {
            assert!(holds(block, layout.size(), byte), "a block of {} bytes was written by another", layout.size());
            unsafe { alloc.dealloc(block, layout) };
        }
    }

    #[test]
    fn a_freed_block_is_used_again() {
        let alloc = ThreadCachingAlloc;
        let block = unsafe { alloc.alloc(layout(40, 8)) };
        unsafe { alloc.dealloc(block, layout(40, 8)) };
        assert_eq!(unsafe { alloc.alloc(layout(33, 8)) }, block, "33 and 40 bytes are of one class");
    }

    #[test]
    fn zeroed_memory_is_zero_after_reuse() {
        let alloc = ThreadCachingAlloc;
        let block = unsafe { alloc.alloc(layout(100, 4)) };
        fill(block, 100, 0xff);
        unsafe { alloc.dealloc(block, layout(100, 4)) };
        let again = unsafe { alloc.alloc_zeroed(layout(100, 4)) };
        assert!(holds(again, 100, 0));
        unsafe { alloc.dealloc(again, layout(100, 4)) };
    }

    #[test]
    fn growing_and_shrinking_keeps_content_across_classes_and_the_heap() {
        let alloc = ThreadCachingAlloc;
        let mut size = 10;
        let mut block = unsafe { alloc.alloc(layout(size, 8)) };
        fill(block, size, 7);
        for next in [20, 500, 1024, 1025, 70_000, 140_000, 900, 10] {
            block = unsafe { alloc.realloc(block, layout(size, 8), next) };
            assert!(holds(block, 10, 7), "from {size} to {next} bytes");
            size = next;
        }
        unsafe { alloc.dealloc(block, layout(size, 8)) };
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a second thread is what is tested")]
    fn what_one_thread_allocates_and_another_frees_comes_around() {
        let (sender, receiver) = mpsc::channel::<usize>();
        let freeing = thread::spawn(move || {
            for block in receiver {
                assert!(holds(block as *mut u8, 64, 9));
                unsafe { ThreadCachingAlloc.dealloc(block as *mut u8, layout(64, 8)) };
            }
        });
        let mut seen = std::collections::HashSet::new();
        for _ in 0..200_000 {
            let block = unsafe { ThreadCachingAlloc.alloc(layout(64, 8)) };
            fill(block, 64, 9);
            seen.insert(block as usize);
            sender.send(block as usize).unwrap();
            if seen.len() % 512 == 0 {
                thread::yield_now();
            }
        }
        drop(sender);
        freeing.join().unwrap();
        let fresh: Vec<*mut u8> = (0..1000).map(|_| unsafe { ThreadCachingAlloc.alloc(layout(64, 8)) }).collect();
        assert!(fresh.iter().any(|block| seen.contains(&(*block as usize))), "nothing came back from the other thread");
    }
}
