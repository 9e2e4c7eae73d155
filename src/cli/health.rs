//! `aupd health`: whether a running service says that it serves, for supervisors that can only run a
//! program, such as a container's health check.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::output::Output;

/// Longest wait for the answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Arguments of `aupd health`.
#[derive(Args)]
pub(super) struct HealthArgs {
    /// Where decisions are asked for.
    #[arg(long, value_name = "URL", env = "AUPD_SERVER", default_value = "http://127.0.0.1:7600")]
    server: String,
    /// A service by its full name, such as `aup.v1.DecisionService`; the whole process if missing.
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
}

/// Asks; fails within two seconds unless the answer is that it serves.
pub(super) fn health(args: &HealthArgs, output: &Output) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(async { tokio::time::timeout(TIMEOUT, ask(args)).await });
    let status = asked.context("there was no answer within 2 s")??;
    ensure!(status == ServingStatus::Serving, "`{}` is {}", args.server, status.as_str_name());
    output.show(|| status.as_str_name().to_owned(), &json!({ "status": status.as_str_name() }))
}

async fn ask(args: &HealthArgs) -> anyhow::Result<ServingStatus> {
    let endpoint = tonic::transport::Endpoint::from_shared(args.server.clone())?;
    let channel = endpoint.connect().await.with_context(|| format!("cannot reach `{}`", args.server))?;
    let request = HealthCheckRequest { service: args.service.clone() };
    let answer = HealthClient::new(channel).check(request).await;
    Ok(answer
        .map_err(|status| anyhow::anyhow!("{:?}: {}", status.code(), status.message()))?
        .get_ref()
        .status())
}
