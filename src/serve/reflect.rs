//! Server reflection, so that grpcurl and the like need no files: v1, and v1alpha for older tools.
//!
//! A listener lists the services that it serves and no others. The descriptors are those of the whole API, and of
//! the details that errors carry: without these, grpcurl would print them undecoded.

use tonic_reflection::server::{Builder, Error, v1, v1alpha};

use crate::proto;

/// What the listener for decisions lists.
pub(super) const DECIDING: [&str; 5] = [
    "aup.v1.CatalogService",
    "aup.v1.DecisionService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// What the listener for administration lists.
pub(super) const ADMINISTERING: [&str; 6] = [
    "aup.v1.AccountService",
    "aup.v1.BundleService",
    "aup.v1.CooldownService",
    "aup.v1.ListService",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// `grpc.reflection.v1` of a listener with those services.
///
/// # Errors
/// When the descriptors inside the binary are broken.
pub(super) fn service(
    served: &[&str],
) -> Result<v1::ServerReflectionServer<impl v1::ServerReflection + use<>>, Error> {
    builder(served).build_v1()
}

/// `grpc.reflection.v1alpha`.
///
/// # Errors
/// As [`service`].
pub(super) fn alpha_service(
    served: &[&str],
) -> Result<v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection + use<>>, Error> {
    builder(served).build_v1alpha()
}

fn builder(served: &[&str]) -> Builder<'static> {
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET);
    served.iter().fold(builder, |builder, name| builder.with_service_name(*name))
}
