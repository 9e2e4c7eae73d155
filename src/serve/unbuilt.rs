//! Services that the API declares and this server does not have yet. They are refused by name, so
//! that nobody takes silence for consent.

use tonic::{Request, Response, Status};

use super::status::{Refusal, status};
use crate::proto::bundle_service_server::BundleService;
use crate::proto::{
    ActivateRevisionRequest, ActivateRevisionResponse, ListRevisionsRequest, ListRevisionsResponse,
    PublishBundleRequest, PublishBundleResponse, RollBackRequest, RollBackResponse, ValidateBundleRequest,
    ValidateBundleResponse,
};

/// A service that refuses every call with `NOT_IMPLEMENTED_YET`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unbuilt;

type Answer<T> = Result<Response<T>, Status>;

fn not_yet<T>() -> Answer<T> {
    Err(status(Refusal::NotImplemented("the method")))
}

#[tonic::async_trait]
impl BundleService for Unbuilt {
    async fn validate_bundle(&self, _: Request<ValidateBundleRequest>) -> Answer<ValidateBundleResponse> {
        not_yet()
    }

    async fn publish_bundle(&self, _: Request<PublishBundleRequest>) -> Answer<PublishBundleResponse> {
        not_yet()
    }

    async fn activate_revision(
        &self,
        _: Request<ActivateRevisionRequest>,
    ) -> Answer<ActivateRevisionResponse> {
        not_yet()
    }

    async fn roll_back(&self, _: Request<RollBackRequest>) -> Answer<RollBackResponse> {
        not_yet()
    }

    async fn list_revisions(&self, _: Request<ListRevisionsRequest>) -> Answer<ListRevisionsResponse> {
        not_yet()
    }
}
