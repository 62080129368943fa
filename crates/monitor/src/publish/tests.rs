use std::time::Duration;

use jiff::Timestamp;
use messages::{Check, Failure, FailureReason, Origin, Outcome, Record, SelfDoubt};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::DefaultProducerContext,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use service::{health::Health, kafka::Security};

use super::*;
use crate::state::{Place, Resumed, Unopened};

mod owed;
mod spooled;
mod without;

const TOPIC: &str = "checks";
const PATIENCE: Duration = Duration::from_secs(30);

/// A Kafka that does as it is told. It keeps records only as long as it lives.
fn cluster() -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    cluster
}

fn settings(bootstrap_servers: String) -> KafkaSettings {
    KafkaSettings {
        bootstrap_servers,
        security: Security::default(),
        topic: TOPIC.into(),
        topic_partitions: 1,
        topic_replication_factor: None,
    }
}

struct Stage {
    results: mpsc::Sender<CheckResult>,
    health: Health,
    draining: Draining,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// Where state is, and what was found there.
type State = (Place, Result<Resumed, Unopened>);

fn lists() -> Lists {
    Lists {
        ledger: None,
        targets: tokio::sync::watch::channel(Vec::new()).1,
        interval: Duration::from_secs(1),
    }
}

fn start(bootstrap_servers: String, results_waiting_max: usize) -> Stage {
    start_with(bootstrap_servers, results_waiting_max, None)
}

fn start_with(
    bootstrap_servers: String,
    results_waiting_max: usize,
    state: Option<State>,
) -> Stage {
    start_with_room(bootstrap_servers, results_waiting_max, state, 1)
}

/// Results come together, so many.
fn start_with_room(
    bootstrap_servers: String,
    results_waiting_max: usize,
    state: Option<State>,
    results_at_once: usize,
) -> Stage {
    let kafka = settings(bootstrap_servers);
    let health = Health::default();
    let (results, receiver) = mpsc::channel(results_at_once);
    let draining = Draining::default();
    let settings = PublishSettings {
        results_waiting_max,
        registry: None,
    };
    let mut publisher =
        Publisher::new(&settings, kafka, health.clone(), receiver, draining.clone()).unwrap();
    if let Some((place, resumed)) = state {
        let kept = Kept {
            place,
            resumed,
            lists: lists(),
        };
        publisher = publisher.with_state(&settings, kept, &health);
    }
    Stage {
        results,
        health,
        draining,
        running: tokio::spawn(publisher.run()),
    }
}

fn result(number: usize, detail: &str) -> CheckResult {
    CheckResult {
        check: Check {
            url: "https://a.example".into(),
            regex_pattern: String::new(),
            interval: Duration::from_secs(1),
            location: "here".into(),
            scheduled_at: Timestamp::from_second(i64::try_from(number).unwrap()).unwrap(),
            target: None,
        },
        outcome: Outcome::Missed {
            probe: None,
            failure: Failure::new(FailureReason::ProberFailed, None, detail),
        },
        self_doubt: SelfDoubt::default(),
    }
}

impl Stage {
    async fn publish(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.results.send(result(number, "late")).await.unwrap();
        }
    }

    /// No more results come; what does the publisher say in the end?
    async fn finish(self) -> anyhow::Result<()> {
        drop(self.results);
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .unwrap()
            .unwrap()
    }
}

/// The due times of the records, which are the numbers of the results, and their keys.
fn read(bootstrap_servers: &str, count: usize) -> Vec<(i64, String)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap_servers)
        .set("group.id", "test")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions
        .add_partition_offset(TOPIC, 0, Offset::Beginning)
        .unwrap();
    consumer.assign(&partitions).unwrap();
    let mut records = Vec::new();
    while records.len() < count {
        let message = consumer.poll(PATIENCE).unwrap().unwrap();
        let origin = Origin {
            topic: TOPIC,
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: None,
        };
        let record = Record::read(message.payload().unwrap(), &origin).unwrap();
        let scheduled_at = record.scheduled_at.as_second();
        let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
        records.push((scheduled_at, key));
    }
    records
}

async fn read_numbers(bootstrap_servers: String, count: usize) -> Vec<i64> {
    let reading = tokio::task::spawn_blocking(move || read(&bootstrap_servers, count));
    let records = reading.await.unwrap();
    assert!(records.iter().all(|(_, key)| key == "https://a.example"));
    records.into_iter().map(|(number, _)| number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_result_is_published_in_order_and_only_then_is_it_done() {
    let cluster = cluster();
    let stage = start(cluster.bootstrap_servers(), 1000);
    let health = stage.health.clone();
    stage.publish(0..500).await;
    stage.finish().await.unwrap();
    assert!(health.problems().is_empty());
    let numbers = read_numbers(cluster.bootstrap_servers(), 500).await;
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_refuses_is_sent_again_in_order() {
    let cluster = cluster();
    for refusal in [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        // The client takes this one for the end of its producer.
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    ] {
        cluster.request_errors(RDKafkaApiKey::Produce, &[refusal]);
        let stage = start(cluster.bootstrap_servers(), 1000);
        stage.publish(0..50).await;
        stage.finish().await.unwrap();
    }
    let numbers = read_numbers(cluster.bootstrap_servers(), 100).await;
    assert_eq!(numbers, (0..50).chain(0..50).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_kafka_finds_too_large_holds_up_nobody() {
    let cluster = cluster();
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // In a batch that others may have been in, and alone.
    cluster.request_errors(RDKafkaApiKey::Produce, &[too_large, too_large]);
    let stage = start(cluster.bootstrap_servers(), 1000);
    let health = stage.health.clone();
    // It cannot be made smaller: the words of a failure are not cut.
    stage.publish(0..1).await;
    let told = stage.finish().await.unwrap_err().to_string();
    assert!(told.starts_with("1 results were not published"), "{told}");
    let problems = health.problems().join("\n");
    assert!(
        problems.contains("https://a.example; raise its max.message.bytes"),
        "{problems}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_records_of_a_batch_that_is_too_large_are_all_published() {
    let cluster = cluster();
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    cluster.request_errors(RDKafkaApiKey::Produce, &[too_large, too_large]);
    let stage = start(cluster.bootstrap_servers(), 1000);
    let health = stage.health.clone();
    stage.publish(0..300).await;
    // It would be an error if one had been dropped.
    stage.finish().await.unwrap();
    assert!(health.problems().is_empty(), "{:?}", health.problems());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_kafka_results_wait_and_those_that_do_not_fit_are_counted() {
    let stage = start("127.0.0.1:1".into(), 20);
    stage.publish(0..50).await;
    stage.draining.over.cancel();
    let told = stage.finish().await.unwrap_err().to_string();
    assert!(
        told.starts_with("50 results were not published: 20 were still waiting"),
        "{told}"
    );
    assert!(told.contains("30 were dropped"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_the_topic_is_published_once_it_is_there() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.broker_down(1).unwrap();
    let stage = start(cluster.bootstrap_servers(), 1000);
    stage.publish(0..10).await;
    assert!(!stage.health.problems().is_empty());
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    cluster.broker_up(1).unwrap();
    stage.finish().await.unwrap();
    let numbers = read_numbers(cluster.bootstrap_servers(), 10).await;
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
}
