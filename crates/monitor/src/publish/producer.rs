//! Kafka's producer, as this service uses it.

use std::{future::pending, time::Duration};

use anyhow::Context;
use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::{
        BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig,
    },
    types::RDKafkaErrorCode,
};
use service::{
    kafka::{KafkaSettings, Observer, gone},
    traces::Place,
};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tracing::warn;

use super::{
    backlog::Backlog, encoding::Encoding, entry::Entry, figures::count_failure, settings::SENT_MAX,
    traces::Traces,
};

/// What Kafka says of each record of a batch that is larger than it takes.
pub(super) const TOO_LARGE: RDKafkaErrorCode = RDKafkaErrorCode::MessageSizeTooLarge;
/// What it says of a topic that is not there.
pub(super) const GONE: RDKafkaErrorCode = RDKafkaErrorCode::UnknownTopicOrPartition;
/// How this service names itself to Kafka.
pub(super) const CLIENT_ID: &str = concat!("websites-monitor/monitor/", env!("CARGO_PKG_VERSION"));
/// How long the client waits for more records of a request. They have gathered before, so that it is
/// given all of them at once.
const LINGER_MS: &str = "2";
/// How long the client takes it that a broker does not know the topic yet, which was there a moment ago as
/// it is made: for half a minute, if it were not told, as long as nobody would know that it was deleted.
const TOPIC_NEW_MS: &str = "5000";
/// How often the client is asked what became of its records. A thread of its own that waits for that, as
/// the library has one, wakes for each answer of the broker, and reads the clock for up to a millisecond
/// ten times a second: a twentieth of a check's cost at 200 a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// What the client says at once, an answer of the broker or a line of its log each.
const EVENTS_AT_ONCE_MAX: usize = 32;
/// More than the client is ever given, so that its own bounds never count.
const QUEUE_KILOBYTES: &str = "16384";
/// How long it may take to let a producer go, which can hang when Kafka does.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);
const PURGE_TIMEOUT: Duration = Duration::from_millis(300);

/// Added where a record itself is refused, of which nothing is wrong but perhaps its time.
const TIME_REFUSED: &str = ". Is this machine's clock ahead? Kafka takes no record whose time is more \
                            than an hour ahead of its own (message.timestamp.after.max.ms)";

/// Why results are not delivered, for a person.
fn undelivered(topic: &str, code: RDKafkaErrorCode) -> String {
    let advice = match code {
        code if is_gone(code) => return gone(topic),
        RDKafkaErrorCode::InvalidRecord | RDKafkaErrorCode::InvalidTimestamp => TIME_REFUSED,
        _ => "",
    };
    format!("results are not delivered to the topic {topic:?}: {code}{advice}")
}

/// Whether the topic, or a partition that it had, is not there.
pub(super) fn is_gone(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
    )
}

/// A producer of which each record is reported on.
pub(super) struct Producer {
    client: BaseProducer<Reporter>,
    topic: String,
    traces: Traces,
    /// No batch of several records is larger.
    pub(super) batch_bytes_max: usize,
}

/// What became of a record.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) number: usize,
    /// `None` when Kafka has it.
    pub(super) code: Option<RDKafkaErrorCode>,
}

impl Report {
    /// Counts and says a failure. Of a record that was too large, or its batch was, the broker is not to
    /// blame: it is put to those that are `refused`.
    pub(super) fn said(
        &self,
        observer: &Observer,
        topic: &str,
        refused: &mut Vec<usize>,
    ) -> RDKafkaErrorCode {
        let code = self.code.unwrap_or(RDKafkaErrorCode::Unknown);
        count_failure(code);
        if code == TOO_LARGE {
            refused.push(self.number);
        } else {
            observer.refused(&undelivered(topic, code));
        }
        code
    }
}

impl Producer {
    /// A producer and its reports. It must never have more than [`SENT_MAX`] records, and puts no more
    /// than `batch_bytes_max` into one batch, unless one record is larger.
    pub(super) fn new(
        kafka: &KafkaSettings,
        observer: &Observer,
        batch_bytes_max: usize,
        traces: Traces,
    ) -> anyhow::Result<(Self, mpsc::Receiver<Report>)> {
        let (reports, receiver) = mpsc::channel(SENT_MAX);
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
            .set("topic.metadata.propagation.max.ms", TOPIC_NEW_MS)
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
        let producer = Self {
            client,
            topic,
            traces,
            batch_bytes_max,
        };
        Ok((producer, receiver))
    }

    /// Hands over what waits, as far as the client should have it.
    pub(super) fn send_waiting(
        &self,
        backlog: &mut Backlog,
        encoding: &Encoding,
    ) -> Result<(), Report> {
        while let Some((number, entry)) = backlog.next_to_send() {
            match self.send(number, entry, encoding) {
                Ok(()) => backlog.sent(),
                // It reports on others first.
                Err(RDKafkaErrorCode::QueueFull) => break,
                Err(code) => {
                    let code = Some(code);
                    return Err(Report { number, code });
                }
            }
        }
        Ok(())
    }

    /// Hands a record over; the report bears its number.
    fn send(
        &self,
        number: usize,
        entry: &Entry,
        encoding: &Encoding,
    ) -> Result<(), RDKafkaErrorCode> {
        let value = encoding.of(&entry.record);
        let mut record = BaseRecord::with_opaque_to(&self.topic, number)
            .key(entry.url.as_bytes())
            .payload(&*value);
        if let Some(value) = self.traces.header(entry) {
            let header = Header {
                key: Place::HEADER,
                value: Some(&value),
            };
            record = record.headers(OwnedHeaders::new().insert(header));
        }
        self.client.send(record).map_err(|(error, _)| {
            error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown)
        })
    }

    /// Waits until it is time to look what became of records, where the client has some.
    pub(super) async fn until_next_look(&self, has_some: bool) {
        if has_some {
            sleep(LOOK_INTERVAL).await;
        } else {
            pending::<()>().await;
        }
    }

    /// Looks what the client has to say, and has its reports made.
    pub(super) fn look(&self) {
        for _ in 0..EVENTS_AT_ONCE_MAX {
            self.client.poll(Duration::ZERO);
        }
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
