//! Past traffic over a restart: files beside the database, only ever added to.
//!
//! A log takes what changed, four times a second. When it has grown, the state is cut: a new log
//! begins, and a snapshot of the state at the cut makes the old one needless. At start the newest
//! snapshot is read and the logs after it are repeated. A kill loses what was not yet written, less
//! than a second; an orderly stop loses nothing. Numbers and addresses are in the files as hashes,
//! keyed with a secret that is beside them.

pub(in crate::traffic) mod codec;
mod files;
mod frame;
pub(in crate::traffic) mod image;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

pub use codec::Malformed;
use files::Files;
pub use files::SegmentError;

use super::counter::Counter;
use super::memory::{Bounds, CHANGES, Memory};

/// So often what changed is written.
const PERIOD: Duration = Duration::from_millis(250);
/// A log is not worth a snapshot before it is so long.
const SHORT_LOG: u64 = 32 << 20;

/// What was found at start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Files that were read.
    pub files: usize,
    /// Bytes at their ends that were cut off, or could not be understood.
    pub torn: u64,
}

/// The files of past traffic, and the memory that they are of. Written by a thread of its own, until
/// it is closed or dropped.
#[derive(Debug)]
pub struct Segments {
    orders: Sender<Order>,
    writer: Option<JoinHandle<()>>,
    found: Found,
}

/// Has everything that happened so far written. Clones share the writer.
#[derive(Debug, Clone)]
pub struct Flush(Sender<Order>);

/// What the writer is told.
#[derive(Debug)]
enum Order {
    /// To write now, and to say whether that went well.
    Write(oneshot::Sender<bool>),
    /// To write what is left, and to end.
    End,
}

struct Writer {
    memory: Arc<Memory>,
    files: Files,
    /// Taken from the memory, and not in a file yet.
    waiting: Vec<u8>,
    failing: bool,
}

// === impl Segments ===

impl Segments {
    /// Reads what is in a folder, which is made if it is not there, and goes on writing to it.
    /// `limit` gives the bundle's limits by their places, `now` is the time, ms.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process does.
    pub fn open(
        folder: &Path,
        counters: &[Counter],
        limit: &dyn Fn(usize) -> Option<i64>,
        bounds: Bounds,
        now: i64,
    ) -> Result<(Arc<Memory>, Self), SegmentError> {
        let (mut files, secret) = Files::open(folder)?;
        let memory = Arc::new(Memory::keyed(secret, counters, limit, bounds));
        memory.tick(now);
        let found = files.read(&mut |part| memory.take_in(part))?;
        files.begin_log()?;
        memory.begin_journal();
        let (orders, told) = channel();
        let writer = Writer { memory: memory.clone(), files, waiting: Vec::new(), failing: false };
        let thread = std::thread::Builder::new().name("traffic".into());
        let writer = thread.spawn(move || writer.run(&told)).map_err(SegmentError::Thread)?;
        Ok((memory, Self { orders, writer: Some(writer), found }))
    }

    /// What was there when it was opened.
    pub const fn found(&self) -> Found {
        self.found
    }

    /// What has everything written that happened so far.
    pub fn flush(&self) -> Flush {
        Flush(self.orders.clone())
    }

    /// Writes everything that is left, and ends.
    pub fn close(&mut self) {
        // One that has ended already takes no orders.
        drop(self.orders.send(Order::End));
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of past traffic did not end well");
        }
    }
}

impl Drop for Segments {
    fn drop(&mut self) {
        self.close();
    }
}

// === impl Flush ===

impl Flush {
    /// Has everything that happened so far written; whether it is on the disk.
    pub async fn written(&self) -> bool {
        let (tell, told) = oneshot::channel();
        self.0.send(Order::Write(tell)).is_ok() && told.await.unwrap_or(false)
    }
}

// === impl Writer ===

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
        let mut go_on = true;
        while go_on {
            let order = orders.recv_timeout(PERIOD);
            self.take();
            self.write();
            if let Ok(Order::Write(tell)) = order {
                self.tell_written(tell);
            } else {
                go_on = matches!(order, Err(RecvTimeoutError::Timeout));
            }
            if go_on && !self.failing && self.files.log_bytes() > SHORT_LOG.max(self.files.snapshot_bytes()) {
                let done = self.snapshot();
                self.tell(done);
            }
        }
    }

    fn take(&mut self) {
        // What the disk did not take yet goes first.
        if self.waiting.is_empty() {
            let changes = self.memory.take_changes();
            self.waiting = changes.bytes;
            if changes.lost > 0 {
                tracing::error!(lost = changes.lost, "changes of past traffic were not written");
            }
        }
    }

    fn write(&mut self) {
        if !self.waiting.is_empty() {
            let written = self.files.append(&part(&self.waiting));
            if written.is_ok() {
                self.waiting = Vec::new();
            }
            self.tell(written);
        }
    }

    /// What failed before goes first, and what is asked for after it. Whoever asked may have gone away.
    fn tell_written(&mut self, tell: oneshot::Sender<bool>) {
        self.take();
        self.write();
        let _ = tell.send(self.waiting.is_empty());
    }

    /// What goes on meanwhile is written as ever.
    fn snapshot(&mut self) -> Result<(), SegmentError> {
        let memory = self.memory.clone();
        let begin = Instant::now();
        // The old log gets what was before the cut, the new one what is after.
        let before = memory.cut();
        if !before.bytes.is_empty() {
            self.files.append(&part(&before.bytes))?;
        }
        self.files.begin_log()?;
        let mut snapshot = self.files.begin_snapshot()?;
        let mut last = Instant::now();
        for part in memory.image() {
            snapshot.append(&part)?;
            if last.elapsed() >= PERIOD {
                self.take();
                self.write();
                last = Instant::now();
            }
        }
        let bytes = self.files.end_snapshot(&snapshot)?;
        let took_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(bytes, took_ms, "past traffic has a new snapshot");
        Ok(())
    }

    /// Says once that writing fails, and once that it goes on.
    fn tell(&mut self, done: Result<(), SegmentError>) {
        match done {
            Ok(()) if self.failing => tracing::info!("past traffic is written again"),
            Err(error) if !self.failing => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "past traffic is not written: a restart would forget it");
                self.failing = true;
                return;
            }
            Ok(()) | Err(_) => return,
        }
        self.failing = false;
    }
}

fn part(changes: &[u8]) -> Vec<u8> {
    [&[CHANGES], changes].concat()
}
