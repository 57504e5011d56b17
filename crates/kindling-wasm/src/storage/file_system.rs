//! [`StorageFileSystem`]: the tree in OPFS as the engine's [`FileSystem`].

use std::sync::atomic::{AtomicU64, Ordering};

use kindling_datasource::{FilePath, FileStatus, FileSystem, FileWriter, FsError, FsErrorKind, FsResult};

use super::ring::{Operation, Reply, errno, request};

/// Where Python starts (`HOME` in `web/src/kernel/python.ts`); the tree's own root.
const HOME: &str = "/home/kindling";
const LIST_BUFFER: usize = 64 * 1024;
const WRITE_BUFFER: usize = 256 * 1024;
/// The storage worker lists no files with this ending, and removes them when it starts: their writers are gone then.
const UNFINISHED: &str = ".kindling-unfinished";

/// Files through the storage worker. Paths below the home are the tree's; others lie in it under their own name, as `/tmp/x`
/// does for Python too.
#[derive(Debug, Default, Clone, Copy)]
pub struct StorageFileSystem;

fn home() -> FilePath {
    FilePath::root().join(HOME)
}

fn storage_path(path: &FilePath) -> String {
    match path.relative_to(&home()) {
        Some(below) => below.to_string(),
        None => path.as_str().trim_start_matches('/').to_string(),
    }
}

fn fs_error(code: i32, path: &FilePath) -> FsError {
    match code {
        errno::NO_ENTRY => FsError::not_found(path),
        errno::EXISTS => FsError::new(FsErrorKind::AlreadyExists, path, "exists already"),
        errno::NO_SPACE => {
            FsError::new(FsErrorKind::QuotaExceeded, path, "the browser's storage for this page is full")
        }
        errno::IS_DIRECTORY => FsError::new(FsErrorKind::WrongKind, path, "is a folder"),
        errno::NOT_DIRECTORY => FsError::new(FsErrorKind::WrongKind, path, "is a file, not a folder"),
        errno::NOT_EMPTY => FsError::new(FsErrorKind::Other, path, "the folder is not empty"),
        code => FsError::new(FsErrorKind::Other, path, format!("storage error {code}")),
    }
}

fn ask(operation: Operation, path: &FilePath, offset: u64, flag: bool) -> FsResult<Reply> {
    request(operation, &storage_path(path), std::ptr::null(), 0, offset, flag).map_err(|code| fs_error(code, path))
}

fn entry(bytes: &[u8]) -> Option<(u64, f64, bool, &str, usize)> {
    let size = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    let modified = f64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    let directory = u32::from_le_bytes(bytes.get(16..20)?.try_into().ok()?) != 0;
    let length = u32::from_le_bytes(bytes.get(20..24)?.try_into().ok()?) as usize;
    let name = std::str::from_utf8(bytes.get(24..24 + length)?).ok()?;
    Some((size, modified, directory, name, 24 + length))
}

impl FileSystem for StorageFileSystem {
    fn working_directory(&self) -> FilePath {
        home()
    }

    fn list(&self, folder: &FilePath) -> FsResult<Vec<FileStatus>> {
        let path = storage_path(folder);
        let mut buffer = vec![0u8; LIST_BUFFER];
        let len = loop {
            let reply = request(Operation::List, &path, buffer.as_mut_ptr(), buffer.len(), 0, false)
                .map_err(|code| fs_error(code, folder))?;
            let needed = reply.value as usize;
            if needed <= buffer.len() {
                break needed;
            }
            buffer.resize(needed * 2, 0);
        };
        let mut rest = &buffer[..len];
        let mut found = vec![];
        while let Some((size, modified, is_dir, name, used)) = entry(rest) {
            found.push(FileStatus { path: folder.join(name), len: size, is_dir, modification_time: modified as i64 });
            rest = &rest[used..];
        }
        Ok(found)
    }

    fn metadata(&self, path: &FilePath) -> FsResult<FileStatus> {
        let reply = ask(Operation::Stat, path, 0, false)?;
        Ok(FileStatus {
            path: path.clone(),
            len: reply.value,
            is_dir: reply.flag,
            modification_time: reply.time as i64,
        })
    }

    fn read_into(&self, path: &FilePath, offset: u64, buffer: &mut [u8]) -> FsResult<usize> {
        let path_text = storage_path(path);
        let mut done = 0;
        while done < buffer.len() {
            let rest = &mut buffer[done..];
            let reply =
                request(Operation::Read, &path_text, rest.as_mut_ptr(), rest.len(), offset + done as u64, false)
                    .map_err(|code| fs_error(code, path))?;
            if reply.value == 0 {
                break;
            }
            done += reply.value as usize;
        }
        Ok(done)
    }

    fn create(&self, path: &FilePath) -> FsResult<Box<dyn FileWriter>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unfinished = FilePath::root().join(&format!("{path}.{number}{UNFINISHED}"));
        ask(Operation::Truncate, &unfinished, 0, false)?;
        Ok(Box::new(StorageWriter { path: path.clone(), unfinished, buffer: vec![], flushed: 0, finished: false }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> FsResult<()> {
        let target = storage_path(to);
        request(Operation::Rename, &storage_path(from), target.as_ptr(), target.len(), 0, false)
            .map(drop)
            .map_err(|code| fs_error(code, from))
    }

    fn delete(&self, path: &FilePath, recursive: bool) -> FsResult<bool> {
        match ask(Operation::Delete, path, 0, recursive) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == FsErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn mkdirs(&self, path: &FilePath) -> FsResult<()> {
        ask(Operation::MakeDirectory, path, 0, false).map(drop)
    }
}

/// Writes under another name and renames at the end.
struct StorageWriter {
    path: FilePath,
    unfinished: FilePath,
    buffer: Vec<u8>,
    flushed: u64,
    finished: bool,
}

impl StorageWriter {
    fn put(&mut self, bytes: &[u8]) -> FsResult<()> {
        request(Operation::Write, &storage_path(&self.unfinished), bytes.as_ptr(), bytes.len(), self.flushed, false)
            .map_err(|code| fs_error(code, &self.path))?;
        self.flushed += bytes.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> FsResult<()> {
        if !self.buffer.is_empty() {
            let buffer = std::mem::take(&mut self.buffer);
            self.put(&buffer)?;
        }
        Ok(())
    }
}

impl FileWriter for StorageWriter {
    fn write(&mut self, bytes: &[u8]) -> FsResult<()> {
        if self.buffer.len() + bytes.len() < WRITE_BUFFER {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.put(bytes)
    }

    fn finish(mut self: Box<Self>) -> FsResult<u64> {
        self.flush()?;
        StorageFileSystem.rename(&self.unfinished, &self.path)?;
        self.finished = true;
        Ok(self.flushed)
    }
}

impl Drop for StorageWriter {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to tell; the storage worker removes what stays when it starts.
            drop(StorageFileSystem.delete(&self.unfinished, false));
        }
    }
}
