//! One ear for what the Kafka client says: its errors become the service's condition, in our own
//! words and with advice, each trouble once. The client's own lines are details, for DEBUG.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
    types::RDKafkaErrorCode,
};
use tracing::{debug, warn};

use super::{connections::Connections, settings::KafkaSettings};
use crate::health::Condition;

/// How the client's log marks a connection that failed.
const FACILITY_CONNECTION: &str = "FAIL";

/// A client context that reports to a [`Condition`]. The client only says when it loses Kafka; that
/// Kafka is there is said by whoever hears from it ([`Observer::heard`]).
#[derive(Clone, Debug)]
pub struct Observer {
    condition: Condition,
    bootstrap_servers: Arc<str>,
    /// Of all clients that have this observer: their troubles are the same.
    connections: Arc<Mutex<Connections>>,
    /// Whether a broker answered that it does not take what it was given.
    refuses: Arc<AtomicBool>,
}

impl Observer {
    /// An observer of the clients made with these settings.
    pub fn new(condition: Condition, settings: &KafkaSettings) -> Self {
        Self {
            condition,
            bootstrap_servers: settings.bootstrap_servers.as_str().into(),
            connections: Arc::new(Mutex::new(Connections::new(settings.advice()))),
            refuses: Arc::default(),
        }
    }

    /// A broker that has our data did what it was asked for.
    pub fn heard(&self) {
        self.refuses.store(false, Ordering::Relaxed);
        self.found();
    }

    /// A broker that has our data is there. Where it refused what it was given, that is no better yet.
    pub(super) fn found(&self) {
        self.connections().forget();
        if !self.refuses.load(Ordering::Relaxed) {
            self.condition.holds();
        }
    }

    /// A broker answered, and does not take what it was given: until it does, nothing is well.
    pub fn refused(&self, reason: &str) {
        self.refuses.store(true, Ordering::Relaxed);
        self.failed(reason);
    }

    /// Kafka did not do what was asked of it. Where no broker answers because connections fail, that
    /// is what is said: the same words until it is over, whatever else follows from it.
    pub fn failed(&self, reason: &str) {
        let story = self.connections().story();
        self.condition.fails(story.unwrap_or_else(|| reason.into()));
    }

    /// What to check when no broker answers.
    pub(super) fn advice(&self) -> String {
        self.connections().advice().to_owned()
    }

    /// No broker answers.
    fn no_answer(&self) {
        let advice = {
            let mut connections = self.connections();
            connections.lose();
            format!("no broker answers; {}", connections.advice())
        };
        self.failed(&advice);
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, message: &str) {
        self.connections().note(message, &self.bootstrap_servers);
    }
}

impl ClientContext for Observer {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == FACILITY_CONNECTION {
            self.note(message);
        }
        match level {
            // The client is about to give up.
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                warn!(facility, "Kafka client: {message}");
            }
            // What follows from it comes as an error, or is seen by what does not happen.
            _ => debug!(facility, ?level, "Kafka client: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            warn!("Kafka client: {reason}");
            return;
        };
        match code {
            RDKafkaErrorCode::AllBrokersDown => self.no_answer(),
            RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL => {
                self.note(reason);
                self.no_answer();
            }
            // One broker of several, or one connection of many. When it was the last, the client
            // says so next.
            RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut => {
                self.note(reason);
                debug!("Kafka client: {reason}");
            }
            // A broker that has just started, or a partition that moves: the client asks again.
            RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::RebalanceInProgress => debug!("Kafka client: {reason}"),
            _ => warn!("Kafka client: {reason}"),
        }
    }
}

impl ConsumerContext for Observer {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::testing::observer;

    const REFUSED: &str = "kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection \
                           refused (after 0ms in state CONNECT)";

    #[test]
    fn whatever_follows_from_a_lost_connection_leaves_the_reason_as_it_is() {
        let (observer, health) = observer();
        observer.log(RDKafkaLogLevel::Error, FACILITY_CONNECTION, REFUSED);
        let all_down = || KafkaError::Global(RDKafkaErrorCode::AllBrokersDown);
        observer.error(all_down(), "2/2 brokers are down");
        let first = health.problems();
        assert!(first.concat().contains("kafka:9092 (Connection refused)"));
        observer.failed("the topic could not be made: timed out");
        observer.error(all_down(), "0/1 brokers are down");
        assert_eq!(health.problems(), first);
        observer.heard();
        observer.failed("the topic could not be made: denied");
        assert!(health.problems().concat().contains("denied"));
    }

    #[test]
    fn a_broker_that_refuses_is_not_well_until_it_takes_something() {
        let (observer, health) = observer();
        observer.heard();
        observer.refused("the record is invalid");
        observer.found();
        assert!(health.problems().concat().contains("invalid"));
        observer.heard();
        assert!(health.problems().is_empty());
    }

    #[test]
    fn one_broker_of_several_and_a_coordinator_that_loads_are_no_trouble_of_ours() {
        let (observer, health) = observer();
        observer.heard();
        let error = |code| KafkaError::Global(code);
        observer.error(error(RDKafkaErrorCode::BrokerTransportFailure), REFUSED);
        observer.error(error(RDKafkaErrorCode::CoordinatorLoadInProgress), "");
        assert!(health.problems().is_empty());
    }
}
