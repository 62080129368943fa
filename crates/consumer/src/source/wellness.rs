//! Whether the source can read: the brokers' state is not enough, since the group or the topic may
//! be in trouble while every broker answers.

use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode};
use service::kafka::Observer;
use tracing::debug;

/// Whether the source can read, for `/readyz` and the log.
#[derive(Debug)]
pub(super) struct Wellness {
    observer: Observer,
    group: String,
    topic: String,
    /// The group or the topic is in trouble. Only a record or an assignment shows that this is over.
    is_unwell: AtomicBool,
}

impl Wellness {
    pub(super) fn new(observer: Observer, group: &str, topic: &str) -> Self {
        Self {
            observer,
            group: group.into(),
            topic: topic.into(),
            is_unwell: AtomicBool::new(false),
        }
    }

    /// A record came: all is well. Cheap while it was so before.
    pub(super) fn heard(&self) {
        // Looked at first: only a write makes other cores forget what they know of it.
        let is_unwell = self.is_unwell.load(Ordering::Relaxed);
        if is_unwell && self.is_unwell.swap(false, Ordering::Relaxed) {
            self.observer.heard();
        }
    }

    /// The group gave us our share, which may be none.
    pub(super) fn joined(&self) {
        self.is_unwell.store(false, Ordering::Relaxed);
        self.observer.heard();
    }

    /// The group went on without us.
    pub(super) fn lost_the_group(&self) {
        self.failed("the group's coordinator gave no answer in time; joining the group again");
    }

    /// A broker answers, which proves nothing about the group and the topic.
    pub(super) fn brokers_answer(&self) {
        if !self.is_unwell.load(Ordering::Relaxed) {
            self.observer.heard();
        }
    }

    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.observer.log(level, facility, message);
    }

    /// The client reports an error.
    pub(super) fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // The source reads the stored offset again and says what it finds.
            Some(RDKafkaErrorCode::AutoOffsetReset) => debug!("Kafka client: {reason}"),
            code => match code.and_then(|code| self.advice(code, reason)) {
                Some(story) => self.failed(&story),
                None => self.observer.error(error, reason),
            },
        }
    }

    fn failed(&self, story: &str) {
        self.is_unwell.store(true, Ordering::Relaxed);
        self.observer.failed(story);
    }

    /// What to do about an error that concerns the group or the topic; `None` for any other.
    fn advice(&self, code: RDKafkaErrorCode, reason: &str) -> Option<String> {
        let Self { group, topic, .. } = self;
        match code {
            RDKafkaErrorCode::InconsistentGroupProtocol => Some(format!(
                "a consumer of another kind (the original's?) runs in the group {group:?}; stop \
                 it, or set another CONSUMER_GROUP; trying again"
            )),
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition => Some(format!(
                "the topic {topic:?} is gone and is waited for ({reason})"
            )),
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => Some(format!(
                "{reason}; allow our user to READ the topic {topic:?} and the group {group:?}"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use service::{
        health::Health,
        kafka::{KafkaSettings, Security},
    };

    use super::*;

    fn wellness() -> (Wellness, Health) {
        let health = Health::default();
        let settings = KafkaSettings {
            bootstrap_servers: "kafka:9092".into(),
            security: Security::default(),
            topic: "checks".into(),
            topic_partitions: 1,
            topic_replication_factor: None,
        };
        let observer = Observer::new(health.condition("Kafka"), &settings);
        (Wellness::new(observer, "stores", "checks"), health)
    }

    fn error(code: RDKafkaErrorCode) -> KafkaError {
        KafkaError::Global(code)
    }

    #[test]
    fn brokers_that_answer_do_not_hide_a_group_in_trouble() {
        let (wellness, health) = wellness();
        wellness.brokers_answer();
        assert!(health.problems().is_empty());
        wellness.error(error(RDKafkaErrorCode::InconsistentGroupProtocol), "");
        wellness.brokers_answer();
        let problems = health.problems().concat();
        assert!(problems.contains("CONSUMER_GROUP"), "{problems}");
        wellness.joined();
        assert!(health.problems().is_empty());
    }

    #[test]
    fn a_record_shows_that_the_topic_is_back() {
        let (wellness, health) = wellness();
        wellness.error(
            error(RDKafkaErrorCode::UnknownTopicOrPartition),
            "no such topic",
        );
        assert!(health.problems().concat().contains("waited for"));
        wellness.heard();
        assert!(health.problems().is_empty());
    }

    #[test]
    fn a_missing_right_is_said_with_topic_and_group() {
        let (wellness, health) = wellness();
        wellness.error(error(RDKafkaErrorCode::GroupAuthorizationFailed), "denied");
        let problems = health.problems().concat();
        assert!(problems.contains("\"checks\"") && problems.contains("\"stores\""));
    }

    #[test]
    fn a_position_that_is_gone_is_no_trouble() {
        let (wellness, health) = wellness();
        wellness.joined();
        wellness.error(error(RDKafkaErrorCode::AutoOffsetReset), "out of range");
        assert!(health.problems().is_empty());
    }
}
