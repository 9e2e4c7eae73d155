//! Who may administer: the bearer token, compared in constant time.

use std::sync::Arc;

use subtle::ConstantTimeEq as _;
use tonic::{Request, Status};

use super::status::{Refusal, status};
use crate::config::Token;

/// Lets requests with the token pass; every request, where no token is asked for (then the
/// listener asks for a certificate).
#[derive(Clone)]
pub struct BearerGate {
    token: Option<Arc<Token>>,
}

// === impl BearerGate ===

impl BearerGate {
    /// A gate for the token, if one is asked for.
    pub fn new(token: Option<Token>) -> Self {
        Self { token: token.map(Arc::new) }
    }

    fn admits(&self, request: &Request<()>) -> bool {
        let Some(token) = &self.token else { return true };
        let given = request.metadata().get("authorization").map(tonic::metadata::MetadataValue::as_bytes);
        let given = given.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
        given.ct_eq(token.as_bytes()).into()
    }
}

impl tonic::service::Interceptor for BearerGate {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        if self.admits(&request) { Ok(request) } else { Err(status(Refusal::Unauthenticated)) }
    }
}
