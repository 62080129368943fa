//! A topic of a test's own, and records to put into it.

use std::{
    thread,
    time::{Duration, Instant},
};

use devstack::Kafka;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaResult,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};

use super::servers::{shared, unique_name};

const TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before Kafka is asked again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// How long the producer's queue may be full before it is tried again.
const QUEUE_RETRY: Duration = Duration::from_millis(10);

/// A topic.
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) bootstrap: String,
}

impl Topic {
    /// A name on the shared broker; whoever writes first makes the topic.
    pub(crate) async fn named() -> Self {
        Self {
            name: unique_name("checks"),
            bootstrap: shared().await.kafka.bootstrap(),
        }
    }

    /// A topic on the shared broker.
    pub(crate) async fn create(partitions: i32) -> Self {
        Self::create_on(&shared().await.kafka, partitions).await
    }

    /// A topic on a broker of the test's own.
    pub(crate) async fn create_on(kafka: &Kafka, partitions: i32) -> Self {
        let name = unique_name("checks");
        kafka
            .create_topic(&name, partitions)
            .await
            .expect("the topic is made");
        Self {
            name,
            bootstrap: kafka.bootstrap(),
        }
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()
            .expect("a client")
    }

    /// Adds partitions, so that the topic has so many.
    pub(crate) async fn grow(&self, partitions: usize) {
        let grown = NewPartitions::new(&self.name, partitions);
        let answers = self
            .admin()
            .create_partitions([&grown], &AdminOptions::new());
        let answers = answers.await.expect("an answer");
        answers[0].as_ref().expect("the partitions are made");
    }

    /// Removes the records of a partition before an offset, as the topic's retention does.
    pub(crate) async fn remove_before(&self, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(offset))
            .expect("a valid offset");
        let answer = self
            .admin()
            .delete_records(&list, &AdminOptions::new())
            .await;
        let answer = answer.expect("an answer");
        answer.elements()[0]
            .error()
            .expect("the records are removed");
    }

    /// Changes a setting of the topic.
    pub(crate) async fn alter(&self, setting: &str, value: &str) {
        let admin = self.admin();
        let topic = ResourceSpecifier::Topic(&self.name);
        let config = AlterConfig::new(topic).set(setting, value);
        let altered = admin
            .alter_configs(&[config], &AdminOptions::new())
            .await
            .expect("an answer");
        altered[0].as_ref().expect("the setting is taken");
    }

    /// Writes records, spread over the partitions, and waits until the broker has them.
    pub(crate) fn write<'a>(&self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.write_to(None, values);
    }

    /// Writes records into a partition.
    pub(crate) fn write_to<'a>(
        &self,
        partition: Option<i32>,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .create()
            .expect("a producer");
        for (number, value) in values.into_iter().enumerate() {
            let key = number.to_le_bytes();
            let mut record = BaseRecord::to(&self.name).key(&key).payload(value);
            record.partition = partition;
            while let Err((_, refused)) = producer.send(record) {
                record = refused;
                std::thread::sleep(QUEUE_RETRY);
            }
        }
        producer
            .flush(TIMEOUT)
            .expect("the broker takes the records");
    }

    /// Writes records in a transaction. Its mark stands behind them, at an offset of its own.
    pub(crate) fn write_together<'a>(&self, values: impl IntoIterator<Item = &'a [u8]>) {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("transactional.id", &self.name)
            .create()
            .expect("a producer");
        let begun = producer.init_transactions(TIMEOUT);
        begun
            .and_then(|()| producer.begin_transaction())
            .expect("a transaction");
        for value in values {
            let record = BaseRecord::<(), [u8]>::to(&self.name).payload(value);
            let sent = producer.send(record).map_err(|(error, _)| error);
            sent.expect("room for few records");
        }
        producer.commit_transaction(TIMEOUT).expect("a commit");
    }

    /// Every record's value, as JSON, in the order of each partition.
    pub(crate) fn read(&self) -> Vec<serde_json::Value> {
        let values = self.values().into_iter();
        values
            .map(|value| serde_json::from_slice(&value).expect("JSON"))
            .collect()
    }

    /// Every record's value, in the order of each partition.
    pub(crate) fn values(&self) -> Vec<Vec<u8>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", "a test that looks on")
            .set("enable.auto.commit", "false")
            .create()
            .expect("a consumer");
        let ends = self.ends();
        let mut list = TopicPartitionList::new();
        for (partition, _) in &ends {
            let offset = Offset::Beginning;
            list.add_partition_offset(&self.name, *partition, offset)
                .expect("a valid offset");
        }
        consumer.assign(&list).expect("an assignment");
        let records = ends.iter().map(|(_, end)| end).sum::<i64>();
        (0..records)
            .map(|_| {
                let message = consumer
                    .poll(TIMEOUT)
                    .expect("a record in time")
                    .expect("a record");
                message.payload().expect("a value").to_vec()
            })
            .collect()
    }

    /// Each partition and the offset at its end.
    pub(crate) fn ends(&self) -> Vec<(i32, i64)> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()
            .expect("a consumer");
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match self.ends_now(&consumer) {
                Ok(ends) => return ends,
                // A topic that was just made has no leaders yet.
                Err(_) if Instant::now() < deadline => thread::sleep(RETRY_PAUSE),
                Err(error) => panic!("the ends of {}: {error}", self.name),
            }
        }
    }

    fn ends_now(&self, consumer: &BaseConsumer) -> KafkaResult<Vec<(i32, i64)>> {
        let metadata = consumer.fetch_metadata(Some(&self.name), TIMEOUT)?;
        let partitions = metadata.topics()[0].partitions().iter();
        let ends = partitions.map(|partition| {
            let (_, end) = consumer.fetch_watermarks(&self.name, partition.id(), TIMEOUT)?;
            Ok((partition.id(), end))
        });
        ends.collect()
    }

    /// Commits offsets for a group, a partition each, as the Python original does.
    pub(crate) fn commit(&self, group: &str, offsets: &[i64]) {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", group)
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        for (partition, offset) in (0..).zip(offsets) {
            list.add_partition_offset(&self.name, partition, Offset::Offset(*offset))
                .expect("a valid offset");
        }
        consumer
            .commit(&list, CommitMode::Sync)
            .expect("the offsets are committed");
    }

    /// The committed offsets of a group, all partitions together.
    pub(crate) fn committed(&self, group: &str) -> i64 {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", group)
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        for (partition, _) in self.ends() {
            list.add_partition(&self.name, partition);
        }
        let committed = consumer
            .committed_offsets(list, TIMEOUT)
            .expect("committed offsets");
        committed
            .elements()
            .iter()
            .filter_map(|element| element.offset().to_raw())
            .filter(|offset| *offset >= 0)
            .sum()
    }
}

/// A record as the Python original writes it.
pub(crate) fn original_record(number: usize) -> Vec<u8> {
    let site = number % 50;
    format!(
        r#"{{"url": "https://site{site}.example/", "error_code": "200", "response_time": 0.{number:06}, "regex_pattern": "Gmail", "matched_text": "gmail {number}"}}"#
    )
    .into_bytes()
}
