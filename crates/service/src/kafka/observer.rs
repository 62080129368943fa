//! One ear for what the Kafka client says: its log lines become ours, its errors become the
//! service's condition, with advice.

use std::sync::Arc;

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
    types::RDKafkaErrorCode,
};
use tracing::{debug, error, info, warn};

use super::KafkaSettings;
use crate::health::Condition;

/// A client context that reports to a [`Condition`]. The client only says when it loses Kafka; that
/// Kafka is there is said by whoever hears from it ([`Observer::heard`]).
#[derive(Clone, Debug)]
pub struct Observer {
    condition: Condition,
    advice: Arc<str>,
}

impl Observer {
    /// An observer of the clients made with these settings.
    pub fn new(condition: Condition, settings: &KafkaSettings) -> Self {
        Self {
            condition,
            advice: settings.advice().into(),
        }
    }

    /// A broker answered.
    pub fn heard(&self) {
        self.condition.holds();
    }

    /// What to check when no broker answers.
    pub fn advice(&self) -> &str {
        &self.advice
    }

    /// Kafka did not do what was asked of it.
    pub fn failed(&self, reason: &str) {
        self.condition.fails(reason);
    }
}

impl ClientContext for Observer {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => error!(facility, "Kafka client: {message}"),
            RDKafkaLogLevel::Warning => warn!(facility, "Kafka client: {message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                info!(facility, "Kafka client: {message}");
            }
            RDKafkaLogLevel::Debug => debug!(facility, "Kafka client: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let lost = matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::AllBrokersDown
                    | RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::SSL
                    | RDKafkaErrorCode::Resolve
            )
        );
        if lost {
            self.condition.fails(format!("{reason}; {}", self.advice));
        } else {
            // One broker of several, or one connection of many: the client tries again by itself.
            warn!("Kafka client: {reason}");
        }
    }
}

impl ConsumerContext for Observer {}
