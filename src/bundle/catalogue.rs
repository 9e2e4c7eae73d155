//! `reasons.yaml`: every reason and every obligation, in rank order.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Problem;
use super::yaml::{self, Named};

/// The file.
pub const FILE: &str = "reasons.yaml";

/// Rank of a reason: its place in the catalogue, 0 the best.
pub type Rank = usize;

/// One reason of the catalogue.
#[derive(Debug, Clone)]
pub struct ReasonEntry {
    /// Stable code.
    pub code: Arc<str>,
    /// Clause of the policy; 0 for malformed requests and the system.
    pub clause: u8,
    /// Safe to show a customer.
    pub message: Arc<str>,
    /// For operators.
    pub detail: Arc<str>,
    /// When the same request can be tried again, where the rule cannot say it better.
    pub retry_after: Option<Duration>,
    /// Whether the same request can pass later.
    pub retryable: bool,
    /// Reasons that are not violations where this one is.
    pub masks: Vec<Rank>,
    /// Decided even where there is no account.
    pub gate: bool,
    /// No account may change its mode.
    pub locked: bool,
    /// Who finds it.
    pub origin: Origin,
    /// Line in the file.
    pub line: usize,
}

/// Who finds a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A rule.
    Rules,
    /// Code: malformed requests, repetitions, failures.
    Code,
    /// Nobody yet.
    Planned,
}

/// When a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// With an allow.
    Allow,
    /// With a deny.
    Deny,
}

/// One obligation of the catalogue.
#[derive(Debug, Clone)]
pub struct ObligationEntry {
    /// Its kind.
    pub kind: Arc<str>,
    /// Verdicts it may stand with.
    pub on: Vec<On>,
    /// What the caller must do.
    pub message: Arc<str>,
    /// Parameters and the signals that give them.
    pub parameters: BTreeMap<Arc<str>, Arc<str>>,
    /// Nobody imposes it yet.
    pub planned: bool,
    /// Line in the file.
    pub line: usize,
}

/// Reasons in rank order, and obligations.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Reasons, best first.
    pub reasons: Vec<ReasonEntry>,
    /// Obligations.
    pub obligations: Vec<ObligationEntry>,
    ranks: HashMap<Arc<str>, Rank>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    reasons: Vec<RawReason>,
    obligations: Vec<RawObligation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    code: Named,
    clause: u8,
    message: String,
    detail: String,
    #[serde(default)]
    retryable: bool,
    retry_after: Option<Spanned<u64>>,
    #[serde(default)]
    masks: Vec<Named>,
    #[serde(default)]
    gate: bool,
    #[serde(default)]
    locked: bool,
    from: Option<FromCode>,
    #[serde(default)]
    planned: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum FromCode {
    Code,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObligation {
    kind: Named,
    on: Vec<On>,
    message: String,
    #[serde(default)]
    parameters: BTreeMap<Arc<str>, Arc<str>>,
    #[serde(default)]
    planned: bool,
}

// === impl Catalogue ===

impl Catalogue {
    /// Reads and checks the file's text.
    ///
    /// # Errors
    /// Every problem found: malformed YAML, a code or kind given twice, a mask of an unknown code, a
    /// retryable reason without `retry_after`.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let raw: RawFile = yaml::parse(FILE, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let ranks = ranks(&raw.reasons, &mut problems);
        let reasons = raw.reasons.into_iter().map(|reason| reason.check(&ranks, &mut problems)).collect();
        let obligations = obligations(raw.obligations, &mut problems);
        if problems.is_empty() { Ok(Self { reasons, obligations, ranks }) } else { Err(problems) }
    }

    /// The rank of a code.
    pub fn rank(&self, code: &str) -> Option<Rank> {
        self.ranks.get(code).copied()
    }

    /// The reason of a code.
    pub fn reason(&self, code: &str) -> Option<&ReasonEntry> {
        self.reasons.get(self.rank(code)?)
    }

    /// The obligation of a kind.
    pub fn obligation(&self, kind: &str) -> Option<&ObligationEntry> {
        self.obligations.iter().find(|obligation| &*obligation.kind == kind)
    }
}

fn ranks(reasons: &[RawReason], problems: &mut Vec<Problem>) -> HashMap<Arc<str>, Rank> {
    let mut ranks = HashMap::new();
    for (rank, reason) in reasons.iter().enumerate() {
        if ranks.insert(Arc::from(reason.code.value.as_str()), rank).is_some() {
            let message = format!("reason `{}` is in the catalogue twice", reason.code.value);
            problems.push(Problem::at(FILE, yaml::line_of(&reason.code), message));
        }
    }
    ranks
}

fn obligations(raw: Vec<RawObligation>, problems: &mut Vec<Problem>) -> Vec<ObligationEntry> {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for obligation in raw {
        let line = yaml::line_of(&obligation.kind);
        if !seen.insert(obligation.kind.value.clone()) {
            let message = format!("obligation `{}` is in the catalogue twice", obligation.kind.value);
            problems.push(Problem::at(FILE, line, message));
        }
        let RawObligation { kind, on, message, parameters, planned } = obligation;
        let (kind, message) = (kind.value.into(), message.into());
        entries.push(ObligationEntry { kind, on, message, parameters, planned, line });
    }
    entries
}

// === impl RawReason ===

impl RawReason {
    fn check(self, ranks: &HashMap<Arc<str>, Rank>, problems: &mut Vec<Problem>) -> ReasonEntry {
        let line = yaml::line_of(&self.code);
        let code = self.code.value;
        let mut complain = |message| problems.push(Problem::at(FILE, line, message));
        let seconds = self.retry_after.map(|seconds| seconds.value);
        if self.retryable != seconds.is_some_and(|seconds| seconds > 0) {
            complain(format!(
                "reason `{code}` must have a `retry_after` above zero if and only if it is retryable"
            ));
        }
        let masks = masks(&code, &self.masks, ranks, problems);
        let origin = match (self.from, self.planned) {
            (Some(FromCode::Code), _) => Origin::Code,
            (None, true) => Origin::Planned,
            (None, false) => Origin::Rules,
        };
        ReasonEntry {
            code: code.into(),
            clause: self.clause,
            message: self.message.into(),
            detail: self.detail.into(),
            retry_after: seconds.map(Duration::from_secs),
            retryable: self.retryable,
            masks,
            gate: self.gate,
            locked: self.locked,
            origin,
            line,
        }
    }
}

fn masks(
    code: &str,
    masks: &[Named],
    ranks: &HashMap<Arc<str>, Rank>,
    problems: &mut Vec<Problem>,
) -> Vec<Rank> {
    let mut known = Vec::new();
    for mask in masks {
        match ranks.get(mask.value.as_str()) {
            Some(rank) => known.push(*rank),
            None => problems.push(Problem::at(
                FILE,
                yaml::line_of(mask),
                format!("reason `{code}` masks `{}`, which is not in the catalogue", mask.value),
            )),
        }
    }
    known
}
