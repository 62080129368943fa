//! What the Kafka client tells while it is polled: partitions that come and go, errors. Its methods are
//! called on the reader's thread, within a poll.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    error::{KafkaError, KafkaResult},
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use service::kafka::{Wellness, partitions};
use tracing::{debug, warn};

use super::{
    ledger::{Balance, Ledger},
    metadata,
};
use crate::clock::{self, is_before_build};

/// Partitions that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rebalance {
    /// These are ours, too.
    Assigned(Vec<i32>),
    /// These are others' from now on.
    Revoked(Vec<i32>),
    /// The group went on without us, or cannot be asked. Who has our partitions we do not know until it
    /// takes us in again.
    Lost,
}

/// The reader's ear, and what it needs to say a last word on partitions that go.
pub(super) struct Callbacks {
    topic: String,
    pub(super) wellness: Wellness,
    /// One poll brings one or two, and the reader takes all of them before the next.
    rebalances: Mutex<VecDeque<Rebalance>>,
    /// How far the partitions were read that are ours for certain.
    positions: Mutex<BTreeMap<i32, i64>>,
    ledger: Ledger,
}

impl Callbacks {
    pub(super) fn new(topic: &str, wellness: Wellness, ledger: Ledger) -> Self {
        Self {
            topic: topic.to_owned(),
            wellness,
            rebalances: Mutex::default(),
            positions: Mutex::default(),
            ledger,
        }
    }

    /// The next rebalance, in the order in which they came.
    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        lock(&self.rebalances).pop_front()
    }

    /// How far the partitions were read that are ours.
    pub(super) fn set_positions(&self, positions: BTreeMap<i32, i64>) {
        *lock(&self.positions) = positions;
    }

    /// Tells the group how far our partitions are known, and acknowledged: those that come here begin there.
    /// Should it fail, more is told as missed than has to be, and gives way.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>, mode: CommitMode, until: Timestamp) {
        // By a clock that is wrong for certain nothing is known.
        if is_before_build(until) {
            return;
        }
        let committed = self.offsets(until).and_then(|offsets| {
            if offsets.count() == 0 {
                return Ok(());
            }
            consumer.commit(&offsets, mode)
        });
        if let Err(error) = committed {
            debug!("Kafka client: committing watermarks: {error}");
        }
    }

    fn offsets(&self, until: Timestamp) -> KafkaResult<TopicPartitionList> {
        let balances = self.ledger.balance(until);
        let mut list = TopicPartitionList::new();
        for (&partition, &position) in &*lock(&self.positions) {
            let balance = balances.get(&partition);
            let leaving_at = balance.and_then(|it| it.leaving_at).unwrap_or(position);
            let watermark = balance.map_or(until, |it: &Balance| it.watermark);
            let mut element = list.add_partition(&self.topic, partition);
            element.set_offset(Offset::Offset(position.min(leaving_at)))?;
            element.set_metadata(metadata::write(watermark));
        }
        Ok(list)
    }

    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        // Nothing is read yet: where each begins is asked outside of this, since the group waits for us.
        if let Err(error) = consumer.incremental_assign(&TopicPartitionList::new()) {
            warn!("Kafka client: taking partitions {partitions:?}: {error}");
        }
        self.wellness.heard();
        lock(&self.rebalances).push_back(Rebalance::Assigned(partitions));
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        let is_lost = consumer.assignment_lost();
        if !is_lost {
            // The last word on these while they are still ours.
            self.commit(consumer, CommitMode::Async, clock::now());
        }
        let read = partitions::read_of(consumer, &self.topic, &partitions);
        if let Err(error) = consumer.incremental_unassign(&read) {
            warn!("Kafka client: giving partitions {partitions:?}: {error}");
        }
        let rebalance = if is_lost {
            lock(&self.positions).clear();
            Rebalance::Lost
        } else {
            let mut positions = lock(&self.positions);
            positions.retain(|partition, _| !partitions.contains(partition));
            Rebalance::Revoked(partitions)
        };
        lock(&self.rebalances).push_back(rebalance);
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.wellness.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::InvalidSessionTimeout) => self.wellness.failed(&format!(
                "{reason}; the brokers take no MONITOR_SESSION_TIMEOUT of this length \
                 (group.min.session.timeout.ms, group.max.session.timeout.ms)"
            )),
            _ => self.wellness.error(error, reason),
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.wellness.learn(&statistics);
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions = partitions::listed(&self.topic, list);
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.assigned(consumer, partitions);
            }
            // Also when the client reports an error: then nothing is ours any more.
            _ => self.revoked(consumer, partitions),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
