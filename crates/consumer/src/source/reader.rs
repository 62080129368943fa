//! The source's thread: polls Kafka, hands batches to the workers, and does what `lane`, `flow` and
//! `audit` decide.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{Message, consumer::CommitMode};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    audit::Audit,
    changes::Change,
    feed::{Feed, Interruption},
    finder::{Books, Finder},
    flow::{Advance, Flow},
    lanes::Lanes,
    parts::Parts,
};
use crate::{batch::RawRecord, store::BatchWriter};

/// Records taken from the client before anything else is looked at.
const RECORDS_A_ROUND_MAX: usize = 1000;
/// How long a poll waits when nothing else is going on, and when batches are being written.
const POLL_IDLE: Duration = Duration::from_millis(100);
const POLL_BUSY: Duration = Duration::from_millis(2);
/// How long to wait for workers at a time.
const FULL_WAIT: Duration = Duration::from_millis(1);
/// How often Kafka is told how far we are.
const HINT_INTERVAL: Duration = Duration::from_secs(2);

/// What the thread owns.
pub(super) struct Reader<F, B> {
    client: Arc<F>,
    finder: Finder<B>,
    lanes: Lanes,
    flow: Flow,
    /// Whether the last poll left nothing with the client.
    is_emptied: bool,
    /// When Kafka was last told how far we are.
    hinted: Instant,
    audit: Audit,
    writer: BatchWriter,
    stop: CancellationToken,
    drop_on_stop: bool,
}

impl<F: Feed, B: Books> Reader<F, B> {
    pub(super) fn new(parts: Parts, client: Arc<F>, finder: Finder<B>) -> Self {
        Self {
            client,
            finder,
            lanes: Lanes::new(parts.batch, parts.workers, parts.progress),
            flow: Flow::default(),
            is_emptied: false,
            hinted: Instant::now(),
            audit: Audit::new(Instant::now()),
            writer: parts.writer,
            stop: parts.stop,
            drop_on_stop: parts.drop_on_stop,
        }
    }

    /// Works until the stop, or until something fails.
    pub(super) fn run(
        mut self,
        drained: oneshot::Sender<anyhow::Result<()>>,
        closed: oneshot::Sender<()>,
    ) {
        let result = self.read().and_then(|()| self.drain());
        self.lanes.release_workers();
        // Nobody listens where the deadline passed.
        drained.send(result).ok();
        self.hint(CommitMode::Sync);
        // Closes: the group learns at once that we are gone. It can hang when Kafka does.
        drop(self);
        closed.send(()).ok();
    }

    /// Reads until told to stop.
    fn read(&mut self) -> anyhow::Result<()> {
        while !self.stop.is_cancelled() {
            self.apply_changes();
            self.place_found();
            self.collect()?;
            self.lanes.dispatch(Instant::now())?;
            self.audit();
            if self.hinted.elapsed() >= HINT_INTERVAL {
                self.hint(CommitMode::Async);
                self.lanes.measure(self.client.behind());
            }
            if self.is_to_wait() {
                thread::sleep(FULL_WAIT);
                continue;
            }
            self.resume_emptied();
            self.poll()?;
        }
        Ok(())
    }

    /// Stores what was read, or lets it go.
    fn drain(&mut self) -> anyhow::Result<()> {
        if self.drop_on_stop {
            let dropped = self.lanes.let_go();
            info!("Letting go {dropped} records that were read and not handed on");
        }
        while self.lanes.is_busy() {
            self.collect()?;
            self.lanes.dispatch(Instant::now())?;
            thread::sleep(FULL_WAIT);
        }
        Ok(())
    }

