//! `aupd bundle`: checks or shows a bundle.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::output::Output;
use super::{BundleArgs, Reported};
use crate::bundle::Bundle;

/// What to do with a bundle.
#[derive(Subcommand)]
pub(super) enum BundleCommand {
    /// Checks a bundle, and prints each problem as `file:line: what is wrong`.
    Validate {
        /// Its directory; the one inside the binary if missing.
        dir: Option<PathBuf>,
    },
    /// Prints the rules of a bundle, clause by clause.
    Show(BundleArgs),
}

pub(super) fn run(command: BundleCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        BundleCommand::Validate { dir } => match Bundle::at(dir.as_deref()) {
            Ok(bundle) => output.show(|| sound(&bundle), &summary(&bundle)),
            Err(problems) => {
                output.problems(&problems);
                Err(Reported.into())
            }
        },
        BundleCommand::Show(args) => {
            let bundle = args.load(output)?;
            output.show(|| rules(&bundle), &rules_json(&bundle))
        }
    }
}

fn sound(bundle: &Bundle) -> String {
    let warnings = bundle.warnings.iter().map(|warning| format!("warning: {warning}\n"));
    let summary = format!(
        "the bundle is sound: {} rules, {} reasons, {} limits, {} lists; digest {}",
        bundle.program.rules.len(),
        bundle.catalogue.reasons.len(),
        bundle.limits.iter().count(),
        bundle.lists.iter().count(),
        bundle.digest,
    );
    warnings.chain([summary]).collect()
}

fn summary(bundle: &Bundle) -> serde_json::Value {
    json!({
        "revision": bundle.revision,
        "digest": bundle.digest,
        "rules": bundle.program.rules.len(),
        "reasons": bundle.catalogue.reasons.len(),
        "limits": bundle.limits.iter().count(),
        "counters": bundle.counters.len(),
        "lists": bundle.lists.iter().count(),
        "warnings": bundle.warnings,
    })
}

fn rules(bundle: &Bundle) -> String {
    let texts = bundle
        .program
        .rules
        .iter()
        .map(|rule| format!("# {}:{} {}\n{}\n", rule.file, rule.line, rule.id, rule.text));
    texts.collect::<Vec<_>>().join("\n")
}

fn rules_json(bundle: &Bundle) -> serde_json::Value {
    let rules = bundle.program.rules.iter().map(|rule| {
        json!({
            "id": rule.id, "file": rule.file, "line": rule.line, "mode": rule.mode,
            "actions": rule.actions, "reads": rule.reads, "text": rule.text,
        })
    });
    json!({ "revision": bundle.revision, "digest": bundle.digest, "rules": rules.collect::<Vec<_>>() })
}
