//! The partitions that are ours, with their targets: what becomes of these as records come, and as
//! partitions come and go. Knows no Kafka.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    ledger::Ledger,
    partition::{Heard, Loaded, Partition, Predecessor},
    record::{BadRecord, Said},
    takeover::{Taken, take_over},
};
use crate::{
    state::{Cover, Owed},
    targets::{Change, Target},
};

/// The partitions that are ours.
#[derive(Debug)]
pub(super) struct Holdings {
    partitions: BTreeMap<i32, Partition>,
    ledger: Ledger,
    /// From one check to the next, of targets that have no interval of their own.
    interval: Duration,
}

/// What follows from a partition that was read to its end.
#[derive(Debug)]
pub(super) struct Came {
    /// For the schedule.
    pub(super) changes: Vec<Change>,
    /// What is to be told as missed.
    pub(super) owed: Vec<Owed>,
}

impl Holdings {
    pub(super) fn new(ledger: Ledger, interval: Duration) -> Self {
        Self {
            partitions: BTreeMap::new(),
            ledger,
            interval,
        }
    }

    /// Whether a partition is ours, or about to be.
    pub(super) fn has(&self, partition: i32) -> bool {
        self.partitions.contains_key(&partition)
    }

    /// All that are ours, or about to be.
    pub(super) fn all(&self) -> Vec<i32> {
        self.partitions.keys().copied().collect()
    }

    /// A partition is about to be ours: its records come from the first on.
    pub(super) fn begin(&mut self, partition: i32, predecessor: Option<Predecessor>) {
        let new = Partition::new(predecessor);
        self.partitions.insert(partition, new);
    }

    /// A record was read.
    pub(super) fn read(
        &mut self,
        partition: i32,
        offset: i64,
        record: Result<(String, Said), BadRecord>,
        now: Timestamp,
    ) -> Option<Change> {
        let held = self.partitions.get_mut(&partition)?;
        let heard = held.read(offset, record)?;
        held.position()?;
        match heard {
            Heard::Put(target) => {
                let times = Cover::new(&target, self.interval).times();
                self.ledger.open(&target.url, partition, times, now);
                Some(Change::Put(target))
            }
            // It may live in another partition by now: the topic was given more of them.
            Heard::Removed(target) if self.ledger.home(&target.url) != Some(partition) => None,
            Heard::Removed(target) => {
                self.ledger.leave(&target.url, offset, now, now);
                Some(Change::Remove(target))
            }
        }
    }

    /// The end of a partition was read: it is ours from now on. `None` where it was before.
    pub(super) fn end_was_read(&mut self, partition: i32, now: Timestamp) -> Option<Came> {
        let held = self.partitions.get_mut(&partition)?;
        let Loaded { legacy } = held.end_was_read()?;
        let Taken {
            changes,
            opened,
            owed,
        } = take_over(legacy, held.targets(), self.interval, now);
        for account in opened {
            let url = &account.url;
            self.ledger
                .open(url, partition, account.times, account.watermark);
            if let Some((until, known_until)) = account.awaited {
                self.ledger.leave(url, known_until, until, now);
            }
        }
        Some(Came { changes, owed })
    }

    /// A partition is another monitor's.
    pub(super) fn release(&mut self, partition: i32) -> Vec<Change> {
        let Some(held) = self.partitions.remove(&partition) else {
            return Vec::new();
        };
        let targets = held.targets().values();
        let ours = targets.filter(|it| self.ledger.home(&it.url) == Some(partition));
        let changes = ours.map(|it| Change::HandOver(Arc::clone(it))).collect();
        self.ledger.close(partition);
        changes
    }

    /// The targets that are ours.
    pub(super) fn targets(&self) -> Vec<Arc<Target>> {
        let ours = self
            .partitions
            .iter()
            .filter(|(_, it)| it.position().is_some());
        let targets = ours.flat_map(|(partition, held)| {
            let targets = held.targets().values();
            targets.filter(|it| self.ledger.home(&it.url) == Some(*partition))
        });
        targets.map(Arc::clone).collect()
    }

    /// How far each partition that is ours was read.
    pub(super) fn positions(&self) -> BTreeMap<i32, i64> {
        let partitions = self.partitions.iter();
        partitions
            .filter_map(|(partition, held)| Some((*partition, held.position()?)))
            .collect()
    }

    /// Whether there are any, and the end of each was read.
    pub(super) fn are_ready(&self) -> bool {
        let mut partitions = self.partitions.values();
        !self.partitions.is_empty() && partitions.all(|it| it.position().is_some())
    }

    /// How many records cannot be used.
    pub(super) fn bad(&self) -> usize {
        self.partitions.values().map(Partition::bad).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::target;

    const A: &str = "https://a.test/";
    const B: &str = "https://b.test/";

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    /// Holdings of these partitions, which were empty.
    fn of(partitions: &[i32]) -> Holdings {
        let mut holdings = Holdings::new(Ledger::default(), Duration::from_secs(10));
        for &partition in partitions {
            holdings.begin(partition, None);
            assert!(!holdings.are_ready());
            holdings.end_was_read(partition, now()).unwrap();
        }
        holdings
    }

    fn put(holdings: &mut Holdings, partition: i32, offset: i64, url: &str) -> Option<Change> {
        let record = Ok((url.to_owned(), Said::Target(target(url))));
        holdings.read(partition, offset, record, now())
    }

    fn remove(holdings: &mut Holdings, partition: i32, offset: i64, url: &str) -> Option<Change> {
        let record = Ok((url.to_owned(), Said::Removed));
        holdings.read(partition, offset, record, now())
    }

    #[test]
    fn a_partition_is_followed_from_its_end_on_until_it_is_let_go() {
        let mut holdings = of(&[]);
        holdings.begin(3, None);
        assert_eq!(put(&mut holdings, 3, 0, A), None, "it is not read yet");
        let came = holdings.end_was_read(3, now()).unwrap();
        assert_eq!(came.changes, [Change::Put(target(A))]);
        assert!(came.owed.is_empty());
        assert!(holdings.end_was_read(3, now()).is_none());
        assert_eq!(put(&mut holdings, 3, 1, B), Some(Change::Put(target(B))));
        let removed = remove(&mut holdings, 3, 2, A);
        assert_eq!(removed, Some(Change::Remove(target(A))));
        assert_eq!(holdings.positions(), [(3, 3)].into());
        assert_eq!(holdings.targets(), [target(B)]);
        assert_eq!(holdings.release(3), [Change::HandOver(target(B))]);
        assert!(holdings.targets().is_empty() && !holdings.has(3));
        assert_eq!(put(&mut holdings, 3, 3, A), None, "it is another's");
    }

    #[test]
    fn a_target_that_moved_to_another_partition_is_not_removed_with_its_old_place() {
        let mut holdings = of(&[1, 2]);
        put(&mut holdings, 1, 0, A);
        put(&mut holdings, 2, 0, A);
        assert_eq!(holdings.targets().len(), 1);
        assert_eq!(remove(&mut holdings, 1, 1, A), None);
        assert!(holdings.release(1).is_empty());
        assert_eq!(holdings.targets(), [target(A)]);
        let removed = remove(&mut holdings, 2, 1, A);
        assert_eq!(removed, Some(Change::Remove(target(A))));
    }
}
