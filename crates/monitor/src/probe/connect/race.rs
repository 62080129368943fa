//! The race of a site's addresses for the first TCP connection, as RFC 8305 has it.
//!
//! The HTTP clients' own connectors try the addresses of a family one after another, each with its
//! share of the time: a dead first address would cost seconds, or the check.

use std::{io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

/// How long an attempt has the field to itself: RFC 8305's "Connection Attempt Delay".
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The first connection that was made.
#[derive(Debug)]
pub(super) struct Winner {
    pub(super) address: SocketAddr,
    pub(super) stream: TcpStream,
}

/// An attempt that came to nothing.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) address: SocketAddr,
    /// `None` when there was no answer within the limit.
    pub(super) error: Option<io::Error>,
}

/// Tries the addresses in their order, the next one whenever the last has failed or has not answered
/// for a while, and all that have begun on until one answers or `limit` is over.
pub(super) async fn race(addresses: &[SocketAddr], limit: Duration) -> Result<Winner, Vec<Lost>> {
    let mut waiting = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut unanswered = Vec::new();
    let mut lost = Vec::new();
    let began = Instant::now();
    let mut next_at = began;
    while !running.is_empty() || waiting.len() > 0 {
        tokio::select! {
            biased;
            Some((address, ended)) = running.next() => match ended {
                Ok(stream) => return Ok(Winner { address, stream }),
                Err(error) => {
                    unanswered.retain(|other| *other != address);
                    lost.push(Lost { address, error: Some(error) });
                    next_at = Instant::now();
                }
            },
            () = sleep_until(began + limit) => break,
            () = sleep_until(next_at), if waiting.len() > 0 => {
                if let Some(address) = waiting.next() {
                    running.push(attempt(address));
                    unanswered.push(address);
                }
                next_at = Instant::now() + ATTEMPT_DELAY;
            }
        }
    }
    let unanswered = unanswered.into_iter();
    lost.extend(unanswered.map(|address| Lost {
        address,
        error: None,
    }));
    Err(lost)
}

async fn attempt(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let connected = TcpStream::connect(address).await;
    let ended = connected.and_then(|stream| {
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    (address, ended)
}

#[cfg(test)]
pub(in crate::probe) mod tests {
    use tokio::{
        net::{TcpListener, TcpSocket},
        time::timeout,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Lets the address swallow every attempt to connect, as long as what comes back lives.
    pub(in crate::probe) async fn swallow(address: SocketAddr) -> (SocketAddr, impl Sized) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        // Whoever nobody accepts stands in a queue, and past its end nobody is answered.
        let mut queue = Vec::new();
        while let Ok(connected) = timeout(ATTEMPT_DELAY, TcpStream::connect(address)).await {
            queue.push(connected.unwrap());
        }
        (address, (listener, queue))
    }

    async fn dead() -> (SocketAddr, impl Sized) {
        swallow(([127, 0, 0, 1], 0).into()).await
    }

    #[tokio::test]
    async fn dead_addresses_cost_a_quarter_of_a_second_each() {
        let (first, _first) = dead().await;
        let (second, _second) = dead().await;
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good_address = good.local_addr().unwrap();
        let began = Instant::now();
        let winner = race(&[first, second, good_address], LIMIT).await.unwrap();
        assert_eq!(winner.address, good_address);
        assert!(began.elapsed() >= ATTEMPT_DELAY * 2);
        assert!(began.elapsed() < ATTEMPT_DELAY * 4, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn an_address_that_fails_gives_way_at_once() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refuses = closed.local_addr().unwrap();
        drop(closed);
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good_address = good.local_addr().unwrap();
        let began = Instant::now();
        let winner = race(&[refuses, good_address], LIMIT).await.unwrap();
        assert_eq!(winner.address, good_address);
        assert!(began.elapsed() < ATTEMPT_DELAY, "{:?}", began.elapsed());
        let lost = race(&[refuses], LIMIT).await.unwrap_err();
        let [Lost { address, error }] = &lost[..] else {
            panic!("{lost:?}")
        };
        assert_eq!(*address, refuses);
        assert_eq!(
            error.as_ref().unwrap().kind(),
            io::ErrorKind::ConnectionRefused
        );
    }

    #[tokio::test]
    async fn when_nobody_answers_all_that_began_are_told() {
        let (first, _first) = dead().await;
        let (second, _second) = dead().await;
        let lost = race(&[first, second], ATTEMPT_DELAY * 2).await.unwrap_err();
        let unanswered = lost.iter().filter(|lost| lost.error.is_none());
        assert_eq!(unanswered.count(), 2);
    }
}
