//! A connection: as it is handed from the acceptor to a core, and as the core serves it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::load::Place;
use super::opening::{Bounds, Opening};

/// A connection on its way to a core, belonging to no runtime.
#[derive(Debug)]
pub(in crate::serve) struct Arrival {
    stream: std::net::TcpStream,
    pub(super) place: Place,
    opening: Bounds,
}

/// A connection on its core. It speaks as the stream does, and is counted while it is open.
pub(in crate::serve) struct Connection {
    stream: TcpStream,
    place: Place,
    /// Until its peer has begun to speak.
    opening: Option<Opening>,
}

// === impl Arrival ===

impl Arrival {
    /// Takes a connection out of the runtime that accepted it, without Nagle's delay: with it the slowest
    /// hundredth of answers takes 40 ms.
    ///
    /// # Errors
    /// When the connection is broken already.
    pub(super) fn new(stream: TcpStream, place: Place, opening: Bounds) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: stream.into_std()?, place, opening })
    }

    /// Makes it a connection of the runtime that this is called on.
    ///
    /// # Errors
    /// When the runtime has no room for it.
    pub(in crate::serve) fn settle(self) -> io::Result<Connection> {
        let Self { stream, place, opening } = self;
        Ok(Connection { stream: TcpStream::from_std(stream)?, place, opening: Some(Opening::new(opening)) })
    }
}

// === impl Connection ===

impl Connection {
    /// The stream itself, for tests to look at.
    #[cfg(test)]
    pub(super) const fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, place, opening } = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(stream).poll_read(cx, buf);
        if read.is_ready() {
            let bytes = buf.filled().len().saturating_sub(before);
            place.heard(bytes);
            if opening.as_mut().is_some_and(|opening| opening.heard(bytes)) {
                *opening = None;
            }
            return read;
        }
        opening.as_mut().map_or(Poll::Pending, |opening| opening.poll(cx))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
