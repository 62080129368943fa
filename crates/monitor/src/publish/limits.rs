//! How much Kafka takes at once.
//!
//! A broker judges the batch of a partition as a whole: when it is larger than the topic's
//! `max.message.bytes`, every record of it comes back as too large, the good ones too. So batches are
//! kept as small as the topic wants them, as it says where it may be asked, and as refusals teach
//! where it may not.

use tracing::warn;

use super::entry::Entry;

/// The client's own default for a batch.
const BATCH_BYTES_MAX: usize = 1_000_000;
/// The largest record. Brokers take a megabyte unless told otherwise, key and headers included.
const RECORD_BYTES_MAX: usize = 900_000;
/// What Kafka's framing adds to a record's key and value: 61 bytes for the batch and at most 40 for
/// the record.
const FRAMING_BYTES: usize = 128;
/// Behind a refused batch come batches of this part of it: ten thousandfold too large is found out
/// in seven steps.
const REFUSED_BATCH_DIVISOR: usize = 4;

/// How large batches and records may be.
#[derive(Debug)]
pub(super) struct Limits {
    batch_bytes_max: usize,
    record_bytes_max: usize,
    /// Whether the topic has to be asked at once: at first, and again when it takes less than it said.
    is_to_ask: bool,
    /// What it answered last.
    answered: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_bytes_max: BATCH_BYTES_MAX,
            record_bytes_max: RECORD_BYTES_MAX,
            is_to_ask: true,
            answered: None,
        }
    }
}

impl Limits {
    /// The client must make no larger batches of more than one record.
    pub(super) fn batch_bytes_max(&self) -> usize {
        self.batch_bytes_max
    }

    /// A record's value with this key should be no larger.
    pub(super) fn value_bytes_max(&self, key: &str) -> usize {
        self.record_bytes_max.saturating_sub(key.len())
    }

    /// Whether the topic should be asked before anything is sent.
    pub(super) fn is_to_ask(&self) -> bool {
        self.is_to_ask
    }

    /// The topic was asked what it takes. What refusals taught before stands, since it may be newer;
    /// unless the topic takes more than it did.
    pub(super) fn topic_takes(&mut self, bytes: Option<usize>) {
        self.is_to_ask = false;
        let Some(bytes) = bytes else { return };
        if self.answered.is_some_and(|before| bytes > before) {
            *self = Self {
                is_to_ask: false,
                ..Self::default()
            };
        }
        self.answered = Some(bytes);
        self.batch_bytes_max = self.batch_bytes_max.min(bytes).max(1);
        let record_bytes = bytes.saturating_sub(FRAMING_BYTES);
        self.record_bytes_max = self.record_bytes_max.min(record_bytes);
    }

    /// Whether an entry is a batch of its own, so that its refusal is its own fault.
    pub(super) fn is_alone(&self, entry: &Entry) -> bool {
        entry.sent_bytes() >= self.batch_bytes_max
    }

    /// Entries of this size altogether were refused that may have shared their batches.
    pub(super) fn refused_together(&mut self, bytes: usize) {
        let batch_bytes = self.batch_bytes_max.min(bytes);
        self.is_to_ask = true;
        self.batch_bytes_max = (batch_bytes / REFUSED_BATCH_DIVISOR).max(1);
        warn!(
            batch_bytes_max = self.batch_bytes_max,
            "Kafka finds a batch of results too large: smaller ones are sent"
        );
    }

    /// An entry that was refused alone was shortened to this: longer ones need not be tried.
    pub(super) fn shortened(&mut self, entry: &Entry) {
        self.record_bytes_max = self.record_bytes_max.min(entry.sent_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_topic_that_takes_no_more_only_shrink_and_never_to_nothing() {
        let mut limits = Limits::default();
        limits.topic_takes(Some(65_536));
        assert_eq!(limits.batch_bytes_max(), 65_536);
        assert_eq!(limits.value_bytes_max("key"), 65_536 - 128 - 3);
        limits.topic_takes(Some(65_536));
        assert_eq!(limits.batch_bytes_max(), 65_536);
        limits.refused_together(1_000);
        assert_eq!(limits.batch_bytes_max(), 250);
        for _ in 0..100 {
            limits.refused_together(1);
        }
        assert_eq!(limits.batch_bytes_max(), 1);
        limits.topic_takes(Some(0));
        assert_eq!(
            (limits.batch_bytes_max(), limits.value_bytes_max("key")),
            (1, 0)
        );
    }

    #[test]
    fn a_topic_that_takes_more_by_now_gets_more() {
        let mut limits = Limits::default();
        assert!(limits.is_to_ask());
        limits.topic_takes(Some(500));
        assert!(!limits.is_to_ask());
        limits.topic_takes(Some(500));
        assert_eq!(limits.batch_bytes_max(), 500);
        limits.topic_takes(Some(1_048_588));
        assert_eq!(limits.batch_bytes_max(), BATCH_BYTES_MAX);
        assert_eq!(limits.value_bytes_max(""), RECORD_BYTES_MAX);
        // What refusals teach is newer than the same answer.
        limits.refused_together(1_000);
        assert!(limits.is_to_ask());
        limits.topic_takes(Some(1_048_588));
        assert_eq!(limits.batch_bytes_max(), 250);
    }
}
