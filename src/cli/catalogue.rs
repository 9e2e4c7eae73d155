//! `aupd reasons` and `aupd signals`: the catalogue and the contract.

use serde_json::{Value, json};

use super::BundleArgs;
use super::output::Output;
use crate::bundle::{Bundle, On, Origin, ReasonEntry};
use crate::signals;

/// Prints every reason in rank order, and every obligation.
pub(super) fn reasons(args: &BundleArgs, output: &Output) -> anyhow::Result<()> {
    let bundle = args.load(output)?;
    output.show(|| text(&bundle), &catalogue(&bundle))
}

fn text(bundle: &Bundle) -> String {
    let reasons = bundle.catalogue.reasons.iter().map(|reason| {
        let clause =
            if reason.clause == 0 { "system".to_owned() } else { format!("clause {}", reason.clause) };
        let retry = if reason.retryable { ", retryable" } else { "" };
        format!("{:<34} {clause}{retry}{}\n    {}\n", reason.code, planned(reason), reason.message)
    });
    let obligations = bundle.catalogue.obligations.iter().map(|obligation| {
        let planned = if obligation.planned { ", planned" } else { "" };
        format!("{:<34} obligation{planned}\n    {}\n", obligation.kind, obligation.message)
    });
    reasons.chain(obligations).collect::<String>().trim_end().to_owned()
}

const fn planned(reason: &ReasonEntry) -> &'static str {
    match reason.origin {
        Origin::Planned => ", planned",
        Origin::Rules | Origin::Code => "",
    }
}

fn catalogue(bundle: &Bundle) -> Value {
    let reasons = bundle.catalogue.reasons.iter().enumerate().map(|(rank, reason)| {
        json!({
            "code": reason.code, "rank": rank, "clause": reason.clause, "retryable": reason.retryable,
            "retry_after_s": reason.retry_after.map(|wait| wait.as_secs()), "message": reason.message,
            "detail": reason.detail, "planned": reason.origin == Origin::Planned,
        })
    });
    let obligations = bundle.catalogue.obligations.iter().map(|obligation| {
        json!({
            "kind": obligation.kind, "message": obligation.message, "planned": obligation.planned,
            "on_allow": obligation.on.contains(&On::Allow), "on_deny": obligation.on.contains(&On::Deny),
        })
    });
    json!({ "reasons": reasons.collect::<Vec<_>>(), "obligations": obligations.collect::<Vec<_>>() })
}

/// Prints every signal with its type.
pub(super) fn signals(output: &Output) -> anyhow::Result<()> {
    let text = || {
        signals::all()
            .map(|s| format!("{:<40} {:<12}{}\n", s.path, s.kind.as_str(), s.doc))
            .collect::<String>()
    };
    let value: Vec<Value> = signals::all()
        .map(|s| json!({ "path": s.path, "type": s.kind.as_str(), "doc": s.doc.trim(), "lists": s.lists }))
        .collect();
    output.show(|| text().trim_end().to_owned(), &value)
}
