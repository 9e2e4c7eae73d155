//! What the content rules find in public data sets, and what they find wrongly: the table of
//! `docs/content.md`, by one command.
//!
//! `cargo run --release --example content -- DATA [--show NAME]` reads the sets below DATA, laid out as in
//! `docs/content.md`. Each text is decided by the default bundle's own rules, as a text of an account in
//! good standing; nothing here knows what a rule is for. `--show` prints the texts of one set that went
//! wrong, for whoever works on the lexicons.

#![forbid(unsafe_code)]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aupd::bundle::{Bundle, Snapshot};
use aupd::decide::decide;
use aupd::domain::{Account, Request, ResolvedAccount};
use aupd::signals::Subject;
use serde_json::{Value, json};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let data = PathBuf::from(arguments.next().ok_or("which folder of data sets?")?);
    let show = arguments.nth(1);
    let judge = Judge::new()?;
    println!("| data | texts | wanted | found | share | by reason |\n| --- | --- | --- | --- | --- | --- |");
    for set in sets(&data)? {
        judge.report(&set, show.as_deref());
    }
    Ok(())
}

/// Texts of one kind, and which reasons are right for them.
struct Set {
    name: &'static str,
    texts: Vec<String>,
    /// Reasons of which one is right; none: every reason is wrong.
    wanted: &'static [&'static str],
    /// The text came in, and was not sent.
    inbound: bool,
}

const ABUSE: &[&str] = &["CONTENT_HATE", "CONTENT_THREAT", "CONTENT_DISCRIMINATION", "CONTENT_HARASSMENT"];
const CREDENTIALS: &[&str] = &["CREDENTIAL_HARVEST"];
const CODES: &[&str] = &["NUMBER_OTP_RECEIVE_FORBIDDEN"];
const ANY: &[&str] = &["*"];

fn sets(data: &Path) -> Result<Vec<Set>, Box<dyn Error>> {
    let mut sets = Vec::new();
    let mut add = |name, texts, wanted| sets.push(Set { name, texts, wanted, inbound: wanted == CODES });
    let uci = labelled(&read(&data.join("sms/uci_train30.tsv"))?);
    add("uci ham", of(&uci, "ham"), &[]);
    add("uci spam", of(&uci, "spam"), ANY);
    let smishing = table(&data.join("sms/smishing_half.csv"))?;
    add("smishing: smishing", column(&smishing, "LABEL", &["smishing"], "TEXT"), CREDENTIALS);
    add("smishing: spam", column(&smishing, "LABEL", &["spam"], "TEXT"), ANY);
    add("smishing: ham", column(&smishing, "LABEL", &["ham"], "TEXT"), &[]);
    for (name, file, wanted) in [
        ("thai ok", "ok", &[][..]),
        ("thai otp", "otp", &[]),
        ("thai scam", "scam", ANY),
        ("thai spam", "spam", ANY),
    ] {
        let text = read(&data.join(format!("sms/thai_{file}_half.txt")))?;
        add(name, text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(), wanted);
    }
    let codes: Vec<Value> = serde_json::from_str(&read(&data.join("otp/parse_otp_cases.json"))?)?;
    let code = |with: bool| {
        let cases = codes.iter().filter(move |case| case["code"].is_string() == with);
        cases.filter_map(|case| case["message"].as_str()).map(str::to_owned).collect::<Vec<_>>()
    };
    add("codes sent", code(true), &[]);
    add("codes received", code(true), CODES);
    let hate = table(&data.join("hate/hatecheck_sample30.csv"))?;
    add("hatecheck hateful", column(&hate, "label_gold", &["hateful"], "test_case"), ABUSE);
    add("hatecheck not", column(&hate, "label_gold", &["non-hateful"], "test_case"), &[]);
    let tweets = table(&data.join("hate/davidson2017_labeled_data.csv"))?;
    add("davidson hate", column(&tweets, "class", &["0"], "tweet"), ABUSE);
    add("davidson neither", column(&tweets, "class", &["2"], "tweet"), &[]);
    Ok(sets)
}

fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn labelled(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(|line| line.split_once('\t')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn of(rows: &[(String, String)], label: &str) -> Vec<String> {
    rows.iter().filter(|(own, _)| own == label).map(|(_, text)| text.clone()).collect()
}

type Row = BTreeMap<String, String>;

/// A table of comma-separated values with a heading; quotes may hold line ends.
fn table(path: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let text = read(path)?;
    let mut rows: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().into_iter().for_each(|row| row.push(String::new())),
            '\n' if !quoted => rows.push(vec![String::new()]),
            '\r' => {}
            _ => cell.push(c),
        }
    }
    let mut rows = rows.into_iter();
    let heading = rows.next().unwrap_or_default();
    Ok(rows.filter(|row| row.len() > 1).map(|row| heading.iter().cloned().zip(row).collect()).collect())
}

fn column(rows: &[Row], by: &str, values: &[&str], wanted: &str) -> Vec<String> {
    let is_one =
        |row: &&Row| row.get(by).is_some_and(|own| values.iter().any(|v| v.eq_ignore_ascii_case(own)));
    rows.iter().filter(is_one).filter_map(|row| row.get(wanted)).cloned().collect()
}

/// The default bundle, with an account that may do what its texts do not forbid.
struct Judge {
    policy: Snapshot,
    account: ResolvedAccount,
}

// === impl Judge ===

impl Judge {
    fn new() -> Result<Self, Box<dyn Error>> {
        let bundle = Bundle::embedded().map_err(|problems| format!("{problems:?}"))?;
        let account: Account = serde_json::from_value(json!({
            "id": "acc", "status": "ACTIVE", "country": "GB", "legal_name": "Redfern", "aup_version": 3,
            "entitlements": ["SEND_SMS", "RECEIVE_MESSAGE"], "kyc": {"level": "FULL", "status": "VERIFIED"},
            "numbers": [{"e164": "+447700900100", "type": "LONG_CODE", "use": ["A2P"]}],
        }))?;
        let account = ResolvedAccount::new(Arc::new(account), 1, &[]);
        Ok(Self { policy: Snapshot::new(Arc::new(bundle)), account })
    }

    /// Reasons that a text is refused for.
    fn reasons(&self, text: &str, inbound: bool) -> Vec<String> {
        let fields = if inbound {
            json!({"action": "RECEIVE_MESSAGE", "account_id": "acc", "to": "+447700900100", "body": text})
        } else {
            json!({"action": "SEND_SMS", "account_id": "acc", "to": "+447700900456", "body": text, "category": "SERVICE",
                "from": {"type": "LONG_CODE", "value": "+447700900100"}, "automated": true})
        };
        let Ok(request) = Request::from_json(fields) else { return vec!["INVALID_REQUEST".to_owned()] };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let decision = decide(&self.policy, &request, Subject::Known(&self.account), now, Uuid::nil());
        decision.violations.iter().map(|reason| reason.code.to_string()).collect()
    }

    fn report(&self, set: &Set, show: Option<&str>) {
        let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = 0;
        for text in &set.texts {
            let reasons = self.reasons(text, set.inbound);
            let wanted = |reason: &String| {
                set.wanted.is_empty() || set.wanted == ANY || set.wanted.contains(&reason.as_str())
            };
            let hit = reasons.iter().any(wanted);
            found += usize::from(hit);
            let wrong = hit == set.wanted.is_empty();
            if wrong && show == Some(set.name) {
                println!("  {reasons:?} {text}");
            }
            for reason in reasons {
                *by_reason.entry(reason).or_default() += 1;
            }
        }
        let share = 100.0 * found as f64 / set.texts.len().max(1) as f64;
        let wanted = if set.wanted.is_empty() { "none".to_owned() } else { set.wanted.join(", ") };
        let reasons: Vec<String> =
            by_reason.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        println!(
            "| {} | {} | {wanted} | {found} | {share:.2} % | {} |",
            set.name,
            set.texts.len(),
            reasons.join(", ")
        );
    }
}
