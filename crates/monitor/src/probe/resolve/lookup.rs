//! One name asked for in both families at once.

use std::{net::IpAddr, time::Duration};

use hickory_resolver::{TokioResolver, lookup::Lookup, net::NetError};
use messages::FailureReason;
use tokio::time::sleep;

use super::answer::{of_dns, telling};
use crate::probe::failure::Reason;

/// Once one family's addresses are known, how long to wait for the other's (RFC 8305).
const OTHER_FAMILY_DELAY: Duration = Duration::from_millis(50);

/// All addresses that the name servers give, of both families.
pub(super) async fn from_dns(dns: &TokioResolver, host: &str) -> Result<Vec<IpAddr>, Reason> {
    let mut four = std::pin::pin!(dns.ipv4_lookup(host));
    let mut six = std::pin::pin!(dns.ipv6_lookup(host));
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
