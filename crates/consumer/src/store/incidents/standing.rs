//! How websites stand, as remembered between the batches of a partition.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::incidents::Website;

/// Intervals by which a location's newest result may be ahead of its row in `states`: so many rows of
/// `metrics` have to be looked at, at most, to know it again.
const AHEAD_INTERVALS_MAX: i32 = 60;
/// Websites that are remembered of one partition; then all are forgotten, and read again.
const WEBSITES_MAX: usize = 100_000;

/// How a website stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) website: Website,
    /// Its incident, while it is down.
    pub(super) incident: Option<Incident>,
    /// Up to when each location's results need no new row in `states`, as long as they say the same.
    pub(super) noted_until: BTreeMap<Box<str>, Timestamp>,
}

/// An open incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incident {
    /// In the database, by its id.
    Stored(i64),
    /// To be stored by this transaction, by its place.
    New(usize),
}

/// What is remembered of a website.
#[derive(Debug)]
pub(super) enum Memory {
    /// That it is at home here; how it stands has yet to be read.
    Unread,
    /// How it stands.
    Known(Standing),
    /// That it has no home: how it stands is read for each batch.
    Homeless,
}

/// What is remembered of a partition's websites. It holds at one stored offset alone, since others may
/// have moved that.
#[derive(Debug)]
pub(in crate::store) struct Standings {
    pub(super) offset: i64,
    /// What `states_version` was then.
    pub(super) version: i64,
    pub(super) websites: HashMap<i64, Memory>,
}

impl Standings {
    /// Nothing, at a stored offset.
    pub(super) fn at(offset: i64, version: i64) -> Self {
        Self {
            offset,
            version,
            websites: HashMap::new(),
        }
    }

    /// Notes which websites are at home here; the others have no home.
    pub(super) fn learn(&mut self, are_ours: BTreeMap<i64, bool>) {
        let memories = are_ours.into_iter().map(|(website, is_ours)| {
            let memory = if is_ours {
                Memory::Unread
            } else {
                Memory::Homeless
            };
            (website, memory)
        });
        self.websites.extend(memories);
    }

    /// Whether it is known that this website has no home.
    pub(super) fn is_homeless(&self, website: i64) -> bool {
        matches!(self.websites.get(&website), Some(Memory::Homeless))
    }

    /// The websites without a home, as `learn` takes them.
    pub(super) fn homeless(&self) -> BTreeMap<i64, bool> {
        let homeless = self.websites.keys().filter(|it| self.is_homeless(**it));
        homeless.map(|website| (*website, false)).collect()
    }

    /// Whether nobody else wrote them since they were recalled, or took a website away.
    pub(in crate::store) fn hold(&self, version: i64) -> bool {
        self.version == version
    }
}

/// What is remembered of all partitions.
#[derive(Debug, Default)]
pub(in crate::store) struct Memories {
    partitions: Mutex<HashMap<i32, Standings>>,
}

impl Memories {
    /// Takes what is remembered of a partition at a stored offset. Whoever stores nothing after all
    /// does not give it back: it is read again.
    pub(super) fn take(&self, partition: i32, offset: i64) -> Option<Standings> {
        let partitions = self.partitions.lock();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let standings = partitions.remove(&partition)?;
        Some(standings).filter(|it| it.offset == offset)
    }

    /// Remembers how a partition's websites stand at a stored offset.
    pub(in crate::store) fn keep(&self, partition: i32, mut standings: Standings, offset: i64) {
        if standings.websites.len() > WEBSITES_MAX {
            return;
        }
        standings.offset = offset;
        let partitions = self.partitions.lock();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        partitions.insert(partition, standings);
    }

    /// Forgets all.
    pub(in crate::store) fn forget(&self) {
        let partitions = self.partitions.lock();
        partitions.unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Up to when a location's results need no new row, once one is written for a result of that time.
pub(super) fn noted_until(newest_at: Timestamp, interval: SignedDuration) -> Timestamp {
    let ahead = newest_at.checked_add(interval * AHEAD_INTERVALS_MAX);
    ahead.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many websites that have no home, at this stored offset.
    fn standings(websites: usize, offset: i64) -> Standings {
        let mut standings = Standings::at(offset, 7);
        let websites = 0..i64::try_from(websites).unwrap();
        standings.learn(websites.map(|it| (it, false)).collect());
        standings
    }

    #[test]
    fn what_is_remembered_holds_at_its_offset_alone_and_once() {
        let memories = Memories::default();
        memories.keep(3, standings(1, 5), 8);
        assert!(memories.take(4, 8).is_none());
        let taken = memories.take(3, 8).unwrap();
        assert_eq!((taken.offset, taken.version), (8, 7));
        assert!(taken.hold(7) && !taken.hold(8));
        assert!(memories.take(3, 8).is_none(), "it was taken");
        memories.keep(3, taken, 9);
        assert!(memories.take(3, 8).is_none(), "others moved the offset");
    }

    #[test]
    fn no_more_websites_are_remembered_than_there_is_room_for() {
        let memories = Memories::default();
        memories.keep(3, standings(WEBSITES_MAX, 0), 1);
        assert!(memories.take(3, 1).is_some());
        memories.keep(3, standings(WEBSITES_MAX + 1, 0), 1);
        assert!(memories.take(3, 1).is_none());
    }

    #[test]
    fn all_is_forgotten() {
        let memories = Memories::default();
        memories.keep(3, standings(1, 0), 1);
        memories.forget();
        assert!(memories.take(3, 1).is_none());
    }

    #[test]
    fn websites_without_a_home_are_told_from_those_that_have_it_here() {
        let mut standings = Standings::at(0, 0);
        standings.learn([(1, true), (2, false)].into());
        assert!(!standings.is_homeless(1) && standings.is_homeless(2));
        assert!(!standings.is_homeless(3), "nothing is known of it");
        assert_eq!(standings.homeless(), [(2, false)].into());
    }

    #[test]
    fn a_row_is_written_again_after_so_many_intervals() {
        let newest_at = Timestamp::UNIX_EPOCH;
        let until = noted_until(newest_at, SignedDuration::from_secs(10));
        assert_eq!(until, newest_at + SignedDuration::from_mins(10));
        let end = noted_until(Timestamp::MAX, SignedDuration::from_secs(10));
        assert_eq!(end, Timestamp::MAX);
    }
}
