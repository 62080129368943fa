//! What became of one try.

use std::time::Duration;

/// What became of one try to tell somebody something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Sent,
    /// Some of the people whom the receiver names have it; who has not, and why.
    SentToSome(String),
    /// The receiver wants it later.
    Later {
        /// How long it says to wait.
        wait: Duration,
        /// What it answered.
        story: String,
    },
    /// It was refused, or nobody answered: what happened, without anything secret.
    Failed(String),
}
