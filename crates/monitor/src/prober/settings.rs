//! How probes are made, and how many at once.

use crate::probe::ProbeSettings;

/// How probes are made, and how many at once.
#[derive(Debug)]
pub struct ProberSettings {
    /// Probes at the same time.
    pub probes_max: usize,
    /// Of these, probes of one host and port.
    pub probes_per_host_max: usize,
    /// How one is made.
    pub probe: ProbeSettings,
}
