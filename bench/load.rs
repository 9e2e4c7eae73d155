//! A load of gRPC calls that costs less than the servers it is for: one message over some connections, from
//! another account to another recipient each time, because the hundredth text to one number is not decided as
//! the first one.
//!
//! Prints one line for each answered call, its latency in µs, and a line of JSON at the end: how many were
//! asked, answered and failed, and in how many seconds.

#![allow(missing_docs, reason = "a program of its own")]
#![expect(clippy::expect_used, reason = "a measurement that cannot be made ends and says so")]

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use h2::client::SendRequest;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// What stands for a recipient, for an account and for its number, wherever the message has them.
const RECIPIENT: &[u8] = b"+12129999999";
const ACCOUNT: &[u8] = b"acc_bench_999";
const SENDER: &[u8] = b"+14155551999";
const ACCOUNTS: u64 = 1_000;
const FIRST: u64 = 2_000_000;
const NUMBERS: u64 = 7_999_999;
/// Neighbours are not called one after the other; it has no divisor in common with their number.
const STEP: u64 = 611_953;

#[derive(Parser)]
#[command(about = "Calls a gRPC method over and over")]
struct Options {
    /// Address of the server.
    address: SocketAddr,
    /// Method, such as `aup.v1.DecisionService/Check`.
    method: String,
    /// File with one message as gRPC frames it.
    message: PathBuf,
    #[arg(long)]
    connections: u64,
    /// Calls at a time on each connection.
    #[arg(long)]
    in_flight: u64,
    /// Calls in all; as many as there is time for if not given.
    #[arg(long)]
    calls: Option<u64>,
    #[arg(long)]
    seconds: u64,
    /// Calls a second that are offered over all connections; as many as are answered if not given.
    #[arg(long)]
    rate: Option<f64>,
    /// Number of the first recipient.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// What is shared by all connections.
struct Load {
    options: Options,
    message: Vec<u8>,
    recipients_at: Vec<usize>,
    /// Where the last three digits of an account or its number are.
    accounts_at: Vec<usize>,
    begun: Instant,
    asked: Cell<u64>,
    recipients: Cell<u64>,
    failed: Cell<u64>,
    latencies: RefCell<Vec<u32>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    let message = std::fs::read(&options.message).expect("the message can be read");
    let accounts_at = places(&message, ACCOUNT).into_iter().chain(places(&message, SENDER));
    let load = Rc::new(Load {
        recipients_at: places(&message, RECIPIENT),
        accounts_at: accounts_at.collect(),
        recipients: Cell::new(options.from),
        message,
        options,
        begun: Instant::now(),
        asked: Cell::new(0),
        failed: Cell::new(0),
        latencies: RefCell::default(),
    });
    LocalSet::new().run_until(run(load.clone())).await;
    load.print();
}

/// Where what stands for something ends.
fn places(message: &[u8], what: &[u8]) -> Vec<usize> {
    let found = message.windows(what.len()).enumerate().filter(|(_, part)| *part == what);
    found.map(|(place, _)| place + what.len()).collect()
}

async fn run(load: Rc<Load>) {
    let mut workers = Vec::new();
    for _ in 0..load.options.connections {
        let stream = TcpStream::connect(load.options.address).await.expect("the server can be reached");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        tokio::task::spawn_local(connection);
        for _ in 0..load.options.in_flight {
            workers.push(tokio::task::spawn_local(load.clone().work(sender.clone())));
        }
    }
    for worker in workers {
        worker.await.expect("a worker ends well");
    }
}

// === impl Load ===

impl Load {
    /// One call after the other, until there are enough.
    async fn work(self: Rc<Self>, sender: SendRequest<Bytes>) {
        let limit = Duration::from_secs(self.options.seconds);
        while self.begun.elapsed() < limit && self.options.calls.is_none_or(|calls| self.asked.get() < calls)
        {
            let nth = self.asked.replace(self.asked.get() + 1);
            let due = match self.options.rate {
                Some(rate) => {
                    #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
                    let due = self.begun + Duration::from_secs_f64(nth as f64 / rate);
                    tokio::time::sleep_until(due.into()).await;
                    due
                }
                None => Instant::now(),
            };
            if self.call(nth, sender.clone()).await.is_some() {
                let latency = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
                self.latencies.borrow_mut().push(latency);
            } else {
                self.failed.set(self.failed.get() + 1);
            }
        }
    }

    /// Whether it was answered with `grpc-status: 0`.
    async fn call(&self, nth: u64, sender: SendRequest<Bytes>) -> Option<()> {
        let request = http::Request::post(format!("http://{}/{}", self.options.address, self.options.method))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut sender = sender.ready().await.ok()?;
        let (response, mut body) = sender.send_request(request, false).ok()?;
        body.send_data(self.message(nth), true).ok()?;
        let mut body = response.await.ok()?.into_body();
        while let Some(data) = body.data().await {
            let data = data.ok()?;
            body.flow_control().release_capacity(data.len()).ok()?;
        }
        let trailers = body.trailers().await.ok()??;
        (trailers.get("grpc-status")? == "0").then_some(())
    }

    fn message(&self, nth: u64) -> Bytes {
        let mut message = self.message.clone();
        let mut put = |end: usize, text: String| {
            if let Some(part) = message.get_mut(end - text.len()..end) {
                part.copy_from_slice(text.as_bytes());
            }
        };
        for end in &self.accounts_at {
            put(*end, format!("{:03}", nth % ACCOUNTS));
        }
        for end in &self.recipients_at {
            let nth = self.recipients.replace(self.recipients.get() + 1);
            put(*end, format!("{:07}", FIRST + nth * STEP % NUMBERS));
        }
        message.into()
    }

    fn print(&self) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let latencies = self.latencies.borrow();
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for latency in &*latencies {
            writeln!(out, "{latency}").expect("standard output");
        }
        let (asked, failed) = (self.asked.get(), self.failed.get());
        let answered = latencies.len();
        writeln!(
            out,
            "{{\"asked\":{asked},\"answered\":{answered},\"failed\":{failed},\"seconds\":{seconds}}}"
        )
        .expect("standard output");
    }
}
