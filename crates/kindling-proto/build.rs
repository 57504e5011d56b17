//! Compiles Apache's Spark Connect `.proto` files with a pure-Rust protobuf compiler.
//!
//! The files come from the published `apache-spark-connect-proto` package. That crate itself is not
//! linked: it depends on tonic's transport, which does not build for WebAssembly.

use std::{env, error::Error, path::PathBuf, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.toml");
    let root = proto_root()?;
    let files =
        ["base", "catalog", "commands", "common", "expressions", "ml", "ml_common", "pipelines", "relations", "types"]
            .map(|name| root.join("spark/connect").join(format!("{name}.proto")));
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), protox::prost::Message::encode_to_vec(&descriptors))?;
    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}

/// The `proto` folder of the `apache-spark-connect-proto` package that the lock file pins.
fn proto_root() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let package = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "apache-spark-connect-proto")
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("apache-spark-connect-proto is not among the locked packages")?;
    Ok(PathBuf::from(package).with_file_name("proto"))
}
