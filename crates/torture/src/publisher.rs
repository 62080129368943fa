//! Sends records, and notes which Kafka acknowledged, and where.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rdkafka::{
    ClientConfig, ClientContext, Message,
    producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer},
};
use tokio::time::sleep;

use crate::stream::Stream;

/// How long the producer's queue may be full before it is tried again.
const QUEUE_PAUSE: Duration = Duration::from_millis(20);
/// Records that are sent in one go.
const PORTION: u64 = 50;
/// What is last acknowledged may have been sent while the broker was away.
const FLUSH_TIMEOUT: Duration = Duration::from_mins(2);

/// A record that Kafka has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) number: u64,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// Sends the stream's records.
pub(crate) struct Publisher {
    stream: Stream,
    topic: String,
    producer: ThreadedProducer<Reports>,
    reports: Arc<Mutex<Reported>>,
}

#[derive(Debug, Default)]
struct Reported {
    acknowledged: Vec<Acknowledged>,
    refused: Vec<String>,
}

struct Reports(Arc<Mutex<Reported>>);

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => reported.acknowledged.push(Acknowledged {
                number: number as u64,
                partition: message.partition(),
                offset: message.offset(),
            }),
            Err((error, _)) => reported.refused.push(format!("record {number}: {error}")),
        }
    }
}

impl Publisher {
    /// A publisher to this topic.
    pub(crate) fn new(stream: Stream, topic: &str, bootstrap: &str) -> Result<Self> {
        let reports = Arc::<Mutex<Reported>>::default();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            // Whatever happens to the broker, it comes back.
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("log_level", "0")
            .set("topic.metadata.refresh.interval.ms", "1000")
            .create_with_context(Reports(Arc::clone(&reports)))
            .context("making a producer")?;
        Ok(Self {
            stream,
            topic: topic.to_owned(),
            producer,
            reports,
        })
    }

    /// Sends records, with a pause after each portion.
    pub(crate) async fn send(&self, numbers: std::ops::Range<u64>, pause: Duration) -> Result<()> {
        for number in numbers {
            self.send_one(number).await?;
            if number % PORTION == PORTION - 1 {
                sleep(pause).await;
            }
        }
        Ok(())
    }

    async fn send_one(&self, number: u64) -> Result<()> {
        let planned = self.stream.record(number);
        let mut record = BaseRecord::with_opaque_to(&self.topic, number as usize)
            .timestamp(planned.timestamp_ms);
        record.partition = planned.partition;
        record.payload = planned.value.as_deref();
        record.key = Some(planned.key.as_slice()).filter(|key| !key.is_empty());
        while let Err((error, refused)) = self.producer.send(record) {
            let is_full =
                error.rdkafka_error_code() == Some(rdkafka::types::RDKafkaErrorCode::QueueFull);
            ensure!(is_full, "record {number} cannot be sent: {error}");
            record = refused;
            sleep(QUEUE_PAUSE).await;
        }
        Ok(())
    }

    /// Waits until everything sent is acknowledged.
    pub(crate) async fn flush(&self) -> Result<()> {
        let producer = self.producer.clone();
        tokio::task::spawn_blocking(move || producer.flush(FLUSH_TIMEOUT))
            .await?
            .context("waiting for Kafka to acknowledge")
    }

    /// What Kafka has, once everything is flushed. Not all of it acknowledged is an error: then
    /// nobody knows what is in the topic.
    pub(crate) fn acknowledged(&self) -> Result<Vec<Acknowledged>> {
        let reported = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(
            reported.refused.is_empty(),
            "Kafka refused {:?}",
            reported.refused
        );
        Ok(reported.acknowledged.clone())
    }
}
