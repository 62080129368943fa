//! What Kafka tells: where partitions end, and whose they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    groups::GroupInfo,
    metadata::MetadataTopic,
};
use service::kafka::KafkaSettings;

use crate::source::SourceSettings;

/// A time limit on each question.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// What Kafka says.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The offset after the last record of each partition.
    pub(super) ends: BTreeMap<i32, i64>,
    /// When the first record of a partition that is not stored was made, milliseconds since 1970.
    pub(super) waiting_since_ms: BTreeMap<i32, i64>,
    /// The member of the group that has the partition.
    pub(super) owners: BTreeMap<i32, String>,
    /// Why some of it is not known.
    pub(super) error: Option<String>,
}

/// Asks Kafka. Blocks, each question with a time limit.
pub(super) fn ask(
    kafka: &KafkaSettings,
    source: &SourceSettings,
    next: &BTreeMap<i32, i64>,
) -> Asked {
    let mut asked = Asked::default();
    let error = asked.learn(kafka, source, next).err();
    asked.error = error.map(|error| format!("Kafka: {error}; {}", kafka.advice()));
    asked
}

impl Asked {
    fn learn(
        &mut self,
        kafka: &KafkaSettings,
        source: &SourceSettings,
        next: &BTreeMap<i32, i64>,
    ) -> KafkaResult<()> {
        let SourceSettings { group, topic, .. } = source;
        let mut config = kafka.client_config(&source.client_id);
        // Nothing is subscribed to, so the group does not notice.
        // Where nothing waits although the end lies further, the end says so.
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true");
        let client: BaseConsumer = config.create()?;
        let metadata = client.fetch_metadata(Some(topic), REQUEST_TIMEOUT)?;
        let topics = metadata.topics().iter().filter(|it| it.name() == topic);
        for partition in topics.flat_map(MetadataTopic::partitions) {
            let (_, end) = client.fetch_watermarks(topic, partition.id(), REQUEST_TIMEOUT)?;
            self.ends.insert(partition.id(), end);
        }
        let groups = client.fetch_group_list(Some(group), REQUEST_TIMEOUT)?;
        for member in groups.groups().iter().flat_map(GroupInfo::members) {
            let owner = format!("{} {}", member.client_id(), member.client_host());
            let partitions = member.assignment().and_then(|it| assigned(it, topic));
            for partition in partitions.unwrap_or_default() {
                self.owners.insert(partition, owner.clone());
            }
        }
        self.look_at_waiting(&client, topic, next)
    }

    /// Reads one record of each partition whose end lies behind what is stored. Where none comes before the end
    /// (a transaction's mark lies there), nothing waits.
    fn look_at_waiting(
        &mut self,
        client: &BaseConsumer,
        topic: &str,
        next: &BTreeMap<i32, i64>,
    ) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (&partition, &next) in next {
            if self.ends.get(&partition).is_some_and(|end| next < *end) {
                list.add_partition_offset(topic, partition, Offset::Offset(next))?;
            }
        }
        let (wanted, deadline) = (list.count(), Instant::now() + REQUEST_TIMEOUT);
        let mut known = BTreeSet::new();
        client.assign(&list)?;
        while known.len() < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            // What does not come in time is not known. That is said of it, and is no error.
            let Some(polled) = client.poll(left) else {
                break;
            };
            let record = match polled {
                Err(KafkaError::PartitionEOF(partition)) => {
                    if let Some(&next) = next.get(&partition).filter(|_| known.insert(partition)) {
                        self.ends.insert(partition, next);
                    }
                    continue;
                }
                polled => polled?,
            };
            let is_first = known.insert(record.partition());
            if let Some(made) = record.timestamp().to_millis().filter(|_| is_first) {
                self.waiting_since_ms.insert(record.partition(), made);
            }
        }
        Ok(())
    }
}

/// The partitions of a topic in a member's assignment, as Kafka's protocol for consumers has it: a
/// version, then for each topic its name and partitions, all numbers big-endian.
fn assigned(bytes: &[u8], topic: &str) -> Option<Vec<i32>> {
    let mut rest = bytes.get(2..)?;
    let mut partitions = Vec::new();
    for _ in 0..number(&mut rest)? {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
        let (name, after) = after.split_at_checked(length)?;
        rest = after;
        for _ in 0..number(&mut rest)? {
            let partition = number(&mut rest)?;
            if name == topic.as_bytes() {
                partitions.push(partition);
            }
        }
    }
    Some(partitions)
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(i32::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_names_the_partitions_of_each_topic() {
        let bytes = b"\0\x01\0\0\0\x02\0\x01t\0\0\0\x02\0\0\0\x03\0\0\0\x05\0\x02uv\0\0\0\x01\0\0\0\x07\0\0\0\0";
        assert_eq!(assigned(bytes, "t"), Some(vec![3, 5]));
        assert_eq!(assigned(bytes, "uv"), Some(vec![7]));
        assert_eq!(assigned(b"\0\x01\0\0\0\x02\0\x09t", "t"), None);
        assert_eq!(assigned(b"", "t"), None);
    }
}
