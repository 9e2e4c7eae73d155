//! What a check does around the decision.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::json;

use super::*;
use crate::accounts::Config;
use crate::audit::{FileOptions, FileSink, Options, Overflow};
use crate::bundle::Bundle;
use crate::domain::Account;
use crate::mask::JoinKey;
use crate::store::probe::Probe;
use crate::store::{SqliteStore, Store as _};

const LIMIT: Duration = Duration::from_secs(10);

struct Fixture {
    checker: Checker,
    probe: Arc<Probe>,
    _directory: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let probe = Arc::new(Probe::over(SqliteStore::open(directory.path().join("aupd.db")).await.unwrap()));
    let parent = Account::new(AccountId::parse("acc_top").unwrap(), AccountStatus::Active);
    let mut child = Account::new(AccountId::parse("acc_low").unwrap(), AccountStatus::Active);
    child.parent_id = Some(parent.id.clone());
    probe.put_accounts(vec![parent, child]).await.unwrap();
    let accounts = Accounts::new(probe.clone(), Config { load_timeout: LIMIT, ..Config::default() }).unwrap();
    let policy = Snapshot::new(Arc::new(Bundle::embedded().unwrap()));
    let sink = FileSink::open(FileOptions {
        path: directory.path().join("records.jsonl"),
        max_bytes: 1 << 20,
        max_files: 1,
    })
    .unwrap();
    let options = Options { queue: 16, overflow: Overflow::Drop, join: JoinKey::new(b"test") };
    let recorder = Recorder::spawn(sink, options).unwrap();
    let metrics = crate::serve::parts::metrics(&policy, &accounts, &recorder);
    let guard = Guard::new(16, Duration::from_mins(1));
    let checker = Checker::new(Arc::new(Policy::new(policy)), accounts, guard, recorder, metrics);
    Fixture { checker, probe, _directory: directory }
}

/// Whoever dials an emergency number is not kept waiting for an account, whichever it is.
#[tokio::test]
async fn an_emergency_call_does_not_wait_for_the_account() {
    for below in [None, Some("acc_low")] {
        let f = fixture().await;
        f.probe.hold_reads.store(8, SeqCst);
        let mut call = json!({"action": "PLACE_CALL", "account_id": "acc_top", "dialed": "911", "category": "CONVERSATIONAL",
            "from": {"type": "LONG_CODE", "value": "+14155550100"}});
        if let Some(below) = below {
            call["subaccount_id"] = below.into();
        }
        let call = Request::from_json(call).unwrap();
        let begin = Instant::now();
        let decision = f.checker.check(&f.checker.snapshot(), &call).await;
        assert!(begin.elapsed() < LIMIT / 2, "{below:?}: {:?}", begin.elapsed());
        let codes: Vec<&str> = decision.violations.iter().map(|reason| &*reason.code).collect();
        assert_eq!(codes.first(), Some(&"EMERGENCY_CALL_UNSUPPORTED"), "{below:?}");
        assert!(codes.contains(&"SYSTEM_ACCOUNT_UNAVAILABLE"), "{below:?}: {codes:?}");
    }
}
