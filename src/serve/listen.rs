//! Listeners: addresses, connections, TLS, keep-alive.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tower::layer::util::{Identity as NoLayer, Stack};

use super::undecoded::{self, UndecodedLayer};
use crate::config::{ClientAuth, Serve, Tls};

/// A server whose services are behind the layer for messages that do not decode.
pub type Layered = Server<Layers>;

/// What is around those services.
pub type Layers = Stack<UndecodedLayer, NoLayer>;

/// Bytes of one connection that may be on their way to the handlers.
const CONNECTION_WINDOW: u32 = 8 << 20;

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be used.
    #[error("cannot listen on `{0}`")]
    Bind(SocketAddr, #[source] std::io::Error),
    /// A file of TLS cannot be read.
    #[error("cannot read `{}`", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The files of TLS do not make an identity.
    #[error("the certificate, key or authority for `{0}` is not usable")]
    Tls(SocketAddr, #[source] tonic::transport::Error),
}

/// An open listener.
pub struct Listener {
    /// Where it is; the port that was taken if 0 was asked for.
    pub local_addr: SocketAddr,
    /// The listener itself.
    pub tcp: TcpListener,
}

/// Most connections that wait to be taken in.
const BACKLOG: u32 = 1024;

/// An address that is taken before anything else is done, so that a second instance on it changes nothing;
/// nobody can connect yet.
pub struct Place {
    address: SocketAddr,
    socket: TcpSocket,
}

// === impl Place ===

impl Place {
    /// Takes the address.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn take(address: SocketAddr) -> Result<Self, ListenError> {
        let socket = || -> std::io::Result<TcpSocket> {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Past connections that are being forgotten do not hold up a restart.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            Ok(socket)
        };
        Ok(Self { address, socket: socket().map_err(|error| ListenError::Bind(address, error))? })
    }

    /// Lets connections come.
    ///
    /// # Errors
    /// When another process that took it at the same time listens there by now.
    pub fn open(self) -> Result<Listener, ListenError> {
        let failed = |error| ListenError::Bind(self.address, error);
        let tcp = self.socket.listen(BACKLOG).map_err(failed)?;
        let local_addr = tcp.local_addr().map_err(failed)?;
        Ok(Listener { local_addr, tcp })
    }
}

// === impl Listener ===

impl Listener {
    /// Its connections, without Nagle's delay, to be served where they are taken in.
    pub fn incoming(self) -> TcpIncoming {
        // The builder's own setting is ignored for a listener that is handed over, and with Nagle's
        // delay the slowest hundredth of answers takes 40 ms.
        TcpIncoming::from(self.tcp).with_nodelay(Some(true))
    }
}

/// A server with the configured keep-alive and TLS.
///
/// # Errors
/// When a file of TLS cannot be read or used.
pub fn server(serve: &Serve, tls: &Tls, address: SocketAddr) -> Result<Layered, ListenError> {
    let server = Server::builder()
        .http2_keepalive_interval(Some(serve.keepalive_interval))
        .http2_keepalive_timeout(Some(serve.keepalive_timeout))
        // Small requests on a stream come in small frames. What may wait of them is a share of this
        // window; past it h2 ends the connection as a flood. Each stream still has its own 64 KiB.
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(u32::try_from(serve.max_concurrent_requests).ok());
    match tls_config(serve, tls)? {
        None => Ok(server.layer(undecoded::layer())),
        Some(tls) => {
            let server = server.tls_config(tls).map_err(|error| ListenError::Tls(address, error))?;
            Ok(server.layer(undecoded::layer()))
        }
    }
}

fn tls_config(serve: &Serve, tls: &Tls) -> Result<Option<ServerTlsConfig>, ListenError> {
    let Tls::On { cert, key, clients } = tls else { return Ok(None) };
    let config = ServerTlsConfig::new()
        .timeout(serve.opening_timeout)
        .identity(Identity::from_pem(read(cert)?, read(key)?));
    Ok(Some(match clients {
        ClientAuth::Anyone => config,
        ClientAuth::SignedBy(authority) => config.client_ca_root(Certificate::from_pem(read(authority)?)),
    }))
}

fn read(path: &Path) -> Result<Vec<u8>, ListenError> {
    std::fs::read(path).map_err(|error| ListenError::Read(path.to_owned(), error))
}

#[cfg(test)]
mod tests;
