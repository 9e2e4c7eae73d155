//! The page for those who watch the service: `/metrics`, `/healthz` (the process runs) and
//! `/readyz` (it can decide). HTTP/1 in the clear, with no secrets on it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How the page is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOptions {
    /// Where; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Most connections at a time; further ones wait.
    pub max_connections: u32,
    /// Longest time for the head of a request to arrive, and for the next request to begin.
    pub header_timeout: Duration,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The address cannot be used.
    #[error("cannot listen on `{0}` for metrics")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// A page that is being served.
#[derive(Debug)]
pub struct Page {
    local_addr: SocketAddr,
    task: JoinHandle<()>,
}

/// What the page shows.
struct Content {
    metrics: Box<dyn Fn() -> String + Send + Sync>,
    is_ready: Box<dyn Fn() -> bool + Send + Sync>,
}

/// After the stop, requests under way have this long to end.
const GRACE: Duration = Duration::from_secs(1);
/// A listener that fails, for want of file descriptors say, is asked again after this.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the page until `stop` is cancelled. `metrics` gives the text, `is_ready` whether the
/// service can decide.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    options: PageOptions,
    metrics: impl Fn() -> String + Send + Sync + 'static,
    is_ready: impl Fn() -> bool + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<Page, PageError> {
    let failed = |error| PageError::Listen(options.listen, error);
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    serve_on(listener, options, metrics, is_ready, stop)
}

/// The same on a listener that is open already.
///
/// # Errors
/// When the listener has no address.
pub fn serve_on(
    listener: TcpListener,
    options: PageOptions,
    metrics: impl Fn() -> String + Send + Sync + 'static,
    is_ready: impl Fn() -> bool + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<Page, PageError> {
    let failed = |error| PageError::Listen(options.listen, error);
    let local_addr = listener.local_addr().map_err(failed)?;
    let content = Arc::new(Content { metrics: Box::new(metrics), is_ready: Box::new(is_ready) });
    let task = tokio::spawn(accept(listener, options, content, stop));
    Ok(Page { local_addr, task })
}

// === impl Page ===

impl Page {
    /// Where it is served.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits until it has stopped, which takes at most about a second from the cancellation.
    ///
    /// # Errors
    /// When its task was lost.
    pub async fn stopped(self) -> Result<(), JoinError> {
        self.task.await
    }
}

async fn accept(listener: TcpListener, options: PageOptions, content: Arc<Content>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(usize::try_from(options.max_connections.max(1)).unwrap_or(1)));
    loop {
        let next = async {
            // The permit comes first: a connection that has no place waits in the system's backlog.
            let place = places.clone().acquire_owned().await.ok()?;
            Some((place, listener.accept().await))
        };
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match next {
            Some((place, Ok((stream, _)))) => {
                let (content, stop) = (content.clone(), stop.clone());
                tokio::spawn(async move {
                    connection(stream, options.header_timeout, content, stop).await;
                    drop(place);
                });
            }
            Some((_, Err(error))) => {
                tracing::warn!(%error, "cannot accept a connection to the metrics page");
                sleep(ACCEPT_PAUSE).await;
            }
            None => break,
        }
    }
    drop(listener);
    let _ = timeout(GRACE, places.acquire_many(options.max_connections.max(1))).await;
}

async fn connection(
    stream: TcpStream,
    header_timeout: Duration,
    content: Arc<Content>,
    stop: CancellationToken,
) {
    let answer = service_fn(move |request| {
        let response = content.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(16 << 10)
            .serve_connection(TokioIo::new(stream), answer)
    );
    let ended = run_until(connection.as_mut(), stop.cancelled()).await;
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(GRACE, connection).await;
    }
}

/// `true` if `work` ended before `stop` did. How it ended is the client's own affair.
async fn run_until<T>(work: impl Future<Output = T>, stop: impl Future<Output = ()>) -> bool {
    tokio::select! {
        _ = work => true,
        () = stop => false,
    }
}

// === impl Content ===

impl Content {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return respond(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n");
        }
        match request.uri().path() {
            "/metrics" => respond(StatusCode::OK, OPEN_METRICS, (self.metrics)()),
            "/healthz" => respond(StatusCode::OK, PLAIN, "ok\n"),
            "/readyz" if (self.is_ready)() => respond(StatusCode::OK, PLAIN, "ready\n"),
            "/readyz" => respond(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "not ready\n"),
            _ => respond(StatusCode::NOT_FOUND, PLAIN, "no such page\n"),
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn respond(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
