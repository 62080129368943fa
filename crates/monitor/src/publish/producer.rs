//! Kafka's producer, as this service uses it.

use std::time::Duration;

use anyhow::Context;
use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    producer::{
        BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer,
    },
    types::RDKafkaErrorCode,
};
use service::kafka::{KafkaSettings, Observer};
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};
use tracing::warn;

use super::entry::Entry;

/// How this service names itself to Kafka.
pub(super) const CLIENT_ID: &str = concat!("websites-monitor/monitor/", env!("CARGO_PKG_VERSION"));
/// How long the client gathers records into one request: at a few hundred results a second nearly each
/// record would otherwise have a request of its own, which costs as much as a tenth of the check. Not
/// longer, since in each such time no more can go than the client may have.
const LINGER_MS: &str = "50";
/// More than the client is ever given, so that its own bounds never count.
const QUEUE_KILOBYTES: &str = "16384";
/// How long it may take to let a producer go, which can hang when Kafka does.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
const PURGE_TIMEOUT: Duration = Duration::from_millis(500);

/// Added where a record itself is refused, of which nothing is wrong but perhaps its time.
const TIME_REFUSED: &str = ". Is this machine's clock ahead? Kafka takes no record whose time is more \
                            than an hour ahead of its own (message.timestamp.after.max.ms)";

/// Why results are not delivered, for a person.
pub(super) fn undelivered(topic: &str, code: RDKafkaErrorCode) -> String {
    let advice = match code {
        RDKafkaErrorCode::InvalidRecord | RDKafkaErrorCode::InvalidTimestamp => TIME_REFUSED,
        _ => "",
    };
    format!("results are not delivered to the topic {topic:?}: {code}{advice}")
}

/// A producer of which each record is reported on.
pub(super) struct Producer {
    client: ThreadedProducer<Reporter>,
    topic: String,
}

/// What became of a record.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) number: usize,
    /// `None` when Kafka has it.
    pub(super) code: Option<RDKafkaErrorCode>,
}

impl Report {
    pub(super) fn failed(number: usize, code: RDKafkaErrorCode) -> Self {
        Self {
            number,
            code: Some(code),
        }
    }
}

impl Producer {
    /// A producer and its reports. It must never have more than `sent_max` records, and puts no more
    /// than `batch_bytes_max` into one batch, unless one record is larger.
    pub(super) fn new(
        kafka: &KafkaSettings,
        observer: &Observer,
        sent_max: usize,
        batch_bytes_max: usize,
    ) -> anyhow::Result<(Self, mpsc::Receiver<Report>)> {
        let (reports, receiver) = mpsc::channel(sent_max);
        let reporter = Reporter {
            observer: observer.clone(),
            reports,
        };
        let client = kafka
            .client_config(CLIENT_ID)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Results wait as long as it takes; how many, the backlog bounds.
            .set("message.timeout.ms", "0")
            .set("linger.ms", LINGER_MS)
            .set("batch.size", batch_bytes_max.to_string())
            .set("queue.buffering.max.kbytes", QUEUE_KILOBYTES)
            // The original's consumer has no libraries to decompress with.
            .set("compression.type", "none")
            // As Java's clients do, so that whatever else writes to the topic by the same key writes
            // to the same partition.
            .set("partitioner", "murmur2_random")
            .create_with_context(reporter)
            .context("making a Kafka producer")?;
        let topic = kafka.topic.clone();
        Ok((Self { client, topic }, receiver))
    }

    /// Hands a record over; the report bears its number.
    pub(super) fn send(&self, number: usize, entry: &Entry) -> Result<(), RDKafkaErrorCode> {
        let record = BaseRecord::with_opaque_to(&self.topic, number)
            .key(entry.url.as_bytes())
            .payload(entry.record.as_slice());
        self.client.send(record).map_err(|(error, _)| {
            error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown)
        })
    }

    /// Lets go of what is not delivered, and of the client: within a bound, since the client may
    /// wait for a Kafka that hangs. The reports of what was let go come before this ends.
    pub(super) async fn close(self) {
        let closing = spawn_blocking(move || {
            self.client.purge(PurgeConfig::default().queue().inflight());
            // What cannot be reported in time is sent again, which does no harm.
            self.client.flush(PURGE_TIMEOUT).ok();
        });
        if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            warn!("Kafka's client is still busy and is left behind");
        }
    }
}

/// Passes on what the client says.
struct Reporter {
    observer: Observer,
    reports: mpsc::Sender<Report>,
}

impl ClientContext for Reporter {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.observer.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.observer.error(error, reason);
    }
}

impl ProducerContext for Reporter {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let code = result.as_ref().err().map(|(error, _)| {
            error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown)
        });
        // There is room for as many reports as the client has records; and when nobody listens any
        // longer, the process is about to end.
        self.reports.try_send(Report { number, code }).ok();
    }
}
