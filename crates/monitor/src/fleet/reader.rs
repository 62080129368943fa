//! The thread that reads the topic of targets, alone or as a member of the group that shares it.
//!
//! A thread of its own, since the client's blocking poll is its most reliable way to be read.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rdkafka::{Message, consumer::CommitMode};
use service::settings::Variables;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    client::{Client, Polled},
    holdings::Holdings,
    ledger::Ledger,
    news::News,
    record::understand,
    telling::{Gone, Telling},
};
use crate::clock;

/// Records taken from the client before anything else is looked at.
const RECORDS_A_ROUND_MAX: usize = 1000;
/// How long a poll waits when nothing else is going on, and while checks are told as missed.
const POLL_IDLE: Duration = Duration::from_millis(100);
const POLL_BUSY: Duration = Duration::from_millis(50);
/// How often the group is told how far our checks are acknowledged. After a kill, those since are told as
/// missed, beside the results that they have.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// How often the list of targets is made anew while they change.
const LIST_INTERVAL: Duration = Duration::from_millis(300);
/// How long results may take, at the end, to be acknowledged, so that the next monitor need not tell their
/// checks as missed.
const LEAVE_WAIT_MAX: Duration = Duration::from_secs(2);

/// What the thread owns.
pub(super) struct Reader {
    pub(super) client: Arc<Client>,
    pub(super) holdings: Holdings,
    pub(super) ledger: Ledger,
    pub(super) telling: Telling,
    pub(super) news: News,
    /// What records may name.
    pub(super) variables: Variables,
    pub(super) stop: CancellationToken,
    /// Told once, where all targets have to be known before anything is checked.
    pub(super) begun: Option<oneshot::Sender<()>>,
    pub(super) times: Times,
    /// Partitions that are ours, and of which it is not known yet how far their predecessors came.
    pub(super) coming: BTreeSet<i32>,
    /// The group went on without us: who has our partitions is not known. They are checked until it is:
    /// checked twice is better than not at all.
    pub(super) is_adrift: bool,
    /// The list of targets is another one than was told.
    pub(super) is_changed: bool,
}

/// When something was last done.
pub(super) struct Times {
    committed: Instant,
    listed: Instant,
    /// When Kafka is asked next for partitions.
    pub(super) ask_again: Instant,
}

impl Times {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            committed: now,
            listed: now,
            ask_again: now,
        }
    }
}

impl Reader {
    /// Works until the stop, or until the client gives up.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        while !self.stop.is_cancelled() {
            if self.client.group().is_some() {
                self.follow_group();
                self.begin_coming();
            } else {
                self.look_for_partitions();
            }
            self.poll()?;
            if self.tell().is_err() {
                // Whoever runs us will see why.
                break;
            }
            self.keep_books();
        }
        self.leave();
        Ok(())
    }

    /// Takes what the client has. At most one wait, then only what is there.
    fn poll(&mut self) -> anyhow::Result<()> {
        let mut wait = if self.telling.is_owing() {
            POLL_BUSY
        } else {
            POLL_IDLE
        };
        // A handle of its own, so that the records it lends do not lock all of `self`.
        let client = Arc::clone(&self.client);
        for _ in 0..RECORDS_A_ROUND_MAX {
            let now = clock::now();
            match client.poll(wait) {
                None => break,
                Some(Polled::Record(record)) => {
                    let unknown = &mut self.news.unknown;
                    let understood = understand(&record, &self.variables, unknown);
                    if let Err(bad) = &understood {
                        self.news.bad(bad);
                    }
                    self.news.tell_unknown(&record);
                    let (partition, offset) = (record.partition(), record.offset());
                    let change = self.holdings.read(partition, offset, understood, now);
                    self.telling.change(change);
                    self.is_changed = true;
                }
                Some(Polled::End(partition)) => self.end_was_read(partition, now),
                Some(Polled::Passing(error)) => {
                    debug!("Kafka client: {error}");
                    break;
                }
                Some(Polled::GaveUp(code)) => anyhow::bail!("the Kafka client gave up: {code}"),
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn end_was_read(&mut self, partition: i32, now: Timestamp) {
        let Some(came) = self.holdings.end_was_read(partition, now) else {
            return;
        };
        self.telling.change(came.changes);
        self.telling.owe(came.owed, now);
        self.is_changed = true;
        if self.holdings.are_ready() {
            self.client.heard();
        }
    }

    fn tell(&mut self) -> Result<(), Gone> {
        if let Some(begun) = self.begun.take_if(|_| self.holdings.are_ready()) {
            self.telling.forget_changes();
            self.show();
            // Whoever waited is gone where the stop was faster.
            begun.send(()).ok();
        }
        if self.begun.is_some() {
            return Ok(());
        }
        if self.is_changed && self.times.listed.elapsed() >= LIST_INTERVAL {
            self.show();
        }
        self.telling.tell()
    }

    fn show(&mut self) {
        self.times.listed = Instant::now();
        self.is_changed = false;
        let targets = self.holdings.targets();
        let count = targets.len();
        self.telling.list(targets);
        self.news.show(&self.holdings, count, self.is_adrift);
    }

    /// Notes how far everything is.
    fn keep_books(&mut self) {
        if self.times.committed.elapsed() < COMMIT_INTERVAL {
            return;
        }
        self.times.committed = Instant::now();
        let now = clock::now();
        if self.client.group().is_none() {
            self.ledger.forget_left(now);
        } else if !self.is_adrift {
            self.client.set_positions(self.holdings.positions());
            self.client.commit(CommitMode::Async, now);
        }
    }

    /// Leaves the group, once what is under way is acknowledged, or has had its time.
    fn leave(&mut self) {
        self.telling.close();
        if self.client.group().is_none() || self.is_adrift {
            return;
        }
        let (until, deadline) = (clock::now(), Instant::now() + LEAVE_WAIT_MAX);
        let is_owed = || {
            let balances = self.ledger.balance(until);
            balances.values().any(|balance| balance.watermark < until)
        };
        while is_owed() && Instant::now() < deadline {
            // A member has to be heard; what it hears is for the next one.
            self.client.poll(POLL_BUSY);
        }
        self.client.commit(CommitMode::Sync, until);
    }
}
