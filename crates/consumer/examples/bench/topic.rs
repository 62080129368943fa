//! Topics full of records.

use std::time::Duration;

use anyhow::ensure;
use jiff::Timestamp;
use rdkafka::{
    ClientConfig,
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
    types::RDKafkaErrorCode,
};

use crate::{
    Servers,
    records::{Mix, Sent},
};

pub(crate) const PARTITIONS: i32 = 4;
const FLUSH_TIMEOUT: Duration = Duration::from_mins(2);
const POLL_TIMEOUT: Duration = Duration::from_millis(50);

/// A producer that gathers for so many milliseconds.
pub(crate) fn producer(servers: &Servers, linger_ms: u32) -> anyhow::Result<BaseProducer> {
    let producer = ClientConfig::new()
        .set("bootstrap.servers", servers.kafka.bootstrap())
        .set("linger.ms", linger_ms.to_string())
        .set("compression.type", "lz4")
        .set("enable.idempotence", "true")
        .create()?;
    Ok(producer)
}

pub(crate) fn send(producer: &BaseProducer, topic: &str, sent: &Sent) -> anyhow::Result<()> {
    let mut record = BaseRecord::to(topic).key(&sent.key).payload(&sent.value);
    while let Err((error, refused)) = producer.send(record) {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        ensure!(error == full, "producing: {error}");
        producer.poll(POLL_TIMEOUT);
        record = refused;
    }
    Ok(())
}

/// Makes a topic with so many records, the last of them of now.
pub(crate) async fn fill(
    servers: &Servers,
    topic: &str,
    records: u64,
    mix: Mix,
) -> anyhow::Result<()> {
    servers.kafka.create_topic(topic, PARTITIONS).await?;
    let producer = producer(servers, 20)?;
    let now = Timestamp::now();
    let mut bytes = 0;
    for number in 0..records {
        let sent = mix.record(number, records, now)?;
        bytes += sent.value.len() as u64;
        send(&producer, topic, &sent)?;
    }
    producer.flush(FLUSH_TIMEOUT)?;
    println!(
        "{mix:?}: {records} records of {} bytes in {PARTITIONS} partitions",
        bytes / records
    );
    Ok(())
}
