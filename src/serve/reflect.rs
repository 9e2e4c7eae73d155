//! Server reflection, so that grpcurl and the like need no files: v1, and v1alpha for older tools.

use tonic_reflection::server::{Builder, Error, v1, v1alpha};

use crate::proto;

/// `grpc.reflection.v1`.
///
/// # Errors
/// When the descriptors inside the binary are broken.
pub(super) fn service() -> Result<v1::ServerReflectionServer<impl v1::ServerReflection>, Error> {
    builder().build_v1()
}

/// `grpc.reflection.v1alpha`.
///
/// # Errors
/// As [`service`].
pub(super) fn alpha_service() -> Result<v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection>, Error>
{
    builder().build_v1alpha()
}

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
