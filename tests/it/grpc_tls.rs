//! TLS on the port for decisions, with certificates made for the test.

use std::path::{Path, PathBuf};

use aupd::config::{ClientAuth, Tls};
use aupd::proto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::server::{Client, PATIENCE, Server, text};

/// An authority and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Signed {
    cert: String,
    key: String,
}

// === impl Authority ===

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    fn sign(&self) -> Signed {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let cert = params.signed_by(&key, &self.0).expect("a certificate");
        Signed { cert: cert.pem(), key: key.serialize_pem() }
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let file = dir.join(name);
    std::fs::write(&file, text).expect("the file is written");
    file
}

/// A service with a certificate of `authority`; callers need one of `clients`, if it is given.
async fn server(authority: &Authority, clients: Option<&Authority>) -> Server {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let Signed { cert, key } = authority.sign();
    let (cert, key) = (write(dir.path(), "cert.pem", &cert), write(dir.path(), "key.pem", &key));
    let clients = clients.map_or(ClientAuth::Anyone, |clients| {
        ClientAuth::SignedBy(write(dir.path(), "clients.pem", &clients.pem()))
    });
    Server::with(|config| config.serve.tls = Tls::On { cert, key, clients }).await
}

fn endpoint(server: &Server, tls: ClientTlsConfig) -> Endpoint {
    let address = format!("https://localhost:{}", server.handle.decisions.port());
    let endpoint = Endpoint::from_shared(address).expect("an address").connect_timeout(PATIENCE);
    endpoint.tls_config(tls).expect("a configuration")
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost")
}

async fn allowed(channel: Channel) -> bool {
    let answer = Client::new(channel).check(text("")).await;
    answer.is_ok_and(|answer| answer.into_inner().verdict() == proto::Verdict::Allow)
}

/// With TLS 1.3 a client learns that its certificate was refused only when it first reads, so it may be
/// the connection or the call that fails.
async fn refused(endpoint: &Endpoint) -> bool {
    match endpoint.connect().await {
        Err(_) => true,
        Ok(channel) => {
            let error = Client::new(channel).check(text("")).await.expect_err("no certificate, no answer");
            // The transport failed: a status that the server sent has no source. Its code says nothing, since
            // who speaks in the clear may take the alert for a frame that is too large.
            std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<tonic::transport::Error>)
        }
    }
}

#[tokio::test]
async fn decisions_are_served_over_tls_to_who_trusts_the_certificate() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = server(&authority, None).await;
    let channel = endpoint(&server, trusting(&authority)).connect().await.expect("it is trusted");
    assert!(allowed(channel).await);
    assert!(endpoint(&server, trusting(&stranger)).connect().await.is_err());
    assert!(refused(&server.endpoint()).await, "it speaks in the clear");
}

#[tokio::test]
async fn with_mutual_tls_who_has_no_certificate_of_the_authority_is_refused() {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let server = server(&authority, Some(&clients)).await;
    let with = |signed: Signed| trusting(&authority).identity(Identity::from_pem(signed.cert, signed.key));

    assert!(refused(&endpoint(&server, trusting(&authority))).await);
    assert!(refused(&endpoint(&server, with(stranger.sign()))).await);
    let channel = endpoint(&server, with(clients.sign())).connect().await.expect("it is known");
    assert!(allowed(channel).await);
    assert_eq!(server.records(1).await.len(), 1, "only the call with the certificate came through");
}
