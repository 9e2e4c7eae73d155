//! `[admin]`: the listener for administration. It is off unless it is given an address, and then
//! it is opened only with a bearer token or mutual TLS.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{ClientAuth, Tls};

/// Whether and how the service can be administered over the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "RawAdmin")]
pub enum Admin {
    /// It cannot.
    #[default]
    Off,
    /// It can.
    On {
        /// Address.
        listen: SocketAddr,
        /// What a caller must have.
        auth: AdminAuth,
        /// TLS.
        tls: Tls,
    },
}

/// What an administrator must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAuth {
    /// The bearer token.
    Token(TokenSource),
    /// A client certificate.
    Certificate,
    /// Both.
    TokenAndCertificate(TokenSource),
}

/// Where the token is kept; it is never in the configuration itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In a file, alone.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

/// A bearer token. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("cannot read the token file `{}`", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The variable is not set.
    #[error("the environment variable `{0}` holds no token")]
    Unset(String),
    /// It can be guessed.
    #[error("the token has fewer than {MIN_TOKEN_BYTES} characters")]
    TooShort,
    /// It cannot be sent in a header.
    #[error("the token may hold only visible ASCII characters")]
    Character,
}

/// Shorter tokens can be guessed.
const MIN_TOKEN_BYTES: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAdmin {
    listen: Option<SocketAddr>,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
    #[serde(default)]
    tls: Tls,
}

impl TryFrom<RawAdmin> for Admin {
    type Error = &'static str;

    fn try_from(raw: RawAdmin) -> Result<Self, Self::Error> {
        let token = match (raw.token_file, raw.token_env) {
            (Some(_), Some(_)) => return Err("`admin` has both `token_file` and `token_env`: give one"),
            (Some(file), None) => Some(TokenSource::File(file)),
            (None, Some(name)) => Some(TokenSource::Env(name)),
            (None, None) => None,
        };
        let certificate = matches!(&raw.tls, Tls::On { clients: ClientAuth::SignedBy(_), .. });
        let auth = match (token, certificate) {
            (Some(token), false) => AdminAuth::Token(token),
            (Some(token), true) => AdminAuth::TokenAndCertificate(token),
            (None, true) => AdminAuth::Certificate,
            (None, false) if raw.listen.is_none() && raw.tls == Tls::Off => return Ok(Self::Off),
            (None, false) => return Err("`admin` needs `token_file`, `token_env` or `tls.client_ca`"),
        };
        let listen = raw.listen.ok_or("`admin` needs `listen`")?;
        Ok(Self::On { listen, auth, tls: raw.tls })
    }
}

// === impl TokenSource ===

impl TokenSource {
    /// Fetches the token; white space around it goes.
    ///
    /// # Errors
    /// When there is none, it is too short, or it cannot be sent in a header.
    pub fn read(&self) -> Result<Token, TokenError> {
        let text = match self {
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|error| TokenError::Unreadable(path.clone(), error))?
            }
            Self::Env(name) => std::env::var(name).map_err(|_| TokenError::Unset(name.clone()))?,
        };
        Token::parse(text.trim())
    }
}

// === impl Token ===

impl Token {
    fn parse(text: &str) -> Result<Self, TokenError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Character);
        }
        if text.len() < MIN_TOKEN_BYTES {
            return Err(TokenError::TooShort);
        }
        Ok(Self(text.to_owned()))
    }

    /// Its bytes, to be compared in constant time.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token { .. }")
    }
}
