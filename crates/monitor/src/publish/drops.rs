//! The results that Kafka will never get: counted, and said.

use metrics::counter;
use tracing::{error, info, warn};

use super::entry::Entry;
use crate::masked::Masked;

/// How many results were dropped, and why.
#[derive(Debug, Default)]
pub(super) struct Drops {
    no_room: u64,
    too_large: u64,
    since_reminder: u64,
}

impl Drops {
    /// No more fit in memory. The first is said at once, the others in numbers.
    pub(super) fn no_room(&mut self) {
        self.count();
        self.no_room += 1;
        if self.no_room == 1 {
            warn!("No more results fit in memory (RESULTS_WAITING_MAX): new ones are dropped");
        }
    }

    /// Kafka takes no record of this size, and it cannot be made smaller.
    pub(super) fn too_large(&mut self, entry: &Entry) {
        self.count();
        self.too_large += 1;
        error!(
            url = %Masked(&entry.url),
            scheduled_at = %entry.scheduled_at,
            bytes = entry.record.len(),
            "A result is larger than Kafka takes, and dropped"
        );
    }

    /// How many were dropped since this was asked last.
    pub(super) fn take_since_reminder(&mut self) -> u64 {
        std::mem::take(&mut self.since_reminder)
    }

    fn count(&mut self) {
        self.since_reminder += 1;
        counter!("monitor_dropped_results_total").increment(1);
    }

    /// What became of the results, when so many are left at the end.
    pub(super) fn account(&self, left: usize) -> anyhow::Result<()> {
        let Self {
            no_room, too_large, ..
        } = self;
        if left == 0 && no_room + too_large == 0 {
            info!("Every result is published");
            return Ok(());
        }
        anyhow::bail!(
            "{} results were not published: {left} were still waiting for Kafka at the end, \
             {no_room} were dropped before because memory was full, {too_large} because they were \
             larger than Kafka takes",
            left as u64 + no_room + too_large,
        )
    }
}
