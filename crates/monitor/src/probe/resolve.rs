//! From a name to its addresses, as this machine would find them: `/etc/hosts`, then the name
//! servers of `/etc/resolv.conf`. Nothing is cached: a monitor measures.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hickory_resolver::{
    Hosts, TokioResolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{
        op::{Query, ResponseCode},
        rr::{Name, RecordType},
    },
    system_conf::read_system_conf,
};
use messages::FailureReason;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::failure::{self, Reason};

/// The files that say how names are resolved.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
/// Once one family's addresses are known, how long to wait for the other's (RFC 8305).
const OTHER_FAMILY_DELAY: Duration = Duration::from_millis(50);
/// A question is asked so often within the time limit: a lost packet is not a lost check.
const ATTEMPTS: u32 = 3;
/// Questions that one connection to a name server may carry at once: as many as there are probes.
const QUESTIONS_MAX: usize = 100_000;

/// The machine's way to resolve names.
#[derive(Debug)]
pub(super) struct Resolver {
    limit: Duration,
    loaded: Mutex<Option<(Stamp, Arc<Loaded>)>>,
}

/// Tells whether the files have changed.
type Stamp = [Option<(SystemTime, u64)>; FILES.len()];

#[derive(Debug)]
struct Loaded {
    hosts: Hosts,
    dns: TokioResolver,
}

impl Resolver {
    /// A resolver whose answers come within `limit`, or not at all.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            loaded: Mutex::new(None),
        }
    }

    /// All addresses of the name; at least one.
    pub(super) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Reason> {
        let loaded = self.loaded()?;
        if let Some(addresses) = loaded.in_hosts(host) {
            return Ok(addresses);
        }
        timeout(self.limit, from_dns(&loaded.dns, host))
            .await
            .unwrap_or_else(|_| {
                let limit = self.limit.as_secs_f64();
                let detail = format!("no answer within {limit} s (DNS_TIMEOUT)");
                Err((FailureReason::DnsTimeout, detail))
            })
    }

    /// What the files say, read again when they have changed: a machine that moves to another
    /// network keeps resolving.
    fn loaded(&self) -> Result<Arc<Loaded>, Reason> {
        let stamp = FILES.map(|file| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        });
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, loaded)) = &*loaded
            && *seen == stamp
        {
            return Ok(Arc::clone(loaded));
        }
        if loaded.is_some() {
            info!("{} or {} has changed and is read again", FILES[0], FILES[1]);
        }
        let fresh = Loaded::read(self.limit).map_err(|error| {
            let detail = format!("starting the resolver: {error}");
            (FailureReason::ProberFailed, detail)
        })?;
        let fresh = Arc::new(fresh);
        *loaded = Some((stamp, Arc::clone(&fresh)));
        Ok(fresh)
    }
}

impl Loaded {
    fn read(limit: Duration) -> Result<Self, NetError> {
        let (config, mut options) = read_system_conf().unwrap_or_else(|error| {
            warn!(
                "{}: {error}; asking the name server on this machine",
                FILES[0]
            );
            let here = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![here]);
            (config, ResolverOpts::default())
        });
        options.cache_size = 0;
        // Asked by ourselves, since the resolver would ask the network for the family that the file
        // does not name.
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = options.timeout.min(limit / ATTEMPTS);
        options.attempts = options.attempts.max(ATTEMPTS as usize);
        options.max_active_requests = QUESTIONS_MAX;
        let dns = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()?;
        let hosts = Hosts::from_system().unwrap_or_else(|error| {
            if Path::new(FILES[1]).exists() {
                warn!("{}: {error}; going without it", FILES[1]);
            }
            Hosts::default()
        });
        Ok(Self { hosts, dns })
    }

    /// The addresses that `/etc/hosts` gives, of whichever families it names.
    fn in_hosts(&self, host: &str) -> Option<Vec<IpAddr>> {
        let name = Name::from_ascii(host).ok()?;
        let addresses: Vec<_> = [RecordType::AAAA, RecordType::A]
            .into_iter()
            .filter_map(|family| {
                let query = Query::query(name.clone(), family);
                self.hosts.lookup_static_host(&query)
            })
            .flat_map(|lookup| addresses_of(&lookup))
            .collect();
        (!addresses.is_empty()).then_some(addresses)
    }
}

