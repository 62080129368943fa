//! What the Kafka client tells while it is polled: partitions that come and go, errors, statistics.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use service::kafka::Observer;
use tracing::{debug, warn};

use super::client;

/// The state of a broker that answers, in the client's statistics.
const BROKER_UP: &str = "UP";

/// Partitions that came or went.
pub(super) enum Change {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
}

/// The ear of the source's client. Its methods are called while the source polls, on its thread.
pub(super) struct Context {
    observer: Observer,
    group: String,
    topic: String,
    changes: Mutex<VecDeque<Change>>,
    offsets: Mutex<Offsets>,
    /// The group or the topic is in trouble, whatever the brokers' state.
    unwell: AtomicBool,
}

#[derive(Default)]
struct Offsets {
    /// How far each of our partitions is stored.
    stored: BTreeMap<i32, i64>,
    /// How far it was when Kafka was last told.
    hinted: BTreeMap<i32, i64>,
    /// Where each partition ends.
    ends: BTreeMap<i32, i64>,
}

impl Context {
    pub(super) fn new(observer: Observer, group: &str, topic: &str) -> Self {
        Self {
            observer,
            group: group.into(),
            topic: topic.into(),
            changes: Mutex::default(),
            offsets: Mutex::default(),
            unwell: AtomicBool::new(false),
        }
    }

    /// The next change that the source has not heard of.
    pub(super) fn next_change(&self) -> Option<Change> {
        lock(&self.changes).pop_front()
    }

    /// A partition is stored up to here.
    pub(super) fn stored(&self, partition: i32, at: i64) {
        lock(&self.offsets).stored.insert(partition, at);
    }

    /// A partition is not ours any more.
    pub(super) fn forget(&self, partition: i32) {
        let mut offsets = lock(&self.offsets);
        offsets.stored.remove(&partition);
        offsets.hinted.remove(&partition);
    }

    /// How far each of our partitions is behind, where its end is known.
    pub(super) fn lags(&self) -> Vec<(i32, i64)> {
        let offsets = lock(&self.offsets);
        let stored = offsets.stored.iter();
        stored
            .filter_map(|(partition, at)| {
                let end = offsets.ends.get(partition)?;
                Some((*partition, (end - at).max(0)))
            })
            .collect()
    }

    /// The stored offsets that Kafka has not been told.
    pub(super) fn untold(&self) -> BTreeMap<i32, i64> {
        let offsets = lock(&self.offsets);
        let untold = offsets.stored.iter();
        untold
            .filter(|(partition, at)| offsets.hinted.get(partition) != Some(at))
            .map(|(&partition, &at)| (partition, at))
            .collect()
    }

    /// Kafka was told these.
    pub(super) fn told(&self, hints: &BTreeMap<i32, i64>) {
        lock(&self.offsets).hinted.extend(hints);
    }

    /// A record came: all is well.
    pub(super) fn heard(&self) {
        if self.unwell.swap(false, Ordering::Relaxed) {
            self.observer.heard();
        }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    fn failed(&self, story: &str) {
        self.unwell.store(true, Ordering::Relaxed);
        self.observer.failed(story);
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<i32> {
        let elements = list.elements_for_topic(&self.topic);
        elements
            .iter()
            .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
            .collect()
    }

    /// Nothing is read yet: partitions are placed when their stored offsets are known.
    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        if let Err(error) = consumer.incremental_assign(&TopicPartitionList::new()) {
            warn!("Kafka client: taking partitions {partitions:?}: {error}");
        }
        self.unwell.store(false, Ordering::Relaxed);
        self.observer.heard();
        lock(&self.changes).push_back(Change::Assigned(partitions));
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        if consumer.assignment_lost() {
            self.failed("the group's coordinator gave no answer in time; joining the group again");
        } else {
            client::hint(consumer, client::Wait::No);
        }
        let placed = client::placed(consumer, &self.topic, &partitions);
        if let Err(error) = consumer.incremental_unassign(&placed) {
            warn!("Kafka client: giving partitions {partitions:?}: {error}");
        }
        lock(&self.changes).push_back(Change::Revoked(partitions));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.observer.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::InconsistentGroupProtocol) => self.failed(&format!(
                "a consumer of another kind (the original's?) runs in the group {:?}; stop it, or \
                 set another CONSUMER_GROUP; trying again",
                self.group
            )),
            Some(
                RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition,
            ) => self.failed(&format!(
                "the topic {:?} is gone and is waited for ({reason})",
                self.topic
            )),
            Some(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed,
            ) => self.failed(&format!(
                "{reason}; allow our user to READ the topic {:?} and the group {:?}",
                self.topic, self.group
            )),
            // The source reads the stored offset again and says what it finds.
            Some(RDKafkaErrorCode::AutoOffsetReset) => debug!("Kafka client: {reason}"),
            _ => self.observer.error(error, reason),
        }
    }

    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().any(|it| it.state == BROKER_UP);
        if up && !self.unwell.load(Ordering::Relaxed) {
            self.observer.heard();
        }
        let Some(topic) = statistics.topics.get(&self.topic) else {
            return;
        };
        let known = topic.partitions.values().filter(|it| it.hi_offset >= 0);
        let ends = known.map(|it| (it.partition, it.hi_offset));
        lock(&self.offsets).ends.extend(ends);
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions = self.partitions(list);
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.assign(consumer, partitions);
            }
            _ => self.revoke(consumer, partitions),
        }
    }
}
