//! From a host and its addresses to an open connection.

mod addresses;
pub(super) mod race;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use messages::{Failure, FailureReason, Phase};
use tokio::net::TcpStream;

use self::race::{Lost, Winner, race};
use super::{failure, trace::Trace};

/// The addresses that may be probed, in the order in which they are tried.
pub(super) fn candidates(mut found: Vec<IpAddr>, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    found.retain(|address| !addresses::is_forbidden(*address));
    if found.is_empty() {
        return Err(Failure::new(
            FailureReason::AddressForbidden,
            None,
            "the address is unspecified (0.0.0.0 or ::), which would be the monitor itself",
        ));
    }
    let with_port = |address| SocketAddr::new(address, port);
    Ok(addresses::alternate(
        found.into_iter().map(with_port).collect(),
    ))
}

/// Connects to whichever address answers first. The phase lasts from the first attempt to the winner.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    limit: Duration,
    trace: &Trace,
) -> Result<TcpStream, Failure> {
    if let Some(first) = addresses.first() {
        trace.talks_to(*first);
    }
    trace.enter(Phase::Connect);
    let lost = match race(addresses, limit).await {
        Ok(Winner { address, stream }) => {
            trace.talks_to(address);
            return Ok(stream);
        }
        Err(lost) => lost,
    };
    let mut worst = None;
    for Lost { address, error } in lost {
        let (reason, detail) = failure::of_connect(address, error.as_ref(), limit);
        let says_more = |(_, worst, _): &(SocketAddr, FailureReason, String)| {
            failure::telling(reason) > failure::telling(*worst)
        };
        if worst.as_ref().is_none_or(says_more) {
            worst = Some((address, reason, detail));
        }
    }
    let Some((address, reason, detail)) = worst else {
        return Err(trace.fail(FailureReason::ProberFailed, "there was no address to try"));
    };
    trace.talks_to(address);
    Err(trace.fail(reason, detail))
}
