//! `aupd check`: one request in, one decision out, from a running service or right here.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::Output;
use super::{BundleArgs, Reported};
use crate::accounts::{Accounts, Config, Lookup};
use crate::bundle::{Policy, Snapshot};
use crate::domain::{ActionKind, FieldViolation, Request};
use crate::explain::{Explanation, explain};
use crate::live_lists::LiveLists;
use crate::serve::checker::subject;
use crate::serve::convert;
use crate::store::{SqliteStore, Store};
use crate::{demo, proto};

/// Largest request file, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// Longest wait for a running service.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Arguments of `aupd check`.
#[derive(Args)]
pub(super) struct CheckArgs {
    /// File with the request as JSON, `-` for standard input.
    #[arg(required_unless_present = "example")]
    file: Option<PathBuf>,
    /// Prints a request of that action with every field that it may have, and ends.
    ///
    /// Any request may have besides: `request_id` (the same one again gets the same answer), `at` (an instant
    /// such as `2026-12-01T18:00:00Z`; now, if missing), `subaccount_id`, `nonce`, `caller_service`, `dry_run`,
    /// `end_customer`, `brand`, `price_usd`, `max_price_usd`, `use_case`, `content_labels` and `trace`.
    #[arg(long, value_name = "ACTION", value_parser = actions(), ignore_case = true,
          conflicts_with_all = ["file", "server", "store", "demo", "explain", "dir"])]
    example: Option<String>,
    /// Asks a running service, e.g. `http://127.0.0.1:7600`, instead of deciding here.
    #[arg(long, value_name = "URL", conflicts_with_all = ["store", "demo", "dir"])]
    server: Option<String>,
    /// Database file with the accounts, for deciding here.
    #[arg(long, value_name = "FILE", default_value = "aupd.db")]
    store: PathBuf,
    /// Decides here with the example accounts, and no database.
    #[arg(long, conflicts_with = "store")]
    demo: bool,
    /// Says which rules were asked and what they read.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    bundle: BundleArgs,
}

/// Decides the request; a denial is an answer, not a failure.
pub(super) fn check(args: &CheckArgs, output: &Output) -> anyhow::Result<()> {
    if let Some(action) = &args.example {
        return example(action, output);
    }
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let request = match Request::from_json(read(file)?) {
        Ok(request) => request,
        Err(violations) => return malformed(&violations, output),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(server) = &args.server {
        return runtime.block_on(ask(server, &request, args.explain, output));
    }
    let explanation = runtime.block_on(here(args, &request, output))?;
    show(&explanation, args.explain, output)
}

fn actions() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(ActionKind::ALL.iter().map(|action| action.as_str()))
}

/// Prints the example of an action as it is written, so that it can be a file.
fn example(action: &str, output: &Output) -> anyhow::Result<()> {
    let action: ActionKind = action.parse()?;
    output.line(demo::example(action).context("there is no such example")?.trim_end());
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read `{}`", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is not JSON", file.display()))
}

fn malformed(violations: &[FieldViolation], output: &Output) -> anyhow::Result<()> {
    if output.json {
        output.show(String::new, &json!({ "error": "INVALID_ARGUMENT", "field_violations": violations }))?;
    } else {
        for violation in violations {
            eprintln!("aupd: {violation}");
        }
    }
    Err(Reported.into())
}

/// Decides in this process. Nothing is remembered or recorded: it is a look, not a Check.
async fn here(args: &CheckArgs, request: &Request, output: &Output) -> anyhow::Result<Explanation> {
    let policy = Arc::new(Policy::new(Snapshot::new(Arc::new(args.bundle.load(output)?))));
    let lookup = if args.demo {
        policy.swap(demo::lists_over(&policy.current())?);
        demo::lookup(request.subject())?
    } else {
        stored(args, request, &policy).await?
    };
    let now = request.envelope.at.unwrap_or_else(Timestamp::now);
    let begin = Instant::now();
    let explanation = explain(&policy.current(), request, subject(&lookup), now, Uuid::now_v7());
    Ok(explanation.taken(begin.elapsed()))
}

