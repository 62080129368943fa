//! Kafka as both services meet it: one set of client settings, one ear for what the client says,
//! one way to have the topic.

mod connections;
mod login;
mod observer;
pub mod partitions;
mod protocol;
mod security;
mod settings;
#[cfg(test)]
mod testing;
mod tls;
mod topic;
mod wellness;

pub use observer::Observer;
pub use security::Security;
pub use settings::{KafkaSettings, read_topic_name};
pub use topic::{Missing, await_topic, gone};
pub use wellness::{Reading, Wellness};
