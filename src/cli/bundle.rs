//! `aupd bundle`: checks or shows a bundle.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::Output;
use super::{BundleArgs, Reported};
use crate::bundle::Bundle;
use crate::rules::any::{Answer, Answers, AnyProgram};

/// What to do with a bundle.
#[derive(Subcommand)]
pub(super) enum BundleCommand {
    /// Checks a bundle, and prints each problem as `file:line: what is wrong`.
    Validate {
        /// Its directory; the one inside the binary if missing.
        dir: Option<PathBuf>,
    },
    /// Prints the rules of a bundle, clause by clause.
    Show {
        /// Its directory; the one inside the binary if missing.
        #[arg(value_name = "DIR", conflicts_with = "dir")]
        directory: Option<PathBuf>,
        #[command(flatten)]
        bundle: BundleArgs,
    },
    /// Runs any Cedar program through the compiler and through Cedar's own authorizer, and prints both
    /// answers; fails if they differ.
    Eval(EvalArgs),
}

/// Arguments of `aupd bundle eval`.
#[derive(Args)]
pub(super) struct EvalArgs {
    /// Its schema, in Cedar's own form or as JSON.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// Its policies.
    #[arg(long, value_name = "FILE")]
    policies: PathBuf,
    /// The entities, in Cedar's JSON form.
    #[arg(long, value_name = "FILE")]
    entities: PathBuf,
    /// The request: an object with `principal`, `action`, `resource` and `context`.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
}

pub(super) fn run(command: BundleCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        BundleCommand::Validate { dir } => match output.bundle(dir.as_deref()) {
            Ok(bundle) => output.show(|| sound(&bundle), &summary(&bundle)),
            Err(problems) => {
                output.problems(&problems);
                Err(Reported.into())
            }
        },
        BundleCommand::Show { directory, bundle } => {
            let bundle = BundleArgs { dir: directory.or(bundle.dir) }.load(output)?;
            output.show(|| rules(&bundle), &rules_json(&bundle))
        }
        BundleCommand::Eval(args) => {
            let answers = args.ask()?;
            output.show(|| both(&answers), &serde_json::to_value(&answers)?)?;
            if answers.agree { Ok(()) } else { Err(anyhow!("the two answers differ")) }
        }
    }
}

// === impl EvalArgs ===

impl EvalArgs {
    fn ask(&self) -> anyhow::Result<Answers> {
        let program = AnyProgram::parse(&read(&self.schema)?, &read(&self.policies)?)?;
        let world = program.world(json_file(&self.entities)?)?;
        let question = program.question(&json_file(&self.request)?)?;
        Ok(program.ask(&world, &question))
    }
}

/// Largest file that is taken, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

fn read(file: &Path) -> anyhow::Result<String> {
    let said = || format!("cannot read `{}`", file.display());
    let length = std::fs::metadata(file).with_context(said)?.len();
    if length > MAX_FILE_BYTES {
        bail!("`{}` is larger than {MAX_FILE_BYTES} bytes", file.display());
    }
    std::fs::read_to_string(file).with_context(said)
}

fn json_file(file: &Path) -> anyhow::Result<serde_json::Value> {
    serde_json::from_str(&read(file)?).with_context(|| format!("`{}` is not JSON", file.display()))
}

fn both(answers: &Answers) -> String {
    let names = |ids: &BTreeSet<String>| ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let line = |name: &str, answer: &Answer| {
        let Answer { decision, matched, errors } = answer;
        format!("{name} {}; matched: [{}]; errors: [{}]", decision.as_str(), names(matched), names(errors))
    };
    let agree = if answers.agree { "they agree" } else { "THEY DIFFER" };
    format!("{}\n{}\n{agree}", line("compiled", &answers.compiled), line("stock   ", &answers.stock))
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
