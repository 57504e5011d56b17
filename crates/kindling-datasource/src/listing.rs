//! The files of a read: paths and globs, folders walked, hidden files and filters (Spark's `InMemoryFileIndex`).

use kindling_common::{SparkError, SparkResult};

use crate::{
    FileStatus, FileSystem, FsErrorKind, SourceOptions, glob,
    value::{SessionZone, parse_timestamp},
};

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// Paths as given, globs expanded.
    pub roots: Vec<FileStatus>,
    /// Files below them that are data, by root and name.
    pub files: Vec<FileStatus>,
}

/// Lists the data files of `paths`; fails with `PATH_NOT_FOUND` where there is nothing, unless that may be.
pub(crate) fn list_files(
    fs: &dyn FileSystem,
    paths: &[String],
    options: &SourceOptions,
    zone: &SessionZone,
    may_be_missing: bool,
) -> SparkResult<Listing> {
    let filter = Filter::new(options, zone)?;
    let mut listing = Listing::default();
    let mut missing = vec![];
    for text in paths {
        let path = fs.resolve(text)?;
        let found = if glob::is_glob(path.as_str()) {
            glob::expand(fs, path.as_str())?
        } else {
            match fs.metadata(&path) {
                Ok(status) => vec![status],
                Err(error) if matches!(error.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => vec![],
                Err(error) => return Err(error.into()),
            }
        };
        if found.is_empty() && may_be_missing {
            missing.push(FileStatus { path, len: 0, is_dir: true, modification_time: 0 });
            continue;
        }
        if found.is_empty() {
            return Err(SparkError::analysis("PATH_NOT_FOUND").param("path", path.uri()));
        }
        listing.roots.extend(found);
    }
    for root in &listing.roots {
        // A hidden root is ignored like a hidden file in a folder.
        if !is_hidden(root.path.name()) {
            walk(fs, root, &filter, &mut listing.files)?;
        }
    }
    listing.roots.append(&mut missing);
    Ok(listing)
}

fn walk(fs: &dyn FileSystem, status: &FileStatus, filter: &Filter, out: &mut Vec<FileStatus>) -> SparkResult<()> {
    if !status.is_dir {
        if filter.accepts(status) {
            out.push(status.clone());
        }
        return Ok(());
    }
    let children = fs.list(&status.path)?;
    // Files before folders, as Spark's listing of one level does.
    let (folders, files): (Vec<_>, Vec<_>) =
        children.into_iter().filter(|child| !is_hidden(child.path.name())).partition(|child| child.is_dir);
    for child in files.iter().chain(&folders) {
        walk(fs, child, filter, out)?;
    }
    Ok(())
}

/// `HadoopFSUtils.shouldFilterOutPathName`.
pub(crate) fn is_hidden(name: &str) -> bool {
    let excluded =
        (name.starts_with('_') && !name.contains('=')) || name.starts_with('.') || name.ends_with("._COPYING_");
    excluded && !(name.starts_with("_common_metadata") || name.starts_with("_metadata"))
}

/// `pathGlobFilter`, `modifiedBefore`, `modifiedAfter`.
struct Filter {
    glob: Option<String>,
    before: Option<i64>,
    after: Option<i64>,
}

impl Filter {
    fn new(options: &SourceOptions, zone: &SessionZone) -> SparkResult<Filter> {
        let zone = match options.get("timeZone") {
            Some(name) => SessionZone::parse(name)?,
            None => *zone,
        };
        let time = |key: &str| match options.get(key) {
            None => Ok(None),
            Some(text) => parse_timestamp(text.as_bytes(), &zone).map(|micros| Some(micros / 1000)).ok_or_else(|| {
                SparkError::analysis("_LEGACY_ERROR_TEMP_1294").param("strategy", key).param("timeString", text)
            }),
        };
        Ok(Filter {
            glob: options.get("pathGlobFilter").map(str::to_string),
            before: time("modifiedBefore")?,
            after: time("modifiedAfter")?,
        })
    }

    fn accepts(&self, file: &FileStatus) -> bool {
        self.glob.as_ref().is_none_or(|glob| glob::matches(glob, file.path.name()))
            && self.before.is_none_or(|limit| file.modification_time < limit)
            && self.after.is_none_or(|limit| file.modification_time > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FilePath, InMemoryFileSystem};

    fn names(paths: &[&str], options: &[(&str, &str)]) -> SparkResult<Vec<String>> {
        let fs = InMemoryFileSystem::new();
        for file in ["d/b.csv", "d/a.csv", "d/_SUCCESS", "d/.hidden", "d/sub/c.csv", "d/_x=1/e.csv", "d/t.txt"] {
            fs.write_all(&FilePath::root().join(file), b"x").unwrap();
        }
        let paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
        let options = SourceOptions::new(options.iter().copied());
        let listing = list_files(&fs, &paths, &options, &SessionZone::utc(), false)?;
        Ok(listing.files.into_iter().map(|f| f.path.to_string()).collect())
    }

    #[test]
    fn folders_are_walked_and_hidden_files_skipped() {
        let all = ["/d/a.csv", "/d/b.csv", "/d/t.txt", "/d/_x=1/e.csv", "/d/sub/c.csv"];
        assert_eq!(names(&["d"], &[]).unwrap(), all);
        assert_eq!(names(&["d/*.csv"], &[]).unwrap(), ["/d/a.csv", "/d/b.csv"]);
        assert_eq!(names(&["d"], &[("pathGlobFilter", "*.txt")]).unwrap(), ["/d/t.txt"]);
    }

    #[test]
    fn a_missing_path_is_path_not_found() {
        let error = names(&["d", "nope.csv"], &[]).unwrap_err();
        assert_eq!(error.message(), "[PATH_NOT_FOUND] Path does not exist: file:/nope.csv. SQLSTATE: 42K03");
        assert_eq!(names(&["d/*.parquet"], &[]).unwrap_err().condition, "PATH_NOT_FOUND");
    }
}
