//! What comes of waiting, and of a producer's time.

use rdkafka::types::RDKafkaErrorCode;

/// What came next.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// What was waited for.
    Came(T),
    /// A result, or time to look: what was waited for may still come.
    Tended,
    /// Nothing is worth waiting for any longer.
    Over(End),
}

/// Why one producer's time is over.
#[derive(Debug)]
pub(super) enum End {
    /// Everything is published, or on disk, and no more comes.
    Done,
    /// The time to drain is over.
    GivenUp,
    /// The topic takes more or less at once than this producer was made for.
    Resized,
    /// Something was not delivered, for this reason. What was too large is smaller the next time.
    Failed(RDKafkaErrorCode),
}
