//! Partitions that come and go, noted in the rebalance callback and taken over between two polls:
//! the callback must be quick, since the whole group waits for it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Partitions that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
}

/// The changes that the source has not taken over. One poll brings one or two, and the source takes
/// them all before the next, so they stay few without a bound of their own.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<VecDeque<Change>>);

impl Changes {
    pub(super) fn push(&self, change: Change) {
        self.lock().push_back(change);
    }

    /// The next change, in the order in which they came: a partition may go and come back.
    pub(super) fn next(&self) -> Option<Change> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_out_in_the_order_in_which_they_came() {
        let changes = Changes::default();
        changes.push(Change::Revoked(vec![1]));
        changes.push(Change::Assigned(vec![1, 2]));
        assert_eq!(changes.next(), Some(Change::Revoked(vec![1])));
        assert_eq!(changes.next(), Some(Change::Assigned(vec![1, 2])));
        assert_eq!(changes.next(), None);
    }
}
