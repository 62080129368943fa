//! Where repeats are to be expected: a chunk that has some is written twice unless that is known.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// The partitions whose last chunk had checks that had their row already.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    partitions: Mutex<BTreeSet<i32>>,
}

impl Repeats {
    /// Whether the partition's next chunk is likely to have some.
    pub(super) fn are_expected(&self, partition: i32) -> bool {
        let partitions = self.partitions.lock();
        partitions
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&partition)
    }

    /// Notes whether a chunk had some.
    pub(super) fn were_met(&self, partition: i32, were_met: bool) {
        let partitions = self.partitions.lock();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        if were_met {
            partitions.insert(partition);
        } else {
            partitions.remove(&partition);
        }
    }
}
