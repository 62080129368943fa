//! Where partitions end, as the Kafka client's statistics say, and so how far behind we are.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rdkafka::statistics;

/// What the client knows of each partition's end.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<BTreeMap<i32, End>>);

#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// The offset after the last one of the partition.
    at: i64,
    /// Up to where it was read, when nothing that was read waited to be taken; `None` where that is not known.
    /// What lies between the last record and the end may be a transaction's mark: no record ever comes of it.
    read: Option<i64>,
}

/// How far behind a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) partition: i32,
    /// Offsets that are not stored.
    pub(super) unstored: i64,
    /// Offsets of which it is not known that they hold nothing more, where all that was taken is stored.
    pub(super) unread: i64,
}

impl Behind {
    /// Records that are not stored, where some of those that were taken are not, and where all are.
    pub(super) fn records(self, is_busy: bool) -> i64 {
        if is_busy { self.unstored } else { self.unread }
    }
}

impl Ends {
    /// Learns where partitions end. A negative offset is the client's word for not knowing it.
    pub(super) fn learn<'a>(&self, all: impl IntoIterator<Item = &'a statistics::Partition>) {
        let mut ends = self.lock();
        for it in all.into_iter().filter(|it| it.hi_offset >= 0) {
            // It met an end, has not gone elsewhere since, and all that came before it was taken.
            let is_emptied = it.fetchq_cnt == 0 && it.eof_offset == it.next_offset;
            let end = End {
                at: it.hi_offset,
                read: (is_emptied && it.eof_offset >= 0).then_some(it.eof_offset),
            };
            ends.insert(it.partition, end);
        }
    }

    /// A partition is read from elsewhere: how far it was read says nothing any more.
    pub(super) fn sought(&self, partition: i32) {
        if let Some(end) = self.lock().get_mut(&partition) {
            end.read = None;
        }
    }

    /// How far partitions that are stored so far are behind, where their end is known. Never
    /// negative: an end may be older than what was stored meanwhile.
    pub(super) fn behind(&self, stored: &BTreeMap<i32, i64>) -> Vec<Behind> {
        let ends = self.lock();
        let known = stored.iter().filter_map(|(&partition, &at)| {
            let end = ends.get(&partition)?;
            let read = end.read.unwrap_or(at).max(at);
            Some(Behind {
                partition,
                unstored: (end.at - at).max(0),
                unread: (end.at - read).max(0),
            })
        });
        known.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, End>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the client says of a partition: where it ends, and up to where it was read with nothing waiting.
    fn of(partition: i32, hi_offset: i64, eof_offset: i64) -> statistics::Partition {
        statistics::Partition {
            partition,
            hi_offset,
            eof_offset,
            next_offset: eof_offset,
            ..Default::default()
        }
    }

    fn behind(ends: &Ends, stored: &[(i32, i64)]) -> Vec<(i32, i64, i64)> {
        let behind = ends.behind(&stored.iter().copied().collect()).into_iter();
        behind
            .map(|it| (it.partition, it.unstored, it.unread))
            .collect()
    }

    #[test]
    fn the_lag_is_what_lies_between_the_stored_offset_and_the_end() {
        let ends = Ends::default();
        ends.learn(&[of(0, 100, -1001), of(1, 7, -1001), of(2, -1001, -1001)]);
        ends.learn(&[of(0, 110, -1001), of(1, -1, -1001)]);
        let stored = [(0, 90), (1, 9), (2, 5), (3, 5)];
        assert_eq!(behind(&ends, &stored), [(0, 20, 20), (1, 0, 0)]);
    }

    #[test]
    fn what_was_read_and_brought_no_record_is_not_waited_for() {
        let ends = Ends::default();
        let waiting = statistics::Partition {
            fetchq_cnt: 1,
            ..of(2, 10, 10)
        };
        let elsewhere = statistics::Partition {
            next_offset: 8,
            ..of(3, 10, 10)
        };
        // An open transaction begins at 8: what is behind it may still become records.
        ends.learn(&[of(0, 10, 10), of(1, 10, 8), waiting, elsewhere]);
        let stored = [(0, 7), (1, 7), (2, 7), (3, 7)];
        let expected = [(0, 3, 0), (1, 3, 2), (2, 3, 3), (3, 3, 3)];
        assert_eq!(behind(&ends, &stored), expected);
        ends.sought(0);
        assert_eq!(behind(&ends, &[(0, 7)]), [(0, 3, 3)]);
    }
}
