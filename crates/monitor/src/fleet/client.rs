//! The Kafka client that reads the targets topic: its settings, and the few things that are asked of it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use jiff::Timestamp;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    topic_partition_list::TopicPartitionListElem,
    types::RDKafkaErrorCode,
};
use service::kafka::{KafkaSettings, Observer, Reading, Wellness, partitions};
use tracing::warn;

use super::{
    callbacks::{Callbacks, Rebalance},
    ledger::Ledger,
    metadata,
    partition::Predecessor,
    settings::FleetSettings,
};
use crate::clock::is_before_build;

/// How this client names itself to Kafka.
const CLIENT_ID: &str = concat!("websites-monitor/targets/", env!("CARGO_PKG_VERSION"));
/// The client asks for a group also where it joins none.
const NO_GROUP: &str = "websites-monitor-targets";
/// A time limit on each question to Kafka that blocks its thread.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Signs of life within a session.
const HEARTBEATS: u32 = 4;

/// Settings beside those that every client of ours has.
///
/// - Offsets carry our watermarks: nothing is committed or reset by the client. Partitions are read from
///   their beginning, whatever the group has committed.
/// - `cooperative-sticky` moves no more partitions than it has to, and the others' checks go on meanwhile.
/// - The topic is small, and what is fetched ahead is bounded.
const CONFIG: [(&str, &str); 9] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("queued.max.messages.kbytes", "4096"),
    ("fetch.error.backoff.ms", "200"),
    ("statistics.interval.ms", "2000"),
    ("allow.auto.create.topics", "false"),
];

/// A reader of the topic, alone or as a member of its group.
pub(super) struct Client {
    consumer: BaseConsumer<Callbacks>,
    topic: String,
    group: Option<String>,
}

/// What a poll brought.
pub(super) enum Polled<'a> {
    Record(BorrowedMessage<'a>),
    /// The end of this partition was read.
    End(i32),
    /// Nothing that concerns us; the client goes on by itself.
    Passing(KafkaError),
    /// The client does nothing any more.
    GaveUp(RDKafkaErrorCode),
}

impl Client {
    /// A client; where there is a group, it asks to join.
    pub(super) fn new(
        kafka: &KafkaSettings,
        fleet: &FleetSettings,
        observer: Observer,
        ledger: Ledger,
    ) -> anyhow::Result<Self> {
        let FleetSettings { topic, group, .. } = fleet;
        let mut config = kafka.client_config(CLIENT_ID);
        config.set("group.id", group.as_deref().unwrap_or(NO_GROUP));
        for (name, value) in CONFIG {
            config.set(name, value);
        }
        let session = fleet.session_timeout;
        let milliseconds = |time: Duration| time.as_millis().to_string();
        config
            .set("session.timeout.ms", milliseconds(session))
            .set("heartbeat.interval.ms", milliseconds(session / HEARTBEATS));
        let wellness = Wellness::new(observer, reading(topic, group.as_deref())).unheard();
        let callbacks = Callbacks::new(topic, wellness, ledger);
        let consumer: BaseConsumer<Callbacks> = config
            .create_with_context(callbacks)
            .context("making a Kafka client")?;
        if group.is_some() {
            consumer
                .subscribe(&[topic])
                .context("subscribing to the topic of targets")?;
        }
        Ok(Self {
            consumer,
            topic: topic.clone(),
            group: group.clone(),
        })
    }

    /// The group, where it is a member of one.
    pub(super) fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The topic and the group do what they should.
    pub(super) fn heard(&self) {
        self.consumer.context().wellness.heard();
    }

    /// The topic or the group does not do what it should.
    pub(super) fn failed(&self, story: &str) {
        self.consumer.context().wellness.failed(story);
    }

    /// What the client has; waits for it.
    pub(super) fn poll(&self, wait: Duration) -> Option<Polled<'_>> {
        Some(match self.consumer.poll(wait)? {
            Ok(record) => Polled::Record(record),
            Err(KafkaError::PartitionEOF(partition)) => Polled::End(partition),
            Err(KafkaError::MessageConsumptionFatal(code)) => Polled::GaveUp(code),
            Err(error) => Polled::Passing(error),
        })
    }

    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        self.consumer.context().next_rebalance()
    }

    /// The partitions that the topic has; none where it is missing. Blocks.
    pub(super) fn partitions(&self) -> KafkaResult<Vec<i32>> {
        partitions::existing(&self.consumer, &self.topic, REQUEST_TIMEOUT)
    }

    /// How far the monitors came that had these partitions before, where any had. Blocks.
    pub(super) fn predecessors(
        &self,
        partitions: &[i32],
    ) -> KafkaResult<BTreeMap<i32, Predecessor>> {
        let mut list = TopicPartitionList::new();
        for &partition in partitions {
            list.add_partition(&self.topic, partition);
        }
        let committed = self.consumer.committed_offsets(list, REQUEST_TIMEOUT)?;
        let mut predecessors = BTreeMap::new();
        for element in committed.elements_for_topic(&self.topic) {
            element.error()?;
            let predecessor = predecessor(&element);
            predecessors.extend(predecessor.map(|it| (element.partition(), it)));
        }
        Ok(predecessors)
    }

    /// Reads these partitions, too, as a member of the group.
    pub(super) fn place(&self, places: &BTreeMap<i32, Offset>) -> KafkaResult<()> {
        self.consumer.incremental_assign(&self.list(places)?)
    }

    /// Reads these partitions and no others, from these offsets on.
    pub(super) fn assign(&self, places: &BTreeMap<i32, Offset>) -> KafkaResult<()> {
        self.consumer.assign(&self.list(places)?)
    }

    /// How far the partitions were read that are ours.
    pub(super) fn set_positions(&self, positions: BTreeMap<i32, i64>) {
        self.consumer.context().set_positions(positions);
    }

    /// Tells the group how far our partitions are acknowledged, by what was due until then.
    pub(super) fn commit(&self, mode: CommitMode, until: Timestamp) {
        self.consumer.context().commit(&self.consumer, mode, until);
    }

    fn list(&self, places: &BTreeMap<i32, Offset>) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for (&partition, &from) in places {
            list.add_partition_offset(&self.topic, partition, from)?;
        }
        Ok(list)
    }
}

/// What is said of a topic that is not there.
pub(super) fn missing(topic: &str) -> String {
    format!(
        "the topic {topic:?} (TARGETS_TOPIC) is missing; `monitor targets publish` makes it; it is waited for"
    )
}

fn reading(topic: &str, group: Option<&str>) -> Reading {
    Reading {
        topic: topic.to_owned(),
        group: group.map(str::to_owned),
        missing: missing(topic),
        foreign_group: format!(
            "something else runs in the group {:?}; stop it, or set another MONITOR_GROUP; trying again",
            group.unwrap_or_default()
        ),
    }
}

fn predecessor(committed: &TopicPartitionListElem<'_>) -> Option<Predecessor> {
    let Offset::Offset(known_until) = committed.offset() else {
        return None;
    };
    // By a clock that was wrong for certain nothing is owed.
    let watermark = metadata::read(committed.metadata()).filter(|it| !is_before_build(*it));
    if watermark.is_none() {
        warn!(
            partition = committed.partition(),
            "What the group has committed says nothing of checks: none of before is owed"
        );
    }
    Some(Predecessor {
        known_until,
        watermark: watermark?,
    })
}
