//! The share link: a notebook, compressed, in the URL fragment, so that no server ever sees it.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::nbformat::{self, Include, NotANotebook};
use super::notebook::Notebook;

/// Key of the fragment.
pub const KEY: &str = "nb";
/// Version of the codec.
const VERSION: &str = "v1.";
/// Longest text that is decompressed: a link must not fill the memory.
const MAX_BYTES: u64 = 64 << 20;

/// Links up to this length open everywhere.
pub const SAFE_LENGTH: usize = 2_000;
/// Links up to this length open in most places.
pub const MOST_LENGTH: usize = 8_000;

/// The fragment (without `#`) that carries a notebook.
pub fn encode(notebook: &Notebook, include: Include) -> String {
    let text = nbformat::write_value(notebook, include).to_string();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing into a Vec cannot fail.
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
    format!("{KEY}={VERSION}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The notebook of a fragment (with or without `#`); `None` if it carries none.
pub fn decode(fragment: &str, seed: u64) -> Option<Result<Notebook, NotANotebook>> {
    let fragment = fragment.trim_start_matches('#');
    let value = fragment.split('&').find_map(|part| part.strip_prefix(KEY)?.strip_prefix('='))?;
    Some(decode_value(value, seed))
}

fn decode_value(value: &str, seed: u64) -> Result<Notebook, NotANotebook> {
    let broken =
        |what: &str| NotANotebook(format!("This link is damaged: {what}. It may have been cut by a chat app."));
    let value = value
        .strip_prefix(VERSION)
        .ok_or_else(|| NotANotebook("This link was made by another version of Kindling.".into()))?;
    let bytes = URL_SAFE_NO_PAD.decode(value).map_err(|_| broken("not base64"))?;
    let mut text = String::new();
    DeflateDecoder::new(bytes.as_slice())
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|_| broken("it does not unpack"))?;
    nbformat::read(&text, seed)
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
    fn a_link_gives_the_notebook_back() {
        let fragment = encode(&sample(), Include::NONE);
        assert!(fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b"=-_.".contains(&b)));
        assert!(fragment.len() < 450, "{} characters", fragment.len());
        let back = decode(&format!("#{fragment}"), 1).unwrap().unwrap();
        assert_eq!(back.cells, sample().cells);
        assert_eq!(back.title(), "Ünïcode & more");
        assert_eq!(decode(&format!("x=1&{fragment}"), 1).unwrap().unwrap().cells, sample().cells);
    }

    #[test]
    fn a_damaged_link_says_so() {
        let fragment = encode(&sample(), Include::NONE);
        assert!(decode("", 1).is_none());
        assert!(decode("#view=1", 1).is_none());
        for bad in [&fragment[..fragment.len() / 2], "nb=v1.", "nb=v1.%%%", "nb=v9.abc"] {
            assert!(decode(bad, 1).unwrap().is_err(), "{bad}");
        }
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
