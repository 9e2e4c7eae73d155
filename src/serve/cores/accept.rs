//! The acceptor: takes connections in and gives each to a core.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::connection::Arrival;
use super::load::{Counts, Load, Place};
use super::opening::Bounds;
use super::place::{View, order};

/// How long a window is in which work is measured.
const WINDOW: Duration = Duration::from_secs(1);
const KIB: u64 = 1024;
/// How long nothing is accepted after the system had no room for a connection.
const PAUSE: Duration = Duration::from_millis(50);

/// The way to one core, and what was last seen of it.
pub(super) struct Lane {
    sender: mpsc::Sender<Arrival>,
    pub(super) load: Arc<Load>,
    /// Bytes that had been read when the running window began.
    read_before: u64,
    /// Bytes that were read lately: in the last window, half of those before it, and so on.
    read: u64,
    /// Connections that were heard in the last window.
    heard: usize,
    /// Connections that came in the running window.
    young: usize,
}

/// Takes connections in.
pub(super) struct Acceptor {
    listener: TcpListener,
    lanes: Vec<Lane>,
    counts: Arc<Counts>,
    max_connections: usize,
    opening: Bounds,
    /// Whether the last attempt to accept failed, so that it is said once.
    failing: bool,
    /// Whether the last connection was turned away, for the same reason.
    full: bool,
}

// === impl Lane ===

impl Lane {
    pub(super) fn new(sender: mpsc::Sender<Arrival>, load: Arc<Load>) -> Self {
        Self { sender, load, read_before: 0, read: 0, heard: 0, young: 0 }
    }

    fn turn(&mut self) {
        self.heard = self.load.turn();
        self.young = 0;
        let read = self.load.read();
        self.read = (self.read / 2).saturating_add(read.wrapping_sub(self.read_before));
        self.read_before = read;
    }

    fn view(&self) -> View {
        View { open: self.load.open(), heard: self.heard, young: self.young, work: self.read / KIB }
    }
}

// === impl Acceptor ===

impl Acceptor {
    pub(super) fn new(
        listener: TcpListener,
        lanes: Vec<Lane>,
        counts: Arc<Counts>,
        max_connections: usize,
        opening: Bounds,
    ) -> Self {
        Self { listener, lanes, counts, max_connections, opening, failing: false, full: false }
    }

    /// Accepts until it is dropped, which closes the listener and lets the cores end.
    pub(super) async fn run(mut self) {
        let mut windows = interval(WINDOW);
        windows.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.admit(stream).await,
                    Err(error) => self.failed(&error).await,
                },
                _ = windows.tick() => self.turn(),
            }
        }
    }

    fn turn(&mut self) {
        self.lanes.iter_mut().for_each(Lane::turn);
    }

    async fn admit(&mut self, stream: TcpStream) {
        self.failing = false;
        let open: usize = self.lanes.iter().map(|lane| lane.load.open()).sum();
        let full = open >= self.max_connections;
        let was_full = std::mem::replace(&mut self.full, full);
        if full {
            if !was_full {
                tracing::warn!(open, "as many connections are open as may be; further ones are closed");
            }
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.counts.accepted.fetch_add(1, Ordering::Relaxed);
        self.place(stream).await;
    }

    /// Gives the connection to the first core that takes it; where none does, the first one is waited
    /// for, and further connections wait with the system.
    async fn place(&mut self, stream: TcpStream) {
        let views: Vec<View> = self.lanes.iter().map(Lane::view).collect();
        let order = order(&views);
        let Some(first) = order.first().and_then(|core| self.lanes.get(*core)) else { return };
        let mut arrival = match Arrival::new(stream, Place::take(&first.load), self.opening.clone()) {
            Ok(arrival) => arrival,
            Err(error) => return tracing::debug!(%error, "a connection was gone at once"),
        };
        for core in &order {
            let Some(lane) = self.lanes.get_mut(*core) else { continue };
            arrival.place = Place::take(&lane.load);
            match lane.sender.try_send(arrival) {
                Ok(()) => return lane.young += 1,
                // A lane that is closed is a core that ended, and that is told elsewhere.
                Err(TrySendError::Full(back) | TrySendError::Closed(back)) => arrival = back,
            }
        }
        if let Some(lane) = order.first().and_then(|core| self.lanes.get_mut(*core)) {
            arrival.place = Place::take(&lane.load);
            if lane.sender.send(arrival).await.is_ok() {
                lane.young += 1;
            }
        }
    }

    /// A peer that went away again is nothing; a system without room is said once, and given time.
    async fn failed(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | WouldBlock) {
            return;
        }
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "connections cannot be accepted; it is tried again");
        }
        sleep(PAUSE).await;
    }
}
