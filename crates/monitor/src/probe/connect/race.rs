//! The race of a site's addresses for the first TCP connection, as RFC 8305 has it.
//!
//! The HTTP client's own connector tries the addresses of a family one after another, each with its
//! share of the time: a dead first address would cost seconds, or the check. So whole requests are
//! raced, each of which knows one address, until one of them says that it is connected.

use std::{
    error::Error,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use messages::Phase;
use tokio::time::{Instant, sleep_until};

use super::{addresses::Addresses, attempt::Attempt};
use crate::probe::{failure, notes::Fate, trace::Trace};

/// How long an attempt has the field to itself: RFC 8305's "Connection Attempt Delay". Less where the
/// limit would end before each address had its turn.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Why the race brought nothing.
#[derive(Debug)]
pub(super) enum RaceError<E> {
    /// No connection was made.
    Unconnected(Vec<Lost<E>>),
    /// The connection that was made failed later.
    Failed(E),
}

/// An attempt that came to no connection.
#[derive(Debug)]
pub(super) struct Lost<E> {
    pub(super) address: SocketAddr,
    /// `None` when there was no answer within the limit.
    pub(super) error: Option<E>,
}

/// Begins work for the addresses in their order, for the next one whenever the last has failed or is
/// not connected for a while. The first that is connected goes on alone, and has all the time that it
/// wants; `limit` bounds the time until then. Addresses that come meanwhile take part. Work tells that it is
/// connected by its [`Attempt`].
pub(super) async fn race<W, T, E>(
    addresses: &mut Addresses,
    limit: Duration,
    trace: &Trace,
    begin: impl Fn() -> W,
) -> Result<T, RaceError<E>>
where
    W: Future<Output = Result<T, E>>,
    E: Error + 'static,
{
    trace.enter(Phase::Connect);
    let delay = ATTEMPT_DELAY.min(limit / addresses.turns());
    let mut tried = 0;
    let mut running = Running(Vec::new());
    let mut lost = Vec::new();
    let until = Instant::now() + limit;
    let mut next_at = Instant::now();
    let mut gives_way = true;
    loop {
        if gives_way && let Some(address) = addresses.known().get(tried).copied() {
            tried += 1;
            trace.note(|story| story.address_is(address, Fate::Silent));
            let trace = trace.clone();
            running.push(address, Attempt { trace, address }.scope(begin()));
            next_at = Instant::now() + delay;
            gives_way = false;
        }
        if running.0.is_empty() && !addresses.may_grow() {
            return Err(RaceError::Unconnected(lost));
        }
        // Whether a connection is made, only the work's own progress changes.
        let is_open = !trace.is_connected();
        let (may_grow, waits) = (addresses.may_grow(), tried < addresses.known().len());
        tokio::select! {
            biased;
            (address, ended) = running.next(trace) => match ended {
                Ok(answer) => return Ok(answer),
                Err(error) if trace.is_connected() => return Err(RaceError::Failed(error)),
                Err(error) => {
                    trace.note(|story| {
                        let (reason, _) = failure::of_connect(address, Some(&error), limit);
                        story.address_is(address, Fate::Failed(reason));
                    });
                    lost.push(Lost { address, error: Some(error) });
                    gives_way = true;
                }
            },
            () = sleep_until(until), if is_open => if !trace.is_connected() {
                lost.extend(running.0.into_iter().map(|(address, _)| Lost { address, error: None }));
                return Err(RaceError::Unconnected(lost));
            },
            () = sleep_until(next_at), if is_open && waits => gives_way = !trace.is_connected(),
            () = addresses.grow(), if is_open && may_grow => {
                trace.note(|story| story.has_addresses(addresses.known()));
            }
        }
    }
}

/// Work under way, with the address of each.
struct Running<W>(Vec<(SocketAddr, Pin<Box<W>>)>);

impl<W: Future> Running<W> {
    fn push(&mut self, address: SocketAddr, work: W) {
        self.0.push((address, Box::pin(work)));
    }

    /// The work that ends next.
    async fn next(&mut self, trace: &Trace) -> (SocketAddr, W::Output) {
        poll_fn(|context| self.poll_next(trace, context)).await
    }

    /// As soon as one is connected, the others are let go, before they could go on: so there is only
    /// one that is ever connected, and no other one asks the site anything.
    fn poll_next(
        &mut self,
        trace: &Trace,
        context: &mut Context<'_>,
    ) -> Poll<(SocketAddr, W::Output)> {
        let mut place = 0;
        while let Some((address, work)) = self.0.get_mut(place) {
            let address = *address;
            let polled = work.as_mut().poll(context);
            if trace.is_connected() {
                self.0.swap(0, place);
                self.0.truncate(1);
                place = 0;
            }
            if let Poll::Ready(ended) = polled {
                self.0.remove(place);
                return Poll::Ready((address, ended));
            }
            place += 1;
        }
        Poll::Pending
    }
}

#[cfg(test)]
pub(in crate::probe) mod tests {
    use std::{
        io,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        net::{TcpListener, TcpSocket, TcpStream},
        sync::watch,
        time::timeout,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    /// Of what is quick, one try at least is.
    const TRIES_MAX: usize = 20;

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

    /// Connects as a client does, says so, and gives the address that it is connected to.
    async fn connect() -> io::Result<SocketAddr> {
        let attempt = Attempt::current().unwrap();
        let stream = TcpStream::connect(attempt.address).await?;
        attempt.reach(Phase::FirstByte);
        stream.peer_addr()
    }

    async fn run(
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<SocketAddr, RaceError<io::Error>> {
        race(
            &mut addresses.to_vec().into(),
            limit,
            &Trace::begin(),
            connect,
        )
        .await
    }

    async fn lose(addresses: &[SocketAddr], limit: Duration) -> Vec<Lost<io::Error>> {
        match run(addresses, limit).await {
            Err(RaceError::Unconnected(lost)) => lost,
            other => panic!("{other:?}"),
        }
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
        let winner = run(&[first, second, good_address], LIMIT).await.unwrap();
        assert_eq!(winner, good_address);
        assert!(began.elapsed() >= ATTEMPT_DELAY * 2);
        assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_short_limit_leaves_each_address_its_turn() {
        let (dead, _dead) = dead().await;
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good_address = good.local_addr().unwrap();
        // A machine that stands still for a moment does not do so each time.
        for _ in 0..TRIES_MAX {
            if let Ok(winner) = run(&[dead, good_address], ATTEMPT_DELAY).await {
                assert_eq!(winner, good_address);
                return;
            }
        }
        panic!("the second address never had its turn");
    }

    #[tokio::test]
    async fn an_address_that_fails_gives_way_at_once() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refuses = closed.local_addr().unwrap();
        drop(closed);
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good_address = good.local_addr().unwrap();
        // A machine that stands still for a moment does not do so each time.
        let mut took = ATTEMPT_DELAY;
        for _ in 0..TRIES_MAX {
            let began = Instant::now();
            let winner = run(&[refuses, good_address], LIMIT).await.unwrap();
            assert_eq!(winner, good_address);
            took = began.elapsed();
            if took < ATTEMPT_DELAY {
                break;
            }
        }
        assert!(took < ATTEMPT_DELAY, "{took:?}");
        let lost = lose(&[refuses], LIMIT).await;
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
        let lost = lose(&[first, second], ATTEMPT_DELAY * 6).await;
        let unanswered = lost.iter().filter(|lost| lost.error.is_none());
        assert_eq!(unanswered.count(), 2);
    }

    #[tokio::test]
    async fn who_is_connected_goes_on_alone_for_as_long_as_it_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let (dead, _dead) = dead().await;
        let trace = Trace::begin();
        let limit = ATTEMPT_DELAY * 8;
        let work = || async {
            let address = connect().await?;
            tokio::time::sleep(limit).await;
            io::Result::Ok(address)
        };
        // Two would be connected: the second must never get so far.
        let raced = race(&mut vec![dead, good, good].into(), limit, &trace, work).await;
        assert_eq!(raced.unwrap(), good);
        let (_accepted, _) = listener.accept().await.unwrap();
        let more = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(more.is_err(), "another attempt was connected");
    }

    #[tokio::test]
    async fn of_two_that_could_both_be_connected_only_one_goes_on() {
        let addresses = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let (go, ready) = watch::channel(false);
        let tried = AtomicUsize::new(0);
        let reached = AtomicUsize::new(0);
        let work = || async {
            if tried.fetch_add(1, Ordering::Relaxed) == 1 {
                go.send_replace(true);
            }
            ready.clone().wait_for(|go| *go).await.unwrap();
            Attempt::current().unwrap().reach(Phase::Tls);
            reached.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, io::Error>(Attempt::current().unwrap().address)
        };
        let trace = Trace::begin();
        let winner = race(&mut addresses.to_vec().into(), LIMIT, &trace, work)
            .await
            .unwrap();
        assert!(addresses.contains(&winner));
        assert_eq!(tried.into_inner(), 2);
        assert_eq!(reached.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_fails_once_it_is_connected_ends_the_race() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let work = || async {
            connect().await?;
            Err::<(), _>(io::Error::other("broken"))
        };
        let raced = race(&mut vec![good, good].into(), LIMIT, &Trace::begin(), work).await;
        assert!(matches!(raced, Err(RaceError::Failed(_))), "{raced:?}");
    }
}