    /// Takes what the client has. At most one wait, then only what is there.
    fn poll(&mut self) -> anyhow::Result<()> {
        let rest = self.lanes.rest(Instant::now());
        let mut wait = match rest.filter(|_| self.is_emptied) {
            Some(rest) => {
                thread::sleep(rest);
                Duration::ZERO
            }
            None if self.lanes.is_busy() => POLL_BUSY,
            None => POLL_IDLE,
        };
        self.is_emptied = false;
        // A handle of its own, so that the records it lends do not lock all of `self`.
        let client = Arc::clone(&self.client);
        for _ in 0..RECORDS_A_ROUND_MAX {
            let Some(polled) = client.poll(wait) else {
                self.is_emptied = true;
                break;
            };
            match polled {
                Ok(message) => {
                    if self.take(&message) {
                        break;
                    }
                }
                Err(interruption) => {
                    self.interrupted(&interruption)?;
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Adds a record to its partition's batch. `true` when that is full.
    fn take(&mut self, message: &impl Message) -> bool {
        let record = RawRecord::of(message);
        let is_full = self.lanes.take(message.partition(), record);
        self.lanes.trace(message);
        is_full
    }

    fn interrupted(&mut self, interruption: &Interruption) -> anyhow::Result<()> {
        match interruption {
            Interruption::GaveUp(code) => anyhow::bail!("the Kafka client gave up: {code}"),
            // Which partition's, is not said: where it is not lost, reading goes on as it was.
            Interruption::OffsetGone => {
                for partition in self.lanes.reading() {
                    self.restart(partition);
                }
            }
            Interruption::Passing(error) => debug!("Kafka client: {error}"),
        }
        Ok(())
    }

    /// Takes over what the rebalance callbacks noted during the last poll.
    fn apply_changes(&mut self) {
        while let Some(change) = self.client.next_change() {
            match change {
                Change::Assigned(partitions) => {
                    info!("Assigned partitions {partitions:?}");
                    // Another consumer had them, and may have changed what is known of websites.
                    self.writer.forget();
                    for partition in partitions {
                        self.begin(partition);
                    }
                }
                Change::Revoked(partitions) => {
                    info!("Revoked partitions {partitions:?}");
                    for partition in partitions {
                        self.lanes.remove(partition);
                        self.client.forget(partition);
                    }
                }
            }
        }
    }

    /// Begins to read partitions whose stored offset is known by now.
    fn place_found(&mut self) {
        for (partition, at) in self.lanes.found() {
            match self.client.place(partition, at) {
                Ok(()) => self.lanes.begin(partition, at),
                Err(error) => {
                    warn!(
                        partition,
                        "Cannot read from offset {at}, trying again: {error}"
                    );
                    self.restart(partition);
                }
            }
        }
    }

    /// Looks what became of batches.
    fn collect(&mut self) -> anyhow::Result<()> {
        let news = self.lanes.collect()?;
        for (partition, at) in news.stored {
            self.client.stored(partition, at);
        }
        for partition in news.elsewhere {
            info!(
                partition,
                "The stored offset is not where it was left; reading it again"
            );
            self.restart(partition);
        }
        Ok(())
    }

    /// Whether to wait for workers instead of polling. When their time is over, the partitions that
    /// are held up are paused.
    fn is_to_wait(&mut self) -> bool {
        let held_up = self.lanes.held_up();
        match self.flow.advance(!held_up.is_empty(), Instant::now()) {
            Advance::Poll => false,
            Advance::Wait => true,
            Advance::PauseAndPoll => {
                for partition in held_up {
                    debug!(partition, "Pausing: its batches wait to be stored");
                    let is_paused = self.client.pause(partition);
                    self.lanes.set_paused(partition, is_paused);
                }
                false
            }
        }
    }

    fn resume_emptied(&mut self) {
        for partition in self.lanes.to_resume() {
            let is_paused = !self.client.resume(partition);
            self.lanes.set_paused(partition, is_paused);
        }
    }

    /// A partition begins a new epoch, in which it is read once its stored offset is found.
    fn begin(&mut self, partition: i32) {
        let lane = self.finder.begin(partition);
        self.lanes.insert(partition, lane);
    }

    /// Reads a partition's stored offset again and goes on from there.
    fn restart(&mut self, partition: i32) {
        self.client.unplace(partition);
        self.begin(partition);
    }

    /// Tells Kafka how far we are.
    fn hint(&mut self, mode: CommitMode) {
        self.hinted = Instant::now();
        self.client.hint(mode);
    }

    /// Compares the stored offsets of idle partitions with ours, now and then.
    fn audit(&mut self) {
        let now = Instant::now();
        if self.audit.is_due(now) {
            self.audit
                .asked(self.lanes.idle(), self.finder.stored_offsets());
        }
        let idle_at = |partition| self.lanes.idle_at(partition);
        for partition in self.audit.astray(now, idle_at) {
            warn!(
                partition,
                "The stored offset was set back or forth; following"
            );
            self.restart(partition);
        }
    }
}

#[cfg(test)]
mod tests;
