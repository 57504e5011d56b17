//! [`FilePath`]: one spelling for every way to name a file.

use std::fmt;

use crate::{FsError, FsErrorKind, FsResult};

/// An absolute, normalised path in the one file tree: `/data/x.csv`. No `.`, `..`, doubled or trailing slashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(String);

impl FilePath {
    /// The root of the tree.
    pub fn root() -> FilePath {
        FilePath("/".to_string())
    }

    /// Reads a path as a user writes it: relative paths start at `working_directory`, `file:` and `dbfs:` are
    /// the tree itself. Other schemes fail and say so.
    pub fn parse(text: &str, working_directory: &FilePath) -> FsResult<FilePath> {
        let (scheme, rest) = split_scheme(text);
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            None => Ok(working_directory.join(rest)),
            Some("file") => Ok(FilePath::root().join(strip_authority(rest))),
            Some("dbfs") => {
                // DBFS has a root of its own; ours is the working directory.
                let rest = strip_authority(rest).trim_start_matches('/');
                Ok(working_directory.join(rest))
            }
            Some(scheme) => Err(FsError::new(
                FsErrorKind::Unsupported,
                text,
                format!("reading and writing '{scheme}:' paths; upload the file and read it by its name"),
            )),
        }
    }

    /// The path of `name` below this one; an absolute `name` replaces it.
    pub fn join(&self, name: &str) -> FilePath {
        let mut parts: Vec<&str> = if name.starts_with('/') { vec![] } else { self.components().collect() };
        for part in name.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        FilePath(format!("/{}", parts.join("/")))
    }

    /// The path as text, `/` first.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts from the root on.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The folder that holds it, `None` for the root.
    pub fn parent(&self) -> Option<FilePath> {
        if self.0 == "/" {
            return None;
        }
        let end = self.0.rfind('/').unwrap_or(0);
        Some(FilePath(if end == 0 { "/".to_string() } else { self.0[..end].to_string() }))
    }

    /// Whether it is `folder` or lies below it.
    pub fn starts_with(&self, folder: &FilePath) -> bool {
        self.relative_to(folder).is_some()
    }

    /// The rest of the path below `folder`, without a leading slash.
    pub fn relative_to(&self, folder: &FilePath) -> Option<&str> {
        if folder.0 == "/" {
            return self.0.get(1..);
        }
        let rest = self.0.strip_prefix(&folder.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// `file:/data/x.csv`, as Spark names it in messages and plans.
    pub fn uri(&self) -> String {
        format!("file:{}", self.0)
    }

    /// `file:///data/a%20b.csv`, as `inputFiles` and `input_file_name()` name it.
    pub fn url_encoded(&self) -> String {
        let mut out = String::from("file://");
        for c in self.0.chars() {
            // What `java.net.URI` leaves alone in a path.
            if c.is_ascii_alphanumeric() || "/-_.!~*'()@:&=+$,;".contains(c) || !c.is_ascii() {
                out.push(c);
            } else {
                out.push_str(&format!("%{:02X}", c as u32));
            }
        }
        out
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split_scheme(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, text),
    }
}

fn strip_authority(rest: &str) -> &str {
    match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let home = FilePath::root().join("home/me");
        assert_eq!(FilePath::parse(text, &home).unwrap().as_str(), expected, "{text}");
    }

    #[test]
    fn every_spelling_names_the_same_file() {
        check("data/x.csv", "/home/me/data/x.csv");
        check("./data//x.csv", "/home/me/data/x.csv");
        check("/data/../x.csv/", "/x.csv");
        check("file:/data/x.csv", "/data/x.csv");
        check("file:///data/x.csv", "/data/x.csv");
        check("file://localhost/data/x.csv", "/data/x.csv");
        check("dbfs:/FileStore/x.csv", "/home/me/FileStore/x.csv");
    }

    #[test]
    fn other_schemes_are_refused_by_name() {
        let error = FilePath::parse("s3://bucket/x.csv", &FilePath::root()).unwrap_err();
        assert!(error.message.contains("'s3:'"), "{error}");
    }

    #[test]
    fn relative_to_respects_part_boundaries() {
        let file = FilePath::root().join("ab/c");
        assert_eq!(file.relative_to(&FilePath::root().join("a")), None);
        assert_eq!(file.relative_to(&FilePath::root().join("ab")), Some("c"));
        assert_eq!(file.relative_to(&FilePath::root()), Some("ab/c"));
    }

    #[test]
    fn url_escapes_what_a_uri_may_not_hold() {
        assert_eq!(FilePath::root().join("a b/é%.csv").url_encoded(), "file:///a%20b/é%25.csv");
    }
}
