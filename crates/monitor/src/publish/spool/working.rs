//! What the disk is given to do, and what follows from what it did.

use jiff::Timestamp;
use metrics::gauge;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{
    holding::Spool,
    pace::{Pace, RETRY_AFTER},
};
use crate::{
    clock,
    publish::{
        backlog::Backlog,
        disk::{Disk, Done},
        drops::Drops,
        entry::Entry,
    },
    state::{Changes, Committed, Spooled, StoreError},
};

/// Results that are written at once, and what they take.
const GROUP_RESULTS_MAX: usize = 5_000;
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is read at once.
const READ_BYTES_MAX: usize = 1024 * 1024;

impl Spool {
    /// Does what there is to do.
    pub(crate) fn tend(&mut self, backlog: &mut Backlog) {
        let now = Instant::now();
        if !self.disk.is_idle() {
        } else if self.write_due(backlog).is_some_and(|due| due <= now) {
            let hurry = self.is_deep() || self.on_disk > 0;
            let oldest = self.unwritten(backlog).next();
            let is_late = oldest.is_some_and(|it| Pace::group_due(it.came_at, hurry) <= now);
            self.write(backlog, is_late);
        } else if self.is_low(backlog) && self.pace.read_again_at <= now {
            if self.loaded < self.written {
                self.disk.read(self.loaded, READ_BYTES_MAX);
            } else {
                self.unqueue(backlog);
            }
        }
    }

    /// Nothing older is on disk any more: the queue is next.
    fn unqueue(&mut self, backlog: &mut Backlog) {
        for entry in self.queue.take_all() {
            backlog.restore(entry);
        }
        self.loaded = self.next;
    }

    fn write(&mut self, backlog: &Backlog, with_results: bool) {
        let mut changes = Changes {
            settled: std::mem::take(&mut self.settled),
            ..Changes::default()
        };
        if with_results {
            let (group, end) = self.group(backlog);
            for result in &group {
                self.watermarks.settle(&result.url, result.scheduled_at);
            }
            changes.spooled = group;
            self.writing = end;
        }
        self.watermarks.take_changes(&mut changes, clock::now());
        self.pace.wrote_at = Instant::now();
        self.disk.write(changes);
    }

    /// What is to be written next, and the serial behind it.
    fn group(&self, backlog: &Backlog) -> (Vec<Spooled>, u64) {
        let (mut group, mut bytes) = (Vec::new(), 0);
        for entry in self.unwritten(backlog) {
            if group.len() == GROUP_RESULTS_MAX || bytes > GROUP_BYTES_MAX {
                return (group, entry.serial);
            }
            bytes += entry.sent_bytes();
            group.push(entry.spooled());
        }
        (group, self.next)
    }

    /// Takes note of what was done.
    pub(crate) fn note(&mut self, done: Done, backlog: &mut Backlog, drops: &mut Drops) {
        match done {
            Done::Wrote(_, Ok(committed)) => self.wrote(&committed, drops),
            Done::Wrote(changes, Err(error)) => {
                self.writing = self.written;
                self.watermarks.not_written(&changes);
                self.settled.extend(changes.settled);
                self.failed("written", &error, backlog, drops);
            }
            Done::Read(Ok(results)) => {
                self.loaded = results.last().map_or(self.written, |last| last.serial + 1);
                for result in results {
                    backlog.restore(Entry::restored(result));
                }
            }
            Done::Read(Err(error)) => self.failed("read", &error, backlog, drops),
            Done::Broke => self.give_up(&"its library broke over it", backlog, drops),
        }
    }

    fn wrote(&mut self, committed: &Committed, drops: &mut Drops) {
        if self.pace.worked() {
            info!("The state can be written again");
        }
        if self.on_disk == 0 && committed.results > 0 {
            info!("Kafka does not take results in time: they are spooled on disk");
        }
        self.written = self.writing;
        self.queue.drop_below(self.written);
        if let Some(last) = committed.gave_way.last() {
            self.gone = last + 1;
            // The others are in memory.
            let lost = committed.gave_way.iter().filter(|it| **it >= self.loaded);
            drops.gave_way(lost.count() as u64);
        }
        self.on_disk = committed.results;
        show(committed);
    }

    fn failed(&mut self, what: &str, error: &StoreError, backlog: &mut Backlog, drops: &mut Drops) {
        if !matches!(error, StoreError::Refused(_)) {
            self.give_up(error, backlog, drops);
        } else if self.pace.failed() {
            warn!(
                "The state (STATE_DIR) cannot be {what}: {error}. It is tried again every {} s; \
                 meanwhile results wait in memory",
                RETRY_AFTER.as_secs()
            );
        }
    }

    /// Goes on without a store.
    fn give_up(&mut self, why: &dyn std::fmt::Display, backlog: &mut Backlog, drops: &mut Drops) {
        let results = self.on_disk;
        error!(
            results,
            "Going on without state: it is torn ({why}). What was spooled waits there for the next \
             start"
        );
        self.disk = Disk::Off;
        for entry in self.queue.take_all() {
            if !backlog.accept(entry) {
                drops.no_room();
            }
        }
        self.loaded = self.next;
    }

    /// Writes everything that is not on disk, as far as the disk takes it.
    pub(crate) async fn close(&mut self, backlog: &mut Backlog, drops: &mut Drops) {
        loop {
            if self.disk.is_busy() {
                let done = self.disk.done().await;
                let is_refused = matches!(&done, Done::Wrote(_, Err(_)));
                self.note(done, backlog, drops);
                if is_refused {
                    return;
                }
            }
            let is_done = self.written == self.next
                && self.settled.is_empty()
                && !self.watermarks.is_moved()
                && !self.watermarks.is_unwritten();
            if self.disk.is_off() || is_done {
                return;
            }
            self.write(backlog, true);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn show(committed: &Committed) {
    gauge!("monitor_spooled_results").set(committed.results as f64);
    gauge!("monitor_spool_bytes").set(committed.bytes as f64);
    let oldest = committed.oldest.map_or(0, Timestamp::as_second);
    gauge!("monitor_spool_oldest_timestamp_seconds").set(oldest as f64);
}
