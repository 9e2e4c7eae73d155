//! Messages that fail before any handler. tonic answers them by itself, with `INTERNAL` for what does not
//! decode and `OUT_OF_RANGE` for what is too large; here its answers become those that the API promises.
//!
//! They are told apart by their details: every status of this service has some, tonic's have none.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::util::MapResponseLayer;

use super::status::{self, Refusal};

/// Restates the answers that pass through it.
pub type UndecodedLayer = MapResponseLayer<fn(Response<Body>) -> Response<Body>>;

/// The layer to put around the services of a listener.
pub fn layer() -> UndecodedLayer {
    MapResponseLayer::new(restate)
}

/// The status that the API promises for one of tonic's own; any other one as it is.
pub fn promised(status: Status) -> Status {
    refusal(&status).map_or(status, status::status)
}

/// A status in the head of an answer is an answer without a message; one in its trailers came from a
/// handler.
fn restate(mut response: Response<Body>) -> Response<Body> {
    let refusal = Status::from_header_map(response.headers()).as_ref().and_then(refusal);
    if let Some(refusal) = refusal
        && let Err(error) = status::status(refusal).add_header(response.headers_mut())
    {
        tracing::error!(%error, "a status does not fit into a header");
    }
    response
}

fn refusal(status: &Status) -> Option<Refusal> {
    match status.code() {
        _ if !status.details().is_empty() => None,
        Code::Internal => Some(Refusal::MalformedMessage),
        // The latter for a message that is too large once it is unpacked.
        Code::OutOfRange | Code::ResourceExhausted => Some(Refusal::MessageTooLarge),
        _ => None,
    }
}
