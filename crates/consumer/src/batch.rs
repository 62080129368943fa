//! A batch: consecutive records of one partition, as they were read, not decoded yet.

use std::ops::Range;

use rdkafka::Message;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::arrival::Arrival;

/// Bytes of records in one batch, unless a single record is larger.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a batch below which batches would get too small to be worth a transaction.
const BATCH_BYTES_MIN: usize = 64 * 1024;
/// Bytes that the batches of all partitions may hold together, roughly.
const BYTES_MAX: usize = 24 * 1024 * 1024;
/// Batches that a partition may have at the same time: one that grows, one that a worker has.
const BATCHES_A_PARTITION: usize = 2;

/// How large batches get.
#[derive(Clone, Copy, Debug)]
pub struct BatchSettings {
    /// Records in one batch, and in all batches of one load.
    pub rows_max: usize,
}

/// How large a batch may get, in both its sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchLimits {
    rows: usize,
    bytes: usize,
}

impl BatchSettings {
    /// What each of so many partitions may take, so that memory stays bounded.
    pub(crate) fn limits(self, partitions: usize) -> BatchLimits {
        let share = BYTES_MAX / (BATCHES_A_PARTITION * partitions.max(1));
        BatchLimits {
            rows: self.rows_max,
            bytes: share.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX),
        }
    }
}

/// A record as it came: where it stood, and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// Its key, if it has one.
    pub key: Option<&'a [u8]>,
    /// Its value; none for a tombstone.
    pub value: Option<&'a [u8]>,
}

impl<'a> RawRecord<'a> {
    /// One that came from Kafka.
    pub(crate) fn of(message: &'a impl Message) -> Self {
        Self {
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key(),
            value: message.payload(),
        }
    }
}

/// Consecutive records of one partition. Their bytes lie in one piece of memory.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Span>,
    /// Those of which a trace is told, by their offsets.
    arrivals: Vec<Arrival>,
}

/// Where a record's bytes lie.
#[derive(Debug)]
struct Span {
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
}

impl Batch {
    /// Adds a record.
    pub fn push(&mut self, record: RawRecord<'_>) {
        let key = record.key.map(|key| self.keep(key));
        let value = record.value.map(|value| self.keep(value));
        self.records.push(Span {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            key,
            value,
        });
    }

    /// Notes that a trace is told of the record that was added last, if it is this one.
    pub(crate) fn trace(&mut self, arrival: Arrival) {
        if self.end() == Some(arrival.offset + 1) {
            self.arrivals.push(arrival);
        }
    }

    /// The records of these offsets of which a trace is told.
    pub(crate) fn arrivals(&self, offsets: Range<i64>) -> impl Iterator<Item = &Arrival> {
        let arrivals = self.arrivals.iter();
        arrivals.filter(move |arrival| offsets.contains(&arrival.offset))
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether it has reached a limit.
    pub(crate) fn is_full(&self, limits: BatchLimits) -> bool {
        self.records.len() >= limits.rows || self.bytes.len() >= limits.bytes
    }

    /// The offset after its last record.
    pub(crate) fn end(&self) -> Option<i64> {
        self.records.last().map(|record| record.offset + 1)
    }

    /// The timestamps of its first and its last record, milliseconds since 1970.
    pub(crate) fn made_ms(&self) -> (Option<i64>, Option<i64>) {
        let made = |record: &Span| record.timestamp_ms;
        let (first, last) = (self.records.first(), self.records.last());
        (first.and_then(made), last.and_then(made))
    }

    /// A record by its place in the batch.
    pub fn get(&self, index: usize) -> Option<RawRecord<'_>> {
        let span = self.records.get(index)?;
        let bytes = |range: &Option<Range<usize>>| Some(&self.bytes[range.clone()?]);
        Some(RawRecord {
            offset: span.offset,
            timestamp_ms: span.timestamp_ms,
            key: bytes(&span.key),
            value: bytes(&span.value),
        })
    }

    /// Its records, in order.
    pub fn iter(&self) -> impl Iterator<Item = RawRecord<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A batch given to the workers: a call whose return value is a [`Settled`].
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Its partition.
    pub(crate) partition: i32,
    /// The stored offset that it goes on from: the end of the batch before it, or what was last
    /// read from the store. Less than its first record's offset where the log has gaps.
    pub(crate) from: i64,
    /// Its records.
    pub(crate) batch: Batch,
    /// Cancelled when the partition was sought elsewhere or taken away: then the batch is let go.
    pub(crate) epoch: CancellationToken,
    /// Where what became of it is told.
    pub(crate) reply: oneshot::Sender<Settled>,
}

/// Batches of as many partitions as they are: a worker stores them in one transaction where it can.
pub(crate) type Load = Vec<Delivery>;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Everything up to its end is stored, by us or by somebody before us.
    Stored,
    /// The stored offset is not where the batch goes on from.
    Elsewhere,
    /// It belongs to an older epoch.
    LetGo,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64, value: &[u8]) -> RawRecord<'_> {
        RawRecord {
            offset,
            timestamp_ms: Some(offset * 10),
            key: Some(b"k"),
            value: Some(value),
        }
    }

    #[test]
    fn records_come_out_as_they_went_in() {
        let mut batch = Batch::default();
        let records = [
            record(3, b"three"),
            RawRecord {
                key: None,
                value: None,
                timestamp_ms: None,
                ..record(7, b"")
            },
            record(8, b""),
        ];
        for record in records {
            batch.push(record);
        }
        assert_eq!(batch.iter().collect::<Vec<_>>(), records);
        assert_eq!(batch.end(), Some(9));
    }

    #[test]
    fn a_batch_is_full_by_rows_or_by_bytes() {
        let limits = BatchSettings { rows_max: 2 }.limits(1);
        let mut batch = Batch::default();
        batch.push(record(0, b"x"));
        assert!(!batch.is_full(limits));
        batch.push(record(1, b"x"));
        assert!(batch.is_full(limits));
        let mut large = Batch::default();
        large.push(record(0, &vec![b'x'; BATCH_BYTES_MAX]));
        assert!(large.is_full(limits));
    }

    #[test]
    fn many_partitions_share_the_memory_of_few() {
        let settings = BatchSettings { rows_max: 1000 };
        for partitions in [1, 4, 16, 40] {
            let limits = settings.limits(partitions);
            assert!(
                limits.bytes * partitions * BATCHES_A_PARTITION
                    <= BYTES_MAX.max(partitions * BATCHES_A_PARTITION * BATCH_BYTES_MIN)
            );
        }
    }
}
