//! What becomes of the results that Kafka does not have: they wait, are sent, acknowledged, refused
//! or dropped, and each is counted.

use std::time::Duration;

use messages::CheckResult;
use service::health::Health;
use tokio::time::timeout;
use tracing::warn;

use super::{
    backlog::{Backlog, BacklogSettings},
    disk::Done,
    drops::Drops,
    entry::Entry,
    figures::Figures,
    limits::Limits,
    spool::Spool,
    traces::Traces,
};

/// How long the last results may take to get to disk, at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(700);

/// The results that Kafka does not have, with what is known of how much it takes.
#[derive(Debug)]
pub(super) struct Unpublished {
    pub(super) backlog: Backlog,
    pub(super) drops: Drops,
    pub(super) limits: Limits,
    pub(super) spool: Spool,
    pub(super) traces: Traces,
    figures: Figures,
}

impl Unpublished {
    pub(super) fn new(settings: BacklogSettings, health: Health) -> Self {
        Self {
            backlog: Backlog::new(settings),
            drops: Drops::new(health),
            limits: Limits::default(),
            spool: Spool::off(),
            traces: Traces::default(),
            figures: Figures::new(),
        }
    }

    /// Puts a result behind those that wait, or drops it where there is no room.
    pub(super) fn keep(&mut self, result: CheckResult) {
        let bytes_max = self.limits.value_bytes_max(&result.check.url);
        let is_queued = self.spool.comes_next(&self.backlog);
        let serial = self.spool.take_serial();
        let entry = Entry::new(serial, result, bytes_max);
        if is_queued && self.spool.has_room(&entry) {
            self.spool.queue(entry);
        } else if is_queued {
            self.spool.settle(&entry);
            self.drops.no_room();
        } else {
            self.spool.bypassed();
            if !self.backlog.accept(entry) {
                self.drops.no_room();
            }
        }
        self.show();
    }

    /// Whether the next result is taken now. Where the disk is about to make room it waits for that,
    /// although the next check may be late by it, as its result says then. For nothing else is waited
    /// while checks are due; in a drain none is.
    pub(super) fn takes_more(&self, is_draining: bool) -> bool {
        let is_queued = self.spool.comes_next(&self.backlog);
        let waits = is_draining || is_queued && self.spool.makes_room();
        !waits || self.has_room()
    }

    /// Whether the next result finds room, however large it is.
    fn has_room(&self) -> bool {
        if self.spool.comes_next(&self.backlog) {
            self.spool.has_room_for_any()
        } else {
            !self.backlog.is_half_full()
        }
    }

    /// Whether the next result is better taken than left, once nothing more is sent.
    pub(super) fn takes_rest(&self) -> bool {
        self.has_room() || !self.spool.has_store()
    }

    /// Sees whether other targets are checked by now.
    pub(super) fn follow_targets(&mut self) {
        self.spool.follow_targets();
        let spool = &self.spool;
        self.drops.forget(|url| !spool.knows(url));
    }

    /// Takes note of what the disk has done, and gives it something to do.
    pub(super) fn tend_spool(&mut self, done: Option<Done>) {
        if let Some(done) = done {
            self.spool.note(done, &mut self.backlog, &mut self.drops);
        }
        self.spool.tend(&mut self.backlog);
    }

    /// Brings to disk what is not published, and says what became of everything.
    pub(super) async fn close(&mut self) -> anyhow::Result<()> {
        let closing = self.spool.close(&mut self.backlog, &mut self.drops);
        if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            warn!("The state (STATE_DIR) is not written in time");
        }
        let left = self.spool.unsafe_results(&self.backlog);
        self.drops.account(left, self.spool.on_disk())
    }

    /// Results that Kafka does not have, in memory or on disk.
    pub(super) fn waiting(&self) -> u64 {
        let in_danger = self.spool.unsafe_results(&self.backlog) as u64;
        in_danger + self.spool.on_disk()
    }

    /// Whether nothing is left to be done once no more results come: Kafka or the disk has each.
    pub(super) fn is_safe(&self) -> bool {
        let is_published = self.backlog.is_empty() && self.spool.is_empty();
        is_published || self.spool.is_all_written()
    }

    /// Kafka has it.
    pub(super) fn acknowledged(&mut self, number: usize) {
        if let Some(entry) = self.backlog.remove(number) {
            self.figures.took(entry.came_at.elapsed());
            self.traces.acknowledged(&entry);
            self.spool.settle(&entry);
            self.drops.went(&entry.url);
        }
        self.spool.kafka_answered();
        self.figures.published();
        self.show();
    }

    /// Drops an entry that was refused by itself alone and cannot be made smaller. `false` when
    /// that is not so: then it has to be sent again, in its place.
    pub(super) fn drop_hopeless(&mut self, number: usize) -> bool {
        let entry = self.backlog.get(number);
        let hopeless =
            entry.is_some_and(|entry| self.limits.is_alone(entry) && !entry.is_shrinkable());
        if hopeless {
            self.drop_too_large(number);
        }
        hopeless
    }

    /// Kafka found these too large, each with its whole batch. One that was alone is made smaller,
    /// or dropped; the others are good, and are sent again in smaller batches.
    pub(super) fn refused(&mut self, numbers: &[usize]) {
        let mut together_bytes = 0;
        for &number in numbers {
            match self.backlog.get(number) {
                Some(entry) if self.limits.is_alone(entry) => self.shrink(number),
                Some(entry) => together_bytes += entry.sent_bytes(),
                None => {}
            }
        }
        if together_bytes > 0 {
            self.limits.refused_together(together_bytes);
        }
    }

    fn shrink(&mut self, number: usize) {
        let limits = &mut self.limits;
        let shrunk = self.backlog.change(number, |entry| {
            let bytes_max = limits.value_bytes_max(&entry.url);
            let shrunk = entry.shrink(bytes_max);
            if shrunk {
                limits.shortened(entry);
            }
            shrunk
        });
        if shrunk == Some(false) {
            self.drop_too_large(number);
        }
    }

    fn drop_too_large(&mut self, number: usize) {
        if let Some(entry) = self.backlog.remove(number) {
            self.spool.settle(&entry);
            self.drops.too_large(&entry);
        }
        self.show();
    }

    fn show(&self) {
        self.figures.unpublished(self.backlog.len());
    }
}

#[cfg(test)]
mod tests;
