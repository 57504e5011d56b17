//! [`InMemoryFileSystem`]: for tests, and for shells without storage.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::{FileStatus, FileSystem, FileWriter};
use crate::{FilePath, FsError, FsErrorKind, FsResult};

#[derive(Debug, Clone)]
enum Node {
    Folder,
    File(Bytes),
}

#[derive(Debug, Default)]
struct Tree {
    nodes: BTreeMap<FilePath, (Node, i64)>,
    /// Ticks once per change: a modification time without a clock.
    time: i64,
}

impl Tree {
    fn put(&mut self, path: FilePath, node: Node) {
        self.time += 1;
        self.nodes.insert(path, (node, self.time));
    }

    fn make_folders(&mut self, path: &FilePath) -> FsResult<()> {
        let mut folder = FilePath::root();
        for part in path.components() {
            folder = folder.join(part);
            match self.nodes.get(&folder) {
                Some((Node::File(_), _)) => {
                    return Err(FsError::new(FsErrorKind::WrongKind, folder, "is a file, not a folder"));
                }
                Some(_) => {}
                None => self.put(folder.clone(), Node::Folder),
            }
        }
        Ok(())
    }

    fn status(&self, path: &FilePath) -> FsResult<FileStatus> {
        if path.as_str() == "/" {
            return Ok(FileStatus { path: path.clone(), len: 0, is_dir: true, modification_time: 0 });
        }
        let (node, time) = self.nodes.get(path).ok_or_else(|| FsError::not_found(path))?;
        let (len, is_dir) = match node {
            Node::Folder => (0, true),
            Node::File(bytes) => (bytes.len() as u64, false),
        };
        Ok(FileStatus { path: path.clone(), len, is_dir, modification_time: *time })
    }
}

/// A file tree in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct InMemoryFileSystem {
    tree: Arc<Mutex<Tree>>,
}

impl InMemoryFileSystem {
    /// An empty tree.
    pub fn new() -> InMemoryFileSystem {
        InMemoryFileSystem::default()
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        // No operation leaves the tree half-changed, so a panic elsewhere does not spoil it.
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &FilePath) -> FsResult<Bytes> {
        match self.lock().nodes.get(path) {
            Some((Node::File(bytes), _)) => Ok(bytes.clone()),
            Some(_) => Err(FsError::new(FsErrorKind::WrongKind, path, "is a folder")),
            None => Err(FsError::not_found(path)),
        }
    }
}

impl FileSystem for InMemoryFileSystem {
    fn list(&self, folder: &FilePath) -> FsResult<Vec<FileStatus>> {
        let tree = self.lock();
        if !tree.status(folder)?.is_dir {
            return Err(FsError::new(FsErrorKind::WrongKind, folder, "is a file, not a folder"));
        }
        let children = tree.nodes.keys().filter(|path| path.parent().as_ref() == Some(folder));
        children.map(|path| tree.status(path)).collect()
    }

    fn metadata(&self, path: &FilePath) -> FsResult<FileStatus> {
        self.lock().status(path)
    }

    fn read_into(&self, path: &FilePath, offset: u64, buffer: &mut [u8]) -> FsResult<usize> {
        let bytes = self.read_range(path, offset, buffer.len())?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn read_range(&self, path: &FilePath, offset: u64, len: usize) -> FsResult<Bytes> {
        let bytes = self.file(path)?;
        let start = (offset as usize).min(bytes.len());
        let end = start.saturating_add(len).min(bytes.len());
        Ok(bytes.slice(start..end))
    }

    fn create(&self, path: &FilePath) -> FsResult<Box<dyn FileWriter>> {
        let mut tree = self.lock();
        if tree.status(path).is_ok_and(|status| status.is_dir) {
            return Err(FsError::new(FsErrorKind::WrongKind, path, "is a folder"));
        }
        if let Some(parent) = path.parent() {
            tree.make_folders(&parent)?;
        }
        Ok(Box::new(MemoryWriter { fs: self.clone(), path: path.clone(), buffer: vec![] }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> FsResult<()> {
        let mut tree = self.lock();
        tree.status(from)?;
        if to.starts_with(from) {
            return Err(FsError::new(FsErrorKind::Other, to, "cannot move a folder into itself"));
        }
        if tree.status(to).is_ok_and(|status| status.is_dir) {
            return Err(FsError::new(FsErrorKind::AlreadyExists, to, "there is a folder of that name"));
        }
        if let Some(parent) = to.parent() {
            tree.make_folders(&parent)?;
        }
        let moved: Vec<FilePath> = tree.nodes.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            if let Some(entry) = tree.nodes.remove(&path) {
                let target = to.join(path.relative_to(from).unwrap_or(""));
                tree.nodes.insert(target, entry);
            }
        }
        Ok(())
    }

    fn delete(&self, path: &FilePath, recursive: bool) -> FsResult<bool> {
        let mut tree = self.lock();
        if tree.status(path).is_err() {
            return Ok(false);
        }
        let all: Vec<FilePath> = tree.nodes.keys().filter(|node| node.starts_with(path)).cloned().collect();
        if all.len() > 1 && !recursive {
            return Err(FsError::new(FsErrorKind::Other, path, "the folder is not empty"));
        }
        for node in all {
            tree.nodes.remove(&node);
        }
        Ok(true)
    }

    fn mkdirs(&self, path: &FilePath) -> FsResult<()> {
        self.lock().make_folders(path)
    }
}

struct MemoryWriter {
    fs: InMemoryFileSystem,
    path: FilePath,
    buffer: Vec<u8>,
}

impl FileWriter for MemoryWriter {
    fn write(&mut self, bytes: &[u8]) -> FsResult<()> {
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> FsResult<u64> {
        let len = self.buffer.len() as u64;
        let mut tree = self.fs.lock();
        if let Some(parent) = self.path.parent() {
            tree.make_folders(&parent)?;
        }
        tree.put(self.path, Node::File(Bytes::from(self.buffer)));
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_when_its_writer_finishes() {
        let fs = InMemoryFileSystem::new();
        let path = FilePath::root().join("a/b.txt");
        let mut writer = fs.create(&path).unwrap();
        writer.write(b"hello").unwrap();
        assert!(!fs.exists(&path).unwrap());
        assert_eq!(writer.finish().unwrap(), 5);
        assert_eq!(&fs.read_range(&path, 1, 100).unwrap()[..], b"ello");
        assert_eq!(fs.list(&FilePath::root()).unwrap().len(), 1);
    }

    #[test]
    fn renaming_a_folder_moves_what_it_holds() {
        let fs = InMemoryFileSystem::new();
        fs.write_all(&FilePath::root().join("t/0/x"), b"1").unwrap();
        fs.rename(&FilePath::root().join("t/0"), &FilePath::root().join("out/0")).unwrap();
        assert!(fs.exists(&FilePath::root().join("out/0/x")).unwrap());
        assert!(!fs.exists(&FilePath::root().join("t/0")).unwrap());
        assert!(fs.delete(&FilePath::root().join("out"), false).is_err());
        assert!(fs.delete(&FilePath::root().join("out"), true).unwrap());
    }
}
