//! The Kafka client: its settings, and the few things that are asked of it.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaResult,
};
use service::kafka::{KafkaSettings, Observer};
use tracing::{debug, warn};

use super::{SourceSettings, rebalance::Context};

/// Marks a committed offset as ours: a hint for people's tools. The truth is in PostgreSQL, and a
/// new database begins from the topic's start in spite of the hint.
pub(super) const HINT: &str = "websites-monitor: a hint; the offsets table has the truth";

/// Settings beside those that every client of ours has.
///
/// - Offsets are ours: nothing is committed or reset by the client.
/// - `cooperative-sticky` lets the other partitions go on while some move, and keeps out of a group
///   in which the original's consumer (range) still runs.
/// - A consumer that was killed is noticed within the session's time limit.
/// - What is fetched ahead is bounded; a full queue is looked at again at once, not a second later.
const CONFIG: [(&str, &str); 14] = [
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
    ("queued.min.messages", "10000"),
    ("fetch.queue.backoff.ms", "10"),
    ("fetch.error.backoff.ms", "200"),
    ("allow.auto.create.topics", "false"),
];

/// Whether a hint's answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    Answer,
}

/// A client that asks to join the group.
pub(super) fn subscribe(
    settings: &SourceSettings,
    kafka: &KafkaSettings,
    observer: Observer,
) -> anyhow::Result<Arc<BaseConsumer<Context>>> {
    let mut config = kafka.client_config(&settings.client_id);
    config.set("group.id", &settings.group);
    for (name, value) in CONFIG {
        config.set(name, value);
    }
    let context = Context::new(observer, &settings.group, &settings.topic);
    let consumer: BaseConsumer<Context> = config
        .create_with_context(context)
        .context("making a Kafka client")?;
    consumer
        .subscribe(&[&settings.topic])
        .context("subscribing to the topic")?;
    Ok(Arc::new(consumer))
}

/// Begins to read a partition at an offset.
pub(super) fn place(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    at: i64,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(at))?;
    consumer.incremental_assign(&list)
}

/// Stops reading a partition, if it is read.
pub(super) fn unplace(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) {
    let placed = placed(consumer, topic, &[partition]);
    if let Err(error) = consumer.incremental_unassign(&placed) {
        warn!(partition, "Kafka client: cannot stop reading: {error}");
    }
}

/// Those of the partitions that are being read.
pub(super) fn placed(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partitions: &[i32],
) -> TopicPartitionList {
    let mut placed = TopicPartitionList::new();
    let Ok(read) = consumer.assignment() else {
        return placed;
    };
    for &partition in partitions {
        if read.find_partition(topic, partition).is_some() {
            placed.add_partition(topic, partition);
        }
    }
    placed
}

/// Tells Kafka how far partitions are stored. Should it fail, it is only a hint.
pub(super) fn hint(consumer: &BaseConsumer<Context>, wait: Wait) {
    let context = consumer.context();
    let hints = context.untold();
    if hints.is_empty() {
        return;
    }
    let told = hint_list(context.topic(), &hints).and_then(|list| {
        let mode = match wait {
            Wait::No => CommitMode::Async,
            Wait::Answer => CommitMode::Sync,
        };
        consumer.commit(&list, mode)
    });
    match told {
        Ok(()) => context.told(&hints),
        Err(error) => debug!("Kafka client: committing a hint: {error}"),
    }
}

fn hint_list(topic: &str, hints: &BTreeMap<i32, i64>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (&partition, &at) in hints {
        let mut element = list.add_partition(topic, partition);
        element.set_offset(Offset::Offset(at))?;
        element.set_metadata(HINT);
    }
    Ok(list)
}

/// Stops fetching. Returns whether it is so.
pub(super) fn pause(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> bool {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    consumer.pause(&list).is_ok()
}

/// Goes on fetching. Returns whether it is so.
pub(super) fn resume(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> bool {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    consumer.resume(&list).is_ok()
}
