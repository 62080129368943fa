//! How results are published.

use std::time::Duration;

use service::registry::RegistrySettings;

use super::backlog::{BacklogSettings, Bound};

/// Waits between attempts after a failure.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(200);
pub(super) const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long what the prober still has to say may take at the end.
pub(super) const REST_TIMEOUT: Duration = Duration::from_millis(300);
/// What waiting results may take in memory.
const WAITING_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Results that Kafka's client has at the same time. It keeps a copy of each.
pub(super) const SENT_MAX: usize = 1000;
const SENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How results are published.
#[derive(Debug)]
pub struct PublishSettings {
    /// Results that may wait in memory.
    pub results_waiting_max: usize,
    /// The registry of Avro's schemas; `None` where records are JSON.
    pub registry: Option<RegistrySettings>,
}

impl PublishSettings {
    /// How much may wait in memory for its way to disk: as much again as may wait for Kafka where there
    /// is a disk.
    pub(super) fn queue_bound(&self) -> Bound {
        Bound {
            results: (self.results_waiting_max / 2).max(1),
            bytes: WAITING_BYTES_MAX / 2,
        }
    }

    /// How much may wait, and how much of it the client may have.
    pub(super) fn bounds(&self) -> BacklogSettings {
        BacklogSettings {
            all: Bound {
                results: self.results_waiting_max,
                bytes: WAITING_BYTES_MAX,
            },
            sent: Bound {
                results: SENT_MAX,
                bytes: SENT_BYTES_MAX,
            },
        }
    }
}
