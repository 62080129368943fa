//! From a name to its addresses, as this machine would find them: `/etc/hosts`, then the name
//! servers of `/etc/resolv.conf`. Nothing is cached: a monitor measures.

mod answer;
mod lookup;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hickory_resolver::{
    Hosts, TokioResolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::Query,
        rr::{Name, RecordType},
    },
    system_conf::read_system_conf,
};
use messages::FailureReason;
use tokio::time::timeout;
use tracing::{info, warn};

use self::lookup::{addresses_of, from_dns};
use super::failure::Reason;

/// The files that say how names are resolved.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
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
