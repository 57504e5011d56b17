//! The share link: a notebook, compressed, in the URL fragment, so that no server ever sees it. The browser deflates and
//! inflates (`host::deflate`, `host::inflate`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::nbformat::{self, Include, NotANotebook};
use super::notebook::Notebook;

/// Key of the fragment.
pub const KEY: &str = "nb";
/// Version of the codec.
const VERSION: &str = "v1.";
/// Longest text that is decompressed: a link must not fill the memory.
pub const MAX_BYTES: u32 = 64 << 20;

/// Links up to this length open everywhere.
pub const SAFE_LENGTH: usize = 2_000;
/// Links up to this length open in most places.
pub const MOST_LENGTH: usize = 8_000;

/// What a link carries, before it is deflated.
pub fn text(notebook: &Notebook, include: Include) -> String {
    nbformat::write_value(notebook, include).to_string()
}

/// The fragment (without `#`) that carries a deflated text.
pub fn fragment(deflated: &[u8]) -> String {
    format!("{KEY}={VERSION}{}", URL_SAFE_NO_PAD.encode(deflated))
}

/// The deflated text of a fragment (with or without `#`); `None` if it carries none.
pub fn deflated(fragment: &str) -> Option<Result<Vec<u8>, NotANotebook>> {
    let fragment = fragment.trim_start_matches('#');
    let value = fragment.split('&').find_map(|part| part.strip_prefix(KEY)?.strip_prefix('='))?;
    let Some(value) = value.strip_prefix(VERSION) else {
        return Some(Err(NotANotebook("This link was made by another version of Kindling.".into())));
    };
    Some(URL_SAFE_NO_PAD.decode(value).map_err(|_| damaged("not base64")))
}

/// The notebook of an inflated text; `None` is one that did not inflate.
pub fn notebook(text: Option<String>, seed: u64) -> Result<Notebook, NotANotebook> {
    nbformat::read(&text.ok_or_else(|| damaged("it does not unpack"))?, seed)
}

fn damaged(what: &str) -> NotANotebook {
    NotANotebook(format!("This link is damaged: {what}. It may have been cut by a chat app."))
}

/// Identifies a notebook's content for the trust store: what would run, not how it looks.
pub fn content_hash(notebook: &Notebook) -> String {
    // FNV-1a, 128 bits: collisions by accident do not happen, and by intent they give nothing that sharing the
    // trusted notebook itself would not.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for cell in &notebook.cells {
        for byte in cell.source.bytes().chain([0, cell.kind as u8]) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::notebook::{Cell, Language};
    use std::sync::Arc;

    fn sample() -> Notebook {
        let mut notebook = nbformat::blank("Ünïcode & more", 1);
        notebook.update(&notebook.cells[0].id.clone(), |c| c.source = "df.show()\n".repeat(50));
        notebook.cells.push(Arc::new(Cell::new("b".into(), Language::Sql)));
        notebook
    }

    #[test]
    fn a_fragment_gives_the_bytes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let fragment = fragment(&bytes);
        assert!(fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b"=-_.".contains(&b)));
        assert_eq!(deflated(&format!("#{fragment}")).unwrap().unwrap(), bytes);
        assert_eq!(deflated(&format!("x=1&{fragment}")).unwrap().unwrap(), bytes);
    }

    #[test]
    fn the_text_gives_the_notebook_back() {
        let back = notebook(Some(text(&sample(), Include::NONE)), 1).unwrap();
        assert_eq!(back.cells, sample().cells);
        assert_eq!(back.title(), "Ünïcode & more");
    }

    #[test]
    fn a_damaged_link_says_so() {
        assert!(deflated("").is_none());
        assert!(deflated("#view=1").is_none());
        for bad in ["nb=v1.%%%", "nb=v9.abc"] {
            assert!(deflated(bad).unwrap().is_err(), "{bad}");
        }
        assert!(notebook(None, 1).unwrap_err().0.contains("does not unpack"));
    }

    #[test]
    fn the_hash_follows_the_code_only() {
        let mut a = sample();
        let hash = content_hash(&a);
        a.set_kindling("title", "other".into());
        assert_eq!(content_hash(&a), hash);
        a.update("b", |c| c.source.push('x'));
        assert_ne!(content_hash(&a), hash);
    }
}
