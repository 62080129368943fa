//! How a Sentry is reached.

use std::{sync::Arc, time::Duration};

use rustls::{ClientConfig, crypto::aws_lc_rs};
use sentry::{
    Transport, TransportFactory, TransportOptions, transports::ReqwestHttpTransportOptions,
};

use crate::certificates::{Lookup, system_authorities};

/// How long one telling may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends by the same HTTP client and the same TLS as all else here; the library's own thread does it, and lets go
/// what finds more than its queue holds.
pub(super) struct Sender(reqwest::Client);

impl Sender {
    /// Trusts the system's authorities, and those that `SSL_CERT_FILE` names.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut authorities = system_authorities(Lookup::BySystem);
        authorities
            .roots
            .extend(system_authorities(Lookup::ByEnvironment).roots);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(TIMEOUT);
        Ok(Self(client.build()?))
    }
}

impl TransportFactory for Sender {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let options = ReqwestHttpTransportOptions::from(options);
        Arc::new(options.with_client(self.0.clone()).build())
    }
}
