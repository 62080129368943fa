//! What the source's thread asks of Kafka, so that what it does can be tried without one.

use std::time::Duration;

use rdkafka::{
    Message,
    consumer::CommitMode,
    error::{KafkaError, KafkaResult},
    types::RDKafkaErrorCode,
};

use super::{changes::Change, ends::Behind};

/// A member of the group, as the source's thread sees it.
pub(super) trait Feed {
    /// A record, lent until the next poll.
    type Record<'a>: Message
    where
        Self: 'a;

    /// The next record, if one comes in time. Callbacks are called meanwhile.
    fn poll(&self, wait: Duration) -> Option<Result<Self::Record<'_>, Interruption>>;

    /// The next change of what is ours, from the polls before.
    fn next_change(&self) -> Option<Change>;

    /// Begins to read a partition at an offset.
    fn place(&self, partition: i32, at: i64) -> KafkaResult<()>;

    /// Stops reading a partition, if it is read.
    fn unplace(&self, partition: i32);

    /// Stops fetching. Returns whether it is so.
    fn pause(&self, partition: i32) -> bool;

    /// Goes on fetching. Returns whether it is so.
    fn resume(&self, partition: i32) -> bool;

    /// A partition is stored up to here, which Kafka is told with the next hints.
    fn stored(&self, partition: i32, at: i64);

    /// A partition is not ours any more.
    fn forget(&self, partition: i32);

    /// Tells Kafka how far we are.
    fn hint(&self, mode: CommitMode);

    /// How far each of our partitions is behind, where that is known; also those of which nothing
    /// can be stored.
    fn behind(&self) -> Vec<Behind>;
}

/// Why a poll brought no record though it did not wait in vain.
#[derive(Debug)]
pub(super) enum Interruption {
    /// The client cannot go on.
    GaveUp(RDKafkaErrorCode),
    /// A partition is read at an offset that the topic does not have any more. Which partition, is
    /// not said.
    OffsetGone,
    /// Something that the client's callbacks have said, with its reason, and that passes.
    Passing(KafkaError),
}
