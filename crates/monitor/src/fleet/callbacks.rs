//! What the Kafka client tells while it is polled: partitions that come and go, errors. Its methods are
//! called on the reader's thread, within a poll.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    error::{KafkaError, KafkaResult},
    topic_partition_list::TopicPartitionListElem,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use service::kafka::{Observer, brokers_answer};
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
    group: Option<String>,
    observer: Observer,
    /// The group or the topic is in trouble, or not heard yet: that a broker answers proves nothing of it.
    is_unwell: AtomicBool,
    /// One poll brings one or two, and the reader takes all of them before the next.
    rebalances: Mutex<VecDeque<Rebalance>>,
    /// How far the partitions were read that are ours for certain.
    positions: Mutex<BTreeMap<i32, i64>>,
    ledger: Ledger,
}

impl Callbacks {
    pub(super) fn new(
        topic: &str,
        group: Option<&str>,
        observer: Observer,
        ledger: Ledger,
    ) -> Self {
        Self {
            topic: topic.to_owned(),
            group: group.map(str::to_owned),
            observer,
            is_unwell: AtomicBool::new(true),
            rebalances: Mutex::default(),
            positions: Mutex::default(),
            ledger,
        }
    }

    /// The topic and the group do what they should.
    pub(super) fn heard(&self) {
        self.is_unwell.store(false, Ordering::Relaxed);
        self.observer.heard();
    }

    /// The topic or the group does not do what it should.
    pub(super) fn failed(&self, story: &str) {
        self.is_unwell.store(true, Ordering::Relaxed);
        self.observer.failed(story);
    }

    /// A broker answers: where nothing else is wrong, nothing is.
    fn brokers_answer(&self) {
        if !self.is_unwell.load(Ordering::Relaxed) {
            self.observer.heard();
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
        self.heard();
        lock(&self.rebalances).push_back(Rebalance::Assigned(partitions));
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        let is_lost = consumer.assignment_lost();
        if !is_lost {
            // The last word on these while they are still ours.
            self.commit(consumer, CommitMode::Async, clock::now());
        }
        let read = self.read_now(consumer, &partitions);
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

    /// Those that the client reads: it takes it ill to be told to stop reading what it does not read.
    fn read_now(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) -> TopicPartitionList {
        let mut read = TopicPartitionList::new();
        if let Ok(assignment) = consumer.assignment() {
            for &partition in partitions {
                if assignment.find_partition(&self.topic, partition).is_some() {
                    read.add_partition(&self.topic, partition);
                }
            }
        }
        read
    }

    /// What to do about an error that concerns the topic or the group; `None` for any other.
    fn advice(&self, code: RDKafkaErrorCode, reason: &str) -> Option<String> {
        let (topic, group) = (&self.topic, self.group.as_deref().unwrap_or_default());
        match code {
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition => Some(missing(topic)),
            RDKafkaErrorCode::InconsistentGroupProtocol => Some(format!(
                "something else runs in the group {group:?}; stop it, or set another MONITOR_GROUP; trying again"
            )),
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => Some(format!(
                "{reason}; allow our user to READ the topic {topic:?} and the group {group:?}"
            )),
            RDKafkaErrorCode::InvalidSessionTimeout => Some(format!(
                "{reason}; the brokers take no MONITOR_SESSION_TIMEOUT of this length \
                 (group.min.session.timeout.ms, group.max.session.timeout.ms)"
            )),
            _ => None,
        }
    }
}

/// What is said of a topic that is not there.
pub(super) fn missing(topic: &str) -> String {
    format!(
        "the topic {topic:?} (TARGETS_TOPIC) is missing; `monitor targets publish` makes it; it is waited for"
    )
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.observer.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        // It is asked for, and comes where the targets are read, too.
        if code == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        match code.and_then(|code| self.advice(code, reason)) {
            Some(story) => self.failed(&story),
            None => self.observer.error(error, reason),
        }
    }

    fn stats(&self, statistics: Statistics) {
        if brokers_answer(&statistics) {
            self.brokers_answer();
        }
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let elements = list.elements_for_topic(&self.topic);
        let partitions = elements.iter().map(TopicPartitionListElem::partition);
        let partitions: Vec<_> = partitions.collect();
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

#[cfg(test)]
mod tests {
    use service::{
        health::Health,
        kafka::{KafkaSettings, Security},
    };

    use super::*;

    fn callbacks() -> (Callbacks, Health) {
        let health = Health::default();
        let settings = KafkaSettings {
            bootstrap_servers: "kafka:9092".into(),
            security: Security::default(),
            topic: "checks".into(),
            topic_partitions: 1,
            topic_replication_factor: None,
        };
        let observer = Observer::new(health.condition("Targets"), &settings);
        let callbacks = Callbacks::new("targets", Some("eu"), observer, Ledger::default());
        (callbacks, health)
    }

    fn error(callbacks: &Callbacks, code: RDKafkaErrorCode) {
        callbacks.error(KafkaError::Global(code), "");
    }

    #[test]
    fn a_broker_that_is_back_is_enough_unless_something_else_is_wrong() {
        let (callbacks, health) = callbacks();
        callbacks.brokers_answer();
        assert!(!health.problems().is_empty(), "nothing is read yet");
        callbacks.heard();
        error(&callbacks, RDKafkaErrorCode::AllBrokersDown);
        assert!(!health.problems().is_empty());
        callbacks.brokers_answer();
        assert!(health.problems().is_empty());
        error(&callbacks, RDKafkaErrorCode::InconsistentGroupProtocol);
        callbacks.brokers_answer();
        assert!(health.problems().concat().contains("MONITOR_GROUP"));
        callbacks.heard();
        assert!(health.problems().is_empty());
    }
}
