//! Sizes of small blocks: multiples of 16 bytes up to 1 KiB. What is larger are mostly columns of a batch, few and far between.

use std::alloc::Layout;

/// Every block is aligned to it.
pub const ALIGN: usize = 16;
/// The largest small block.
const LARGEST: usize = 1024;
/// How many classes there are.
pub const COUNT: usize = LARGEST / ALIGN;
/// Memory that is taken from the heap at once.
const SLAB_BYTES: usize = 16 * 1024;

/// A size of small blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeClass(usize);

impl SizeClass {
    /// The class of a layout; none where the heap serves it.
    pub fn of(layout: Layout) -> Option<SizeClass> {
        let small = layout.size() <= LARGEST && layout.align() <= ALIGN && layout.size() > 0;
        small.then(|| SizeClass((layout.size() - 1) / ALIGN))
    }

    /// Its place among `COUNT` classes.
    pub fn index(self) -> usize {
        self.0
    }

    /// Bytes of a block.
    pub fn bytes(self) -> usize {
        (self.0 + 1) * ALIGN
    }

    /// Blocks that move at once between threads, and from the heap.
    pub fn batch(self) -> usize {
        SLAB_BYTES / self.bytes()
    }
}
