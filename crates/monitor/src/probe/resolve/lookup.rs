//! One name asked for in both families at once, at one name server after another.

use std::{mem, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

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
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::answer::{of_dns, telling};
use crate::probe::{failure::Reason, request::IpVersion};

/// One resolver for each name server, in the order in which they are asked.
pub(super) type Servers = Arc<[TokioResolver]>;

/// Once one family's addresses are known, how long to wait for the other's (RFC 8305).
const OTHER_FAMILY_DELAY: Duration = Duration::from_millis(50);
/// How long a name server has the field to itself before the next one is asked, too.
const NEXT_SERVER_DELAY: Duration = Duration::from_millis(500);

/// What is found of a name.
#[derive(Default)]
pub(in crate::probe) struct Found {
    pub(in crate::probe) addresses: Vec<IpAddr>,
    /// The other family's, of which nothing has been heard yet.
    pub(in crate::probe) later: Option<Later>,
}

/// Addresses that may still come.
pub(in crate::probe) type Later = Pin<Box<dyn Future<Output = Vec<IpAddr>> + Send>>;

impl Found {
    /// All that there is to find.
    pub(in crate::probe) fn whole(addresses: Vec<IpAddr>) -> Self {
        Self {
            addresses,
            later: None,
        }
    }

    /// Nothing is waited for past this.
    pub(super) fn until(self, end: Instant) -> Self {
        let later = self.later.map(|later| -> Later {
            Box::pin(async move { timeout_at(end, later).await.unwrap_or_default() })
        });
        Self { later, ..self }
    }
}

/// The addresses that the name servers give, of one family alone or of both. Where one is late, the other's
/// are given at once: on a network that carries only the late one, these lead nowhere.
pub(super) async fn from_dns(
    servers: &Servers,
    name: &Name,
    only: Option<IpVersion>,
) -> Result<Found, Reason> {
    let ask = |family| Box::pin(lookup(Arc::clone(servers), name.clone(), family));
    match only {
        Some(IpVersion::V4) => return found([ask(RecordType::A).await]),
        Some(IpVersion::V6) => return found([ask(RecordType::AAAA).await]),
        None => {}
    }
    let (mut four, mut six) = (ask(RecordType::A), ask(RecordType::AAAA));
    let (first, mut other) = tokio::select! {
        first = &mut four => (first, six),
        first = &mut six => (first, four),
    };
    if !first.as_ref().is_ok_and(|it| !addresses_of(it).is_empty()) {
        return found([first, other.await]);
    }
    if let Ok(second) = timeout(OTHER_FAMILY_DELAY, &mut other).await {
        return found([first, second]);
    }
    let later = async move {
        other
            .await
            .map_or_else(|_| Vec::new(), |it| addresses_of(&it))
    };
    Ok(Found {
        later: Some(Box::pin(later)),
        ..found([first])?
    })
}

/// The addresses that these answers give, or why they give none.
fn found<const N: usize>(answers: [Result<Lookup, NetError>; N]) -> Result<Found, Reason> {
    let addresses: Vec<_> = answers.iter().flatten().flat_map(addresses_of).collect();
    if !addresses.is_empty() {
        return Ok(Found::whole(addresses));
    }
    let errors = answers.into_iter().filter_map(Result::err);
    let reasons = errors.map(|error| of_dns(&error));
    Err(reasons
        .max_by_key(|(reason, _)| telling(*reason))
        .unwrap_or_else(|| (FailureReason::DnsNotFound, "the name has no address".into())))
}

/// Asks the name servers in their order, the next one whenever the last has failed or has not
/// answered for a while, and waits on for all that were asked. What a server knows, or knows not to
/// be, ends it; what it could not find out, another one may.
async fn lookup(servers: Servers, name: Name, family: RecordType) -> Result<Lookup, NetError> {
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

pub(super) fn addresses_of(lookup: &Lookup) -> Vec<IpAddr> {
    let answers = lookup.answers().iter();
    answers.filter_map(|record| record.data.ip_addr()).collect()
}
