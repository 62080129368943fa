//! Who is to blame where a proxy lies between us and a site.

use std::{io, net::SocketAddr, time::Duration};

use messages::{Failure, FailureReason, Probe};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::{Host, Url};

use super::credentials::authorization;
use crate::probe::{
    connect::{Addresses, candidates},
    policy::Policy,
    proxy::{Greeting, SitesProxy},
    resolve::{Found, Resolver},
};

/// How long the proxy may take for a word of its own, where a site gave none: then it is not the proxy.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// What the libraries say where the proxy makes no tunnel, with whichever status it says so.
const NO_TUNNEL: &str = "tunnel error: unsuccessful";
/// How the answer to a request for a tunnel begins, before its status of three digits.
const ANSWER: &[u8] = b"HTTP/1.1 ";
/// What the libraries say where the proxy answered that it did not get to the site. Everything else that
/// they say is about the proxy itself. Their errors have no types that could be told.
const SITE_NOT_REACHED: [&str; 6] = [
    NO_TUNNEL,
    "general server failure",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "ttl expired",
];

/// The addresses at which the proxy is.
pub(super) async fn addresses(
    proxy: &SitesProxy,
    resolver: &Resolver,
) -> Result<Addresses, Failure> {
    let found = match proxy.host() {
        Host::Ipv4(address) => Found::whole(vec![(*address).into()]),
        Host::Ipv6(address) => Found::whole(vec![(*address).into()]),
        Host::Domain(name) => resolver
            .resolve(name, None)
            .await
            .map_err(|(_, detail)| proxy.at_fault(&format!("resolving its name: {detail}")))?,
    };
    candidates(found, proxy.port(), &Policy::default())
        .await
        .map_err(|failure| proxy.at_fault(&failure.detail.unwrap_or_default()))
}

/// Whose failure it is that there was no connection: the site's, where the proxy says so, and where it
/// says nothing of the site but answers for itself.
pub(super) async fn blame(
    proxy: &SitesProxy,
    failure: Failure,
    addresses: &[SocketAddr],
    site: &Url,
) -> Failure {
    let Failure {
        reason,
        phase,
        detail,
    } = failure;
    let detail = detail.unwrap_or_default();
    if detail.contains(NO_TUNNEL)
        && let Some(status) = refusal(proxy, addresses, site).await
    {
        return proxy.at_fault(&format!("it leads nobody there (status {status})"));
    }
    let is_silent = reason == FailureReason::ConnectTimeout;
    let may_be_site = is_silent || SITE_NOT_REACHED.iter().any(|it| detail.contains(it));
    if !may_be_site || !answers(proxy, addresses).await {
        return proxy.at_fault(&detail);
    }
    let reason = if is_silent {
        reason
    } else {
        FailureReason::ConnectFailed
    };
    let detail = format!("the proxy (SITES_PROXY) did not get there: {detail}");
    Failure::new(reason, phase, detail)
}

/// Whose failure it is that the time for the whole ended: the proxy's, where its word was waited for
/// and it answers nobody.
pub(in crate::probe) async fn blame_for_silence(
    proxy: &SitesProxy,
    failure: Failure,
    probe: &Probe,
) -> Failure {
    let waited_for_proxy = match failure.reason {
        FailureReason::ConnectTimeout => true,
        // A page of a site with TLS comes through a tunnel that is there.
        FailureReason::FirstByteTimeout => proxy.speaks_http() && probe.tls_version.is_none(),
        _ => false,
    };
    let addresses: Vec<_> = probe.remote_address.into_iter().collect();
    if !waited_for_proxy || answers(proxy, &addresses).await {
        return failure;
    }
    proxy.at_fault(&failure.detail.unwrap_or_default())
}

/// The status by which the proxy refuses to lead to the site, where that is its own will: 403, most of all,
/// or what a portal says that wants to know who asks (RFC 6585's 511, or a redirect to its page). The
/// library does not tell it, so a tunnel is asked for again. That a site was not reached, proxies say by
/// another status from 500 on, and some by 404, where its name is not found.
async fn refusal(proxy: &SitesProxy, addresses: &[SocketAddr], site: &Url) -> Option<u16> {
    let words = words_for_tunnel(proxy, site)?;
    let asking = async {
        let mut stream = TcpStream::connect(addresses).await?;
        stream.write_all(&words).await?;
        let mut begin = [0; ANSWER.len() + 3];
        stream.read_exact(&mut begin).await?;
        io::Result::Ok(begin)
    };
    let begin = timeout(CHECK_TIMEOUT, asking).await.ok()?.ok()?;
    let status: u16 = str::from_utf8(&begin[ANSWER.len()..]).ok()?.parse().ok()?;
    let is_its_will =
        matches!(status, 300..400 | 511) || (400..500).contains(&status) && status != 404;
    (begin.starts_with(b"HTTP/1.") && is_its_will).then_some(status)
}

/// How a tunnel to the site is asked for.
fn words_for_tunnel(proxy: &SitesProxy, site: &Url) -> Option<Vec<u8>> {
    let (host, port) = (site.host()?, site.port_or_known_default()?);
    let mut words = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(authorization) = authorization(proxy.url()) {
        words.push_str("Proxy-Authorization: ");
        words.push_str(authorization.to_str().ok()?);
        words.push_str("\r\n");
    }
    words.push_str("\r\n");
    Some(words.into_bytes())
}

/// Whether a proxy is there that speaks, which one does at once where only itself is asked.
async fn answers(proxy: &SitesProxy, addresses: &[SocketAddr]) -> bool {
    let Greeting { words, answer } = proxy.greeting();
    let asking = async {
        let mut stream = TcpStream::connect(addresses).await?;
        stream.write_all(words).await?;
        let mut begin = vec![0; answer.len()];
        stream.read_exact(&mut begin).await?;
        io::Result::Ok(begin == answer)
    };
    matches!(timeout(CHECK_TIMEOUT, asking).await, Ok(Ok(true)))
}
