//! From a host's addresses to one that is connected to.

mod addresses;
pub(super) mod attempt;
pub(super) mod race;

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use messages::{Failure, FailureReason};

pub(super) use self::addresses::Addresses;
use self::race::{Lost, RaceError, race};
use super::{failure, policy::Policy, resolve::Found, trace::Trace};

/// The addresses that may be probed.
pub(super) async fn candidates(
    found: Found,
    port: u16,
    policy: &Policy,
) -> Result<Addresses, Failure> {
    let allowed_now = allowed(found.addresses, port, policy);
    let Some(later) = found.later else {
        return allowed_now.map(Addresses::from);
    };
    match allowed_now {
        Ok(known) => {
            let policy = policy.clone();
            let coming = async move { allowed(later.await, port, &policy).unwrap_or_default() };
            Ok(Addresses::new(known, Some(Box::pin(coming))))
        }
        // What comes later may be what is allowed.
        Err(objection) => match allowed(later.await, port, policy) {
            Ok(more) if !more.is_empty() => Ok(more.into()),
            _ => Err(objection),
        },
    }
}

fn allowed(mut found: Vec<IpAddr>, port: u16, policy: &Policy) -> Result<Vec<SocketAddr>, Failure> {
    let mut first_objection = None;
    found.retain(|address| {
        let objection = policy.objection(*address);
        let is_allowed = objection.is_none();
        first_objection = first_objection.take().or(objection);
        is_allowed
    });
    if let (true, Some(objection)) = (found.is_empty(), first_objection) {
        return Err(Failure::new(
            FailureReason::AddressForbidden,
            None,
            objection,
        ));
    }
    let with_port = |address| SocketAddr::new(address, port);
    Ok(found.into_iter().map(with_port).collect())
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered<E> {
    /// No connection was made.
    Unconnected(Failure),
    /// It failed later.
    Failed(E),
}

/// What comes of the work that is connected first, of that which is begun for each address. The
/// phase of connecting lasts from the first attempt to the winner.
pub(super) async fn first_connected<W, T, E>(
    addresses: &mut Addresses,
    limit: Duration,
    trace: &Trace,
    begin: impl Fn() -> W,
) -> Result<T, Unanswered<E>>
where
    W: Future<Output = Result<T, E>>,
    E: Error + 'static,
{
    if let Some(first) = addresses.known().first() {
        trace.talks_to(*first);
    }
    trace.note(|story| story.has_addresses(addresses.known()));
    let lost = match race(addresses, limit, trace, begin).await {
        Ok(answer) => return Ok(answer),
        Err(RaceError::Failed(error)) => return Err(Unanswered::Failed(error)),
        Err(RaceError::Unconnected(lost)) => lost,
    };
    let mut worst = None;
    for Lost { address, error } in lost {
        let error = error.as_ref().map(|error| error as &(dyn Error + 'static));
        let (reason, detail) = failure::of_connect(address, error, limit);
        let says_more = |(_, worst, _): &(SocketAddr, FailureReason, String)| {
            failure::telling(reason) > failure::telling(*worst)
        };
        if worst.as_ref().is_none_or(says_more) {
            worst = Some((address, reason, detail));
        }
    }
    let failure = match worst {
        Some((address, reason, detail)) => {
            trace.talks_to(address);
            trace.fail(reason, detail)
        }
        None => trace.fail(FailureReason::ProberFailed, "there was no address to try"),
    };
    Err(Unanswered::Unconnected(failure))
}
