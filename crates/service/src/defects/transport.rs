//! How a Sentry is reached.

use std::sync::Arc;

use sentry::{
    Transport, TransportFactory, TransportOptions, transports::ReqwestHttpTransportOptions,
};

use crate::{
    certificates::{Lookup, system_authorities},
    outward,
};

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
        Ok(Self(outward::trusting(authorities)?))
    }
}

impl TransportFactory for Sender {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let options = ReqwestHttpTransportOptions::from(options);
        Arc::new(options.with_client(self.0.clone()).build())
    }
}
