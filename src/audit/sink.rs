//! Where records go: standard output, or a file that is rotated by size.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Lines are gathered up to this many bytes. A line shorter than this is written whole or, when
/// writing fails, not at all, so that another attempt does not double it.
const BUFFER_BYTES: usize = 64 << 10;

/// Takes whole lines. Every operation can be tried again after it failed.
pub trait Sink: Send {
    /// Adds one line, its line feed included.
    ///
    /// # Errors
    /// When it could not be taken; then nothing of it was.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;

    /// Hands everything to the system.
    ///
    /// # Errors
    /// When part of it could not be written; that part is kept.
    fn flush(&mut self) -> io::Result<()>;

    /// Hands everything to the disk; nothing follows.
    ///
    /// # Errors
    /// As [`Sink::flush`].
    fn close(&mut self) -> io::Result<()>;
}

/// Standard output, for where something else collects it.
pub struct Stdout(BufWriter<io::Stdout>);

impl Default for Stdout {
    fn default() -> Self {
        Self(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()))
    }
}

impl Sink for Stdout {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Where a file of records is and how far it grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// The file. Older ones stand beside it as `PATH.1` (the youngest), `PATH.2` and so on.
    pub path: PathBuf,
    /// Bytes after which a new file is begun. Only a line longer than this makes a larger file.
    pub max_bytes: u64,
    /// How many older files are kept.
    pub max_files: u32,
}

/// Why a file of records cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be opened for appending.
    #[error("cannot open `{}`", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// Two writers would tear each other's lines and rotate each other's files.
    #[error("`{}` is being written by another process", .0.display())]
    InUse(PathBuf),
}

/// A file that is rotated by size.
pub struct FileSink {
    options: FileOptions,
    file: BufWriter<File>,
    bytes: u64,
}

// === impl FileSink ===

impl FileSink {
    /// Opens the file, or makes it, readable by its owner and group. A line that a crash left
    /// unfinished is ended, so that the next one stands by itself.
    ///
    /// # Errors
    /// When it cannot be opened, or another process has it.
    pub fn open(options: FileOptions) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Io(options.path.clone(), error);
        let mut file = appending(&options.path).map_err(failed)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(OpenError::InUse(options.path));
        }
        end_last_line(&mut file).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), bytes, options })
    }

    /// Makes the new file first: if that fails, everything stays as it is.
    fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        let path = &self.options.path;
        let next = suffixed(path, "new");
        let _ = fs::remove_file(&next);
        let file = appending(&next)?;
        if let Err(TryLockError::Error(error)) = file.try_lock() {
            tracing::debug!(%error, "this file system has no locks");
        }
        self.make_way()?;
        fs::rename(path, suffixed(path, "1")).or_else(absent_is_fine)?;
        fs::rename(&next, path)?;
        self.file = BufWriter::with_capacity(BUFFER_BYTES, file);
        self.bytes = 0;
        Ok(())
    }

    /// Frees `PATH.1` by moving each older file one further, up to the first gap: what an attempt
    /// that failed half-way has moved is not moved again.
    fn make_way(&self) -> io::Result<()> {
        let older = |n: u32| suffixed(&self.options.path, &n.to_string());
        let last = self.options.max_files.max(1);
        let gap = (1..last).find(|n| !older(*n).exists()).unwrap_or(last);
        for n in (1..gap).rev() {
            fs::rename(older(n), older(n + 1))?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

impl Sink for FileSink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        if self.bytes > 0 && self.bytes.saturating_add(length) > self.options.max_bytes {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.bytes += length;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        self.sync()
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn appending(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

fn end_last_line(file: &mut File) -> io::Result<()> {
    let mut last = [0_u8];
    if file.metadata()?.len() > 0 && file.metadata()?.is_file() {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(())
}
