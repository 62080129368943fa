//! One host's checks that wait, and who of them goes first.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    schedule::{Arrival, Due},
    targets::Target,
};

/// Counts those that came.
pub(super) type Number = u64;

/// Who goes before whom. At the start every target's slot is under way: without ranks, checks that
/// come due meanwhile would stand behind them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    CameDue,
    UnderWay,
}

/// A place in a host's line: the first rank goes first, and within it who came first.
pub(super) type Place = (Rank, Number);

/// One host's checks.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Those that may begin; one whose target's last check still runs does not stand here yet.
    places: BTreeMap<Place, Arc<Target>>,
    /// The numbers of targets that stood here in vain until their interval was over: the next one
    /// takes the same place. Where a host has more targets than it can serve, the same ones would
    /// never be served otherwise.
    kept: HashMap<Arc<Target>, Number>,
    running: usize,
    /// Whether the host stands in the queue for a turn, for each rank.
    has_turn: [bool; Rank::ALL.len()],
}

impl Rank {
    pub(super) const ALL: [Self; 2] = [Self::CameDue, Self::UnderWay];

    pub(super) fn of(due: &Due) -> Self {
        match due.arrival {
            Arrival::UnderWay => Self::UnderWay,
            Arrival::CameDue | Arrival::JumpedOver | Arrival::Left => Self::CameDue,
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Self::CameDue => 0,
            Self::UnderWay => 1,
        }
    }
}

impl Line {
    pub(super) fn add(&mut self, place: Place, target: Arc<Target>) {
        self.places.insert(place, target);
    }

    /// Takes out a target that waited in vain, and keeps its place for its next check.
    pub(super) fn give_up(&mut self, (rank, number): Place, target: Arc<Target>) {
        self.places.remove(&(rank, number));
        self.kept.insert(target, number);
    }

    /// The number under which the target waited in vain.
    pub(super) fn take_kept(&mut self, target: &Arc<Target>) -> Option<Number> {
        self.kept.remove(target)
    }

    /// The host has its turn: the first of that rank begins, if there still is one.
    pub(super) fn begin(&mut self, rank: Rank, running_max: usize) -> Option<Arc<Target>> {
        self.has_turn[rank.index()] = false;
        if self.running >= running_max {
            return None;
        }
        let place = self.first_of(rank)?;
        let target = self.places.remove(&place)?;
        self.running += 1;
        Some(target)
    }

    pub(super) fn end(&mut self) {
        self.running -= 1;
    }

    /// Whether the host is now to stand in the queue for a turn of that rank, where it does not
    /// stand yet.
    pub(super) fn wants_turn(&mut self, rank: Rank, running_max: usize) -> bool {
        let wants = !self.has_turn[rank.index()]
            && self.running < running_max
            && self.first_of(rank).is_some();
        self.has_turn[rank.index()] |= wants;
        wants
    }

    /// Nobody runs, nobody waits, and it stands in no queue for a turn.
    pub(super) fn is_deserted(&self) -> bool {
        self.running == 0 && self.places.is_empty() && !self.has_turn.contains(&true)
    }

    fn first_of(&self, rank: Rank) -> Option<Place> {
        let (place, _) = self.places.range((rank, Number::MIN)..).next()?;
        (place.0 == rank).then_some(*place)
    }
}
