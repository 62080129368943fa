//! Writing what is different.

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rdkafka::{
    error::KafkaError,
    producer::{FutureProducer, FutureRecord},
    util::Timeout,
};
use service::kafka::KafkaSettings;

use super::difference::{Difference, Put, Removed};

/// How this client names itself to Kafka.
const CLIENT_ID: &str = concat!("websites-monitor/publish/", env!("CARGO_PKG_VERSION"));
/// Records that are under way at once.
const UNDER_WAY_MAX: usize = 500;
/// How long a record may take.
const DELIVERY_MAX_MS: &str = "30000";

/// Writes each record, and waits until Kafka has it.
pub(super) async fn write_all(
    kafka: &KafkaSettings,
    topic: &str,
    difference: &Difference,
) -> anyhow::Result<()> {
    let producer = kafka
        .client_config(CLIENT_ID)
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", DELIVERY_MAX_MS)
        // As Java's clients do, and the monitor with its results.
        .set("partitioner", "murmur2_random")
        .create()
        .context("making a Kafka producer")?;
    let writer = Writer { producer, topic };
    let put = difference.put.iter().map(|put| writer.put(put));
    run(stream::iter(put)).await?;
    let removed = difference.removed.iter().map(|it| writer.remove(it));
    run(stream::iter(removed)).await
}

/// Waits for all, so many at once; the first that fails ends it.
async fn run<Work>(work: impl stream::Stream<Item = Work>) -> anyhow::Result<()>
where
    Work: Future<Output = anyhow::Result<()>>,
{
    work.buffer_unordered(UNDER_WAY_MAX).try_collect().await
}

struct Writer<'a> {
    producer: FutureProducer,
    topic: &'a str,
}

impl Writer<'_> {
    /// Writes a target, and removes it from where else it stands: the topic may have more partitions by now
    /// than when it was written there.
    async fn put(&self, put: &Put) -> anyhow::Result<()> {
        let key = put.url.as_bytes();
        let home = self.write(key, Some(&put.value), None).await?;
        let elsewhere = put.before.iter().filter(|it| **it != home);
        for partition in elsewhere {
            self.write(key, None, Some(*partition)).await?;
        }
        Ok(())
    }

    async fn remove(&self, removed: &Removed) -> anyhow::Result<()> {
        for partition in &removed.partitions {
            self.write(&removed.key, None, Some(*partition)).await?;
        }
        Ok(())
    }

    /// Writes a record, or a tombstone; returns its partition.
    async fn write(
        &self,
        key: &[u8],
        value: Option<&Vec<u8>>,
        partition: Option<i32>,
    ) -> anyhow::Result<i32> {
        let mut record: FutureRecord<'_, [u8], Vec<u8>> = FutureRecord::to(self.topic).key(key);
        record.payload = value;
        record.partition = partition;
        let sent = self.producer.send(record, Timeout::Never).await;
        let delivery = sent.map_err(|(error, _): (KafkaError, _)| error);
        let delivery =
            delivery.context("writing into the topic of targets; what was written stays")?;
        Ok(delivery.partition)
    }
}
