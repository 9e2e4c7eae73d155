//! The first moments of a connection, before its peer has said that it speaks HTTP/2.
//!
//! Until then nothing else watches over it: keep-alive begins with the first frames, and a drain waits for
//! them. A peer that opens a connection and is silent (a probe, a scanner, or somebody who means harm) would
//! hold a place for ever, and a stop for the whole drain.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Bytes that every HTTP/2 client sends first. With TLS they are those of the handshake, which has a limit
/// of its own.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Until when a connection must have begun.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The longest time for it.
    pub(super) within: Duration,
    /// Ends it before that.
    pub(super) stop: CancellationToken,
}

/// A connection that has not begun.
pub(super) struct Opening {
    /// Bytes that are still to come.
    left: usize,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

// === impl Opening ===

impl Opening {
    /// Called on the runtime that serves the connection, whose clock it goes by.
    pub(super) fn new(bounds: Bounds) -> Self {
        let Bounds { within, stop } = bounds;
        let end = async move { timeout(within, stop.cancelled_owned()).await.unwrap_or_default() };
        Self { left: PREFACE, end: Box::pin(end) }
    }

    /// Takes note of bytes that came; whether that were all of them.
    pub(super) fn heard(&mut self, bytes: usize) -> bool {
        self.left = self.left.saturating_sub(bytes);
        self.left == 0
    }

    /// Waits for more, up to the end.
    ///
    /// # Errors
    /// When the end has come.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}
