//! When something is next to be done for each target, and whose turn it is. Pure.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::targets::Target;

/// By when something is to be done; the number orders those of one time.
type Line = BTreeMap<(Timestamp, u64), Arc<Target>>;

/// Two lines of targets.
///
/// After a jump of the clock each target has slots that nobody could look at: as many as may be told of a
/// night. Who has to wait until all of them are told is late as well. So they stand in a line of their
/// own, of which one is told for each check that comes due: neither line ever waits for the end of the
/// other. Those of one target stay in their order, its next check behind them.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    in_time: Line,
    jumped_over: Line,
    next_number: u64,
    /// Whether the last check was of those in time.
    was_in_time: bool,
}

/// Which of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    InTime,
    JumpedOver,
}

/// Where a target stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    turn: Turn,
    key: (Timestamp, u64),
}

impl Agenda {
    /// Puts a target in one of the lines, behind those of the same time.
    pub(super) fn insert(&mut self, turn: Turn, time: Timestamp, target: Arc<Target>) -> Place {
        let key = (time, self.next_number);
        self.next_number += 1;
        self.line(turn).insert(key, target);
        Place { turn, key }
    }

    pub(super) fn remove(&mut self, place: Place) {
        self.line(place.turn).remove(&place.key);
    }

    pub(super) fn clear(&mut self) {
        self.in_time.clear();
        self.jumped_over.clear();
    }

    /// When something is next to be done.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        let lines = [&self.in_time, &self.jumped_over];
        let firsts = lines.into_iter().filter_map(Line::first_key_value);
        firsts.map(|((time, _), _)| *time).min()
    }

    /// Whose turn it is at `now`.
    pub(super) fn first(&self, now: Timestamp) -> Option<(Turn, Arc<Target>)> {
        let first = |turn, line: &Line| {
            let ((time, _), target) = line.first_key_value()?;
            (*time <= now).then(|| (turn, Arc::clone(target)))
        };
        let in_time = first(Turn::InTime, &self.in_time);
        let jumped_over = first(Turn::JumpedOver, &self.jumped_over);
        if self.was_in_time {
            jumped_over.or(in_time)
        } else {
            in_time.or(jumped_over)
        }
    }

    /// The first of this line had its turn.
    pub(super) fn served(&mut self, turn: Turn) {
        self.was_in_time = turn == Turn::InTime;
    }

    fn line(&mut self, turn: Turn) -> &mut Line {
        match turn {
            Turn::InTime => &mut self.in_time,
            Turn::JumpedOver => &mut self.jumped_over,
        }
    }
}
