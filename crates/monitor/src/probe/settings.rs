//! How probes are made.

use std::time::Duration;

use rustls_pki_types::CertificateDer;

use super::{notes::Notes, policy::Policy, proxy::SitesProxy};

/// How probes are made.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// Bounds resolving a name.
    pub dns_timeout: Duration,
    /// Bounds the TCP connect, over all addresses of a name.
    pub connect_timeout: Duration,
    /// Bounds the whole.
    pub total_timeout: Duration,
    /// Hops that may be followed; `None` when redirects are off.
    pub redirects_max: Option<u32>,
    /// Decoded bytes of a page that are read.
    pub body_bytes_max: usize,
    /// Authorities to trust beside the system's.
    pub extra_authorities: Vec<CertificateDer<'static>>,
    /// Addresses that are never probed.
    pub policy: Policy,
    /// By which all sites are asked; none but by this.
    pub proxy: Option<SitesProxy>,
    /// Where a person reads how a probe went; for one probe at a time.
    pub notes: Option<Notes>,
}
