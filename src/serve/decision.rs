//! `DecisionService`: what callers on the path of live traffic use.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::checker::{Batch, Checker};
use super::convert;
use super::outcomes::Outcomes;
use super::status::{self, Refusal};
use super::undecoded;
use crate::bundle::Snapshot;
use crate::config::Serve;
use crate::proto;
use crate::proto::decision_service_server::DecisionService;
use crate::telemetry::{Code, Metrics, RequestGuard};

/// Methods of the service, as metrics name them.
pub const METHODS: [&str; 5] = ["Check", "CheckBatch", "CheckStream", "ReportOutcomes", "Explain"];

/// A batch may take this many times as long as one request.
const BATCH_DEADLINES: u32 = 10;

/// The service. Clones share everything.
#[derive(Clone)]
pub struct Decisions {
    checker: Arc<Checker>,
    outcomes: Outcomes,
    metrics: Arc<Metrics>,
    places: Arc<Semaphore>,
    bounds: Arc<Bounds>,
}

struct Bounds {
    clock: convert::ClockBounds,
    timeout: Duration,
    max_batch_items: usize,
    stream_window: usize,
}

// === impl Decisions ===

impl Decisions {
    /// The service over a checker, bounded as configured.
    pub fn new(checker: Arc<Checker>, outcomes: Outcomes, metrics: Arc<Metrics>, serve: &Serve) -> Self {
        let bounds = Bounds {
            clock: convert::ClockBounds { back: serve.clock_back, ahead: serve.clock_ahead },
            timeout: serve.request_timeout,
            max_batch_items: serve.max_batch_items,
            stream_window: serve.stream_window,
        };
        let places = Arc::new(Semaphore::new(serve.max_concurrent_requests));
        Self { checker, outcomes, metrics, places, bounds: Arc::new(bounds) }
    }

