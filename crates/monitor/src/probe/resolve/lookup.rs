//! One name asked for in both families at once, at one name server after another.

use std::{mem, net::IpAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use hickory_resolver::{
    TokioResolver,
    lookup::Lookup,
    net::{DnsError, NetError, NoRecords},
    proto::{
        op::ResponseCode,
        rr::{Name, RecordType},
    },
};
use messages::FailureReason;
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::{of_dns, telling};
use crate::probe::failure::Reason;

/// Once one family's addresses are known, how long to wait for the other's (RFC 8305).
const OTHER_FAMILY_DELAY: Duration = Duration::from_millis(50);
/// How long a name server has the field to itself before the next one is asked, too.
const NEXT_SERVER_DELAY: Duration = Duration::from_millis(500);

/// All addresses that the name servers give, of both families.
pub(super) async fn from_dns(
    servers: &[TokioResolver],
    name: &Name,
) -> Result<Vec<IpAddr>, Reason> {
    let mut four = std::pin::pin!(lookup(servers, name, RecordType::A));
    let mut six = std::pin::pin!(lookup(servers, name, RecordType::AAAA));
    let (first, second) = tokio::select! {
        first = &mut four => {
            let second = other_family(&first, six).await;
            (first, second)
        }
        first = &mut six => {
            let second = other_family(&first, four).await;
            (first, second)
        }
    };
    let answers = [Some(first), second];
    let addresses: Vec<_> = answers
        .iter()
        .flatten()
        .flatten()
        .flat_map(addresses_of)
        .collect();
    if !addresses.is_empty() {
        return Ok(addresses);
    }
    let errors = answers.into_iter().flatten().filter_map(Result::err);
    let reasons = errors.map(|error| of_dns(&error));
    Err(reasons
        .max_by_key(|(reason, _)| telling(*reason))
        .unwrap_or_else(|| (FailureReason::DnsNotFound, "the name has no address".into())))
}

/// Asks the name servers in their order, the next one whenever the last has failed or has not
/// answered for a while, and waits on for all that were asked. What a server knows, or knows not to
/// be, ends it; what it could not find out, another one may.
async fn lookup(
    servers: &[TokioResolver],
    name: &Name,
    family: RecordType,
) -> Result<Lookup, NetError> {
    let mut waiting = servers.iter();
    let mut running = FuturesUnordered::new();
    let mut first_error = None;
    let mut next_at = Instant::now();
    // Nobody waits for a clock where nothing is waited for: a millisecond of it would be the site's.
    let mut asks_next = true;
    loop {
        if mem::take(&mut asks_next)
            && let Some(server) = waiting.next()
        {
            running.push(server.lookup(name.clone(), family));
            next_at = Instant::now() + NEXT_SERVER_DELAY;
        }
        tokio::select! {
            biased;
            Some(answer) = running.next() => match answer {
                Err(error) if !is_final(&error) => {
                    first_error.get_or_insert(error);
                    asks_next = true;
                }
                answer => return answer,
            },
            () = sleep_until(next_at), if waiting.len() > 0 => asks_next = true,
            else => break,
        }
    }
    Err(first_error.unwrap_or(NetError::NoConnections))
}

/// Whether the answer is that there is nothing.
fn is_final(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Dns(DnsError::NoRecordsFound(NoRecords {
            response_code: ResponseCode::NXDomain | ResponseCode::NoError,
            ..
        }))
    )
}

/// The other family's answer: awaited to the end only when there is no address yet.
async fn other_family(
    first: &Result<Lookup, NetError>,
    other: impl Future<Output = Result<Lookup, NetError>>,
) -> Option<Result<Lookup, NetError>> {
    if first
        .as_ref()
        .is_ok_and(|lookup| !addresses_of(lookup).is_empty())
    {
        tokio::select! {
            answer = other => Some(answer),
            () = sleep(OTHER_FAMILY_DELAY) => None,
        }
    } else {
        Some(other.await)
    }
}

pub(super) fn addresses_of(lookup: &Lookup) -> Vec<IpAddr> {
    let answers = lookup.answers().iter();
    answers.filter_map(|record| record.data.ip_addr()).collect()
}
