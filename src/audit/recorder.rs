//! Takes records from those who decide and has them written, and counts what became of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::queue::{Added, Queue, Taken};
use super::{About, Overflow, Pending, Record, Sink};
use crate::domain::Request;
use crate::mask::JoinKey;

/// How a recorder behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most records that wait to be written.
    pub queue: usize,
    /// What happens beyond that.
    pub overflow: Overflow,
    /// Makes the keys by which records of one destination are joined.
    pub join: JoinKey,
}

impl Default for Options {
    /// 65,536 records, a wait of 20 ms, keys of this process.
    fn default() -> Self {
        let overflow = Overflow::Block { wait: Duration::from_millis(20) };
        Self { queue: 65_536, overflow, join: JoinKey::random() }
    }
}

/// What became of the records so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Records handed to the system.
    pub written: u64,
    /// Records lost, because there was no room or no time left for them.
    pub dropped: u64,
    /// Times that a caller waited for room.
    pub waits: u64,
    /// Attempts to write that failed; each is repeated.
    pub write_errors: u64,
    /// Records that wait to be written.
    pub depth: usize,
    /// Whether the last attempt to write failed.
    pub failing: bool,
}

/// What became of the records in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Records handed to the disk, over the recorder's whole life.
    pub written: u64,
    /// Records lost for want of room.
    pub dropped: u64,
    /// Records that were taken in and could not be written in time.
    pub unwritten: u64,
}

/// The recorder. Clones share it.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    join: JoinKey,
}

struct Shared {
    queue: Queue,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    written: AtomicU64,
    dropped: AtomicU64,
    waits: AtomicU64,
    write_errors: AtomicU64,
    failing: AtomicBool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder {{ {:?} }}", self.stats())
    }
}

// === impl Recorder ===

impl Recorder {
    /// Starts the thread that writes to `sink`.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn spawn(sink: impl Sink + 'static, options: Options) -> io::Result<Self> {
        let queue = Queue::new(options.queue, options.overflow);
        let shared = Arc::new(Shared { queue, counts: Counts::default() });
        let writer = Writer { shared: shared.clone(), sink: Box::new(sink), buffered: 0 };
        thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run())?;
        Ok(Self(Arc::new(Inner { shared, join: options.join })))
    }

    /// Begins the record of `request`, to be finished with what comes of it.
    pub fn pending(&self, request: &Request) -> Pending {
        self.pending_about(About::request(request, &self.0.join))
    }

    /// Begins the record of a request that is described by `about`.
    pub fn pending_about(&self, about: About) -> Pending {
        Pending::new(self.clone(), about)
    }

    /// Takes a record in. It holds up its caller for as long as [`Overflow`] says and no longer.
    pub fn record(&self, record: Record) {
        let counts = &self.0.shared.counts;
        let added = self.0.shared.queue.add(record);
        if matches!(added, Added::AfterWait | Added::Dropped { waited: true }) {
            counts.waits.fetch_add(1, Ordering::Relaxed);
        }
        match added {
            Added::AtOnce | Added::AfterWait => counts.accepted.fetch_add(1, Ordering::Relaxed),
            Added::Dropped { .. } => counts.dropped.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// What became of the records so far.
    pub fn stats(&self) -> Stats {
        let Shared { queue, counts } = &*self.0.shared;
        Stats {
            written: counts.written.load(Ordering::Acquire),
            dropped: counts.dropped.load(Ordering::Relaxed),
            waits: counts.waits.load(Ordering::Relaxed),
            write_errors: counts.write_errors.load(Ordering::Relaxed),
            depth: queue.depth(),
            failing: counts.failing.load(Ordering::Relaxed),
        }
    }

    /// Takes nothing in any more, writes what is there, and says what it could not write within
    /// `limit`. It blocks: from a runtime, call it where blocking is allowed. Records that come
    /// after it count as dropped.
    pub fn close(&self, limit: Duration) -> Closed {
        let Shared { queue, counts } = &*self.0.shared;
        queue.close(Instant::now() + limit);
        let written = counts.written.load(Ordering::Acquire);
        let unwritten = counts.accepted.load(Ordering::Relaxed).saturating_sub(written);
        if unwritten > 0 {
            tracing::error!(unwritten, "decision records are lost: they could not be written in time");
        }
        Closed { written, dropped: counts.dropped.load(Ordering::Relaxed), unwritten }
    }
}

/// A recorder that nobody closed is still written out, but nobody waits for it.
impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.abandon(Instant::now() + Duration::from_secs(5));
    }
}

struct Writer {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    /// Records that the sink has taken and not handed on yet.
    buffered: u64,
}

/// There is no more time to try again.
struct OutOfTime;

/// First wait after a failed attempt; it doubles up to [`MAX_RETRY`].
const MIN_RETRY: Duration = Duration::from_millis(10);
const MAX_RETRY: Duration = Duration::from_secs(1);

// === impl Writer ===

impl Writer {
    fn run(mut self) {
        while let Taken::Batch(records) = self.shared.queue.take() {
            if self.write(records.iter()).is_err() {
                break;
            }
        }
        if self.persist(|sink| sink.close()).is_ok() {
            self.count_written();
        }
        self.shared.queue.finish();
    }

    fn write<'a>(&mut self, records: impl Iterator<Item = &'a Record>) -> Result<(), OutOfTime> {
        for record in records {
            let line = record.to_line();
            self.persist(|sink| sink.append(&line))?;
            self.buffered += 1;
        }
        self.persist(|sink| sink.flush())?;
        self.count_written();
        Ok(())
    }

    fn count_written(&mut self) {
        self.shared.counts.written.fetch_add(self.buffered, Ordering::Release);
        self.buffered = 0;
    }

    /// Does `step` until it works. The first failure and the recovery are logged, not what lies
    /// between: a full disk would fill the log as well.
    fn persist(&mut self, mut step: impl FnMut(&mut dyn Sink) -> io::Result<()>) -> Result<(), OutOfTime> {
        let Shared { queue, counts } = &*self.shared;
        let mut delay = MIN_RETRY;
        while let Err(error) = step(&mut *self.sink) {
            counts.write_errors.fetch_add(1, Ordering::Relaxed);
            if !counts.failing.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "cannot write decision records; they wait and are tried again");
            }
            if !queue.pause(delay) {
                return Err(OutOfTime);
            }
            delay = (delay * 2).min(MAX_RETRY);
        }
        if counts.failing.swap(false, Ordering::Relaxed) {
            tracing::warn!("decision records are being written again");
        }
        Ok(())
    }
}
