//! How often the state is written.

use std::time::Duration;

use tokio::time::Instant;

/// A result that Kafka has not acknowledged within this time goes to disk.
const SPOOL_AFTER: Duration = Duration::from_secs(1);
/// While results are on disk, Kafka is late: new ones follow within this time, those of it together.
const GROUP_AGE: Duration = Duration::from_millis(250);
/// That Kafka has results which are on disk is written at least so often: after a kill they are sent
/// again, which does no harm.
const SETTLED_INTERVAL: Duration = Duration::from_secs(1);
/// While Kafka acknowledges everything in time, only the watermarks are written, and no more often.
/// After a kill the checks of this time are told as missed, beside the results that they have.
const WATERMARKS_INTERVAL: Duration = Duration::from_secs(10);
/// When a disk that refused is asked again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// When the store was, and may be, asked.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) wrote_at: Instant,
    pub(super) write_again_at: Instant,
    pub(super) read_again_at: Instant,
    fails: bool,
}

impl Pace {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            wrote_at: now,
            write_again_at: now,
            read_again_at: now,
            fails: false,
        }
    }

    /// When a result that came then has to be written.
    pub(super) fn group_due(came_at: Instant, hurry: bool) -> Instant {
        came_at + if hurry { GROUP_AGE } else { SPOOL_AFTER }
    }

    pub(super) fn settled_due(&self) -> Instant {
        self.wrote_at + SETTLED_INTERVAL
    }

    pub(super) fn watermarks_due(&self) -> Instant {
        self.wrote_at + WATERMARKS_INTERVAL
    }

    /// The disk took what was written; whether it had refused before.
    pub(super) fn worked(&mut self) -> bool {
        std::mem::take(&mut self.fails)
    }

    /// The disk refused; whether it is the first time.
    pub(super) fn failed(&mut self) -> bool {
        let again_at = Instant::now() + RETRY_AFTER;
        self.write_again_at = again_at;
        self.read_again_at = again_at;
        !std::mem::replace(&mut self.fails, true)
    }
}
