use std::net::Ipv4Addr;

use tokio::net::TcpStream;
use tokio_stream::StreamExt as _;

use super::*;

/// The option itself is looked at: on one machine the delay that it prevents comes and goes.
#[tokio::test]
async fn connections_that_are_taken_in_have_no_nagle_delay() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Place::take(address).and_then(Place::open).expect("a port");
    let _client = TcpStream::connect(listener.local_addr).await.expect("a connection");
    let taken = listener.incoming().next().await.expect("it is taken in").expect("it is taken in");
    assert!(taken.nodelay().expect("the option can be read"));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first =
        Place::take(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).and_then(Place::open).expect("a port");
    let error = Place::take(first.local_addr).err().expect("the port is taken");
    assert_eq!(error.to_string(), format!("cannot listen on `{}`", first.local_addr));
}
