//! Compresses what `DESCRIBE FUNCTION` says, a third of a megabyte of text, for the binary.

use std::{env, error::Error, fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};

fn main() -> Result<(), Box<dyn Error>> {
    let source = "data/functions.jsonl";
    println!("cargo::rerun-if-changed={source}");
    let mut encoder = DeflateEncoder::new(vec![], Compression::best());
    encoder.write_all(&fs::read(source)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("functions.deflate"), encoder.finish()?)?;
    Ok(())
}
