//! The Kafka client: its settings, and the few things that are asked of it.

use std::time::Duration;

use anyhow::Context as _;
use rdkafka::{
    Offset,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    types::RDKafkaErrorCode,
};
use service::kafka::{KafkaSettings, Observer, Reading, Wellness, partitions};
use tracing::warn;

use super::{
    callbacks::Callbacks,
    changes::Change,
    ends::Behind,
    feed::{Feed, Interruption},
    lists,
    settings::SourceSettings,
    start::{Committed, Range},
};
use crate::heard::Heard;

/// A time limit on each question to Kafka that blocks its thread.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings beside those that every client of ours has.
///
/// - Offsets are ours: nothing is committed or reset by the client.
/// - `cooperative-sticky` lets the other partitions go on while some move, and keeps out of a group
///   in which the original's consumer (range) still runs.
/// - A consumer that was killed is noticed within the session's time limit.
/// - What is fetched ahead is bounded, and nothing is fetched while anything that was waits to be taken:
///   of a thousand records a second, nearly each would be fetched by a request of its own. The queue,
///   which all partitions share, is looked at again soon; and a partition that a request left out,
///   since the queue was emptied just then, does not wait for long until that request is answered.
const CONFIG: [(&str, &str); 15] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("session.timeout.ms", "6000"),
    ("heartbeat.interval.ms", "1500"),
    ("statistics.interval.ms", "2000"),
    ("fetch.message.max.bytes", "131072"),
    ("fetch.max.bytes", "1048576"),
    ("queued.max.messages.kbytes", "2048"),
    ("queued.min.messages", "1"),
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.wait.max.ms", "100"),
    ("fetch.error.backoff.ms", "200"),
    ("allow.auto.create.topics", "false"),
];

/// A member of the group that reads one topic.
pub(super) struct Client {
    consumer: BaseConsumer<Callbacks>,
    topic: String,
}

impl Client {
    /// A client that asks to join the group.
    pub(super) fn subscribe(
        settings: &SourceSettings,
        kafka: &KafkaSettings,
        observer: Observer,
        heard: Heard,
    ) -> anyhow::Result<Self> {
        let SourceSettings { group, topic, .. } = settings;
        let mut config = kafka.client_config(&settings.client_id);
        config.set("group.id", group);
        for (name, value) in CONFIG {
            config.set(name, value);
        }
        let reading = Reading {
            topic: topic.clone(),
            group: Some(group.clone()),
            missing: format!("the topic {topic:?} is gone and is waited for"),
            foreign_group: format!(
                "a consumer of another kind (the original's?) runs in the group {group:?}; stop \
                 it, or set another CONSUMER_GROUP; trying again"
            ),
        };
        let wellness = Wellness::new(observer, reading);
        let consumer: BaseConsumer<Callbacks> = config
            .create_with_context(Callbacks::new(topic, wellness, heard))
            .context("making a Kafka client")?;
        consumer
            .subscribe(&[topic])
            .context("subscribing to the topic")?;
        Ok(Self {
            consumer,
            topic: topic.clone(),
        })
    }

    /// The partitions that the topic has. Blocks.
    pub(super) fn partitions(&self) -> KafkaResult<Vec<i32>> {
        let partitions = partitions::existing(&self.consumer, &self.topic, REQUEST_TIMEOUT)?;
        if partitions.is_empty() {
            return Err(KafkaError::MetadataFetch(
                RDKafkaErrorCode::UnknownTopicOrPartition,
            ));
        }
        Ok(partitions)
    }

    /// What the topic holds of a partition. Blocks.
    pub(super) fn range(&self, partition: i32) -> KafkaResult<Range> {
        let (start, end) =
            self.consumer
                .fetch_watermarks(&self.topic, partition, REQUEST_TIMEOUT)?;
        Ok(Range { start, end })
    }

    /// What Kafka has committed of the group in a partition. Blocks.
    pub(super) fn committed(&self, partition: i32) -> KafkaResult<Option<Committed>> {
        let list = lists::one(&self.topic, partition);
        let list = self.consumer.committed_offsets(list, REQUEST_TIMEOUT)?;
        let Some(element) = list.find_partition(&self.topic, partition) else {
            return Ok(None);
        };
        element.error()?;
        let Offset::Offset(at) = element.offset() else {
            return Ok(None);
        };
        Ok(Some(Committed {
            at,
            is_ours: lists::is_hint(&element),
        }))
    }

    fn callbacks(&self) -> &Callbacks {
        self.consumer.context()
    }
}

impl Feed for Client {
    type Record<'a> = BorrowedMessage<'a>;

    fn poll(&self, wait: Duration) -> Option<Result<Self::Record<'_>, Interruption>> {
        let polled = self.consumer.poll(wait)?;
        Some(match polled {
            Ok(message) => {
                self.callbacks().wellness.read();
                Ok(message)
            }
            Err(KafkaError::MessageConsumptionFatal(code)) => Err(Interruption::GaveUp(code)),
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => {
                Err(Interruption::OffsetGone)
            }
            Err(error) => Err(Interruption::Passing(error)),
        })
    }

    fn next_change(&self) -> Option<Change> {
        self.callbacks().changes.next()
    }

    fn place(&self, partition: i32, at: i64) -> KafkaResult<()> {
        let list = lists::one_at(&self.topic, partition, at)?;
        self.consumer.incremental_assign(&list)?;
        self.callbacks().ends.sought(partition);
        self.stored(partition, at);
        Ok(())
    }

    fn unplace(&self, partition: i32) {
        let read = partitions::read_of(&self.consumer, &self.topic, &[partition]);
        if let Err(error) = self.consumer.incremental_unassign(&read) {
            warn!(partition, "Kafka client: cannot stop reading: {error}");
        }
    }

    fn pause(&self, partition: i32) -> bool {
        let paused = self.consumer.pause(&lists::one(&self.topic, partition));
        paused.is_ok()
    }

    fn resume(&self, partition: i32) -> bool {
        let resumed = self.consumer.resume(&lists::one(&self.topic, partition));
        resumed.is_ok()
    }

    fn stored(&self, partition: i32, at: i64) {
        self.callbacks().hints.stored(partition, at);
    }

    fn forget(&self, partition: i32) {
        self.callbacks().hints.forget(partition);
    }

    fn hint(&self, mode: CommitMode) {
        self.callbacks().hint(&self.consumer, mode);
    }

    fn behind(&self) -> Vec<Behind> {
        let callbacks = self.callbacks();
        callbacks.ends.behind(&callbacks.hints.all())
    }
}
