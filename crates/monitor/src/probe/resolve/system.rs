//! How this machine resolves names: what `/etc/hosts` and `/etc/resolv.conf` say.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    path::Path,
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
    system_conf::parse_resolv_conf,
};
use tracing::warn;

use super::lookup::{Servers, addresses_of};

/// The files that say how names are resolved.
pub(super) const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];
/// A question that failed is asked once more: a server that stumbled is not a lost check. One that is
/// only slow is not given up: the library sends its question again, three times within the limit, and
/// waits on for the answer to each.
const RETRIES: usize = 1;
/// Questions that one connection to a name server may carry at once: as many as there are probes.
const QUESTIONS_MAX: usize = 100_000;

/// Tells whether the files have changed.
pub(super) type Stamp = [Option<(SystemTime, u64)>; FILES.len()];

/// What the files said when they were read.
#[derive(Debug)]
pub(super) struct System {
    hosts: Hosts,
    /// A resolver of all name servers would end with the first one that fails.
    pub(super) servers: Servers,
}

/// How the files look now.
pub(super) fn stamp() -> Stamp {
    FILES.map(|file| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

/// Who is asked, and how.
fn read_resolv_conf() -> Result<(ResolverConfig, ResolverOpts), NetError> {
    let text = fs::read(FILES[0])?;
    parse_resolv_conf(with_names_to_search(&String::from_utf8_lossy(&text)))
}

/// The text without domains to search that are none, such as `.lan`: the library refuses all of the file for
/// one of them, and with it every name.
fn with_names_to_search(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some(what @ ("search" | "domain")) => {
                kept.push_str(what);
                for word in words.filter(|word| Name::from_str_relaxed(word).is_ok()) {
                    kept.extend([" ", word]);
                }
            }
            _ => kept.push_str(line),
        }
        kept.push('\n');
    }
    kept
}

fn read_hosts() -> io::Result<Hosts> {
    hosts(&fs::read(FILES[1])?)
}

/// What the file says. A letter that is no UTF-8, as in a remark, costs no other line.
fn hosts(text: &[u8]) -> io::Result<Hosts> {
    let mut hosts = Hosts::default();
    hosts.read_hosts_conf(String::from_utf8_lossy(text).as_bytes())?;
    Ok(hosts)
}

impl System {
    /// Reads the files. Each question to a name server may take up to `limit`.
    pub(super) fn read(limit: Duration) -> Result<Self, NetError> {
        let (config, options) = read_resolv_conf().unwrap_or_else(|error| {
            warn!(
                "{}: {error}; asking the name server on this machine",
                FILES[0]
            );
            let here = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![here]);
            (config, ResolverOpts::default())
        });
        let hosts = read_hosts().unwrap_or_else(|error| {
            if Path::new(FILES[1]).exists() {
                warn!("{}: {error}; going without it", FILES[1]);
            }
            Hosts::default()
        });
        Self::new(hosts, config, options, limit)
    }

    /// Names are sought in the hosts first, and then by these name servers.
    pub(super) fn new(
        hosts: Hosts,
        config: ResolverConfig,
        mut options: ResolverOpts,
        limit: Duration,
    ) -> Result<Self, NetError> {
        options.cache_size = 0;
        // Asked by ourselves, since the resolver would ask the network for the family that the file
        // does not name.
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = limit;
        options.attempts = RETRIES;
        options.max_active_requests = QUESTIONS_MAX;
        let (domain, search, servers) = config.into_parts();
        let resolver = |server| {
            let config = ResolverConfig::from_parts(domain.clone(), search.clone(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
                .with_options(options.clone())
                .build()
        };
        let servers = servers
            .into_iter()
            .map(resolver)
            .collect::<Result<_, _>>()?;
        Ok(Self { hosts, servers })
    }

    /// The addresses that `/etc/hosts` gives, of whichever families it names.
    pub(super) fn in_hosts(&self, name: &Name) -> Option<Vec<IpAddr>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_another_charset_costs_no_line_of_the_hosts() {
        let hosts = hosts(b"# caf\xe9\n127.0.0.1 site.test\n").unwrap();
        let query = Query::query(Name::from_ascii("site.test.").unwrap(), RecordType::A);
        assert!(hosts.lookup_static_host(&query).is_some());
    }

    #[test]
    fn a_domain_to_search_that_is_none_costs_no_name_server() {
        for search in [".lan", "lan..", "a..b", "\"lan\"", "-", "{{domain}}"] {
            let text = format!("search {search} good.test # ours\nnameserver 127.0.0.9\n");
            let (config, _) = parse_resolv_conf(with_names_to_search(&text)).unwrap();
            assert_eq!(config.name_servers().len(), 1, "{search}");
            let good = Name::from_ascii("good.test").unwrap();
            assert!(config.search().contains(&good), "{search}: {config:?}");
        }
    }
}
