//! [`LocalFileSystem`]: the computer's own files, for the native shell.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::{FileStatus, FileSystem, FileWriter};
use crate::{FilePath, FsError, FsErrorKind, FsResult};

/// Files of the machine; relative paths start at `root`.
#[derive(Debug, Clone)]
pub struct LocalFileSystem {
    root: FilePath,
}

impl LocalFileSystem {
    /// Relative paths start at `root`, an absolute path.
    pub fn new(root: impl AsRef<std::path::Path>) -> LocalFileSystem {
        LocalFileSystem { root: FilePath::root().join(&root.as_ref().to_string_lossy()) }
    }

    fn status(path: FilePath, metadata: &fs::Metadata) -> FileStatus {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        FileStatus {
            path,
            len: if metadata.is_dir() { 0 } else { metadata.len() },
            is_dir: metadata.is_dir(),
            modification_time: modified.map_or(0, |time| time.as_millis() as i64),
        }
    }
}

fn os(path: &FilePath) -> PathBuf {
    PathBuf::from(path.as_str())
}

fn failed(path: &FilePath) -> impl Fn(io::Error) -> FsError + '_ {
    move |error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => FsErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => FsErrorKind::AlreadyExists,
            io::ErrorKind::PermissionDenied => FsErrorKind::PermissionDenied,
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => FsErrorKind::WrongKind,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FsErrorKind::QuotaExceeded,
            _ => FsErrorKind::Other,
        };
        FsError::new(kind, path, error.to_string())
    }
}

impl FileSystem for LocalFileSystem {
    fn working_directory(&self) -> FilePath {
        self.root.clone()
    }

    fn list(&self, folder: &FilePath) -> FsResult<Vec<FileStatus>> {
        let mut out = vec![];
        for entry in fs::read_dir(os(folder)).map_err(failed(folder))? {
            let entry = entry.map_err(failed(folder))?;
            let path = folder.join(&entry.file_name().to_string_lossy());
            // Follows links; one that leads nowhere is no file.
            if let Ok(metadata) = fs::metadata(os(&path)) {
                out.push(Self::status(path, &metadata));
            }
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(out)
    }

    fn metadata(&self, path: &FilePath) -> FsResult<FileStatus> {
        let metadata = fs::metadata(os(path)).map_err(failed(path))?;
        Ok(Self::status(path.clone(), &metadata))
    }

    fn read_into(&self, path: &FilePath, offset: u64, buffer: &mut [u8]) -> FsResult<usize> {
        let mut file = File::open(os(path)).map_err(failed(path))?;
        file.seek(SeekFrom::Start(offset)).map_err(failed(path))?;
        let mut read = 0;
        while read < buffer.len() {
            match file.read(&mut buffer[read..]) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(path)(error)),
            }
        }
        Ok(read)
    }

    fn create(&self, path: &FilePath) -> FsResult<Box<dyn FileWriter>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or_else(FilePath::root);
        fs::create_dir_all(os(&folder)).map_err(failed(&folder))?;
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = os(&folder).join(format!(".{}.{}.{n}.tmp", path.name(), std::process::id()));
        let file = File::create(&temporary).map_err(failed(path))?;
        Ok(Box::new(LocalWriter { file: Some(file), temporary, path: path.clone(), written: 0 }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> FsResult<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(os(&folder)).map_err(failed(&folder))?;
        }
        if fs::metadata(os(to)).is_ok_and(|metadata| metadata.is_dir()) {
            return Err(FsError::new(FsErrorKind::AlreadyExists, to, "there is a folder of that name"));
        }
        fs::rename(os(from), os(to)).map_err(failed(from))
    }

    fn delete(&self, path: &FilePath, recursive: bool) -> FsResult<bool> {
        let metadata = match fs::symlink_metadata(os(path)) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed(path)(error)),
        };
        let result = match (metadata.is_dir(), recursive) {
            (false, _) => fs::remove_file(os(path)),
            (true, true) => fs::remove_dir_all(os(path)),
            (true, false) => fs::remove_dir(os(path)),
        };
        result.map_err(failed(path))?;
        Ok(true)
    }

    fn mkdirs(&self, path: &FilePath) -> FsResult<()> {
        fs::create_dir_all(os(path)).map_err(failed(path))
    }
}

struct LocalWriter {
    file: Option<File>,
    temporary: PathBuf,
    path: FilePath,
    written: u64,
}

impl FileWriter for LocalWriter {
    fn write(&mut self, bytes: &[u8]) -> FsResult<()> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes).map_err(failed(&self.path))?;
            self.written += bytes.len() as u64;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> FsResult<u64> {
        self.file = None;
        fs::rename(&self.temporary, os(&self.path)).map_err(failed(&self.path))?;
        // Nothing is left for `drop` to remove.
        self.temporary = PathBuf::new();
        Ok(self.written)
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        self.file = None;
        if !self.temporary.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let fs = LocalFileSystem::new(dir.path());
        let path = fs.resolve("x/y.txt").unwrap();
        let mut writer = fs.create(&path).unwrap();
        writer.write(b"half").unwrap();
        drop(writer);
        assert!(fs.list(&fs.resolve("x").unwrap()).unwrap().is_empty());
        fs.write_all(&path, b"whole").unwrap();
        assert_eq!(&fs.read_all(&path).unwrap()[..], b"whole");
        assert_eq!(fs.metadata(&fs.resolve("nope").unwrap()).unwrap_err().kind, FsErrorKind::NotFound);
    }
}
