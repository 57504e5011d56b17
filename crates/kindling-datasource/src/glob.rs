//! Hadoop's globs: `*`, `?`, `[a-z]`, `[^a]`, `{a,b}` and `\` to quote (`org.apache.hadoop.fs.GlobPattern`).

use crate::{FilePath, FileStatus, FileSystem, FsErrorKind, FsResult};

/// Whether a path is a glob (`SparkHadoopUtil.isGlobPath`).
pub(crate) fn is_glob(path: &str) -> bool {
    path.chars().any(|c| "{}[]*?\\".contains(c))
}

/// Files and folders that match an absolute pattern, by name.
pub(crate) fn expand(fs: &dyn FileSystem, pattern: &str) -> FsResult<Vec<FileStatus>> {
    let mut found = vec![];
    // Alternatives may span parts of the path, so they are unfolded first.
    for pattern in alternatives(pattern) {
        let mut level = vec![FilePath::root()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = vec![];
            for folder in &level {
                if is_glob(part) {
                    match fs.list(folder) {
                        Ok(children) => {
                            next.extend(children.into_iter().map(|c| c.path).filter(|p| matches(part, p.name())));
                        }
                        Err(error) if matches!(error.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => {}
                        Err(error) => return Err(error),
                    }
                } else {
                    next.push(folder.join(part));
                }
            }
            level = next;
        }
        for path in level {
            match fs.metadata(&path) {
                Ok(status) => found.push(status),
                Err(error) if matches!(error.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => {}
                Err(error) => return Err(error),
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// Whether a name matches a pattern for one part of a path.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    alternatives(pattern).iter().any(|pattern| matches_part(&pattern.chars().collect::<Vec<_>>(), &name))
}

fn matches_part(pattern: &[char], name: &[char]) -> bool {
    match pattern.first() {
        None => name.is_empty(),
        Some('*') => (0..=name.len()).any(|n| matches_part(&pattern[1..], &name[n..])),
        Some('?') => !name.is_empty() && matches_part(&pattern[1..], &name[1..]),
        Some('[') => match (class_end(pattern), name.first()) {
            (Some(end), Some(&c)) => in_class(&pattern[1..end], c) && matches_part(&pattern[end + 1..], &name[1..]),
            (None, _) => name.first() == Some(&'[') && matches_part(&pattern[1..], &name[1..]),
            (_, None) => false,
        },
        Some('\\') if pattern.len() > 1 => name.first() == Some(&pattern[1]) && matches_part(&pattern[2..], &name[1..]),
        Some(c) => name.first() == Some(c) && matches_part(&pattern[1..], &name[1..]),
    }
}

fn class_end(pattern: &[char]) -> Option<usize> {
    // A `]` right after the opening (or its negation) is a member.
    let first = if matches!(pattern.get(1), Some('^' | '!')) { 3 } else { 2 };
    (first..pattern.len()).find(|&i| pattern[i] == ']')
}

fn in_class(class: &[char], c: char) -> bool {
    let (negated, class) = match class.first() {
        Some('^' | '!') => (true, &class[1..]),
        _ => (false, class),
    };
    let mut found = false;
    let mut i = 0;
    while i < class.len() {
        if i + 2 < class.len() && class[i + 1] == '-' {
            found |= class[i] <= c && c <= class[i + 2];
            i += 3;
        } else {
            found |= class[i] == c;
            i += 1;
        }
    }
    found != negated
}

/// Unfolds `{a,b}`, nested ones too.
fn alternatives(pattern: &str) -> Vec<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut open, mut depth, mut cuts) = (None, 0usize, vec![]);
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 1,
            '{' => {
                if depth == 0 {
                    open = Some(i);
                    cuts.push(i);
                }
                depth += 1;
            }
            ',' if depth == 1 => cuts.push(i),
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    cuts.push(i);
                    break;
                }
            }
            _ => {}
        }
        i += 1;
    }
    let (Some(open), true) = (open, depth == 0) else { return vec![pattern.to_string()] };
    let close = cuts.last().copied().unwrap_or(open);
    let head: String = chars[..open].iter().collect();
    let tail: String = chars[close + 1..].iter().collect();
    let tails = alternatives(&tail);
    let mut out = vec![];
    for pair in cuts.windows(2) {
        let middle: String = chars[pair[0] + 1..pair[1]].iter().collect();
        for middle in alternatives(&middle) {
            out.extend(tails.iter().map(|tail| format!("{head}{middle}{tail}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InMemoryFileSystem;

    #[test]
    fn one_part_matches_as_hadoop_does() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("{ab,c{d,e}}f", "cef", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_glob_walks_the_tree() {
        let fs = InMemoryFileSystem::new();
        for file in ["d/2020/a.csv", "d/2021/a.csv", "d/2021/b.txt", "e/2020/c.csv"] {
            fs.write_all(&FilePath::root().join(file), b"x").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            expand(&fs, pattern).unwrap().into_iter().map(|status| status.path.to_string()).collect()
        };
        assert_eq!(found("/d/*/*.csv"), ["/d/2020/a.csv", "/d/2021/a.csv"]);
        assert_eq!(found("/{d/2021,e/*}/*.*"), ["/d/2021/a.csv", "/d/2021/b.txt", "/e/2020/c.csv"]);
        assert_eq!(found("/none/*"), Vec::<String>::new());
    }
}
