//! The topic of targets, read once from its beginning to its end: for `monitor targets` and its `publish`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rdkafka::{Message, Offset, Timestamp, message::OwnedMessage};
use service::{
    command_line::BadInput,
    health::Health,
    kafka::{KafkaSettings, Observer},
    settings::Variables,
};
use tokio::task::spawn_blocking;

use super::{
    client::{Client, Polled, missing},
    ledger::Ledger,
    record::{BadRecord, Said, understand},
    settings::FleetSettings,
};
use crate::targets::{Target, UnknownNames};

/// Nothing comes for so long, and the end was not read: Kafka is away.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How long the brokers may take to be found.
const ASK_MAX: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// The last record of each key and partition.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    pub(crate) records: BTreeMap<(Vec<u8>, i32), Kept>,
}

/// A key's last record in a partition.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) offset: i64,
    pub(crate) value: Vec<u8>,
}

/// Reads the topic; `None` where there is none.
pub(crate) async fn read_whole(
    kafka: &KafkaSettings,
    fleet: &FleetSettings,
) -> anyhow::Result<Option<Whole>> {
    // By itself, whatever the group does.
    let fleet = FleetSettings {
        group: None,
        ..fleet.clone()
    };
    let kafka = kafka.clone();
    let reading = spawn_blocking(move || {
        let health = Health::default();
        let observer = Observer::new(health.condition("Kafka"), &kafka);
        let client = Client::new(&kafka, &fleet, observer, Ledger::default())?;
        read(&client).with_context(|| health.problems().join("; "))
    });
    reading.await.context("reading the topic of targets")?
}

/// What the topic says, as it is understood here.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The targets that are checked.
    pub(crate) usable: Vec<Arc<Target>>,
    /// Those that are configured and switched off.
    pub(crate) disabled: Vec<Arc<Target>>,
    /// The records that cannot be used.
    pub(crate) bad: Vec<BadRecord>,
    /// Keys of targets that mean nothing, a sentence for each.
    pub(crate) warnings: Vec<String>,
}

/// Reads the topic, whose records may name these variables.
pub(crate) async fn find(
    kafka: &KafkaSettings,
    fleet: &FleetSettings,
    variables: &Variables,
) -> anyhow::Result<Found> {
    let whole = read_whole(kafka, fleet).await?;
    let whole = whole.ok_or_else(|| BadInput::new(missing(&fleet.topic)))?;
    let (mut found, mut unknown) = (Found::default(), UnknownNames::default());
    for ((key, partition), kept) in whole.records {
        let topic = fleet.topic.clone();
        let (time, offset) = (Timestamp::NotAvailable, kept.offset);
        let (key, value) = (Some(key), Some(kept.value));
        let record = OwnedMessage::new(value, key, topic, time, partition, offset, None);
        match understand(&record, variables, &mut unknown) {
            Ok((_, Said::Target(target))) if target.own.enabled == Some(false) => {
                found.disabled.push(target);
            }
            Ok((_, Said::Target(target))) => found.usable.push(target),
            Ok((_, Said::Removed)) => {}
            Err(bad) => found.bad.push(bad),
        }
    }
    found.warnings = unknown.warnings();
    Ok(found)
}

fn read(client: &Client) -> anyhow::Result<Option<Whole>> {
    let partitions = partitions(client)?;
    if partitions.is_empty() {
        return Ok(None);
    }
    let places = partitions.iter().map(|it| (*it, Offset::Beginning));
    client.assign(&places.collect())?;
    let mut unread: BTreeSet<_> = partitions.into_iter().collect();
    let (mut whole, mut heard) = (Whole::default(), Instant::now());
    while !unread.is_empty() {
        match client.poll(POLL) {
            Some(Polled::Record(record)) => {
                heard = Instant::now();
                whole.note(&record);
            }
            Some(Polled::End(partition)) => {
                unread.remove(&partition);
            }
            Some(Polled::GaveUp(code)) => bail!("the Kafka client gave up: {code}"),
            Some(Polled::Passing(_)) | None if heard.elapsed() > SILENCE_MAX => {
                bail!("the topic of targets is not read to its end: nothing comes");
            }
            Some(Polled::Passing(_)) | None => {}
        }
    }
    Ok(Some(whole))
}

/// The topic's partitions. The client has to find the brokers first.
fn partitions(client: &Client) -> anyhow::Result<Vec<i32>> {
    let began = Instant::now();
    loop {
        match client.partitions() {
            Ok(partitions) => return Ok(partitions),
            Err(error) if began.elapsed() > ASK_MAX => {
                return Err(error).context("asking for the topic of targets");
            }
            // What it has to say of its connections, it says while it is polled.
            Err(_) => {
                client.poll(POLL);
            }
        }
    }
}

impl Whole {
    fn note(&mut self, record: &impl Message) {
        let key = record.key().unwrap_or_default().to_vec();
        let place = (key, record.partition());
        match record.payload() {
            None => {
                self.records.remove(&place);
            }
            Some(value) => {
                let kept = Kept {
                    offset: record.offset(),
                    value: value.to_vec(),
                };
                self.records.insert(place, kept);
            }
        }
    }
}
