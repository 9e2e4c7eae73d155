//! Opening the file: from whatever lies at the path to a store, or to a sentence about what is wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::writer::Writer;
use super::{
    SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_READONLY, SqliteStore, sqlite_code,
};

/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before asking again for a file whose journal somebody else is just turning into a WAL.
const BUSY_PAUSE: Duration = Duration::from_millis(10);
/// How long a read waits for one of the reading connections.
const READER_TIMEOUT: Duration = Duration::from_secs(2);
/// Reads that run at the same time. Lookups are coalesced and come from memory, so few are enough.
const READERS: u32 = 4;
/// Marks a file as ours: "AUPD" in ASCII.
const APPLICATION_ID: i64 = 0x4155_5044;
/// The ladder of schemas: a file at step N has had the first N. Steps are only ever appended.
const STEPS: &[&str] = &[include_str!("0001_accounts_lists_audit.sql")];

/// Why a database file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory is not there and cannot be made.
    #[error("cannot create the directory of the database `{path}`")]
    Directory {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not there and cannot be made, or cannot be opened.
    #[error("cannot open or create the database `{path}`")]
    File {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A directory or a device is in the place of the file.
    #[error("the database `{path}` is not a file")]
    NotAFile {
        /// The database file.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error("`{path}` is not a database, or it is damaged")]
    NotADatabase {
        /// The database file.
        path: PathBuf,
    },
    /// The file is the database of another program.
    #[error("`{path}` is the database of another program")]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("the database `{path}` is read-only")]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// A newer program has written the file.
    #[error("the database `{path}` has schema {found}, and this program knows up to {known}")]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// SQLite failed in another way.
    #[error("cannot prepare the database `{path}`")]
    Engine {
        /// The database file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Opens `path`. `read_only` makes SQLite treat the file as one that cannot be written; nothing but
/// tests asks for it, because permissions do not stop the superuser that they may run as.
pub(super) async fn open(path: &Path, read_only: bool) -> Result<SqliteStore, OpenError> {
    // Absolute, because SQLite reads a meaning into names such as `:memory:` and `file:x?mode=ro`.
    let path = &std::path::absolute(path).map_err(|source| file_error(path, source))?;
    if !read_only {
        prepare_file(path)?;
    }
    let options = options(path).read_only(read_only);
    let writer = open_writer(path, &options).await.map_err(|failure| failure.at(path))?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READER_TIMEOUT)
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(|error| Failure::from(error).at(path))?;
    Ok(SqliteStore { writer, readers })
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may forget the last commits when the power fails. A suspension that was answered must
        // not be forgotten, and writes here are rare enough to wait for the disk.
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
}

async fn open_writer(path: &Path, options: &SqliteConnectOptions) -> Result<Writer, Failure> {
    let mut conn = connect(options).await?;
    migrate(&mut conn, path).await?;
    Ok(Writer::new(conn).await?)
}

/// Connects, as often as it takes. SQLite answers at once that the file is busy, without its own
/// waiting, when two processes that start at the same time both turn the journal into a WAL.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let begin = Instant::now();
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(error) if sqlite_code(&error) == Some(SQLITE_BUSY) && begin.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Makes the directories and the file, so that their permissions are ours and not those that SQLite
/// would give.
fn prepare_file(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => return Ok(()),
        Ok(_) => return Err(OpenError::NotAFile { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file_error(path, error)),
    }
    if let Some(directory) = path.parent() {
        create_directories(directory).map_err(|source| OpenError::Directory { path: path.into(), source })?;
    }
    match create_file(path) {
        // Another process that starts at the same time was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(|source| file_error(path, source)),
    }
}

fn create_directories(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn create_file(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn file_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::File { path: path.into(), source: source.into() }
}

/// Climbs the ladder, all steps in one transaction. Also proves that the file can be written.
async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), Failure> {
    // Immediate: of two processes that start at the same time, one waits and then finds it done.
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
    check_owner(&mut tx, found, path).await?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Failure::Said(OpenError::Newer { path: path.into(), found, known }));
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(*step).execute(&mut *tx).await?;
    }
    // A pragma takes no bound values; both are our own numbers.
    let marks = format!("PRAGMA user_version = {known}; PRAGMA application_id = {APPLICATION_ID}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(marks)).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// A file with tables that does not carry our mark is not ours to change.
async fn check_owner(conn: &mut SqliteConnection, version: i64, path: &Path) -> Result<(), Failure> {
    let mark: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    let objects: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(conn).await?;
    let new = mark == 0 && version == 0 && objects == 0;
    let ours = mark == APPLICATION_ID && version >= 0;
    if new || ours { Ok(()) } else { Err(Failure::Said(OpenError::Foreign { path: path.into() })) }
}

/// What went wrong before the path is put into it.
enum Failure {
    Said(OpenError),
    Engine(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine(error)
    }
}

impl Failure {
    fn at(self, path: &Path) -> OpenError {
        let path = path.to_path_buf();
        let error = match self {
            Self::Said(error) => return error,
            Self::Engine(error) => error,
        };
        match sqlite_code(&error) {
            Some(SQLITE_READONLY) => OpenError::ReadOnly { path },
            Some(SQLITE_NOTADB | SQLITE_CORRUPT) => OpenError::NotADatabase { path },
            Some(SQLITE_CANTOPEN) => OpenError::File { path, source: error.into() },
            _ => OpenError::Engine { path, source: error.into() },
        }
    }
}
