//! Lists of partitions, as the Kafka client takes them.

use std::collections::BTreeMap;

use rdkafka::{
    Offset, TopicPartitionList, error::KafkaResult, topic_partition_list::TopicPartitionListElem,
};

/// Marks a committed offset as ours: a hint for people's tools. The truth is in PostgreSQL, and a
/// new database begins from the topic's start in spite of the hint.
const HINT: &str = "websites-monitor: a hint; the offsets table has the truth";

/// One partition, without an offset.
pub(super) fn one(topic: &str, partition: i32) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    list
}

/// One partition at an offset.
pub(super) fn one_at(topic: &str, partition: i32, at: i64) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(at))?;
    Ok(list)
}

/// Stored offsets as hints.
pub(super) fn hints(topic: &str, hints: &BTreeMap<i32, i64>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (&partition, &at) in hints {
        let mut element = list.add_partition(topic, partition);
        element.set_offset(Offset::Offset(at))?;
        element.set_metadata(HINT);
    }
    Ok(list)
}

/// Whether a committed offset is a hint of ours.
pub(super) fn is_hint(element: &TopicPartitionListElem<'_>) -> bool {
    element.metadata() == HINT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_hints_are_known_from_offsets_that_others_committed() {
        let hints = hints("checks", &[(3, 40)].into()).unwrap();
        let hint = hints.find_partition("checks", 3).unwrap();
        assert_eq!(hint.offset(), Offset::Offset(40));
        assert!(is_hint(&hint));
        let others = one_at("checks", 3, 40).unwrap();
        assert!(!is_hint(&others.find_partition("checks", 3).unwrap()));
    }
}
