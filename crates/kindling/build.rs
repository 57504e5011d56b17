//! Generates the gRPC service trait of Spark Connect from the descriptors that `kindling-proto` compiled.

use std::error::Error;

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let descriptors = prost_types::FileDescriptorSet::decode(kindling_proto::FILE_DESCRIPTOR_SET)?;
    tonic_prost_build::configure()
        .build_client(false)
        .extern_path(".spark.connect", "::kindling_proto::spark::connect")
        .compile_fds(descriptors)?;
    Ok(())
}
