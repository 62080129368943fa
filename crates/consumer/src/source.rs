//! The source: a thread that only polls Kafka and groups records by partition. What it reads goes
//! to the workers as batches; what became of each comes back as the reply to its delivery.
//!
//! A thread of its own, since the client's blocking poll is its most reliable way to be read. It
//! never waits for PostgreSQL: while batches are stuck it goes on polling, so that it keeps its
//! partitions.

mod client;
mod lane;
mod rebalance;
mod start;

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rdkafka::{Message, consumer::BaseConsumer, error::KafkaError, types::RDKafkaErrorCode};
use service::kafka::{KafkaSettings, Observer};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use self::{
    lane::{Collected, Lane},
    rebalance::{Change, Context},
    start::Starts,
};
use crate::{
    batch::{BatchLimits, BatchSettings, Delivery, RawRecord},
    progress::Progress,
    store::BatchWriter,
    trouble::Troubles,
};

/// Records taken from the client before anything else is looked at.
const RECORDS_A_ROUND_MAX: usize = 1000;
/// How long a poll waits when nothing else is going on, and when batches are being written.
const POLL_IDLE: Duration = Duration::from_millis(100);
const POLL_BUSY: Duration = Duration::from_millis(2);
/// How long to wait for workers without polling before partitions are paused: pausing throws away
/// what the client has fetched ahead, so it is for outages, not for every full queue.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait for workers at a time.
const FULL_WAIT: Duration = Duration::from_millis(1);
/// How often Kafka is told how far we are.
const HINT_INTERVAL: Duration = Duration::from_secs(2);
/// How often the stored offsets of idle partitions are compared with ours: they move when a backup
/// is restored.
const AUDIT_INTERVAL: Duration = Duration::from_secs(10);

/// How the topic is read.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// How this client names itself.
    pub client_id: String,
    /// The group whose members share the topic.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// Where a partition begins of which nothing is known.
    pub reset: OffsetReset,
}

/// Where a partition begins of which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetReset {
    /// At its first record.
    Earliest,
    /// After its last.
    Latest,
}

/// What the source works with.
pub(crate) struct Parts {
    pub(crate) settings: SourceSettings,
    pub(crate) batch: BatchSettings,
    pub(crate) writer: BatchWriter,
    pub(crate) troubles: Troubles,
    pub(crate) progress: Progress,
    /// A partition always goes to the same worker, so its batches are stored in order.
    pub(crate) workers: Vec<mpsc::Sender<Delivery>>,
    /// Ends the reading. What was read is still stored, unless `drop_on_stop`.
    pub(crate) stop: CancellationToken,
    pub(crate) drop_on_stop: bool,
}

/// How the source's thread ended, in two steps.
pub(crate) struct Running {
    /// Everything read is stored (or let go). An error here is the source's end.
    pub(crate) drained: oneshot::Receiver<anyhow::Result<()>>,
    /// The group was left.
    pub(crate) closed: oneshot::Receiver<()>,
}

/// Starts the thread.
pub(crate) fn start(
    parts: Parts,
    kafka: &KafkaSettings,
    observer: Observer,
) -> anyhow::Result<Running> {
    let consumer = client::subscribe(&parts.settings, kafka, observer)?;
    let starts = Starts::new(&parts, Arc::clone(&consumer));
    let (drained_sender, drained) = oneshot::channel();
    let (closed_sender, closed) = oneshot::channel();
    let source = Source {
        consumer,
        starts,
        limits: parts.batch.limits(1),
        parts,
        lanes: BTreeMap::new(),
        full_since: None,
        hinted: Instant::now(),
        audit: Audit::Due(Instant::now() + AUDIT_INTERVAL),
    };
    thread::Builder::new()
        .name("source".into())
        .spawn(move || source.run(drained_sender, closed_sender))
        .context("starting the thread that reads Kafka")?;
    Ok(Running { drained, closed })
}

struct Source {
    parts: Parts,
    consumer: Arc<BaseConsumer<Context>>,
    starts: Starts,
    limits: BatchLimits,
    lanes: BTreeMap<i32, Lane>,
    /// Since when a full batch has found no room in its worker's queue.
    full_since: Option<Instant>,
    hinted: Instant,
    audit: Audit,
}

/// The comparison of stored offsets with ours.
enum Audit {
    /// Due at this time.
    Due(Instant),
    /// Under way: the idle partitions with our offsets, and where the stored ones will come.
    Asked(BTreeMap<i32, i64>, oneshot::Receiver<BTreeMap<i32, i64>>),
}