    /// A place among the requests that are decided at a time; none is waited for.
    fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.places.try_acquire().map_err(|_| Refusal::Overloaded)
    }

    /// Runs a handler with its place, its deadline and its count.
    async fn run<T>(
        &self,
        method: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<Response<T>, Status> {
        self.run_within(self.bounds.timeout, method, work).await
    }

    /// The same with another deadline.
    async fn run_within<T>(
        &self,
        deadline: Duration,
        method: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<Response<T>, Status> {
        let counted = RequestGuard::new(self.metrics.clone(), method);
        let result = async {
            let _place = self.place()?;
            tokio::time::timeout(deadline, work).await.map_err(|_| Refusal::DeadlineExceeded)?
        };
        let result = result.await.map(Response::new).map_err(status::status);
        let code =
            result.as_ref().err().map_or(Code::Ok, |status| Code::from_number(i32::from(status.code())));
        counted.finish(code);
        result
    }

    /// One request, in whatever form it came: a decision, or what is wrong with it.
    async fn decide(
        &self,
        policy: &Snapshot,
        request: proto::CheckRequest,
        batch: Option<&Batch>,
    ) -> Result<proto::CheckResponse, Refusal> {
        let request = self.accept(request)?;
        Ok(convert::response(&*self.checker.check_among(policy, &request, batch).await))
    }

    /// Converts a request; one that is refused leaves a record if it names an account.
    fn accept(&self, request: proto::CheckRequest) -> Result<crate::domain::Request, Refusal> {
        let about = convert::about(&request);
        let converted = convert::request(request, Timestamp::now(), &self.bounds.clock);
        converted.inspect_err(|refusal| {
            if let Some(about) = about {
                self.checker.refused(about, refusal.code_name(), refusal.reason());
            }
        })
    }

    async fn item(
        &self,
        policy: &Snapshot,
        request: proto::CheckRequest,
        batch: Option<&Batch>,
    ) -> proto::CheckResult {
        let result = match self.decide(policy, request, batch).await {
            Ok(decision) => proto::check_result::Result::Decision(decision),
            Err(refusal) => proto::check_result::Result::Error(status::item_error(refusal)),
        };
        proto::CheckResult { result: Some(result) }
    }

    async fn batch(&self, request: proto::CheckBatchRequest) -> Result<proto::CheckBatchResponse, Refusal> {
        let proto::CheckBatchRequest { items, freshness } = request;
        convert::freshness(freshness)?;
        if items.len() > self.bounds.max_batch_items {
            return Err(Refusal::TooManyItems { given: items.len(), limit: self.bounds.max_batch_items });
        }
        let policy = self.checker.snapshot();
        let mut results = Vec::with_capacity(items.len());
        let batch = Batch::of_items();
        for item in items {
            results.push(self.item(&policy, item, Some(&batch)).await);
            // A batch of a thousand must not hold up everybody else on this thread.
            tokio::task::consume_budget().await;
        }
        Ok(proto::CheckBatchResponse { results })
    }

    async fn report(
        &self,
        request: proto::ReportOutcomesRequest,
    ) -> Result<proto::ReportOutcomesResponse, Refusal> {
        let proto::ReportOutcomesRequest { outcomes } = request;
        if outcomes.len() > self.bounds.max_batch_items {
            return Err(Refusal::TooManyItems { given: outcomes.len(), limit: self.bounds.max_batch_items });
        }
        Ok(self.outcomes.report(outcomes).await)
    }

    async fn explain_one(&self, request: proto::ExplainRequest) -> Result<proto::ExplainResponse, Refusal> {
        let check = request.check.ok_or_else(|| Refusal::missing("check"))?;
        let request = self.accept(check)?;
        let policy = self.checker.snapshot();
        Ok(convert::explanation(self.checker.explain(&policy, &request).await))
    }

    /// Answers a stream in order; what is taken in ahead of the answers is bounded.
    async fn answer(
        self,
        mut requests: Streaming<proto::CheckStreamRequest>,
        answers: mpsc::Sender<Result<proto::CheckStreamResponse, Status>>,
    ) {
        let counted = RequestGuard::new(self.metrics.clone(), "CheckStream");
        let mut shared = Shared { policy: self.checker.snapshot(), batch: Batch::of_stream() };
        let code = loop {
            let next = tokio::select! {
                () = answers.closed() => break Code::Cancelled,
                next = requests.next() => next,
            };
            let answer = match next {
                None => break Code::Ok,
                Some(Err(error)) => {
                    let error = undecoded::promised(error);
                    let code = Code::from_number(i32::from(error.code()));
                    let _ = answers.send(Err(error)).await;
                    break code;
                }
                Some(Ok(request)) => self.answer_one(request, &mut shared).await,
            };
            if answers.send(Ok(answer)).await.is_err() {
                break Code::Cancelled;
            }
        };
        counted.finish(code);
    }

    async fn answer_one(
        &self,
        request: proto::CheckStreamRequest,
        shared: &mut Shared,
    ) -> proto::CheckStreamResponse {
        shared.renew(self.checker.snapshot());
        let Shared { policy, batch } = shared;
        let result = match request.check {
            Some(check) => match self.place() {
                Ok(_place) => self.item(policy, check, Some(batch)).await,
                Err(refusal) => failed(refusal),
            },
            None => failed(Refusal::missing("check")),
        };
        proto::CheckStreamResponse { result: Some(result) }
    }
}

/// What the requests of a stream have in common while the policy stays the same.
struct Shared {
    policy: Arc<Snapshot>,
    batch: Batch,
}

// === impl Shared ===

impl Shared {
    fn renew(&mut self, policy: Arc<Snapshot>) {
        if !Arc::ptr_eq(&self.policy, &policy) {
            *self = Self { policy, batch: Batch::of_stream() };
        }
    }
}

fn failed(refusal: Refusal) -> proto::CheckResult {
    let error = proto::check_result::Result::Error(status::item_error(refusal));
    proto::CheckResult { result: Some(error) }
}

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn check(
        &self,
        request: Request<proto::CheckRequest>,
    ) -> Result<Response<proto::CheckResponse>, Status> {
        let policy = self.checker.snapshot();
        self.run("Check", self.decide(&policy, request.into_inner(), None)).await
    }

    async fn check_batch(
        &self,
        request: Request<proto::CheckBatchRequest>,
    ) -> Result<Response<proto::CheckBatchResponse>, Status> {
        // On the heap: a batch in flight is large, and most calls are none.
        let deadline = self.bounds.timeout.saturating_mul(BATCH_DEADLINES);
        Box::pin(self.run_within(deadline, "CheckBatch", self.batch(request.into_inner()))).await
    }

    type CheckStreamStream = ReceiverStream<Result<proto::CheckStreamResponse, Status>>;

    async fn check_stream(
        &self,
        request: Request<Streaming<proto::CheckStreamRequest>>,
    ) -> Result<Response<Self::CheckStreamStream>, Status> {
        let (answers, stream) = mpsc::channel(self.bounds.stream_window);
        // Ends with its stream: the requests end, or nobody takes the answers any more.
        tokio::spawn(self.clone().answer(request.into_inner(), answers));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn report_outcomes(
        &self,
        request: Request<proto::ReportOutcomesRequest>,
    ) -> Result<Response<proto::ReportOutcomesResponse>, Status> {
        let deadline = self.bounds.timeout.saturating_mul(BATCH_DEADLINES);
        Box::pin(self.run_within(deadline, "ReportOutcomes", self.report(request.into_inner()))).await
    }

    async fn explain(
        &self,
        request: Request<proto::ExplainRequest>,
    ) -> Result<Response<proto::ExplainResponse>, Status> {
        self.run("Explain", self.explain_one(request.into_inner())).await
    }
}
