//! How far Kafka is told that partitions are read. It is a hint for people's lag tools: the truth is
//! in PostgreSQL, so a hint that gets lost costs nothing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How far our partitions are stored, and how far of that Kafka knows.
#[derive(Debug, Default)]
pub(super) struct Hints(Mutex<Offsets>);

#[derive(Debug, Default)]
struct Offsets {
    /// How far each of our partitions is stored.
    stored: BTreeMap<i32, i64>,
    /// How far it was when Kafka was last told.
    told: BTreeMap<i32, i64>,
}

impl Hints {
    /// A partition is stored up to here.
    pub(super) fn stored(&self, partition: i32, at: i64) {
        self.lock().stored.insert(partition, at);
    }

    /// A partition is not ours any more: its next owner tells.
    pub(super) fn forget(&self, partition: i32) {
        let mut offsets = self.lock();
        offsets.stored.remove(&partition);
        offsets.told.remove(&partition);
    }

    /// How far each of our partitions is stored.
    pub(super) fn all(&self) -> BTreeMap<i32, i64> {
        self.lock().stored.clone()
    }

    /// Tells what has not been told, by `commit`, which may be asked for nothing at all. What it
    /// fails to tell is told the next time. The lock is not held meanwhile.
    pub(super) fn tell<E>(
        &self,
        commit: impl FnOnce(&BTreeMap<i32, i64>) -> Result<(), E>,
    ) -> Result<(), E> {
        let untold = self.untold();
        if untold.is_empty() {
            return Ok(());
        }
        commit(&untold)?;
        self.lock().told.extend(untold);
        Ok(())
    }

    fn untold(&self) -> BTreeMap<i32, i64> {
        let offsets = self.lock();
        let stored = offsets.stored.iter();
        stored
            .filter(|(partition, at)| offsets.told.get(partition) != Some(at))
            .map(|(&partition, &at)| (partition, at))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Offsets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one telling told, where it succeeds as said.
    fn tell(hints: &Hints, result: Result<(), ()>) -> Option<BTreeMap<i32, i64>> {
        let mut told = None;
        let told_to = |untold: &BTreeMap<i32, i64>| {
            told = Some(untold.clone());
            result
        };
        assert_eq!(
            hints.tell(told_to),
            told.as_ref().map_or(Ok(()), |_| result)
        );
        told
    }

    #[test]
    fn only_what_moved_is_told() {
        let hints = Hints::default();
        assert_eq!(tell(&hints, Ok(())), None);
        hints.stored(0, 10);
        hints.stored(1, 20);
        assert_eq!(tell(&hints, Ok(())), Some([(0, 10), (1, 20)].into()));
        hints.stored(1, 21);
        assert_eq!(tell(&hints, Ok(())), Some([(1, 21)].into()));
        assert_eq!(tell(&hints, Ok(())), None);
    }

    #[test]
    fn what_could_not_be_told_is_told_the_next_time() {
        let hints = Hints::default();
        hints.stored(0, 10);
        assert_eq!(tell(&hints, Err(())), Some([(0, 10)].into()));
        assert_eq!(tell(&hints, Ok(())), Some([(0, 10)].into()));
    }

    #[test]
    fn nothing_is_told_of_a_partition_that_is_not_ours_any_more() {
        let hints = Hints::default();
        hints.stored(0, 10);
        hints.forget(0);
        assert_eq!(tell(&hints, Ok(())), None);
        hints.stored(0, 10);
        assert_eq!(tell(&hints, Ok(())), Some([(0, 10)].into()), "it came back");
    }
}
