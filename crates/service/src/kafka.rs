//! Kafka as both services meet it: one set of client settings, one ear for what the client says,
//! one way to have the topic.

mod connections;
mod observer;
mod settings;
mod topic;

pub use observer::{Observer, brokers_answer};
pub use settings::{KafkaSettings, Security};
pub use topic::await_topic;