impl Source {
    fn run(mut self, drained: oneshot::Sender<anyhow::Result<()>>, closed: oneshot::Sender<()>) {
        let result = self.read().and_then(|()| self.drain());
        // The workers' input closes, and they end.
        self.parts.workers.clear();
        // Nobody listens where the deadline passed.
        drained.send(result).ok();
        self.hint(client::Wait::Answer);
        // Closes: the group learns at once that we are gone. It can hang when Kafka does.
        drop(self);
        closed.send(()).ok();
    }

    /// Reads until told to stop.
    fn read(&mut self) -> anyhow::Result<()> {
        while !self.parts.stop.is_cancelled() {
            self.apply_changes();
            self.place_started();
            self.collect()?;
            self.dispatch()?;
            self.audit();
            if self.hinted.elapsed() >= HINT_INTERVAL {
                self.hint(client::Wait::No);
                self.measure();
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
        if self.parts.drop_on_stop {
            let dropped: usize = self.lanes.values_mut().map(Lane::let_go).sum();
            info!("Letting go {dropped} records that were read and not handed on");
            self.parts.progress.settled(dropped);
        }
        while self.lanes.values().any(Lane::is_busy) {
            self.collect()?;
            self.dispatch()?;
            thread::sleep(FULL_WAIT);
        }
        Ok(())
    }

    /// Takes what the client has. At most one wait, then only what is there.
    fn poll(&mut self) -> anyhow::Result<()> {
        let busy = self.lanes.values().any(Lane::is_busy);
        let mut wait = if busy { POLL_BUSY } else { POLL_IDLE };
        // An own handle, so that the records it lends do not lock all of `self`.
        let consumer = Arc::clone(&self.consumer);
        for _ in 0..RECORDS_A_ROUND_MAX {
            match consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    consumer_context(&consumer).heard();
                    if self.take(&message) {
                        break;
                    }
                }
                Some(Err(error)) => {
                    self.client_failed(&error)?;
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Adds a record to its partition's batch. `true` when that is full.
    fn take(&mut self, message: &impl Message) -> bool {
        let Some(lane) = self.lanes.get_mut(&message.partition()) else {
            return false;
        };
        let record = RawRecord {
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key(),
            value: message.payload(),
        };
        if lane.take(record) {
            self.parts.progress.read(1);
        }
        lane.is_full(self.limits)
    }

    fn client_failed(&mut self, error: &KafkaError) -> anyhow::Result<()> {
        match error {
            KafkaError::MessageConsumptionFatal(code) => {
                anyhow::bail!("the Kafka client gave up: {code}")
            }
            // A position that the topic does not have any more. Which partition's, is not said.
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset) => {
                self.restart_all();
            }
            // Said by the client's context, with its reason.
            _ => debug!("Kafka client: {error}"),
        }
        Ok(())
    }

    /// Takes over what the rebalance callbacks noted during the last poll.
    fn apply_changes(&mut self) {
        while let Some(change) = consumer_context(&self.consumer).next_change() {
            match change {
                Change::Assigned(partitions) => {
                    info!("Assigned partitions {partitions:?}");
                    // Another consumer had them, and may have changed what is known of websites.
                    self.parts.writer.forget_websites();
                    for partition in partitions {
                        let lane = self.starts.begin(partition);
                        self.replace(partition, lane);
                    }
                }
                Change::Revoked(partitions) => {
                    info!("Revoked partitions {partitions:?}");
                    for partition in partitions {
                        self.remove(partition);
                    }
                }
            }
            self.limits = self.parts.batch.limits(self.lanes.len());
        }
    }

    fn replace(&mut self, partition: i32, lane: Lane) {
        if let Some(mut before) = self.lanes.insert(partition, lane) {
            self.parts.progress.settled(before.let_go());
        }
    }

    fn remove(&mut self, partition: i32) {
        if let Some(mut lane) = self.lanes.remove(&partition) {
            self.parts.progress.settled(lane.let_go());
        }
        self.parts.progress.lag(partition, None);
        consumer_context(&self.consumer).forget(partition);
    }

    /// Begins to read partitions whose stored offset is known by now.
    fn place_started(&mut self) {
        let mut failed = Vec::new();
        for (&partition, lane) in &mut self.lanes {
            let Some(at) = lane.found() else { continue };
            match client::place(&self.consumer, &self.parts.settings.topic, partition, at) {
                Ok(()) => {
                    lane.begin(at);
                    consumer_context(&self.consumer).stored(partition, at);
                }
                Err(error) => {
                    warn!(
                        partition,
                        "Cannot read from offset {at}, trying again: {error}"
                    );
                    failed.push(partition);
                }
            }
        }
        for partition in failed {
            self.restart(partition);
        }
    }

    /// Looks what became of batches.
    fn collect(&mut self) -> anyhow::Result<()> {
        let mut elsewhere = Vec::new();
        for (&partition, lane) in &mut self.lanes {
            match lane.collect() {
                Collected::Nothing => {}
                Collected::Stored(at) => consumer_context(&self.consumer).stored(partition, at),
                Collected::Elsewhere => elsewhere.push(partition),
                Collected::Lost => anyhow::bail!("a worker ended before its work did"),
            }
        }
        for partition in elsewhere {
            info!(
                partition,
                "The stored offset is not where it was left; reading it again"
            );
            self.restart(partition);
        }
        Ok(())
    }

    /// Hands batches to workers that have room: full ones, and small ones to those that are idle.
    fn dispatch(&mut self) -> anyhow::Result<()> {
        let count = self.parts.workers.len();
        for (&partition, lane) in &mut self.lanes {
            let worker = usize::try_from(partition).unwrap_or_default() % count;
            if !lane.dispatch(partition, self.limits, &self.parts.workers[worker]) {
                anyhow::bail!("a worker ended before its work did");
            }
        }
        Ok(())
    }

    /// Whether to wait for workers instead of polling. When patience ends, the partitions that are
    /// full are paused.
    fn is_to_wait(&mut self) -> bool {
        let limits = self.limits;
        let full = |lane: &Lane| lane.is_full(limits) && !lane.is_paused();
        if !self.lanes.values().any(full) {
            self.full_since = None;
            return false;
        }
        let since = *self.full_since.get_or_insert_with(Instant::now);
        if since.elapsed() < PATIENCE {
            return true;
        }
        self.full_since = None;
        for (&partition, lane) in self.lanes.iter_mut().filter(|(_, lane)| full(lane)) {
            debug!(partition, "Pausing: its batches wait to be stored");
            lane.pause(&self.consumer, &self.parts.settings.topic, partition);
        }
        false
    }

    fn resume_emptied(&mut self) {
        for (&partition, lane) in &mut self.lanes {
            lane.resume_if_emptied(&self.consumer, &self.parts.settings.topic, partition);
        }
    }

    /// Reads a partition's stored offset again and goes on from there.
    fn restart(&mut self, partition: i32) {
        client::unplace(&self.consumer, &self.parts.settings.topic, partition);
        let lane = self.starts.begin(partition);
        self.replace(partition, lane);
    }

    fn restart_all(&mut self) {
        let reading = self.lanes.iter().filter(|(_, lane)| lane.is_reading());
        let partitions: Vec<i32> = reading.map(|(&partition, _)| partition).collect();
        for partition in partitions {
            self.restart(partition);
        }
    }

    /// Tells Kafka how far we are.
    fn hint(&mut self, wait: client::Wait) {
        self.hinted = Instant::now();
        client::hint(&self.consumer, wait);
    }

    /// Notes how far behind each partition is, also those of which nothing can be stored.
    fn measure(&self) {
        for (partition, lag) in consumer_context(&self.consumer).lags() {
            self.parts.progress.lag(partition, Some(lag));
        }
    }

    /// Compares the stored offsets of idle partitions with ours, now and then.
    fn audit(&mut self) {
        match &mut self.audit {
            Audit::Due(due) if Instant::now() < *due => {}
            Audit::Due(_) => {
                let idle = self
                    .lanes
                    .iter()
                    .filter_map(|(&partition, lane)| Some((partition, lane.idle_at()?)));
                self.audit = Audit::Asked(idle.collect(), self.starts.stored_offsets());
            }
            Audit::Asked(ours, answer) => match answer.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(oneshot::error::TryRecvError::Closed) => self.audit_again(),
                Ok(stored) => {
                    let ours = std::mem::take(ours);
                    for (partition, at) in ours {
                        let idle_at = self.lanes.get(&partition).and_then(Lane::idle_at);
                        if idle_at == Some(at) && stored.get(&partition) != Some(&at) {
                            warn!(
                                partition,
                                "The stored offset was set back or forth; following"
                            );
                            self.restart(partition);
                        }
                    }
                    self.audit_again();
                }
            },
        }
    }

    fn audit_again(&mut self) {
        self.audit = Audit::Due(Instant::now() + AUDIT_INTERVAL);
    }
}

fn consumer_context(consumer: &BaseConsumer<Context>) -> &Arc<Context> {
    use rdkafka::consumer::Consumer;
    consumer.context()
}
