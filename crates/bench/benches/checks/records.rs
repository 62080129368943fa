//! What was published, read back from Kafka.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use jiff::Timestamp;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use serde_json::Value;

const POLL_TIMEOUT: Duration = Duration::from_millis(500);
/// So often nothing came when all was read: the first answer takes its time.
const EMPTY_POLLS_MAX: usize = 4;
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);

/// A record, as far as it matters here.
pub(crate) struct Record {
    pub(crate) url: String,
    pub(crate) outcome: String,
    pub(crate) scheduled_at: Timestamp,
    /// From when it was due to when it began, in milliseconds; of a missed one there is none.
    pub(crate) lag_ms: Option<f64>,
    /// When it began, in seconds since 1970.
    pub(crate) began: Option<f64>,
    /// `response_time`.
    pub(crate) seconds: f64,
    /// Of the phases in their order, those that happened.
    pub(crate) phases: [Option<f64>; PHASES.len()],
}

/// The phases, by the record's names.
pub(crate) const PHASES: [&str; 5] = ["dns", "connect", "tls", "first_byte", "body"];

/// All records of a topic, so far. It blocks.
pub(crate) fn read(bootstrap: &str, topic: &str) -> Result<Vec<Record>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "bench")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(topic), METADATA_TIMEOUT)?;
    let partitions = metadata
        .topics()
        .first()
        .map(rdkafka::metadata::MetadataTopic::partitions);
    let mut all = TopicPartitionList::new();
    for partition in partitions.unwrap_or_default() {
        all.add_partition_offset(topic, partition.id(), Offset::Beginning)?;
    }
    consumer.assign(&all)?;
    let mut records = Vec::new();
    let mut empty = 0;
    while empty < EMPTY_POLLS_MAX {
        let Some(message) = consumer.poll(POLL_TIMEOUT) else {
            empty += 1;
            continue;
        };
        let message = message?;
        records.push(parse(message.payload().unwrap_or_default())?);
    }
    Ok(records)
}

fn parse(payload: &[u8]) -> Result<Record> {
    let value: Value = serde_json::from_slice(payload)?;
    let text = |name: &str| value[name].as_str().context("no text").map(str::to_owned);
    let began = value["started_at"].as_str().map(str::parse::<Timestamp>);
    Ok(Record {
        began: began.transpose()?.map(|it| it.as_duration().as_secs_f64()),
        seconds: value["response_time"].as_f64().context("no time")?,
        phases: PHASES.map(|phase| value["timings"][phase].as_f64()),
        url: text("url")?,
        outcome: text("outcome")?,
        scheduled_at: text("scheduled_at")?.parse()?,
        lag_ms: value["prober"]["schedule_lag"]
            .as_f64()
            .map(|lag| lag * 1000.0),
    })
}

/// How many had which outcome, in words.
pub(crate) fn outcomes<'a>(records: impl Iterator<Item = &'a Record>) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for record in records {
        *counts.entry(&record.outcome).or_default() += 1;
    }
    let mut words: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    words.sort();
    words.join(", ")
}
