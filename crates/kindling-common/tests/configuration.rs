//! Every key that the code reads is registered, and `docs/configuration.md` lists what is registered.
//! `KINDLING_WRITE_DOCS=1 cargo test -p kindling-common --test configuration` rewrites the list.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a check of this repository's own files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use kindling_common::conf;

fn repository() -> PathBuf {
    // Read when the test runs: clones may share one target folder.
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

fn table() -> String {
    let mut entries: Vec<_> = conf::ENTRIES.iter().collect();
    entries.sort_by_key(|entry| entry.key);
    let mut out = String::from("| key | default | when | what it does |\n| --- | --- | --- | --- |\n");
    for entry in entries {
        let default = if entry.default.is_empty() { String::new() } else { format!("`{}`", entry.default) };
        let when = if entry.runtime { "any time" } else { "at the start" };
        out += &format!("| `{}` | {default} | {when} | {} |\n", entry.key, entry.doc.trim().replace('|', "\\|"));
    }
    out
}

#[test]
fn the_configuration_page_lists_what_is_registered() {
    let path = repository().join("docs/configuration.md");
    let text = fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- keys -->\n", "<!-- /keys -->");
    let (head, rest) = text.split_once(start).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    let wanted = format!("{head}{start}{}{end}{tail}", table());
    if std::env::var_os("KINDLING_WRITE_DOCS").is_some() {
        fs::write(&path, &wanted).unwrap();
    } else {
        assert!(text == wanted, "docs/configuration.md is out of date: see the top of this file");
    }
}

/// Texts `"spark.…"` that are read from a configuration: `get("…")`, `get_set("…")`, `flag("…")`, `is_off("…")`, `limit_of("…")`.
fn keys_read(text: &str) -> Vec<&str> {
    const READS: [&str; 5] =
        ["get(\"spark.", "get_set(\"spark.", "flag(\"spark.", "is_off(\"spark.", "limit_of(\"spark."];
    let found =
        READS.iter().flat_map(|read| text.match_indices(read).map(|(at, read)| at + read.len() - "spark.".len()));
    found.filter_map(|start| text[start..].split('"').next()).collect()
}

fn sources(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_key_that_is_read_is_registered() {
    let mut unknown = vec![];
    for entry in fs::read_dir(repository().join("crates")).unwrap().map(Result::unwrap) {
        sources(&entry.path().join("src"), &mut |path, text| {
            let keys = keys_read(text).into_iter().filter(|key| !conf::has_effect(key));
            unknown.extend(keys.map(|key| format!("{key} in {}", path.display())));
        });
    }
    assert_eq!(unknown, Vec::<String>::new());
}
