//! The engine's browser shell: exports, executor threads and storage over shared memory.
