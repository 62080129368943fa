//! How this service asks others by HTTP: a registry, a collector, a Sentry.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

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
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        story = format!("{story}: {error}");
        cause = error.source();
    }
    story
}
