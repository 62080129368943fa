//! What tests of this room have in common.

use super::{observer::Observer, security::Security, settings::KafkaSettings};
use crate::health::Health;

/// An observer that no client has yet, and where what it says is seen.
pub(super) fn observer() -> (Observer, Health) {
    let health = Health::default();
    let settings = KafkaSettings {
        bootstrap_servers: "kafka:9092".into(),
        security: Security::default(),
        topic: "checks".into(),
        topic_partitions: 1,
        topic_replication_factor: None,
    };
    let observer = Observer::new(health.condition("Kafka"), &settings);
    (observer, health)
}
