//! A result on its way to Kafka: as a record, with what is needed to know it by.

use jiff::Timestamp;
use messages::{CheckResult, Encoded};
use tokio::time::Instant;
use tracing::warn;

use crate::{masked::Masked, numbers, state::Spooled};

/// From this size on the result is kept beside its record, to be written again shorter.
const SHRINKABLE_BYTES_MIN: usize = 1024;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 256;

/// A record with its key and its due time, which say whose it is without decoding it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its place in the order in which results came, over all starts.
    pub(super) serial: u64,
    pub(super) came_at: Instant,
    pub(super) url: String,
    pub(super) scheduled_at: Timestamp,
    /// Its value as JSON, whatever the topic holds.
    pub(super) record: Vec<u8>,
    /// For a large one, what it was made from.
    result: Option<Box<CheckResult>>,
}

impl Entry {
    /// A result's record, in at most `bytes_max` bytes where that can be achieved.
    pub(super) fn new(serial: u64, result: CheckResult, bytes_max: usize) -> Self {
        let record = encode(&result, bytes_max);
        // One that is larger than that has no matched text left that could be cut.
        let shrinkable = (SHRINKABLE_BYTES_MIN..=bytes_max).contains(&record.len());
        Self {
            serial,
            came_at: Instant::now(),
            url: result.check.url.clone(),
            scheduled_at: result.check.scheduled_at,
            record,
            result: shrinkable.then(|| Box::new(result)),
        }
    }

    /// One that was on disk. It cannot be made smaller any more.
    pub(super) fn restored(spooled: Spooled) -> Self {
        Self {
            serial: spooled.serial,
            came_at: Instant::now(),
            url: spooled.url,
            scheduled_at: spooled.scheduled_at,
            record: spooled.record,
            result: None,
        }
    }

    /// As it goes to disk.
    pub(super) fn spooled(&self) -> Spooled {
        Spooled {
            serial: self.serial,
            url: self.url.clone(),
            scheduled_at: self.scheduled_at,
            record: self.record.clone(),
        }
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let kept = self.result.as_ref().map_or(0, |_| self.record.len());
        ENTRY_BYTES + self.url.len() + self.record.len() + kept
    }

    /// What of it goes to Kafka: key and value.
    pub(super) fn sent_bytes(&self) -> usize {
        self.url.len() + self.record.len()
    }

    /// Whether it is worth an attempt to make it smaller.
    pub(super) fn is_shrinkable(&self) -> bool {
        self.result.is_some()
    }

    /// Writes the record again in at most `bytes_max` bytes, or, where it fits already, in half its
    /// size. `false` when it cannot be made smaller.
    pub(super) fn shrink(&mut self, bytes_max: usize) -> bool {
        let Some(result) = &self.result else {
            return false;
        };
        let length = self.record.len();
        let wanted = if length > bytes_max {
            bytes_max
        } else {
            length / 2
        };
        let shorter = encode(result, wanted);
        let shrunk = shorter.len() < length;
        if shrunk {
            self.record = shorter;
        }
        shrunk
    }
}

/// The value, in at most `bytes_max` bytes where cutting the matched text can achieve it.
fn encode(result: &CheckResult, bytes_max: usize) -> Vec<u8> {
    let Encoded {
        json: record,
        matched_text_cut,
    } = result.encode(bytes_max);
    if matched_text_cut {
        numbers::MATCHED_TEXTS_CUT.counter().increment(1);
        warn!(
            url = %Masked(&result.check.url),
            "The matched text was cut: the record would have been larger than {bytes_max} bytes"
        );
    }
    record
}
