//! The constant answer of both floors, over the same proto.

use std::pin::Pin;

use aupd::proto::decision_service_server::{DecisionService, DecisionServiceServer};
use aupd::proto::{
    CheckBatchRequest, CheckBatchResponse, CheckRequest, CheckResponse, CheckResult, CheckStreamRequest,
    CheckStreamResponse, ExplainRequest, ExplainResponse, Reason, ReasonCode, ReportOutcomesRequest,
    ReportOutcomesResponse, Verdict, check_result,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

type Answers = Pin<Box<dyn Stream<Item = Result<CheckStreamResponse, Status>> + Send>>;

/// The service.
pub fn service() -> DecisionServiceServer<Floor> {
    DecisionServiceServer::new(Floor { answer: answer() })
}

/// An allow as large as those of `aupd`: the ids, the digest and the instant are as long.
fn answer() -> CheckResponse {
    CheckResponse {
        decision_id: "019aa000-0000-7000-8000-000000000000".to_owned(),
        request_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        verdict: Verdict::Allow.into(),
        reason: Some(Reason { code: ReasonCode::Ok.into(), name: "OK".to_owned(), ..Reason::default() }),
        bundle_revision: "000000000000".to_owned(),
        bundle_digest: "0".repeat(64),
        account_revision: Some(1),
        evaluated_at: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 123_000_000 }),
        ..CheckResponse::default()
    }
}

/// Answers the same to everybody.
pub struct Floor {
    answer: CheckResponse,
}

// === impl Floor ===

impl Floor {
    fn result(&self) -> CheckResult {
        CheckResult { result: Some(check_result::Result::Decision(self.answer.clone())) }
    }
}

#[tonic::async_trait]
impl DecisionService for Floor {
    type CheckStreamStream = Answers;

    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        Ok(Response::new(self.answer.clone()))
    }

    async fn check_batch(
        &self,
        request: Request<CheckBatchRequest>,
    ) -> Result<Response<CheckBatchResponse>, Status> {
        let results = request.get_ref().items.iter().map(|_| self.result()).collect();
        Ok(Response::new(CheckBatchResponse { results }))
    }

    async fn check_stream(
        &self,
        request: Request<Streaming<CheckStreamRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let result = self.result();
        let answer = move |check: Result<CheckStreamRequest, Status>| {
            check.map(|_| CheckStreamResponse { result: Some(result.clone()) })
        };
        Ok(Response::new(Box::pin(request.into_inner().map(answer))))
    }

    async fn report_outcomes(
        &self,
        request: Request<ReportOutcomesRequest>,
    ) -> Result<Response<ReportOutcomesResponse>, Status> {
        let accepted = u32::try_from(request.get_ref().outcomes.len()).unwrap_or(u32::MAX);
        Ok(Response::new(ReportOutcomesResponse { accepted, rejected: Vec::new() }))
    }

    async fn explain(&self, _: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let decision = Some(self.answer.clone());
        Ok(Response::new(ExplainResponse { decision, ..ExplainResponse::default() }))
    }
}
