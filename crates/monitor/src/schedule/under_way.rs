//! Checks whose slots were under way when their targets were taken up. They go behind those that come
//! due: at the start there is one of each target, and whatever comes due meanwhile would wait for all.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{due::Due, planned::later};

/// Due times that came for the second time, after the clock was set back, are later by less.
const SAME_SLOT: Duration = Duration::from_millis(1);

/// Those that wait: at most one of each target, by when their interval is over.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    waiting: BTreeMap<(Timestamp, u64), Due>,
    next_number: u64,
}

impl UnderWay {
    pub(super) fn push(&mut self, check: Due) {
        let end = later(check.scheduled_at, check.interval);
        self.waiting.insert((end, self.next_number), check);
        self.next_number += 1;
    }

    /// The one of which the interval is over first.
    pub(super) fn pop(&mut self) -> Option<Due> {
        self.waiting.pop_first().map(|(_, check)| check)
    }

    /// Whether an interval is over: then its target's next check has come due, and goes behind it.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let first = self.waiting.first_key_value();
        first.is_some_and(|((end, _), _)| *end <= later(now, SAME_SLOT))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
