//! The generated messages, clients and servers of `aup.v1`, and their descriptors.
//!
//! Only `serve` and clients name these types; everything behind the conversion speaks `domain`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    rustdoc::all,
    reason = "generated code"
)]

tonic::include_proto!("aup.v1");
include!(concat!(env!("OUT_DIR"), "/aup_redacted.rs"));

/// The encoded descriptors of the package and of what it imports, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("aup_descriptor");

#[cfg(test)]
mod tests;
