//! The service over gRPC: listeners, handlers, health, draining.
//!
//! Here and in clients alone are the generated types named; everything behind speaks `domain`.
//! [`start`] is what `aupd serve` and the tests call: it opens what the configuration says and gives
//! a handle with the addresses that were bound.

pub mod account;
pub mod auth;
mod bare;
pub mod catalog;
pub mod checker;
pub mod convert;
mod cooldown;
mod cores;
pub mod decision;
pub mod list;
mod listen;
pub mod outcomes;
mod parts;
mod reflect;
mod refusal;
pub mod status;
pub mod unbuilt;
mod undecoded;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

pub use bare::serve_on_cores;
pub use cores::Connections;
pub use listen::ListenError;
pub use parts::{Parts, StartError};

use crate::config::{Admin, AdminAuth, Config};
use crate::proto;
use crate::telemetry;
use auth::BearerGate;
use cores::{Arrival, Arrivals, Cores, Ended, Serving};
use listen::{Layers, Place};

/// Whose health can be asked for; the empty name is the whole.
const SERVICES: [&str; 3] = ["", "aup.v1.DecisionService", "aup.v1.CatalogService"];

/// A running service.
pub struct ServerHandle {
    /// Where decisions are asked for.
    pub decisions: SocketAddr,
    /// Where it is administered, if it is.
    pub admin: Option<SocketAddr>,
    /// Where metrics are read, if they are.
    pub metrics: Option<SocketAddr>,
    parts: Parts,
    config: Config,
    health: HealthReporter,
    stop: CancellationToken,
    cores: Cores,
    tasks: JoinSet<Result<(), Ended>>,
}

/// The addresses of the configuration, taken.
struct Places {
    decisions: Place,
    admin: Option<Place>,
    metrics: Option<Place>,
}

/// Serves the connections of a core. With a signal, even one that never comes, tonic waits for the calls
/// that are under way when no more connections come.
impl Serving for Router<Layers> {
    async fn serve(self, arrivals: Arrivals) -> Result<(), tonic::transport::Error> {
        self.serve_with_incoming_shutdown(arrivals.map(Arrival::settle), std::future::pending()).await
    }
}

/// Starts the service; with `demo`, the example accounts and lists are put into the store first.
///
/// # Errors
/// When the bundle is broken, the database cannot be used, or an address cannot be listened on.
pub async fn start(config: Config, demo: bool) -> Result<ServerHandle, StartError> {
    // Before anything is read or written: who finds an address taken has changed nothing.
    let places = Places::take(&config)?;
    let stop = CancellationToken::new();
    let mut parts = Parts::open(&config, demo, &stop).await?;
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut tasks = JoinSet::new();
    for watch in std::mem::take(&mut parts.watches) {
        tasks.spawn(async move { watch.await.map_err(|_| Ended::Task("watch over the store")) });
    }

    let decisions = places.decisions.open()?;
    let address = decisions.local_addr;
    let router = listen::server(&config.serve, &config.serve.tls, address)?
        .add_service(health_service)
        .add_service(reflect::service(&reflect::DECIDING)?)
        .add_service(reflect::alpha_service(&reflect::DECIDING)?)
        .add_service(
            proto::decision_service_server::DecisionServiceServer::new(parts.decisions.clone())
                .max_decoding_message_size(config.serve.max_message_bytes),
        )
        .add_service(proto::catalog_service_server::CatalogServiceServer::new(parts.catalog.clone()));
    let cores =
        Cores::start(&config.serve, decisions.tcp, &router, &stop, &mut tasks).map_err(StartError::Cores)?;

    let admin = start_admin(&config, places.admin, &parts, &stop, &mut tasks)?;
    let metrics = start_metrics(&config, places.metrics, &parts, &stop, &mut tasks)?;
    for name in SERVICES {
        health.set_service_status(name, ServingStatus::Serving).await;
    }
    Ok(ServerHandle { decisions: address, admin, metrics, parts, config, health, stop, cores, tasks })
}

