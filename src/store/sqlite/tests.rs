//! What is particular to a file: what may lie at its path, and who else may write to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::*;
use crate::domain::AccountStatus;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("aupd.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).await.unwrap()
    }

    /// Writes behind the store's back.
    async fn sql(&self, sql: &str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path()).create_if_missing(true);
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    async fn refusal(&self) -> OpenError {
        SqliteStore::open(self.path()).await.err().unwrap()
    }
}

fn account(name: &str) -> Account {
    Account::new(AccountId::parse(name).unwrap(), AccountStatus::Active)
}

#[tokio::test]
async fn the_first_start_makes_file_and_directories_and_the_next_finds_the_data() {
    let place = Place::new();
    let path = place.directory.path().join("new/deeper/aupd.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let revision = store.put_account(account("a")).await.unwrap();
    store.close().await;
    let closed = store.put_account(account("b")).await;
    assert!(matches!(closed, Err(StoreError::Unavailable { .. })), "{closed:?}");

    let again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(again.account(&account("a").id).await.unwrap().unwrap().revision, revision.0);
    assert_eq!(again.revision().await.unwrap(), revision);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open().await;
    store.put_account(account("a")).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", place.path().display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}: {mode:o}");
    }
}

#[tokio::test]
async fn names_that_mean_something_to_sqlite_are_plain_files() {
    let place = Place::new();
    for name in [":memory:", "file:x?mode=memory", "a?b#c %41.db"] {
        let path = place.directory.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        store.put_account(account("a")).await.unwrap();
        store.close().await;
        assert!(std::fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
}

#[tokio::test]
async fn the_file_is_durable_and_in_wal_mode() {
    let place = Place::new();
    let store = place.open().await;
    let mut guard = store.writer.lock().await.unwrap();
    let mut write = store.writer.begin(&mut guard).await.unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *write.tx).await.unwrap();
    let sync: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *write.tx).await.unwrap();
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *write.tx).await.unwrap();
    assert_eq!((mode.as_str(), sync, keys), ("wal", 2, 1));
    let written = sqlx::query("DELETE FROM audit").execute(&store.readers).await;
    assert_eq!(sqlite_code(&written.unwrap_err()), Some(SQLITE_READONLY));
}

#[tokio::test]
async fn what_is_not_a_database_is_refused() {
    let place = Place::new();
    std::fs::write(place.path(), "definitely not a database, but long enough to be one. ".repeat(200))
        .unwrap();
    let refused = place.refusal().await;
    assert!(matches!(refused, OpenError::NotADatabase { .. }), "{refused:?}");
    assert!(refused.to_string().contains(&place.path().display().to_string()), "{refused}");
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    let mut bytes = std::fs::read(place.path()).unwrap();
    // The header stays, the schema behind it goes.
    bytes[100..4_096].fill(0x5a);
    std::fs::write(place.path(), bytes).unwrap();
    let refused = place.refusal().await;
    assert!(matches!(refused, OpenError::NotADatabase { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_file_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path()).unwrap();
    let refused = place.refusal().await;
    assert!(matches!(refused, OpenError::NotAFile { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_said() {
    let place = Place::new();
    std::fs::write(place.path(), "").unwrap();
    let refused = SqliteStore::open(place.path().join("sub/aupd.db")).await.err().unwrap();
    assert!(matches!(refused, OpenError::Directory { .. } | OpenError::File { .. }), "{refused:?}");
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.to_lowercase().contains("not a directory"), "{source}");
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    let refused = open::open(&place.path(), true).await.err().unwrap();
    assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused:?}");
    // The file itself is sound.
    place.open().await;
}

#[tokio::test]
async fn a_file_that_becomes_read_only_says_so() {
    let place = Place::new();
    let store = place.open().await;
    store.put_account(account("a")).await.unwrap();
    {
        let mut guard = store.writer.lock().await.unwrap();
        let write = store.writer.begin(&mut guard).await.unwrap();
        let mut tx = write.tx;
        sqlx::raw_sql("PRAGMA query_only = ON").execute(&mut *tx).await.unwrap();
    }
    let refused = store.put_account(account("b")).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    assert!(store.account(&account("a").id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let place = Place::new();
    place.open().await.close().await;
    place.sql("PRAGMA user_version = 99").await;
    for _ in 0..2 {
        let refused = place.refusal().await;
        assert!(matches!(refused, OpenError::Newer { found: 99, known: 1, .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let place = Place::new();
    place.sql("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").await;
    for _ in 0..2 {
        let refused = place.refusal().await;
        assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_corrupt_and_not_quoted() {
    let place = Place::new();
    let store = place.open().await;
    for body in [r#"'{"id":"a","status":"secret"}'"#, r#"'{"id":"b","status":"ACTIVE"}'"#, "'secret'"] {
        store.put_account(account("a")).await.unwrap();
        place.sql(&format!("UPDATE accounts SET body = {body}")).await;
        let corrupt = store.account(&account("a").id).await.unwrap_err();
        assert!(matches!(corrupt, StoreError::Corrupt { .. }), "{corrupt:?}");
        assert_eq!(corrupt.to_string(), "account `a` in the store cannot be read");
        assert!(!format!("{corrupt:?}").contains("secret"));
    }
}

#[tokio::test]
async fn only_the_writes_of_others_are_others() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    let seen = ours.changed_by_others().await.unwrap();
    ours.put_account(account("a")).await.unwrap();
    ours.put_account(Account { parent_id: Some(account("a").id), ..account("a") }).await.unwrap_err();
    ours.remove_entries("nothing", vec!["x".into()]).await.unwrap();
    assert_eq!(ours.changed_by_others().await.unwrap(), seen);

    theirs.put_account(account("b")).await.unwrap();
    let after = ours.changed_by_others().await.unwrap();
    assert!(after > seen);
    assert_eq!(ours.changed_by_others().await.unwrap(), after);

    // Also when a write of ours comes first, and when somebody uses plain SQL.
    theirs.put_account(account("c")).await.unwrap();
    ours.put_account(account("d")).await.unwrap();
    let later = ours.changed_by_others().await.unwrap();
    assert!(later > after);
    place.sql("UPDATE accounts SET status = 'SUSPENDED'").await;
    assert!(ours.changed_by_others().await.unwrap() > later);
}

#[tokio::test]
async fn the_watch_does_not_wait_for_a_long_write() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    theirs.put_account(account("a")).await.unwrap();
    let mut guard = ours.writer.lock().await.unwrap();
    let _write = ours.writer.begin(&mut guard).await.unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(1), ours.changed_by_others()).await;
    assert!(asked.unwrap().unwrap() > 0);
    // Readers do not wait either.
    assert!(ours.account(&account("a").id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let place = Arc::new(Place::new());
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let place = place.clone();
            opening.spawn(async move { place.open().await });
        }
        opening.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_on_one_file_number_their_writes_without_gaps() {
    let place = Place::new();
    let (one, two) = tokio::join!(place.open(), place.open());
    let write = async |store: &SqliteStore, name: &str| {
        for n in 0..50 {
            store.put_account(account(&format!("{name}{n}"))).await.unwrap();
        }
    };
    tokio::join!(write(&one, "x"), write(&two, "y"));
    assert_eq!(one.revision().await.unwrap(), Revision(100));
    let mut revisions: Vec<_> =
        one.list_accounts(None, 1_000).await.unwrap().iter().map(|found| found.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=100).collect::<Vec<_>>());
}