async fn from_dns(dns: &TokioResolver, host: &str) -> Result<Vec<IpAddr>, Reason> {
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

fn addresses_of(lookup: &Lookup) -> Vec<IpAddr> {
    let answers = lookup.answers().iter();
    answers.filter_map(|record| record.data.ip_addr()).collect()
}

fn of_dns(error: &NetError) -> Reason {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => {
            of_empty_answer(*response_code)
        }
        NetError::Dns(DnsError::ResponseCode(code)) => server_failure(*code),
        NetError::Timeout => (
            FailureReason::DnsTimeout,
            "the name servers did not answer".into(),
        ),
        NetError::Io(error) if failure::is_own_fault(error) => {
            let detail = format!("asking the name servers: {error}");
            (FailureReason::ProberFailed, detail)
        }
        NetError::Busy => (FailureReason::ProberFailed, error.to_string()),
        // A name that cannot be asked for.
        NetError::Proto(_) => (FailureReason::DnsNotFound, error.to_string()),
        // The library forgets why it could not ask: it may have been us.
        _ => match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) {
            Err(own) if failure::is_own_fault(&own) => {
                let detail = format!("asking the name servers: {own}");
                (FailureReason::ProberFailed, detail)
            }
            _ => {
                let detail = format!("asking the name servers: {error}");
                (FailureReason::DnsServerFailure, detail)
            }
        },
    }
}

fn of_empty_answer(code: ResponseCode) -> Reason {
    match code {
        ResponseCode::NXDomain => (FailureReason::DnsNotFound, "there is no such name".into()),
        ResponseCode::NoError => (FailureReason::DnsNotFound, "the name has no address".into()),
        code => server_failure(code),
    }
}

fn server_failure(code: ResponseCode) -> Reason {
    let detail = format!("the name servers answered: {code}");
    (FailureReason::DnsServerFailure, detail)
}

/// Which of the two families' failures says most: that a name has no IPv6 address says little when
/// the question for IPv4 failed.
fn telling(reason: FailureReason) -> u8 {
    match reason {
        FailureReason::ProberFailed => 3,
        FailureReason::DnsTimeout => 2,
        FailureReason::DnsServerFailure => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::*;

    fn no_records(code: ResponseCode) -> NetError {
        let query = Query::query(Name::root(), RecordType::A);
        DnsError::NoRecordsFound(NoRecords::new(query, code)).into()
    }

    #[test]
    fn what_name_servers_say_is_told_apart() {
        let out_of_files = io::Error::from(Errno::MFILE);
        let refused = io::Error::from(Errno::CONNREFUSED);
        let table = [
            (
                no_records(ResponseCode::NXDomain),
                FailureReason::DnsNotFound,
            ),
            (
                no_records(ResponseCode::NoError),
                FailureReason::DnsNotFound,
            ),
            (
                no_records(ResponseCode::ServFail),
                FailureReason::DnsServerFailure,
            ),
            (
                DnsError::ResponseCode(ResponseCode::Refused).into(),
                FailureReason::DnsServerFailure,
            ),
            (NetError::Timeout, FailureReason::DnsTimeout),
            (NetError::NoConnections, FailureReason::DnsServerFailure),
            (refused.into(), FailureReason::DnsServerFailure),
            (out_of_files.into(), FailureReason::ProberFailed),
            (NetError::Busy, FailureReason::ProberFailed),
        ];
        for (error, reason) in table {
            assert_eq!(of_dns(&error).0, reason, "{error}");
        }
    }

    #[test]
    fn of_two_families_the_failure_that_says_more_is_reported() {
        let order = [
            FailureReason::ProberFailed,
            FailureReason::DnsTimeout,
            FailureReason::DnsServerFailure,
            FailureReason::DnsNotFound,
        ];
        assert!(order.is_sorted_by(|a, b| telling(*a) > telling(*b)));
    }
}
