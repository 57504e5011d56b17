//! The one door to bytes: a synchronous [`FileSystem`].

#[cfg(not(target_arch = "wasm32"))]
mod local;
mod memory;

use std::fmt::Debug;

use bytes::Bytes;

#[cfg(not(target_arch = "wasm32"))]
pub use self::local::LocalFileSystem;
pub use self::memory::InMemoryFileSystem;
use crate::{FilePath, FsError, FsErrorKind, FsResult};

/// A file or folder (Hadoop's `FileStatus`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// Where it is.
    pub path: FilePath,
    /// Bytes; 0 for a folder.
    pub len: u64,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Milliseconds since the epoch of its last change.
    pub modification_time: i64,
}

/// A tree of files. Calls block; tasks run on threads that may.
pub trait FileSystem: Send + Sync + Debug {
    /// Where relative paths start.
    fn working_directory(&self) -> FilePath {
        FilePath::root()
    }

    /// What a folder holds, by name, not deeper.
    fn list(&self, folder: &FilePath) -> FsResult<Vec<FileStatus>>;

    /// One file or folder.
    fn metadata(&self, path: &FilePath) -> FsResult<FileStatus>;

    /// Fills `buffer` from `offset` on and says how many bytes there were; fewer than asked only at the end.
    fn read_into(&self, path: &FilePath, offset: u64, buffer: &mut [u8]) -> FsResult<usize>;

    /// Up to `len` bytes from `offset` on; fewer only at the end.
    fn read_range(&self, path: &FilePath, offset: u64, len: usize) -> FsResult<Bytes> {
        let mut buffer = vec![0; len];
        let read = self.read_into(path, offset, &mut buffer)?;
        buffer.truncate(read);
        Ok(Bytes::from(buffer))
    }

    /// A new file, with the folders above it; it appears, whole, when the writer finishes, and replaces one of its name.
    fn create(&self, path: &FilePath) -> FsResult<Box<dyn FileWriter>>;

    /// Moves a file or folder, making the folders above; replaces a file of that name, never a folder.
    fn rename(&self, from: &FilePath, to: &FilePath) -> FsResult<()>;

    /// Deletes a file or folder and says whether there was one. A folder that holds something needs `recursive`.
    fn delete(&self, path: &FilePath, recursive: bool) -> FsResult<bool>;

    /// Makes a folder and those above it.
    fn mkdirs(&self, path: &FilePath) -> FsResult<()>;

    /// Whether there is a file or folder.
    fn exists(&self, path: &FilePath) -> FsResult<bool> {
        match self.metadata(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == FsErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A path as a user wrote it.
    fn resolve(&self, text: &str) -> FsResult<FilePath> {
        FilePath::parse(text, &self.working_directory())
    }

    /// A whole file.
    fn read_all(&self, path: &FilePath) -> FsResult<Bytes> {
        let len = self.metadata(path)?.len;
        let len = usize::try_from(len)
            .map_err(|_| FsError::new(FsErrorKind::Unsupported, path, "reading a file of 4 GB and more at once"))?;
        self.read_range(path, 0, len)
    }

    /// Writes a whole file.
    fn write_all(&self, path: &FilePath, bytes: &[u8]) -> FsResult<()> {
        let mut writer = self.create(path)?;
        writer.write(bytes)?;
        writer.finish().map(|_| ())
    }
}

/// A file being written. Dropped without [`finish`](FileWriter::finish) it leaves nothing behind.
pub trait FileWriter: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> FsResult<()>;
    /// Makes the file visible and says how long it is.
    fn finish(self: Box<Self>) -> FsResult<u64>;
}
