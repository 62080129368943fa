//! Partitions of one topic: those that a list names, those that are read, those that there are.

use std::time::Duration;

use rdkafka::{
    TopicPartitionList,
    consumer::{Consumer, ConsumerContext},
    error::KafkaResult,
    metadata::MetadataPartition,
    topic_partition_list::TopicPartitionListElem,
};

/// A topic's partitions in a list.
pub fn listed(topic: &str, list: &TopicPartitionList) -> Vec<i32> {
    let elements = list.elements_for_topic(topic);
    elements
        .iter()
        .map(TopicPartitionListElem::partition)
        .collect()
}

/// Those of the partitions that the client is reading: it takes it ill to be told to stop reading
/// what it does not read.
pub fn read_of<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    topic: &str,
    partitions: &[i32],
) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    let Ok(read) = consumer.assignment() else {
        return list;
    };
    for &partition in partitions {
        if read.find_partition(topic, partition).is_some() {
            list.add_partition(topic, partition);
        }
    }
    list
}

/// The partitions that a topic has; none where it is missing. Blocks, for `timeout` at most.
///
/// # Errors
///
/// When no broker answers.
pub fn existing<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
    let mut topics = metadata.topics().iter();
    let topic = topics.find(|it| it.name() == topic);
    let partitions = topic.map(|topic| topic.partitions().iter().map(MetadataPartition::id));
    Ok(partitions.map(Iterator::collect).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topics_own_partitions_are_taken_from_a_list() {
        let mut list = TopicPartitionList::new();
        list.add_partition("checks", 3);
        list.add_partition("others", 4);
        assert_eq!(listed("checks", &list), [3]);
    }
}
