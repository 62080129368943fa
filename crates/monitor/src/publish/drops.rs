//! The results that Kafka will never get: counted, and said.

use std::collections::BTreeSet;

use service::health::{Condition, Health};
use tracing::{error, info, warn};

use super::entry::Entry;
use crate::{masked::Masked, numbers};

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
    gave_way: u64,
    too_large: u64,
    untaken: u64,
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
            gave_way: 0,
            too_large: 0,
            untaken: 0,
            since_reminder: 0,
            too_large_urls: BTreeSet::new(),
        }
    }

    /// No more fit in memory. The first is said at once, the others in numbers.
    pub(super) fn no_room(&mut self) {
        self.count(1);
        self.no_room += 1;
        if self.no_room == 1 {
            warn!("No more results fit in memory (RESULTS_WAITING_MAX): new ones are dropped");
        }
    }

    /// So many gave way to newer ones on disk. The first are said at once, the others in numbers.
    pub(super) fn gave_way(&mut self, results: u64) {
        if results == 0 {
            return;
        }
        self.count(results);
        if self.gave_way == 0 {
            warn!(
                results,
                "No more results fit on disk (SPOOL_BYTES_MAX): the oldest are dropped"
            );
        }
        self.gave_way += results;
    }

    /// So many had come, and were taken no more when the time to drain was over.
    pub(super) fn untaken(&mut self, results: usize) {
        self.count(results as u64);
        self.untaken += results as u64;
    }

    /// Kafka takes no record of this size, and it cannot be made smaller.
    pub(super) fn too_large(&mut self, entry: &Entry) {
        self.count(1);
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

    /// Some targets are checked no more: nothing of them will ever go.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        let before = self.too_large_urls.len();
        self.too_large_urls.retain(|url| !is_gone(url));
        if self.too_large_urls.len() < before {
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

    fn count(&mut self, results: u64) {
        self.since_reminder += results;
        numbers::DROPPED.counter().increment(results);
    }

    /// What became of the results, when so many are left at the end, and so many are on disk.
    pub(super) fn account(&self, left: usize, spooled: u64) -> anyhow::Result<()> {
        let Self {
            no_room,
            gave_way,
            too_large,
            untaken,
            ..
        } = self;
        let lost = left as u64 + no_room + gave_way + too_large + untaken;
        if lost == 0 {
            if spooled == 0 {
                info!("Every result is published");
            } else {
                info!("Every result is published or spooled: {spooled} wait on disk");
            }
            return Ok(());
        }
        anyhow::bail!(
            "{lost} results were not published: {left} were still waiting for Kafka at the end, \
             {no_room} were dropped before because memory was full, {gave_way} because the spool was, \
             {too_large} because they were larger than Kafka takes; {untaken} were not taken any more, \
             of which the next start tells as missed where there is state; {spooled} are spooled",
        )
    }
}
