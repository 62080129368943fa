//! The results that Kafka will never get: counted, and said.

use std::collections::BTreeSet;

use metrics::counter;
use service::health::{Condition, Health};
use tracing::{error, info, warn};

use super::entry::Entry;
use crate::masked::Masked;

/// Targets that are remembered whose results are too large.
const TOO_LARGE_URLS_MAX: usize = 100;
/// Of these, so many are named.
const NAMED_URLS_MAX: usize = 3;

/// How many results were dropped, and why.
#[derive(Debug)]
pub(super) struct Drops {
    health: Health,
    condition: Option<Condition>,
    no_room: u64,
    too_large: u64,
    since_reminder: u64,
    /// The targets whose last result was too large.
    too_large_urls: BTreeSet<String>,
}

impl Drops {
    pub(super) fn new(health: Health) -> Self {
        Self {
            health,
            condition: None,
            no_room: 0,
            too_large: 0,
            since_reminder: 0,
            too_large_urls: BTreeSet::new(),
        }
    }

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
        if self.too_large_urls.len() < TOO_LARGE_URLS_MAX {
            self.too_large_urls.insert(entry.url.clone());
        }
        self.tell();
    }

    /// A result of this target went.
    pub(super) fn went(&mut self, url: &str) {
        if self.too_large_urls.remove(url) {
            self.tell();
        }
    }

    /// Says whose results do not go, for as long as they don't.
    fn tell(&mut self) {
        // Made when there is something to say: where everything goes nobody asks for it.
        let make = || self.health.condition("Records");
        let condition = self.condition.get_or_insert_with(make);
        if self.too_large_urls.is_empty() {
            condition.holds();
            return;
        }
        let urls = self.too_large_urls.iter().take(NAMED_URLS_MAX);
        let urls: Vec<_> = urls.map(|url| Masked(url).to_string()).collect();
        condition.fails(format!(
            "the results of {} targets are larger than the topic takes, and dropped: {}; raise its \
             max.message.bytes",
            self.too_large_urls.len(),
            urls.join(", ")
        ));
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
