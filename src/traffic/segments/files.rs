//! The folder: a secret, a lock, and numbered logs and snapshots. A snapshot has its name only when
//! it is complete; it stands for every log with a lower number.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::Found;
use super::codec::Malformed;
use super::frame;
use crate::traffic::digest::Secret;

const SECRET: &str = "secret";
const LOCK: &str = "lock";
const LOG: &str = "log-";
const SNAPSHOT: &str = "snapshot-";
const UNFINISHED: &str = "unfinished";

/// Why past traffic cannot be kept in files.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The system refused something.
    #[error("cannot use `{}`", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The file is none of this program's, or of another version.
    #[error("`{}` is no segment of past traffic that this version can read", .0.display())]
    Foreign(PathBuf),
    /// There are segments, but the secret that they are keyed with is gone.
    #[error("`{}` is not the secret of the segments beside it", .0.display())]
    Secret(PathBuf),
    /// Another process uses the folder.
    #[error("another process keeps its past traffic in `{}`", .0.display())]
    InUse(PathBuf),
    /// No thread can be had.
    #[error("cannot start the writer of past traffic")]
    Thread(#[source] io::Error),
}

/// The folder, and the log that is written.
pub(super) struct Files {
    folder: PathBuf,
    // Held as long as the folder is used.
    _lock: File,
    log: Option<Out>,
    number: u64,
    older_bytes: u64,
    snapshot_bytes: u64,
}

/// A file that is written.
pub(super) struct Out {
    file: File,
    path: PathBuf,
    /// How long it is as far as it is good.
    bytes: u64,
}

// === impl Files ===

impl Files {
    /// # Errors
    /// When the folder cannot be made or read, or another process has it.
    pub(super) fn open(folder: &Path) -> Result<(Self, Secret), SegmentError> {
        fs::create_dir_all(folder).map_err(|error| SegmentError::File(folder.into(), error))?;
        let path = folder.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| SegmentError::File(path.clone(), error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SegmentError::InUse(folder.into())),
            Err(TryLockError::Error(error)) => return Err(SegmentError::File(path, error)),
        }
        let mut files = Self {
            folder: folder.into(),
            _lock: lock,
            log: None,
            number: 0,
            older_bytes: 0,
            snapshot_bytes: 0,
        };
        let secret = files.secret()?;
        files.remove(UNFINISHED)?;
        files.number = files.numbers(LOG)?.into_iter().chain(files.numbers(SNAPSHOT)?).max().unwrap_or(0);
        Ok((files, secret))
    }

    fn secret(&self) -> Result<Secret, SegmentError> {
        let path = self.folder.join(SECRET);
        match fs::read(&path) {
            Ok(bytes) => {
                let bytes: Result<[u8; 16], _> = bytes.try_into();
                bytes.map(Secret::from).map_err(|_| SegmentError::Secret(path))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !self.numbers(LOG)?.is_empty() || !self.numbers(SNAPSHOT)?.is_empty() {
                    return Err(SegmentError::Secret(path));
                }
                let secret = Secret::random();
                self.write_secret(&path, secret).map_err(|error| SegmentError::File(path, error))?;
                Ok(secret)
            }
            Err(error) => Err(SegmentError::File(path, error)),
        }
    }

    /// Nobody else may read it, and it is there whole or not at all.
    fn write_secret(&self, path: &Path, secret: Secret) -> io::Result<()> {
        let unfinished = self.folder.join(UNFINISHED);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(secret.bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Reads the newest snapshot and the logs after it, part by part.
    ///
    /// # Errors
    /// When a file cannot be read. What is torn or malformed is cut off, counted and told.
    pub(super) fn read(
        &mut self,
        take_in: &mut dyn FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<Found, SegmentError> {
        let mut found = Found::default();
        let newest = self.numbers(SNAPSHOT)?.into_iter().max();
        if let Some(number) = newest {
            self.snapshot_bytes = read_file(&self.path(SNAPSHOT, number), take_in, &mut found)?;
        }
        let mut logs = self.numbers(LOG)?;
        logs.retain(|number| newest.is_none_or(|newest| *number >= newest));
        logs.sort_unstable();
        for number in logs {
            self.older_bytes += read_file(&self.path(LOG, number), take_in, &mut found)?;
        }
        Ok(found)
    }

    /// Begins the log after all others.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin_log(&mut self) -> Result<(), SegmentError> {
        self.older_bytes += self.log.as_ref().map_or(0, |log| log.bytes);
        self.number += 1;
        self.log = Some(Out::create(self.path(LOG, self.number))?);
        self.sync()
    }

    /// Adds a part to the log; it is on the disk then.
    ///
    /// # Errors
    /// When it is not; then the log is as it was.
    pub(super) fn append(&mut self, part: &[u8]) -> Result<(), SegmentError> {
        let none = || SegmentError::File(self.folder.clone(), io::ErrorKind::NotFound.into());
        let log = self.log.as_mut().ok_or_else(none)?;
        log.append(part)?;
        log.sync()
    }

    /// How long all logs are that the newest snapshot does not stand for.
    pub(super) fn log_bytes(&self) -> u64 {
        self.older_bytes + self.log.as_ref().map_or(0, |log| log.bytes)
    }

    pub(super) const fn snapshot_bytes(&self) -> u64 {
        self.snapshot_bytes
    }

    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin_snapshot(&self) -> Result<Out, SegmentError> {
        Out::create(self.folder.join(UNFINISHED))
    }

    /// Gives a snapshot of the state at the beginning of this log its name, and removes what it stands
    /// for. Returns how long it is.
    ///
    /// # Errors
    /// When it is not safely on the disk; then everything older is still there.
    pub(super) fn end_snapshot(&mut self, snapshot: &Out) -> Result<u64, SegmentError> {
        snapshot.sync()?;
        let name = self.path(SNAPSHOT, self.number);
        fs::rename(&snapshot.path, &name).map_err(|error| SegmentError::File(name, error))?;
        self.sync()?;
        self.snapshot_bytes = snapshot.bytes;
        self.older_bytes = 0;
        for kind in [LOG, SNAPSHOT] {
            for number in self.numbers(kind)?.into_iter().filter(|number| *number < self.number) {
                let path = self.path(kind, number);
                fs::remove_file(&path).map_err(|error| SegmentError::File(path, error))?;
            }
        }
        Ok(self.snapshot_bytes)
    }

    fn path(&self, kind: &str, number: u64) -> PathBuf {
        self.folder.join(format!("{kind}{number:08}"))
    }

    fn numbers(&self, kind: &str) -> Result<Vec<u64>, SegmentError> {
        let failed = |error| SegmentError::File(self.folder.clone(), error);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.strip_prefix(kind)?.parse::<u64>().ok()));
        }
        Ok(numbers)
    }

    fn remove(&self, name: &str) -> Result<(), SegmentError> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SegmentError::File(path, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The names of files are on the disk.
    fn sync(&self) -> Result<(), SegmentError> {
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| SegmentError::File(self.folder.clone(), error))
    }
}

