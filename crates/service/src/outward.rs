//! How this service asks others by HTTP: a registry, a collector, a Sentry.

use std::{error::Error, io, iter::successors, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::certificates::{Lookup, read_authorities, system_authorities};

const USER_AGENT: &str = concat!("websites-monitor/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one question may take, connection and answer together.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that trusts the authorities of this file, or those that the system trusts.
pub(crate) fn client(authority: Option<&Path>) -> anyhow::Result<Client> {
    let authorities = match authority {
        Some(path) => read_authorities(path).map_err(|problem| anyhow!(problem))?,
        None => system_authorities(Lookup::BySystem),
    };
    trusting(authorities)
}

/// A client that trusts these authorities. Proxies of the environment are not used: what is asked lies in our own
/// network as a rule.
pub(crate) fn trusting(authorities: RootCertStore) -> anyhow::Result<Client> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Client::builder()
        .user_agent(USER_AGENT)
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ASK_TIMEOUT)
        .build()
        .context("making an HTTP client")
}

/// What went wrong and why, without the url, which is said beside it.
pub(crate) fn story(error: reqwest::Error) -> String {
    if error.is_timeout() {
        let limit = if error.is_connect() {
            CONNECT_TIMEOUT
        } else {
            ASK_TIMEOUT
        };
        return format!("nothing within {} s", limit.as_secs());
    }
    let error = error.without_url();
    let first: &(dyn Error + 'static) = &error;
    let causes: Vec<_> = successors(Some(first), |&it| it.source()).collect();
    if causes.iter().any(|cause| is_of_no_tls(*cause)) {
        return "no TLS is spoken there; is it http:// rather than https://?".into();
    }
    // That it happened while a request was sent, and in which part of the client, helps nobody.
    let is_said = |words: &String| {
        !words.starts_with("error sending request") && !words.starts_with("client error (")
    };
    let words: Vec<_> = causes.iter().map(ToString::to_string).collect();
    let said: Vec<_> = words.iter().filter(|it| is_said(it)).cloned().collect();
    let said = if said.is_empty() { words } else { said };
    said.join(": ")
}

/// Whether what came is none of TLS. What an input error wraps is no source of it.
fn is_of_no_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match (error.downcast_ref(), inner) {
        (Some(rustls::Error::InvalidMessage(_)), _) => true,
        (_, Some(inner)) => is_of_no_tls(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;

    async fn told(scheme: &str, port: u16) -> String {
        let client = trusting(RootCertStore::empty()).unwrap();
        let url = format!("{scheme}://127.0.0.1:{port}/");
        story(client.get(url).send().await.unwrap_err())
    }

    #[tokio::test]
    async fn a_refused_connection_is_told_without_the_parts_of_the_client() {
        // Nobody listens at the first port.
        let told = told("http", 1).await;
        assert_eq!(told, "tcp connect error: Connection refused (os error 111)");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_told_by_what_to_change() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            // Open until the client has read it.
            std::future::pending::<()>().await;
        });
        let told = told("https", port).await;
        assert!(told.starts_with("no TLS is spoken there"), "{told}");
    }
}
