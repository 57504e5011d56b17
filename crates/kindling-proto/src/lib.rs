//! Protobuf types of the Spark Connect protocol 4.2.0, generated at build time from Apache's own files.
//!
//! Only the messages: the gRPC service trait belongs to the native shell (`kindling`).
#![allow(missing_docs, clippy::all, rustdoc::all)]

pub mod spark {
    pub mod connect {
        include!(concat!(env!("OUT_DIR"), "/spark.connect.rs"));
    }
}

pub use spark::connect;

/// The compiled `FileDescriptorSet`, for shells that generate a service from it.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
