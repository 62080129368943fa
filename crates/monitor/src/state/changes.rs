//! What is written at once: as a whole, or not at all.

use jiff::Timestamp;

use super::cover::Cover;

/// A result on disk. Serials go up in the order in which results came, over all starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spooled {
    pub(crate) serial: u64,
    pub(crate) url: String,
    pub(crate) scheduled_at: Timestamp,
    pub(crate) record: Vec<u8>,
}

/// By what a target is known in the store.
pub(crate) type TargetId = u64;

/// Changes of the state that belong together.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Results that go to disk.
    pub(crate) spooled: Vec<Spooled>,
    /// The serials of those that Kafka has by now, or will never get.
    pub(crate) settled: Vec<u64>,
    /// Up to which due time the targets' checks are accounted for.
    pub(crate) watermarks: Vec<(TargetId, Timestamp)>,
    /// Targets that are new, or changed.
    pub(crate) covered: Vec<(TargetId, Cover)>,
    /// Targets that are no more.
    pub(crate) uncovered: Vec<TargetId>,
}

/// What the spool holds after changes were written.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Committed {
    /// Results on disk.
    pub(crate) results: u64,
    /// What they take, keys and values.
    pub(crate) bytes: u64,
    /// When the oldest of them was due.
    pub(crate) oldest: Option<Timestamp>,
    /// The serials of those that gave way to newer ones.
    pub(crate) gave_way: Vec<u64>,
}
