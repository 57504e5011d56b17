//! Files of the page: requests to the storage worker through shared memory.

mod file_system;
mod ring;

pub use file_system::StorageFileSystem;
