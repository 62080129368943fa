//! The audit: compares the stored offsets of idle partitions with ours, now and then. They move
//! under us when a backup of the database is restored. A partition that is not idle needs none: its
//! next batch finds out by itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tokio::sync::oneshot::{self, error::TryRecvError};

/// How often the stored offsets are looked at.
const AUDIT_INTERVAL: Duration = Duration::from_secs(10);

/// The comparison of stored offsets with ours.
#[derive(Debug)]
pub(super) enum Audit {
    /// Due at this time.
    Due(Instant),
    /// Under way.
    Asked {
        /// The partitions that were idle, with our offsets.
        ours: BTreeMap<i32, i64>,
        /// Where the stored ones will come; closed when they could not be read.
        stored: oneshot::Receiver<BTreeMap<i32, i64>>,
    },
}

impl Audit {
    /// The first is due an interval after the start: until then each partition's offset was just
    /// read.
    pub(super) fn new(now: Instant) -> Self {
        Self::Due(now + AUDIT_INTERVAL)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        matches!(self, Self::Due(due) if now >= *due)
    }

    /// It begins.
    pub(super) fn asked(
        &mut self,
        ours: BTreeMap<i32, i64>,
        stored: oneshot::Receiver<BTreeMap<i32, i64>>,
    ) {
        *self = Self::Asked { ours, stored };
    }

    /// The partitions whose stored offset is not ours, once the answer is there. Those that moved
    /// on meanwhile (`idle_at` tells) are none of them.
    pub(super) fn astray(
        &mut self,
        now: Instant,
        idle_at: impl Fn(i32) -> Option<i64>,
    ) -> Vec<i32> {
        let Self::Asked { ours, stored } = self else {
            return Vec::new();
        };
        let astray = match stored.try_recv() {
            Err(TryRecvError::Empty) => return Vec::new(),
            Err(TryRecvError::Closed) => Vec::new(),
            Ok(stored) => {
                let ours = ours.iter().filter(|&(&partition, at)| {
                    idle_at(partition) == Some(*at) && stored.get(&partition) != Some(at)
                });
                ours.map(|(&partition, _)| partition).collect()
            }
        };
        *self = Self::new(now);
        astray
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [i32; 0] = [];

    /// What an audit of two idle partitions finds, when these are idle at its end.
    fn audit(stored: Option<BTreeMap<i32, i64>>, idle: &BTreeMap<i32, i64>) -> Vec<i32> {
        let now = Instant::now();
        let mut audit = Audit::new(now);
        assert!(!audit.is_due(now));
        assert!(audit.is_due(now + AUDIT_INTERVAL));
        let (sender, answer) = oneshot::channel();
        audit.asked([(0, 10), (1, 20)].into(), answer);
        assert!(!audit.is_due(now + AUDIT_INTERVAL), "one at a time");
        let idle_at = |partition| idle.get(&partition).copied();
        assert!(
            audit.astray(now, idle_at).is_empty(),
            "there is no answer yet"
        );
        match stored {
            Some(stored) => sender.send(stored).unwrap(),
            None => drop(sender),
        }
        let astray = audit.astray(now, idle_at);
        assert!(audit.is_due(now + AUDIT_INTERVAL), "it comes again");
        astray
    }

    #[test]
    fn offsets_that_a_restored_backup_set_back_are_found() {
        let idle = [(0, 10), (1, 20)].into();
        assert_eq!(audit(Some([(0, 10), (1, 20)].into()), &idle), NONE);
        assert_eq!(audit(Some([(0, 4), (1, 20)].into()), &idle), [0]);
        assert_eq!(audit(Some([(1, 25)].into()), &idle), [0, 1], "one is gone");
    }

    #[test]
    fn what_moved_on_meanwhile_or_went_away_is_not_astray() {
        let stored: BTreeMap<_, _> = [(0, 12), (1, 20)].into();
        assert_eq!(
            audit(Some(stored.clone()), &[(0, 12), (1, 20)].into()),
            NONE
        );
        assert_eq!(audit(Some(stored), &[(1, 20)].into()), NONE);
    }

    #[test]
    fn an_audit_that_could_not_read_finds_nothing() {
        assert_eq!(audit(None, &[(0, 10), (1, 20)].into()), NONE);
    }
}
