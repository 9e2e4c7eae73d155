use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;

use super::connection::Connection;
use super::place::{View, order};
use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a connection was served on: thread and `TCP_NODELAY`.
type Served = (String, bool);

/// Says back what it hears; notes where each connection was served.
#[derive(Clone, Default)]
struct Echo(Arc<Mutex<Vec<Served>>>);

impl Serving for Echo {
    async fn serve(self, mut arrivals: Arrivals) -> Result<(), tonic::transport::Error> {
        let mut connections = JoinSet::new();
        while let Some(arrival) = arrivals.next().await {
            let connection = arrival.settle().expect("the runtime has room");
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            let nodelay = connection.stream().nodelay().expect("the option can be read");
            self.0.lock().expect("nobody panicked").push((thread, nodelay));
            connections.spawn(echo(connection));
        }
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

async fn echo(mut connection: Connection) {
    let mut buffer = vec![0; 4096];
    while let Ok(read @ 1..) = connection.read(&mut buffer).await {
        if connection.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}

/// A core that breaks when it gets a connection.
#[derive(Clone)]
struct Breaking;

impl Serving for Breaking {
    async fn serve(self, mut arrivals: Arrivals) -> Result<(), tonic::transport::Error> {
        let _ = arrivals.next().await;
        panic!("a core breaks, as this test wants it to");
    }
}

struct Fixture {
    cores: Cores,
    address: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<Result<(), Ended>>,
    served: Arc<Mutex<Vec<Served>>>,
}

impl Fixture {
    async fn new(change: impl FnOnce(&mut Serve)) -> Self {
        let echo = Echo::default();
        Self { served: echo.0.clone(), ..Self::serving(&echo, change).await }
    }

    async fn serving(serving: &impl Serving, change: impl FnOnce(&mut Serve)) -> Self {
        let mut serve = Serve { cores: 2, ..Serve::default() };
        change(&mut serve);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let cores = Cores::start(&serve, listener, serving, &stop, &mut tasks).unwrap();
        Self { cores, address, stop, tasks, served: Arc::default() }
    }

    /// A connection that a core has taken.
    async fn connect(&self) -> TcpStream {
        let before = self.served.lock().unwrap().len();
        let stream = TcpStream::connect(self.address).await.unwrap();
        eventually("it is served", || self.served.lock().unwrap().len() > before).await;
        stream
    }

    fn open(&self) -> Vec<usize> {
        self.cores.connections().open
    }

    async fn ended(&mut self) -> Result<(), Ended> {
        timeout(PATIENCE, self.tasks.join_next()).await.unwrap().unwrap().unwrap()
    }
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

async fn talk(stream: &mut TcpStream, bytes: usize) {
    let said = vec![b'x'; bytes];
    stream.write_all(&said).await.unwrap();
    let mut heard = vec![0; bytes];
    timeout(PATIENCE, stream.read_exact(&mut heard)).await.unwrap().unwrap();
    assert_eq!(said, heard);
}

fn view(open: usize, heard: usize, young: usize, work: u64) -> View {
    View { open, heard, young, work }
}

#[test]
fn the_core_with_least_to_do_comes_first() {
    for (views, first, why) in [
        (vec![view(3, 0, 0, 0), view(2, 0, 0, 0)], 1, "nobody works: the fewer connections"),
        (vec![view(0, 0, 0, 0), view(0, 0, 0, 0)], 0, "all the same: in order"),
        (vec![view(5, 0, 0, 0), view(4, 0, 1, 0)], 0, "one that just came is expected to work"),
        (vec![view(1, 1, 0, 90), view(1_000, 1_000, 0, 1)], 1, "a hot one against a thousand idle ones"),
        (vec![view(1, 1, 0, 90), view(1, 1, 1, 80)], 0, "the young one counts as much as an average one"),
        (vec![view(1, 1, 0, 90), view(1, 0, 0, 80)], 1, "one that works, silent in the last window"),
        (vec![view(1, 0, 0, 90), view(1, 0, 0, 80)], 1, "both silent in the last window"),
        (vec![view(9, 9, 0, u64::MAX), view(1, 1, usize::MAX, 1)], 0, "the largest figures fit"),
    ] {
        assert_eq!(order(&views).first(), Some(&first), "{why}");
    }
    assert_eq!(order(&[view(2, 0, 0, 0), view(1, 0, 0, 0), view(3, 0, 0, 0)]), [1, 0, 2]);
    assert!(order(&[]).is_empty());
}

/// The option itself is looked at, where the connection is served: on one machine the delay that it
/// prevents comes and goes.
#[tokio::test]
async fn connections_have_no_nagle_delay_on_either_runtime() {
    for runtime in [Runtime::PerCore, Runtime::MultiThread] {
        let fixture = Fixture::new(|serve| serve.runtime = runtime).await;
        let _client = fixture.connect().await;
        let served = fixture.served.lock().unwrap();
        assert!(served.iter().all(|(_, nodelay)| *nodelay), "{runtime:?}");
    }
}

#[tokio::test]
async fn connections_are_spread_over_the_cores_threads() {
    let fixture = Fixture::new(|serve| serve.cores = 3).await;
    let mut clients = Vec::new();
    for _ in 0..9 {
        clients.push(fixture.connect().await);
    }
    assert_eq!(fixture.open(), [3, 3, 3]);
    let mut threads = BTreeMap::new();
    for (thread, _) in &*fixture.served.lock().unwrap() {
        *threads.entry(thread.clone()).or_insert(0) += 1;
    }
    assert_eq!(threads, ["core-0", "core-1", "core-2"].map(|name| (name.to_owned(), 3)).into());
    clients.truncate(1);
    eventually("the places are given back", || fixture.open().iter().sum::<usize>() == 1).await;
}

#[tokio::test]
async fn the_multi_thread_runtime_has_one_lane() {
    let fixture = Fixture::new(|serve| serve.runtime = Runtime::MultiThread).await;
    let _clients = [fixture.connect().await, fixture.connect().await];
    assert_eq!(fixture.open(), [2]);
}

/// The hot core gets no more connections that work while the other has none, however many idle ones
/// that has; idle ones are not held against it either.
#[tokio::test]
async fn a_hot_connection_keeps_its_core_to_itself_beside_a_thousand_idle_ones() {
    assert!(rlimit::increase_nofile_limit(4_096).unwrap() >= 4_096, "both ends of all are open here");
    let fixture = Fixture::new(|serve| serve.opening_timeout = Duration::from_mins(10)).await;
    let mut hot = fixture.connect().await;
    let mut idle = Vec::new();
    while idle.len() < 1_000 {
        // Hot all the time, in every window.
        talk(&mut hot, 4096).await;
        idle.push(fixture.connect().await);
    }
    let spread = fixture.open();
    assert_eq!(spread.iter().sum::<usize>(), 1_001);
    // What works is heard within two windows; a second of silence of the idle ones makes them old.
    let until = std::time::Instant::now() + Duration::from_millis(2_500);
    while std::time::Instant::now() < until {
        talk(&mut hot, 4096).await;
    }
    let before = fixture.open();
    let mut second = fixture.connect().await;
    let after = fixture.open();
    assert_eq!((before[0], before[1] + 1), (after[0], after[1]), "the second goes where the first is not");
    // Idle ones are served as soon as they say something.
    for stream in idle.iter_mut().step_by(100).chain([&mut second]) {
        talk(stream, 10).await;
    }
}

#[tokio::test]
async fn as_many_are_open_as_may_be_and_further_ones_are_closed() {
    let fixture = Fixture::new(|serve| serve.max_connections = 2).await;
    let clients = [fixture.connect().await, fixture.connect().await];
    let mut third = TcpStream::connect(fixture.address).await.unwrap();
    let end = timeout(PATIENCE, third.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    let connections = fixture.cores.connections();
    assert_eq!((connections.accepted, connections.refused), (2, 1));
    drop(clients);
    eventually("there is room again", || fixture.open() == [0, 0]).await;
    talk(&mut fixture.connect().await, 10).await;
}

#[tokio::test]
async fn a_stop_takes_no_more_and_lets_those_that_are_there_end() {
    let mut fixture = Fixture::new(|_| ()).await;
    let mut client = fixture.connect().await;
    talk(&mut client, 100).await;
    fixture.stop.cancel();
    // The acceptor and the core that has nothing.
    for _ in 0..2 {
        fixture.ended().await.unwrap();
    }
    assert!(TcpStream::connect(fixture.address).await.is_err());
    talk(&mut client, 100).await;
    drop(client);
    fixture.ended().await.unwrap();
    assert!(fixture.tasks.is_empty());
}

#[tokio::test]
async fn what_is_killed_ends_with_its_connections() {
    for runtime in [Runtime::PerCore, Runtime::MultiThread] {
        let mut fixture = Fixture::new(|serve| serve.runtime = runtime).await;
        let mut client = fixture.connect().await;
        fixture.stop.cancel();
        fixture.cores.kill();
        while let Some(ended) = timeout(PATIENCE, fixture.tasks.join_next()).await.unwrap() {
            ended.unwrap().unwrap();
        }
        let end = timeout(PATIENCE, client.read(&mut [0; 1])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
}

#[tokio::test]
async fn a_core_that_breaks_is_named() {
    let mut fixture = Fixture::serving(&Breaking, |_| ()).await;
    let _client = TcpStream::connect(fixture.address).await.unwrap();
    assert_eq!(fixture.ended().await.unwrap_err().to_string(), "core 0 was lost");
}

/// Half of what an HTTP/2 client says first is as good as nothing; all of it is enough.
#[tokio::test]
async fn a_connection_that_does_not_begin_in_time_is_closed() {
    let fixture = Fixture::new(|serve| serve.opening_timeout = Duration::from_millis(300)).await;
    let [mut silent, mut half, mut whole] =
        [fixture.connect().await, fixture.connect().await, fixture.connect().await];
    talk(&mut half, 12).await;
    talk(&mut whole, 24).await;
    for stream in [&mut silent, &mut half] {
        let end = timeout(PATIENCE, stream.read(&mut [0; 1])).await.expect("it is closed");
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
    eventually("the places are given back", || fixture.open().iter().sum::<usize>() == 1).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    talk(&mut whole, 10).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_connection_that_has_not_begun() {
    for runtime in [Runtime::PerCore, Runtime::MultiThread] {
        let mut fixture = Fixture::new(|serve| {
            (serve.runtime, serve.opening_timeout) = (runtime, Duration::from_mins(10));
        })
        .await;
        let _silent = fixture.connect().await;
        fixture.stop.cancel();
        while let Some(ended) = timeout(PATIENCE, fixture.tasks.join_next()).await.expect("it ends") {
            ended.unwrap().unwrap();
        }
    }
}
