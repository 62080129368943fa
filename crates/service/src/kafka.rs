//! Kafka as both services meet it: one set of client settings, one ear for what the client says,
//! one way to have the topic.

mod connections;
mod login;
mod observer;
mod protocol;
mod security;
mod settings;
mod tls;
mod topic;

pub use observer::{Observer, brokers_answer};
pub use security::Security;
pub use settings::KafkaSettings;
pub use topic::await_topic;
