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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schedule::due::Arrival, testing::target};

    const INTERVAL: Duration = Duration::from_secs(10);

    fn check(url: &str, scheduled_at: Timestamp) -> Due {
        Due {
            target: target(url),
            scheduled_at,
            interval: INTERVAL,
            arrival: Arrival::UnderWay,
        }
    }

    #[test]
    fn those_whose_interval_is_over_at_the_same_time_all_have_their_turn() {
        let slot = Timestamp::UNIX_EPOCH;
        let mut under_way = UnderWay::default();
        assert!(under_way.is_empty() && !under_way.is_over(slot));
        let urls = [
            "https://a.example",
            "https://b.example",
            "https://c.example",
        ];
        for url in urls {
            under_way.push(check(url, slot));
        }
        under_way.push(check("https://earlier.example", slot - INTERVAL));
        assert!(!under_way.is_empty());
        let popped: Vec<_> = std::iter::from_fn(|| under_way.pop()).collect();
        let popped: Vec<_> = popped.iter().map(|it| &*it.target.url).collect();
        assert_eq!(popped[0], "https://earlier.example");
        assert_eq!(popped[1..], urls);
    }

    #[test]
    fn an_interval_is_over_when_the_same_slot_comes_again_and_not_before() {
        let slot = Timestamp::UNIX_EPOCH;
        let mut under_way = UnderWay::default();
        under_way.push(check("https://a.example", slot));
        let over = slot + INTERVAL - SAME_SLOT;
        assert!(under_way.is_over(over));
        assert!(!under_way.is_over(over - Duration::from_micros(1)));
    }
}
