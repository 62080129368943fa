//! Who is to blame where a proxy lies between us and a site.

use std::{net::SocketAddr, time::Duration};

use messages::{Failure, FailureReason};
use tokio::{net::TcpStream, time::timeout};
use url::Host;

use crate::probe::{connect::candidates, policy::Policy, proxy::SitesProxy, resolve::Resolver};

/// How long the proxy may take to be connected to, where a site was not: then it is not the proxy.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// The libraries' words for a proxy that takes no request from us: it has no type that could be told.
const WANTS_PASSWORD: [&str; 3] = ["authorization", "authentication", "credentials"];

/// The addresses at which the proxy is.
pub(super) async fn addresses(
    proxy: &SitesProxy,
    resolver: &Resolver,
) -> Result<Vec<SocketAddr>, Failure> {
    let found = match proxy.host() {
        Host::Ipv4(address) => vec![(*address).into()],
        Host::Ipv6(address) => vec![(*address).into()],
        Host::Domain(name) => resolver
            .resolve(name)
            .await
            .map_err(|(_, detail)| proxy.at_fault(&format!("resolving its name: {detail}")))?,
    };
    candidates(found, proxy.port(), &Policy::default())
        .map_err(|failure| proxy.at_fault(&failure.detail.unwrap_or_default()))
}

/// Whose failure it is that there was no connection: where the proxy itself can be connected to, the
/// site's.
pub(super) async fn blame(
    proxy: &SitesProxy,
    failure: Failure,
    addresses: &[SocketAddr],
) -> Failure {
    let detail = failure.detail.unwrap_or_default();
    let is_refused = WANTS_PASSWORD.iter().any(|word| detail.contains(word));
    if is_refused || !answers(addresses).await {
        return proxy.at_fault(&detail);
    }
    let reason = match failure.reason {
        FailureReason::ConnectTimeout => FailureReason::ConnectTimeout,
        _ => FailureReason::ConnectFailed,
    };
    let detail = format!("the proxy (SITES_PROXY) did not get there: {detail}");
    Failure::new(reason, failure.phase, detail)
}

async fn answers(addresses: &[SocketAddr]) -> bool {
    let connected = timeout(CHECK_TIMEOUT, TcpStream::connect(addresses)).await;
    matches!(connected, Ok(Ok(_)))
}
