//! Fills a topic with records as a monitor writes them, to measure how fast they are stored:
//! `load TOPIC RECORDS [PARTITIONS]`, on the Kafka of `BOOTSTRAP_SERVERS` (plaintext). See
//! docs/benchmarks.md.

use std::{env, time::Duration};

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use messages::{
    Certificate, Check, CheckResult, HttpVersion, Match, Outcome, Probe, Response, SelfDoubt,
    Timings, TlsVersion,
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
    types::RDKafkaErrorCode,
};

/// Websites that the records speak of, in turn.
const WEBSITES: u64 = 1000;
const INTERVAL: Duration = Duration::from_mins(1);
const FLUSH_TIMEOUT: Duration = Duration::from_mins(1);
const POLL_TIMEOUT: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: load TOPIC RECORDS [PARTITIONS]";
    let topic = arguments.next().context(usage)?;
    let records: u64 = arguments.next().context(usage)?.parse()?;
    let partitions = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let servers = env::var("BOOTSTRAP_SERVERS").context("BOOTSTRAP_SERVERS is not set")?;
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", servers)
        .set("linger.ms", "20")
        .set("compression.type", "lz4")
        .set("enable.idempotence", "true");

    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let new_topic = NewTopic::new(&topic, partitions, TopicReplication::Fixed(1));
    let made = admin
        .create_topics([&new_topic], &AdminOptions::new())
        .await?;
    ensure!(
        made.iter().all(Result::is_ok),
        "the topic {topic} could not be made: {made:?}"
    );

    let producer: BaseProducer = config.create()?;
    let now = Timestamp::now();
    for number in 0..records {
        let result = result(number, records, now)?;
        let value = result.to_json();
        send(&producer, &topic, &result.check.url, &value)?;
    }
    producer.flush(FLUSH_TIMEOUT)?;
    println!("{records} records are in {partitions} partitions of {topic}");
    Ok(())
}

fn send(producer: &BaseProducer, topic: &str, key: &str, value: &[u8]) -> anyhow::Result<()> {
    let mut record = BaseRecord::to(topic).key(key).payload(value);
    while let Err((error, refused)) = producer.send(record) {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        ensure!(error == full, "producing: {error}");
        producer.poll(POLL_TIMEOUT);
        record = refused;
    }
    Ok(())
}

/// A check of a site that is well, the last of them now.
fn result(number: u64, records: u64, now: Timestamp) -> anyhow::Result<CheckResult> {
    let rounds_ago = (records - 1 - number) / WEBSITES;
    let ago = SignedDuration::try_from(INTERVAL)? * i32::try_from(rounds_ago)?;
    let scheduled_at = now.checked_sub(ago)?;
    let millis = |millis| Some(Duration::from_millis(millis + number % 17));
    Ok(CheckResult {
        check: Check {
            url: format!(
                "https://site-{}.example.com/health?full=1",
                number % WEBSITES
            ),
            regex_pattern: r"All systems \w+".into(),
            interval: INTERVAL,
            location: "default".into(),
            scheduled_at,
            target: None,
        },
        outcome: Outcome::Up {
            probe: Probe {
                started_at: scheduled_at.checked_add(SignedDuration::from_millis(3))?,
                response_time: Duration::from_micros(187_345 + number % 1000),
                timings: Timings {
                    dns: millis(4),
                    connect: millis(18),
                    tls: millis(41),
                    first_byte: millis(95),
                    body: millis(12),
                },
                attempt: 1,
                redirects: 0,
                remote_address: Some(([192, 0, 2, 10], 443).into()),
                tls_version: Some(TlsVersion::Tls13),
                certificate: Some(Certificate {
                    not_after: "2027-03-01T00:00:00Z".parse()?,
                    issuer: "CN=Example CA R3,O=Example,C=US".into(),
                    subject: "CN=*.example.com".into(),
                }),
            },
            response: Response {
                status: 200,
                http_version: HttpVersion::Http2,
                matched: Match::Matched("All systems operational".into()),
                body_bytes: 18_234,
                body_truncated: false,
            },
        },
        self_doubt: SelfDoubt {
            in_flight: 12,
            overloaded: false,
            witness: None,
        },
    })
}
