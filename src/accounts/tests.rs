//! Lookups over a real SQLite file, behind a store that counts, fails and holds reads back on demand.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as StdInstant};

use jiff::Timestamp;
use sqlx::Connection;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::AccountStatus::{self, Active, Suspended};
use crate::domain::{Account, ResolvedAccount};
use crate::store::probe::Probe;
use crate::store::{Revision, SqliteStore};

const LIMIT: Duration = Duration::from_secs(10);

struct ManualClock(Mutex<StdInstant>);

impl Clock for ManualClock {
    fn now(&self) -> StdInstant {
        *self.0.lock().unwrap()
    }
}

struct Fixture {
    directory: tempfile::TempDir,
    probe: Arc<Probe>,
    clock: Arc<ManualClock>,
    accounts: Accounts,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(Config { load_timeout: LIMIT, ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let real = SqliteStore::open(directory.path().join("aupd.db")).await.unwrap();
        let probe = Arc::new(Probe::over(real));
        let clock = Arc::new(ManualClock(Mutex::new(StdInstant::now())));
        let accounts = Accounts::with_clock(probe.clone(), config, clock.clone()).unwrap();
        Self { directory, probe, clock, accounts }
    }

    fn pass_time(&self, time: Duration) {
        *self.clock.0.lock().unwrap() += time;
    }

    fn reads(&self) -> usize {
        self.probe.reads.load(SeqCst)
    }

    fn fail(&self, failing: bool) {
        self.probe.failing.store(failing, SeqCst);
    }

    async fn look(&self, name: &str) -> Lookup {
        self.accounts.lookup(&id(name)).await
    }

    async fn status(&self, name: &str) -> AccountStatus {
        found(self.look(name).await).status
    }

    /// Writes to the file without telling the cache.
    async fn put_behind(&self, account: Account) {
        self.probe.real.put_account(account).await.unwrap();
    }
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn account(name: &str, parent: Option<&str>) -> Account {
    Account { parent_id: parent.map(id), ..Account::new(id(name), Active) }
}

fn found(lookup: Lookup) -> Arc<ResolvedAccount> {
    match lookup {
        Lookup::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_first_requests_cause_one_read() {
    let f = Fixture::new().await;
    f.put_behind(account("cold", None)).await;
    let ask = || {
        let accounts = f.accounts.clone();
        tokio::spawn(async move { found(accounts.lookup(&id("cold")).await).revision })
    };
    for answer in (0..200).map(|_| ask()).collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 1);
    }
    assert_eq!(f.reads(), 1);
    let stats = f.accounts.stats();
    assert_eq!((stats.loads, stats.errors, stats.hits + stats.misses), (1, 0, 200));
}

#[tokio::test]
async fn who_asked_first_may_leave_without_failing_the_others() {
    let f = Fixture::new().await;
    f.put_behind(account("a", None)).await;
    f.probe.hold_reads.store(1, SeqCst);
    let first = tokio::spawn({
        let accounts = f.accounts.clone();
        async move { accounts.lookup(&id("a")).await }
    });
    eventually("the read is held", async || f.probe.held.load(SeqCst) == 1).await;
    first.abort();
    f.probe.release.add_permits(1);
    found(f.look("a").await);
    assert_eq!(f.reads(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_remembered_for_a_short_time() {
    let f = Fixture::new().await;
    for _ in 0..3 {
        assert!(matches!(f.look("a").await, Lookup::NotFound));
    }
    assert_eq!(f.reads(), 1);
    f.put_behind(account("a", None)).await;
    f.pass_time(Duration::from_secs(4));
    assert!(matches!(f.look("a").await, Lookup::NotFound));
    f.pass_time(Duration::from_secs(1));
    found(f.look("a").await);

    // A write of ours is seen at once, and an old "no" is not an account that is stale.
    assert!(matches!(f.look("b").await, Lookup::NotFound));
    f.accounts.put(account("b", None)).await.unwrap();
    found(f.look("b").await);
    assert!(matches!(f.look("c").await, Lookup::NotFound));
    f.pass_time(Duration::from_secs(5));
    f.fail(true);
    assert!(matches!(f.look("c").await, Lookup::Unavailable { .. }));
}

#[tokio::test]
async fn an_ageing_account_is_served_and_read_again_once() {
    let f = Fixture::new().await;
    f.put_behind(account("a", None)).await;
    assert_eq!(found(f.look("a").await).revision, 1);
    f.put_behind(account("a", None)).await;
    f.pass_time(Duration::from_secs(29));
    assert_eq!(found(f.look("a").await).revision, 1);
    assert_eq!(f.reads(), 1);

    f.pass_time(Duration::from_secs(1));
    f.probe.hold_reads.store(1, SeqCst);
    for _ in 0..50 {
        assert_eq!(found(f.look("a").await).revision, 1);
    }
    eventually("the read is held", async || f.probe.held.load(SeqCst) == 1).await;
    f.probe.release.add_permits(1);
    eventually("the new revision is served", async || found(f.look("a").await).revision == 2).await;
    assert_eq!(f.reads(), 2);
}

#[tokio::test]
async fn a_store_that_is_down_is_covered_up_to_the_hard_age() {
    let f = Fixture::new().await;
    f.put_behind(account("a", None)).await;
    found(f.look("a").await);
    f.fail(true);
    f.pass_time(Duration::from_secs(299));
    found(f.look("a").await);
    eventually("the refresh has failed", async || f.accounts.stats().errors == 1).await;
    // It is left alone for a second after a failure.
    for _ in 0..20 {
        found(f.look("a").await);
        tokio::task::yield_now().await;
    }
    assert!(f.reads() <= 3, "{}", f.reads());
    f.pass_time(Duration::from_secs(1));
    assert!(matches!(f.look("a").await, Lookup::Stale { cause: Cause::Store(_) }));
    assert!(matches!(f.look("never_seen").await, Lookup::Unavailable { cause: Cause::Store(_) }));
    f.fail(false);
    found(f.look("a").await);
}

#[tokio::test]
async fn a_lookup_waits_as_long_as_it_may_and_no_longer() {
    let f = Fixture::with(Config { load_timeout: Duration::from_millis(20), ..Config::default() }).await;
    f.put_behind(account("a", None)).await;
    f.probe.hold_reads.store(1, SeqCst);
    assert!(matches!(f.look("a").await, Lookup::Unavailable { cause: Cause::Timeout }));
    let at_once = f.accounts.lookup_within(&id("a"), Duration::ZERO).await;
    assert!(matches!(at_once, Lookup::Unavailable { cause: Cause::Timeout }), "{at_once:?}");
    assert_eq!(f.accounts.stats().timeouts, 2);
    // The read goes on without them.
    f.probe.release.add_permits(1);
    eventually("the read has landed", async || {
        matches!(f.accounts.lookup_within(&id("a"), Duration::ZERO).await, Lookup::Found(_))
    })
    .await;
    assert_eq!(f.reads(), 1);
}

#[tokio::test]
async fn ancestors_are_resolved_and_a_suspended_one_suspends_at_once() {
    let f = Fixture::new().await;
    f.accounts
        .put_many(vec![account("top", None), account("mid", Some("top")), account("low", Some("mid"))])
        .await
        .unwrap();
    let low = found(f.look("low").await);
    assert_eq!((low.status, low.depth()), (Active, 2));
    assert_eq!(low.ancestors, [id("mid"), id("top")]);
    f.accounts.suspend(&id("top"), "abuse", Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(f.status("low").await, Suspended);
    f.accounts.put(account("top", None)).await.unwrap();
    assert_eq!(f.status("low").await, Active);
    assert_eq!(f.accounts.suspend(&id("nobody"), "", Timestamp::now()).await.unwrap(), None);
}

#[tokio::test]
async fn a_parent_that_is_missing_or_unreadable_is_not_no_parent() {
    let f = Fixture::new().await;
    f.accounts.put(account("orphan", Some("gone"))).await.unwrap();
    match f.look("orphan").await {
        Lookup::Unavailable { cause: Cause::DanglingParent { account, parent } } => {
            assert_eq!((account, parent), (id("orphan"), id("gone")));
        }
        other => panic!("{other:?}"),
    }
    f.accounts.put(account("gone", None)).await.unwrap();
    assert_eq!(found(f.look("orphan").await).ancestors, [id("gone")]);

    // The child is fresh, the parent was written and cannot be read again.
    f.accounts.inner.stamps.bump(&id("gone"));
    f.fail(true);
    assert!(matches!(f.look("orphan").await, Lookup::Stale { cause: Cause::Store(_) }));
}

#[tokio::test]
async fn sixteen_ancestors_are_found_and_a_cycle_is_not_followed() {
    let f = Fixture::new().await;
    let parent = |n: usize| (n < 16).then(|| format!("a{}", n + 1));
    let chain = (0..=16).map(|n| account(&format!("a{n}"), parent(n).as_deref())).collect();
    f.accounts.put_many(chain).await.unwrap();
    assert_eq!(found(f.look("a0").await).ancestors.len(), 16);

    // The store refuses a cycle, so it is written past it.
    let body = serde_json::to_string(&account("a16", Some("a0"))).unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(f.directory.path().join("aupd.db"));
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let update = sqlx::query("UPDATE accounts SET parent_id = 'a0', body = ?1 WHERE id = 'a16'").bind(body);
    update.execute(&mut conn).await.unwrap();
    f.accounts.flush();
    assert!(matches!(f.look("a0").await, Lookup::Unavailable { cause: Cause::TooDeep { .. } }));
}

#[tokio::test]
async fn a_read_that_a_write_overtook_is_not_served_to_those_who_come_later() {
    let f = Fixture::new().await;
    f.put_behind(account("a", None)).await;
    f.probe.hold_reads.store(1, SeqCst);
    // The read has seen ACTIVE and is held before it can say so.
    let early = tokio::spawn({
        let accounts = f.accounts.clone();
        async move { found(accounts.lookup(&id("a")).await).status }
    });
    eventually("the read is held", async || f.probe.held.load(SeqCst) == 1).await;
    f.accounts.suspend(&id("a"), "abuse", Timestamp::now()).await.unwrap();
    assert_eq!(f.status("a").await, Suspended);
    f.probe.release.add_permits(1);
    assert_eq!(early.await.unwrap(), Active);
    // Nor did it leave what it saw behind.
    assert_eq!(f.status("a").await, Suspended);
    assert_eq!(f.reads(), 2);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_is_done_and_seen() {
    let f = Fixture::new().await;
    f.put_behind(account("a", None)).await;
    assert_eq!(f.status("a").await, Active);
    f.probe.hold_writes.store(1, SeqCst);
    let writing = tokio::spawn({
        let accounts = f.accounts.clone();
        async move { accounts.put(Account::new(id("a"), Suspended)).await }
    });
    eventually("the write is held", async || f.probe.held.load(SeqCst) == 1).await;
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    f.probe.release.add_permits(1);
    eventually("the write is seen", async || f.status("a").await == Suspended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lookups_and_writes_at_once_never_go_back() {
    let f = Fixture::new().await;
    f.accounts.put(account("a", None)).await.unwrap();
    let written = Arc::new(std::sync::atomic::AtomicU64::new(1));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (accounts, written) = (f.accounts.clone(), written.clone());
            tokio::spawn(async move {
                while written.load(SeqCst) < 100 {
                    let least = written.load(SeqCst);
                    let seen = found(accounts.lookup(&id("a")).await).revision;
                    assert!(seen >= least, "saw {seen} after {least} was written");
                    // A hit never waits, and the writer needs a thread too.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for _ in 1..100 {
        let Revision(revision) = f.accounts.put(account("a", None)).await.unwrap();
        written.store(revision, SeqCst);
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn a_suspension_by_another_process_is_heard_within_a_second() {
    let f = Fixture::new().await;
    f.accounts.put(account("a", None)).await.unwrap();
    assert_eq!(f.status("a").await, Active);
    let stop = CancellationToken::new();
    let watch = f.accounts.spawn_watch(stop.clone());

    // Our own writes flush nothing.
    f.accounts.put(account("b", None)).await.unwrap();
    tokio::time::sleep(WATCH_INTERVAL * 4).await;
    assert_eq!(f.accounts.stats().flushes, 0);

    let other = SqliteStore::open(f.directory.path().join("aupd.db")).await.unwrap();
    other.suspend_account(&id("a"), "abuse", Timestamp::now()).await.unwrap();
    let heard = async {
        while f.status("a").await != Suspended {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), heard).await.unwrap();
    stop.cancel();
    tokio::time::timeout(LIMIT, watch).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_subaccount_is_found_only_below_its_parent() {
    let f = Fixture::new().await;
    f.accounts
        .put_many(vec![
            account("top", None),
            account("mid", Some("top")),
            account("low", Some("mid")),
            account("other", None),
        ])
        .await
        .unwrap();
    for (parent, child, expected) in [
        ("mid", "low", true),
        ("top", "low", true),
        ("other", "low", false),
        ("low", "mid", false),
        ("low", "low", false),
        ("top", "nobody", false),
    ] {
        let lookup = f.accounts.subaccount(&id(parent), &id(child)).await;
        assert_eq!(matches!(lookup, Lookup::Found(_)), expected, "{parent} {child}: {lookup:?}");
        assert_eq!(matches!(lookup, Lookup::NotFound), !expected, "{parent} {child}: {lookup:?}");
    }
    f.fail(true);
    f.accounts.flush();
    let lookup = f.accounts.subaccount(&id("top"), &id("low")).await;
    assert!(matches!(lookup, Lookup::Stale { .. }), "{lookup:?}");
}

#[tokio::test]
async fn no_more_accounts_are_kept_than_fit() {
    let f = Fixture::with(Config { capacity: 10, load_timeout: LIMIT, ..Config::default() }).await;
    let many = (0..200).map(|n| account(&format!("a{n}"), None)).collect();
    f.accounts.put_many(many).await.unwrap();
    for n in 0..200 {
        found(f.look(&format!("a{n}")).await);
    }
    f.accounts.inner.entries.run_pending_tasks().await;
    let stats = f.accounts.stats();
    assert_eq!((stats.entries, stats.evictions), (10, 190), "{stats:?}");
}

#[tokio::test]
async fn a_configuration_that_contradicts_itself_is_refused() {
    let defaults = Config::default();
    assert_eq!(defaults.validate(), Ok(()));
    let zero = Duration::ZERO;
    for (config, expected) in [
        (Config { capacity: 0, ..defaults.clone() }, InvalidConfig::Capacity),
        (Config { soft_age: zero, ..defaults.clone() }, InvalidConfig::Ages),
        (Config { hard_age: defaults.soft_age, ..defaults.clone() }, InvalidConfig::Ages),
        (Config { negative_ttl: defaults.hard_age, ..defaults.clone() }, InvalidConfig::NegativeTtl),
        (Config { load_timeout: zero, ..defaults.clone() }, InvalidConfig::LoadTimeout),
        (Config { load_timeout: LIMIT * 2, ..defaults.clone() }, InvalidConfig::LoadTimeout),
    ] {
        assert_eq!(config.validate(), Err(expected), "{config:?}");
    }
}