fn read_file(
    path: &Path,
    take_in: &mut dyn FnMut(&[u8]) -> Result<(), Malformed>,
    found: &mut Found,
) -> Result<u64, SegmentError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => SegmentError::Foreign(path.into()),
        _ => SegmentError::File(path.into(), error),
    };
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let frames = frame::read(&mut file).map_err(failed)?;
    let mut torn = frames.torn;
    if torn > 0 {
        file.set_len(frames.good).map_err(failed)?;
    }
    for part in &frames.whole {
        if take_in(part).is_err() {
            torn += u64::try_from(part.len()).unwrap_or(u64::MAX);
        }
    }
    if torn > 0 {
        let file = path.file_name().map(|name| name.display().to_string());
        tracing::warn!(file, torn, "bytes of past traffic were torn, and what was in them is lost");
    }
    found.files += 1;
    found.torn += torn;
    Ok(frames.good)
}

// === impl Out ===

impl Out {
    fn create(path: PathBuf) -> Result<Self, SegmentError> {
        let begun = File::create(&path).and_then(|mut file| Ok((frame::begin(&mut file)?, file)));
        match begun {
            Ok((bytes, file)) => Ok(Self { file, path, bytes }),
            Err(error) => Err(SegmentError::File(path, error)),
        }
    }

    /// Adds a part; where that fails half-way, what there is of it is cut off again.
    pub(super) fn append(&mut self, part: &[u8]) -> Result<(), SegmentError> {
        match frame::write(&mut self.file, part) {
            Ok(bytes) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(error) => {
                let cut = self.file.set_len(self.bytes);
                let cut = cut.and_then(|()| self.file.seek(SeekFrom::Start(self.bytes)));
                Err(SegmentError::File(self.path.clone(), cut.err().unwrap_or(error)))
            }
        }
    }

    fn sync(&self) -> Result<(), SegmentError> {
        self.file.sync_data().map_err(|error| SegmentError::File(self.path.clone(), error))
    }
}
