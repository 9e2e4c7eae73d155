//! `CatalogService`: the policy in force as data. It reads memory alone.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::bundle::{Bundle, Catalogue, On, Origin, Policy, Rank};
use crate::proto::catalog_service_server::CatalogService;
use crate::proto::{
    GetBundleInfoRequest, GetBundleInfoResponse, ListReasonsRequest, ListReasonsResponse, ListSignalsRequest,
    ListSignalsResponse, ObligationEntry, ReasonCode, ReasonEntry, ReasonOrigin, SignalInfo, SignalKind,
};
use crate::signals::{self, Kind, Signal};

/// Says what the server decides by.
#[derive(Debug, Clone)]
pub struct Catalog {
    policy: Arc<Policy>,
}

// === impl Catalog ===

impl Catalog {
    /// The catalogue of whatever is in force.
    pub const fn new(policy: Arc<Policy>) -> Self {
        Self { policy }
    }
}

#[tonic::async_trait]
impl CatalogService for Catalog {
    async fn list_reasons(
        &self,
        _: Request<ListReasonsRequest>,
    ) -> Result<Response<ListReasonsResponse>, Status> {
        Ok(Response::new(reasons(&self.policy.current().bundle)))
    }

    async fn list_signals(
        &self,
        _: Request<ListSignalsRequest>,
    ) -> Result<Response<ListSignalsResponse>, Status> {
        let mut signals: Vec<SignalInfo> = signals::all().map(signal).collect();
        signals.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Response::new(ListSignalsResponse { signals }))
    }

    async fn get_bundle_info(
        &self,
        _: Request<GetBundleInfoRequest>,
    ) -> Result<Response<GetBundleInfoResponse>, Status> {
        Ok(Response::new(info(&self.policy.current().bundle)))
    }
}

/// The number of a reason's code; `UNSPECIFIED` for one that the enum does not know, such as the code
/// of a bundle newer than this server.
pub fn code(text: &str) -> ReasonCode {
    ReasonCode::from_str_name(&format!("REASON_CODE_{text}")).unwrap_or(ReasonCode::Unspecified)
}

fn reasons(bundle: &Bundle) -> ListReasonsResponse {
    let catalogue = &bundle.catalogue;
    ListReasonsResponse {
        reasons: (0..catalogue.reasons.len()).filter_map(|rank| reason(catalogue, rank)).collect(),
        obligations: catalogue.obligations.iter().map(obligation).collect(),
        bundle_revision: bundle.revision.to_string(),
    }
}

fn reason(catalogue: &Catalogue, rank: Rank) -> Option<ReasonEntry> {
    let reason = catalogue.reasons.get(rank)?;
    let masked = reason.masks.iter().filter_map(|rank| catalogue.reasons.get(*rank));
    Some(ReasonEntry {
        code: code(&reason.code).into(),
        name: reason.code.to_string(),
        rank: count(rank),
        clause: reason.clause.into(),
        message: reason.message.to_string(),
        detail: reason.detail.to_string(),
        retryable: reason.retryable,
        retry_after: reason.retry_after.and_then(|wait| wait.try_into().ok()),
        masks: masked.map(|reason| reason.code.to_string()).collect(),
        gate: reason.gate,
        locked: reason.locked,
        origin: origin(reason.origin).into(),
    })
}

const fn origin(origin: Origin) -> ReasonOrigin {
    match origin {
        Origin::Rules => ReasonOrigin::Rules,
        Origin::Code => ReasonOrigin::Code,
        Origin::Planned => ReasonOrigin::Planned,
    }
}

fn obligation(obligation: &crate::bundle::ObligationEntry) -> ObligationEntry {
    ObligationEntry {
        kind: obligation.kind.to_string(),
        on_allow: obligation.on.contains(&On::Allow),
        on_deny: obligation.on.contains(&On::Deny),
        message: obligation.message.to_string(),
        parameters: obligation.parameters.keys().map(ToString::to_string).collect(),
        planned: obligation.planned,
    }
}

fn signal(signal: &Signal) -> SignalInfo {
    let kind = match signal.kind {
        Kind::Bool => SignalKind::Bool,
        Kind::Long => SignalKind::Long,
        Kind::Text => SignalKind::String,
        Kind::Set => SignalKind::StringSet,
    };
    SignalInfo {
        path: signal.path.to_owned(),
        kind: kind.into(),
        doc: signal.doc.trim().to_owned(),
        lists: signal.lists.iter().map(ToString::to_string).collect(),
    }
}

fn info(bundle: &Bundle) -> GetBundleInfoResponse {
    let planned = bundle.catalogue.reasons.iter().filter(|reason| reason.origin == Origin::Planned);
    GetBundleInfoResponse {
        revision: bundle.revision.to_string(),
        digest: bundle.digest.to_string(),
        rules: count(bundle.program.rules.len()),
        reasons: count(bundle.catalogue.reasons.len()),
        planned_reasons: count(planned.count()),
        limits: count(bundle.limits.iter().count()),
        counters: count(bundle.counters.len()),
        lists: count(bundle.lists.iter().count()),
        warnings: bundle.warnings.clone(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
