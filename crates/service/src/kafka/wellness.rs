//! Whether a topic can be read: the brokers' state is not enough, since the group or the topic may be
//! in trouble while every broker answers.

use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::{
    ClientContext, Statistics, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode,
};
use tracing::debug;

use super::observer::Observer;

/// The state of a broker that answers, in the client's statistics.
const BROKER_UP: &str = "UP";

/// What a reader reads, in the words of its own settings.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The topic that is read.
    pub topic: String,
    /// The group; `None` where the reader is a member of none.
    pub group: Option<String>,
    /// What is said of a topic that is not there.
    pub missing: String,
    /// What to do about a group in which something runs that shares partitions in another way.
    pub foreign_group: String,
}

/// Whether a topic can be read, for `/readyz` and the log.
#[derive(Debug)]
pub struct Wellness {
    observer: Observer,
    reading: Reading,
    /// The group or the topic is in trouble, or not heard yet. Only the topic or the group itself shows
    /// that this is over: a broker that answers does not.
    is_unwell: AtomicBool,
}

impl Wellness {
    /// Well as soon as a broker answers, until something is wrong.
    pub fn new(observer: Observer, reading: Reading) -> Self {
        Self {
            observer,
            reading,
            is_unwell: AtomicBool::new(false),
        }
    }

    /// Not well until the topic or the group was heard.
    #[must_use]
    pub fn unheard(self) -> Self {
        self.is_unwell.store(true, Ordering::Relaxed);
        self
    }

    /// A record came: all is well. Cheap while it was so before.
    pub fn read(&self) {
        // Looked at first: only a write makes other cores forget what they know of it.
        let is_unwell = self.is_unwell.load(Ordering::Relaxed);
        if is_unwell && self.is_unwell.swap(false, Ordering::Relaxed) {
            self.observer.heard();
        }
    }

    /// The topic and the group do what they should.
    pub fn heard(&self) {
        self.is_unwell.store(false, Ordering::Relaxed);
        self.observer.heard();
    }

    /// The topic or the group does not do what it should.
    pub fn failed(&self, story: &str) {
        self.is_unwell.store(true, Ordering::Relaxed);
        self.observer.failed(story);
    }

    /// The client tells how its brokers are. Where one answers and nothing else is wrong, nothing is.
    pub fn learn(&self, statistics: &Statistics) {
        if brokers_answer(statistics) {
            self.brokers_answer();
        }
    }

    fn brokers_answer(&self) {
        if !self.is_unwell.load(Ordering::Relaxed) {
            self.observer.heard();
        }
    }

    /// The client has a line for the log.
    pub fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.observer.log(level, facility, message);
    }

    /// The client reports an error.
    pub fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // Whoever set the position finds out what is there now, and says it; the end was asked for.
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::PartitionEOF) => {
                debug!("Kafka client: {reason}");
            }
            code => match code.and_then(|code| self.advice(code, reason)) {
                Some(story) => self.failed(&story),
                None => self.observer.error(error, reason),
            },
        }
    }

    /// What to do about an error that concerns the topic or the group; `None` for any other.
    fn advice(&self, code: RDKafkaErrorCode, reason: &str) -> Option<String> {
        let topic = &self.reading.topic;
        match code {
            RDKafkaErrorCode::InconsistentGroupProtocol => Some(self.reading.foreign_group.clone()),
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition => Some(self.reading.missing.clone()),
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => {
                let group = self.reading.group.as_ref();
                let group = group.map_or_else(String::new, |it| format!(" and the group {it:?}"));
                Some(format!(
                    "{reason}; allow our user to READ the topic {topic:?}{group}"
                ))
            }
            _ => None,
        }
    }
}

/// Whether a broker answers where it says that it can be reached. That the address answers which we
/// were given proves little: it may be a balancer's, or a broker's whose own address is unreachable.
fn brokers_answer(statistics: &Statistics) -> bool {
    let mut brokers = statistics.brokers.values();
    brokers.any(|broker| broker.nodeid >= 0 && broker.state == BROKER_UP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{health::Health, kafka::testing::observer};

    fn wellness() -> (Wellness, Health) {
        let (observer, health) = observer();
        let reading = Reading {
            topic: "checks".into(),
            group: Some("stores".into()),
            missing: "the topic is waited for".into(),
            foreign_group: "set another CONSUMER_GROUP".into(),
        };
        (Wellness::new(observer, reading), health)
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
        wellness.heard();
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
        wellness.read();
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
        wellness.heard();
        wellness.error(error(RDKafkaErrorCode::AutoOffsetReset), "out of range");
        assert!(health.problems().is_empty());
    }

    #[test]
    fn a_broker_that_answers_is_not_enough_before_the_topic_was_heard() {
        let (wellness, health) = wellness();
        let wellness = wellness.unheard();
        wellness.brokers_answer();
        assert!(!health.problems().is_empty(), "nothing is read yet");
        wellness.heard();
        wellness.error(error(RDKafkaErrorCode::AllBrokersDown), "");
        assert!(!health.problems().is_empty());
        wellness.brokers_answer();
        assert!(health.problems().is_empty());
    }
}
