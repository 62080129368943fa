//! How probes are made, and how many at once.

use std::path::PathBuf;

use messages::Masked;
use rustls_pki_types::CertificateDer;
use secrecy::ExposeSecret;
use service::settings::{Reader, Setting};
use url::Url;

use super::sizes::read_size;
use crate::{
    probe::{Policy, ProbeSettings, SitesProxy, tls},
    prober::ProberSettings,
};

const DNS_TIMEOUT: Setting =
    Setting::with_default("DNS_TIMEOUT", "5", "seconds that resolving a name may take");
const CONNECT_TIMEOUT: Setting = Setting::with_default(
    "CONNECT_TIMEOUT",
    "10",
    "seconds that the TCP connect may take, over all of a name's addresses",
);
const DOWNLOAD_TIMEOUT: Setting = Setting::with_default(
    "DOWNLOAD_TIMEOUT",
    "30",
    "seconds that the whole probe may take, redirects and body included",
);
const REDIRECT_ENABLED: Setting =
    Setting::with_default("REDIRECT_ENABLED", "0", "1 to follow redirects");
const REDIRECT_MAX_TIMES: Setting = Setting::with_default(
    "REDIRECT_MAX_TIMES",
    "20",
    "hops that may be followed when redirects are on",
);
const BODY_BYTES_MAX: Setting = Setting::with_default(
    "BODY_BYTES_MAX",
    "1048576",
    "bytes of a page, decoded, that are read",
);
const PROBES_MAX: Setting =
    Setting::with_default("PROBES_MAX", "256", "probes that may run at the same time");
const PROBES_PER_HOST_MAX: Setting = Setting::with_default(
    "PROBES_PER_HOST_MAX",
    "8",
    "of these, probes of one host and port",
);
const SSL_CERT_FILE: Setting = Setting::optional(
    "SSL_CERT_FILE",
    "more authorities to trust for sites, PEM, beside the system's",
);
const FORBIDDEN_ADDRESSES: Setting = Setting::optional(
    "FORBIDDEN_ADDRESSES",
    "addresses that are never probed, whatever leads there: networks such as 10.0.0.0/8, or private, separated by commas",
);
const SITES_PROXY: Setting = Setting::optional(
    "SITES_PROXY",
    "a proxy for all sites, http:// or socks5://user:password@host:port; names are its own to resolve, so dns is not measured, connect ends at it, and it excludes FORBIDDEN_ADDRESSES",
);
const WITNESS_URLS: Setting = Setting::optional(
    "WITNESS_URLS",
    "sites that are asked when many targets fail together, so that our own network's fault is no target's; separated by commas",
);
const ROBOTSTXT_OBEY: Setting = Setting::with_default(
    "ROBOTSTXT_OBEY",
    "0",
    "1 to skip what a site's robots.txt asks not to look at",
);

/// A probe's every buffer grows with this: the bound of the bound.
const BODY_BYTES_LIMIT: u64 = 8 * 1024 * 1024;
const PROBES_LIMIT: u64 = 100_000;
const REDIRECTS_LIMIT: u64 = 100;
/// The variables by which others are told of proxies, in capitals and in small letters.
const PROXY_VARIABLES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
/// All are asked at once.
const WITNESSES_LIMIT: usize = 8;

/// Reads how probes are made, and how many at once.
pub(super) fn read_prober(reader: &mut Reader) -> ProberSettings {
    // In the order in which `--help` lists them.
    ProberSettings {
        probe: read_probe(reader),
        probes_max: read_size(reader, &PROBES_MAX, PROBES_LIMIT),
        probes_per_host_max: read_size(reader, &PROBES_PER_HOST_MAX, PROBES_LIMIT),
        obeys_robots: reader.flag(&ROBOTSTXT_OBEY),
        witness_urls: read_witnesses(reader),
    }
}

fn read_probe(reader: &mut Reader) -> ProbeSettings {
    let dns_timeout = reader.seconds(&DNS_TIMEOUT);
    let connect_timeout = reader.seconds(&CONNECT_TIMEOUT);
    let total_timeout = reader.seconds(&DOWNLOAD_TIMEOUT);
    let redirects_on = reader.flag(&REDIRECT_ENABLED);
    let redirects_max = reader.count(&REDIRECT_MAX_TIMES, 0..=REDIRECTS_LIMIT);
    let body_bytes_max = read_size(reader, &BODY_BYTES_MAX, BODY_BYTES_LIMIT);
    let extra_authorities = read_extra_authorities(reader);
    let policy = read_policy(reader);
    let proxy = read_proxy(reader, &policy);
    ProbeSettings {
        dns_timeout,
        connect_timeout,
        total_timeout,
        // The bound above is far below u32's.
        redirects_max: redirects_on.then(|| u32::try_from(redirects_max).unwrap_or(u32::MAX)),
        body_bytes_max,
        extra_authorities,
        policy,
        proxy,
        notes: None,
    }
}

fn read_extra_authorities(reader: &mut Reader) -> Vec<CertificateDer<'static>> {
    let Some(file) = reader.optional_text(&SSL_CERT_FILE) else {
        return Vec::new();
    };
    tls::read_extra_authorities(&PathBuf::from(file)).unwrap_or_else(|problem| {
        reader.problem(&SSL_CERT_FILE, problem);
        Vec::new()
    })
}

fn read_policy(reader: &mut Reader) -> Policy {
    let text = reader.text(&FORBIDDEN_ADDRESSES);
    text.parse().unwrap_or_else(|problem| {
        reader.problem(&FORBIDDEN_ADDRESSES, problem);
        Policy::default()
    })
}

fn read_witnesses(reader: &mut Reader) -> Vec<Url> {
    let text = reader.text(&WITNESS_URLS);
    let mut urls = Vec::new();
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        match Url::parse(item) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => urls.push(url),
            _ => reader.problem(
                &WITNESS_URLS,
                format_args!(
                    "{:?} is no url that begins with http:// or https://",
                    Masked(item).to_string()
                ),
            ),
        }
    }
    if urls.len() > WITNESSES_LIMIT {
        let problem = format!("{} urls, and {WITNESSES_LIMIT} are enough", urls.len());
        reader.problem(&WITNESS_URLS, problem);
    }
    urls
}

fn read_proxy(reader: &mut Reader, policy: &Policy) -> Option<SitesProxy> {
    let Some(text) = reader.optional_secret(&SITES_PROXY) else {
        note_ignored_proxies(reader);
        return None;
    };
    if policy.is_set() {
        let problem = "the proxy resolves the names itself, so that FORBIDDEN_ADDRESSES cannot be \
                       kept; unset one of them";
        reader.problem(&SITES_PROXY, problem);
    }
    let proxy = text.expose_secret().trim().parse();
    proxy
        .map_err(|problem| reader.problem(&SITES_PROXY, problem))
        .ok()
}

fn note_ignored_proxies(reader: &mut Reader) {
    let ignored: Vec<_> = PROXY_VARIABLES
        .into_iter()
        .filter(|name| reader.is_in_environment(name))
        .collect();
    if !ignored.is_empty() {
        let note = format!(
            "{} in the environment is ignored, and sites are asked directly; this sets a proxy for \
             them",
            ignored.join(", ")
        );
        reader.note(&SITES_PROXY, note);
    }
}
