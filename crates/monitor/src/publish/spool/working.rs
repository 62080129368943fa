//! What the disk is given to do, and what follows from what it did.

use tokio::time::Instant;
use tracing::{info, warn};

use super::{away::show, holding::Spool, pace::RETRY_AFTER};
use crate::{
    clock,
    publish::{backlog::Backlog, disk::Done, drops::Drops, entry::Entry},
    state::{Changes, Committed, Spooled, StoreError},
};

/// What results that are written at once take.
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is read at once.
const READ_BYTES_MAX: usize = 1024 * 1024;

impl Spool {
    /// Whether what is full here is about to be written: the disk neither refuses nor hangs.
    pub(crate) fn makes_room(&self) -> bool {
        self.disk.is_there() && !self.pace.refuses() && !self.disk.hangs(Instant::now())
    }

    /// Does what there is to do.
    pub(crate) fn tend(&mut self, backlog: &mut Backlog) {
        let now = Instant::now();
        if self.disk.is_off() {
            self.look_for_store();
        } else if !self.disk.is_idle() {
        } else if self.write_due(backlog).is_some_and(|due| due <= now) {
            let is_late = self.group_due(backlog).is_some_and(|due| due <= now);
            self.write(backlog, is_late);
        } else if self.is_low(backlog) && self.pace.read_again_at <= now {
            if let Some(early) = self.early {
                self.disk.read(early.next, READ_BYTES_MAX);
            } else if self.loaded < self.written {
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
        // Where there is little room, it is for results.
        if changes.spooled.is_empty() || !self.pace.refuses() {
            self.watermarks.take_changes(&mut changes, clock::now());
        }
        self.pace.wrote_at = Instant::now();
        self.disk.write(changes);
    }

    /// What is to be written next, and the serial behind it.
    fn group(&self, backlog: &Backlog) -> (Vec<Spooled>, u64) {
        let (mut group, mut bytes) = (Vec::new(), 0);
        for entry in self.unwritten(backlog) {
            if group.len() >= self.pace.group_results_max || bytes > GROUP_BYTES_MAX {
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
                self.settled.extend(&changes.settled);
                self.refused(&changes, &error, backlog);
            }
            Done::Read(Ok(results)) => self.fill(results, backlog),
            Done::Read(Err(error)) => self.failed("read", &error, backlog),
            Done::Opened(opened) => self.opened(opened, backlog),
            Done::Broke => self.go_away(&"its library broke over it", backlog),
        }
    }

    fn fill(&mut self, mut results: Vec<Spooled>, backlog: &mut Backlog) {
        if let Some(early) = self.early {
            self.early = early.behind(&mut results);
        } else {
            self.loaded = results.last().map_or(self.written, |last| last.serial + 1);
        }
        for result in results {
            backlog.restore(Entry::restored(result));
        }
    }

    fn wrote(&mut self, committed: &Committed, drops: &mut Drops) {
        if self.pace.worked() {
            info!("The state can be written again");
            self.is_well();
        }
        if self.on_disk == 0 && committed.results > 0 {
            info!("Kafka does not take results in time: they are spooled on disk");
        }
        self.written = self.writing;
        self.queue.drop_below(self.written);
        if let Some(last) = committed.gave_way.last() {
            self.gone = last + 1;
            // The others are in memory.
            let is_early = |serial| self.early.is_some_and(|early| early.holds(serial));
            let lost = committed.gave_way.iter();
            let lost = lost.filter(|it| **it >= self.loaded || is_early(**it));
            drops.gave_way(lost.count() as u64);
        }
        self.on_disk = committed.results;
        show(committed);
    }

    fn refused(&mut self, changes: &Changes, error: &StoreError, backlog: &mut Backlog) {
        self.failed("written", error, backlog);
        if self.disk.is_there() {
            self.pace.refused_group(changes.spooled.len());
        }
    }

    fn failed(&mut self, what: &str, error: &StoreError, backlog: &mut Backlog) {
        if !matches!(error, StoreError::Refused(_)) {
            return self.go_away(error, backlog);
        }
        let is_first = self.pace.refused();
        let story = format!("the state (STATE_DIR) cannot be {what}: {error}");
        // As long as nothing waits for the disk, it costs nobody anything.
        if self.is_deep() && self.pace.refuses_for_long() {
            return self.go_away(&story, backlog);
        }
        self.remark(&story);
        if is_first {
            warn!(
                "{story}. It is tried again every {} s; meanwhile results wait in memory",
                RETRY_AFTER.as_secs()
            );
        }
    }

    /// Writes everything that is not on disk, as far as the disk takes it.
    pub(crate) async fn close(&mut self, backlog: &mut Backlog, drops: &mut Drops) {
        loop {
            if self.disk.is_busy() {
                let done = self.disk.done().await;
                // A smaller group may fit.
                let is_refused = matches!(
                    &done,
                    Done::Wrote(changes, Err(_)) if changes.spooled.len() <= 1
                );
                self.note(done, backlog, drops);
                if is_refused {
                    return;
                }
            }
            let is_done = self.written == self.next
                && self.settled.is_empty()
                && !self.watermarks.is_moved()
                && !self.watermarks.is_unwritten();
            if !self.disk.is_there() || is_done {
                return;
            }
            self.write(backlog, true);
        }
    }
}