async fn stored(args: &CheckArgs, request: &Request, policy: &Arc<Policy>) -> anyhow::Result<Lookup> {
    // A look makes nothing, and an empty database would know no account.
    let path = args.store.display();
    anyhow::ensure!(
        args.store.exists(),
        "there is no database at `{path}`: name one with --store, a service with --server, or try --demo"
    );
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&args.store).await?);
    LiveLists::new(policy.clone(), store.clone()).load().await?;
    let accounts = Accounts::new(store, Config::default())?;
    let envelope = &request.envelope;
    Ok(match &envelope.subaccount_id {
        Some(child) => accounts.subaccount(&envelope.account_id, child).await,
        None => accounts.lookup(&envelope.account_id).await,
    })
}

/// Asks a running service.
async fn ask(server: &str, request: &Request, explained: bool, output: &Output) -> anyhow::Result<()> {
    use proto::decision_service_client::DecisionServiceClient as Client;
    let endpoint =
        tonic::transport::Endpoint::from_shared(server.to_owned())?.connect_timeout(TIMEOUT).timeout(TIMEOUT);
    let mut client =
        Client::new(endpoint.connect().await.with_context(|| format!("cannot reach `{server}`"))?);
    let check = convert::to_proto(request);
    if explained {
        let answer = client.explain(proto::ExplainRequest { check: Some(check) }).await.map_err(failed)?;
        let answer = convert::explanation_json(&answer.into_inner());
        return output.show(|| explanation_text(&answer), &answer);
    }
    let answer = client.check(check).await.map_err(failed)?;
    let answer = convert::response_json(&answer.into_inner());
    output.show(|| decision_text(&answer), &answer)
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` wants")]
fn failed(status: tonic::Status) -> anyhow::Error {
    use tonic_types::StatusExt as _;
    let details = status.get_error_details();
    let fields = details.bad_request().map(|bad| {
        let fields = bad.field_violations.iter().map(|v| format!("\n  `{}` {}", v.field, v.description));
        fields.collect::<String>()
    });
    anyhow::anyhow!("{:?}: {}{}", status.code(), status.message(), fields.unwrap_or_default())
}

fn show(explanation: &Explanation, explained: bool, output: &Output) -> anyhow::Result<()> {
    if explained {
        let answer = convert::explanation_json(&convert::explanation(explanation));
        return output.show(|| explanation_text(&answer), &answer);
    }
    let answer = convert::response_json(&convert::response(&explanation.decision));
    output.show(|| decision_text(&answer), &answer)
}

fn decision_text(answer: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!("{} {}", text(answer, "verdict"), text(&answer["reason"], "code"))];
    for reason in answer["violations"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {} (clause {}): {}",
            text(reason, "code"),
            reason["clause"],
            text(reason, "message")
        ));
    }
    for reason in answer["monitored"].as_array().into_iter().flatten() {
        lines.push(format!("  monitored {}: {}", text(reason, "code"), text(reason, "message")));
    }
    for obligation in answer["obligations"].as_array().into_iter().flatten() {
        lines.push(format!("  obligation {}", text(obligation, "kind")));
    }
    if let Some(seconds) = answer["retry_after_s"].as_i64() {
        lines.push(format!("  retry after {seconds} s"));
    }
    lines.join("\n")
}

fn explanation_text(answer: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut lines = vec![decision_text(&answer["decision"]), String::new()];
    let signals = answer["signals"].as_array().into_iter().flatten();
    let shown = |signal: &Value| match text(signal, "cause").as_str() {
        "" => format!("{:?}", text(signal, "value")),
        cause => cause.to_owned(),
    };
    let values: BTreeMap<String, String> = signals.map(|s| (text(s, "path"), shown(s))).collect();
    for rule in answer["rules"].as_array().into_iter().flatten() {
        let head = [text(rule, "outcome"), text(rule, "rule_id"), text(rule, "detail")];
        lines.push(format!("{:<12} {} {}", head[0], head[1], head[2]).trim_end().to_owned());
        for path in rule["reads"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            lines.push(format!("{:<12}   {path} = {}", "", values.get(path).map_or("", String::as_str)));
        }
    }
    lines.push(format!("\ntook {}", text(answer, "took")));
    lines.join("\n")
}
