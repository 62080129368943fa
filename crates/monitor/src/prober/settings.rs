//! How probes are made, and how many at once.

use url::Url;

use crate::probe::ProbeSettings;

/// How probes are made, and how many at once.
#[derive(Debug)]
pub struct ProberSettings {
    /// Probes at the same time.
    pub probes_max: usize,
    /// Of these, probes of one host and port.
    pub probes_per_host_max: usize,
    /// Sites that are asked when many fail together: where none of them answers either, it is us.
    pub witness_urls: Vec<Url>,
    /// Whether a site is not looked at that asks not to be.
    pub obeys_robots: bool,
    /// How one is made.
    pub probe: ProbeSettings,
}