fn start_admin(
    config: &Config,
    place: Option<Place>,
    parts: &Parts,
    stop: &CancellationToken,
    tasks: &mut JoinSet<Result<(), Ended>>,
) -> Result<Option<SocketAddr>, StartError> {
    let (Admin::On { auth, tls, .. }, Some(place)) = (&config.admin, place) else { return Ok(None) };
    let token = match auth {
        AdminAuth::Token(source) | AdminAuth::TokenAndCertificate(source) => Some(source.read()?),
        AdminAuth::Certificate => None,
    };
    let gate = BearerGate::new(token);
    let listener = place.open()?;
    let address = listener.local_addr;
    let limit = config.serve.max_message_bytes;
    let accounts = proto::account_service_server::AccountServiceServer::new(parts.account_service.clone());
    let lists = proto::list_service_server::ListServiceServer::new(parts.list_service.clone());
    let bundles = proto::bundle_service_server::BundleServiceServer::new(unbuilt::Unbuilt);
    let cooldowns =
        proto::cooldown_service_server::CooldownServiceServer::new(parts.cooldown_service.clone());
    let router = listen::server(&config.serve, tls, address)?
        .add_service(InterceptedService::new(accounts.max_decoding_message_size(limit), gate.clone()))
        .add_service(InterceptedService::new(lists.max_decoding_message_size(limit), gate.clone()))
        .add_service(InterceptedService::new(bundles, gate.clone()))
        .add_service(InterceptedService::new(reflect::service(&reflect::ADMINISTERING)?, gate.clone()))
        .add_service(InterceptedService::new(reflect::alpha_service(&reflect::ADMINISTERING)?, gate.clone()))
        .add_service(InterceptedService::new(cooldowns.max_decoding_message_size(limit), gate));
    let served = router.serve_with_incoming_shutdown(listener.incoming(), stop.clone().cancelled_owned());
    tasks.spawn(async move { served.await.map_err(Ended::from) });
    Ok(Some(address))
}

fn start_metrics(
    config: &Config,
    place: Option<Place>,
    parts: &Parts,
    stop: &CancellationToken,
    tasks: &mut JoinSet<Result<(), Ended>>,
) -> Result<Option<SocketAddr>, StartError> {
    let (Some(options), Some(place)) = (config.metrics.page(), place) else { return Ok(None) };
    let listener = place.open()?.tcp;
    let (metrics, ready) = (parts.metrics.clone(), stop.clone());
    let (render, is_ready) = (move || metrics.render(), move || !ready.is_cancelled());
    let page = telemetry::serve_on(listener, options, render, is_ready, stop.clone())?;
    let address = page.local_addr();
    tasks.spawn(async move { page.stopped().await.map_err(|_| Ended::Task("metrics page")) });
    Ok(Some(address))
}

/// The same without layers.
impl Serving for Router {
    async fn serve(self, arrivals: Arrivals) -> Result<(), tonic::transport::Error> {
        self.serve_with_incoming_shutdown(arrivals.map(Arrival::settle), std::future::pending()).await
    }
}

// === impl Places ===

impl Places {
    fn take(config: &Config) -> Result<Self, ListenError> {
        let admin = match &config.admin {
            Admin::On { listen, .. } => Some(*listen),
            Admin::Off => None,
        };
        let metrics = config.metrics.page().map(|page| page.listen);
        Ok(Self {
            decisions: Place::take(config.serve.listen)?,
            admin: admin.map(Place::take).transpose()?,
            metrics: metrics.map(Place::take).transpose()?,
        })
    }
}

// === impl ServerHandle ===

impl ServerHandle {
    /// The parts behind the service.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The connections to the listener for decisions.
    pub fn connections(&self) -> Connections {
        self.cores.connections()
    }

    /// Waits until a listener or a core ends by itself, which only a fault makes it do.
    pub async fn failed(&mut self) -> String {
        match self.tasks.join_next().await {
            Some(Ok(Ok(()))) | None => "a listener ended".to_owned(),
            Some(Ok(Err(Ended::Transport(error)))) => format!("a listener failed: {error}"),
            Some(Ok(Err(error))) => error.to_string(),
            Some(Err(error)) => format!("a listener was lost: {error}"),
        }
    }

    /// Stops: says so to whoever watches its health, takes no new connections, lets calls under way
    /// end within the drain timeout, and writes every decision record that is left.
    pub async fn stop(mut self) {
        for name in SERVICES {
            self.health.set_service_status(name, ServingStatus::NotServing).await;
        }
        // One breath for balancers that watch health rather than the connection.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.stop.cancel();
        // Somebody who watches would otherwise keep the connection, and the drain, until its limit.
        for name in SERVICES {
            self.health.clear_service_status(name).await;
        }
        if !self.drained(self.config.serve.drain_timeout).await {
            tracing::warn!("calls were still under way when the drain timeout was over");
        }
        self.cores.kill();
        self.tasks.abort_all();
        self.parts.close(self.config.serve.drain_timeout).await;
    }

    /// Whether every listener and core ended within `limit`.
    async fn drained(&mut self, limit: Duration) -> bool {
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(%error, "a part of the service did not end well"),
                    Err(error) => tracing::error!(%error, "a task did not end well"),
                }
            }
        };
        tokio::time::timeout(limit, ended).await.is_ok()
    }
}
