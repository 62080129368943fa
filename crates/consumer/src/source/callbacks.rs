//! What the Kafka client tells while it is polled: partitions that come and go, errors, statistics.
//! Its methods are called on the source's thread, within a poll. Each passes on to whoever keeps
//! that kind of news; the source looks there between two polls.

use rdkafka::{
    ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    error::KafkaError,
    types::RDKafkaRespErr,
};
use service::kafka::{Wellness, partitions};
use tracing::{debug, warn};

use super::{
    changes::{Change, Changes},
    ends::Ends,
    hints::Hints,
    lists,
};
use crate::heard::Heard;

/// What is said when the group went on without us.
const GROUP_LOST: &str = "the group's coordinator gave no answer in time; joining the group again";

/// The source's ear.
#[derive(Debug)]
pub(super) struct Callbacks {
    pub(super) topic: String,
    pub(super) changes: Changes,
    pub(super) hints: Hints,
    pub(super) ends: Ends,
    pub(super) wellness: Wellness,
    /// Who wants to know which partitions there are.
    heard: Heard,
}

impl Callbacks {
    pub(super) fn new(topic: &str, wellness: Wellness, heard: Heard) -> Self {
        Self {
            topic: topic.into(),
            changes: Changes::default(),
            hints: Hints::default(),
            ends: Ends::default(),
            wellness,
            heard,
        }
    }

    /// Tells Kafka how far partitions are stored. Should it fail, it is only a hint.
    pub(super) fn hint(&self, consumer: &BaseConsumer<Self>, mode: CommitMode) {
        let told = self
            .hints
            .tell(|hints| consumer.commit(&lists::hints(&self.topic, hints)?, mode));
        if let Err(error) = told {
            debug!("Kafka client: committing a hint: {error}");
        }
    }

    /// Nothing is read yet: partitions are placed when their stored offsets are known.
    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        if let Err(error) = consumer.incremental_assign(&TopicPartitionList::new()) {
            warn!("Kafka client: taking partitions {partitions:?}: {error}");
        }
        self.wellness.heard();
        self.changes.push(Change::Assigned(partitions));
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: Vec<i32>) {
        if consumer.assignment_lost() {
            self.wellness.failed(GROUP_LOST);
        } else {
            // The last word on these while they are still ours; the group waits for us, so the
            // answer is not waited for.
            self.hint(consumer, CommitMode::Async);
        }
        let read = partitions::read_of(consumer, &self.topic, &partitions);
        if let Err(error) = consumer.incremental_unassign(&read) {
            warn!("Kafka client: giving partitions {partitions:?}: {error}");
        }
        self.changes.push(Change::Revoked(partitions));
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.wellness.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.wellness.error(error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.wellness.learn(&statistics);
        if let Some(topic) = statistics.topics.get(&self.topic) {
            self.ends.learn(topic.partitions.values());
            // One of -1 is the client's own: what belongs to no partition. One that is not known is none any more.
            let those_there = topic.partitions.values();
            let those_there = those_there.filter(|it| it.partition >= 0 && !it.unknown);
            self.heard.topic_has(those_there.count());
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
