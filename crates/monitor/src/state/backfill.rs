//! The checks that were due while nobody was there, or whose results died with the monitor: each is
//! told as missed, so that silence never looks like success. Pure.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use messages::{Check, CheckResult, DueTimes, Failure, FailureReason, Outcome, SelfDoubt};

use super::cover::Cover;

const MISSED: &str = "the monitor did not run, or was killed before the result was safe";
const REMOVED: &str = "the target is no longer in the list";

/// A target whose checks are owed since its watermark.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) cover: Cover,
    pub(crate) watermark: Timestamp,
    /// From one check to the next by now; `None` when it left the list.
    pub(crate) interval: Option<Duration>,
}

/// The results of checks that were not made, in the order of their due times.
#[derive(Debug)]
pub(crate) struct Backfill {
    owed: Vec<Debt>,
    /// The next owed check of each, by its place in `owed`.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    location: String,
    left: usize,
}

#[derive(Debug)]
struct Debt {
    cover: Cover,
    times: DueTimes,
    /// Checks due from here on are made.
    end: Timestamp,
    /// A last word is said of it.
    is_removed: bool,
}

impl Backfill {
    /// What is owed at `now`, at most `results_max` of it: the oldest.
    pub(crate) fn new(
        owed: Vec<Owed>,
        location: String,
        now: Timestamp,
        results_max: usize,
    ) -> Self {
        let mut backfill = Self {
            owed: Vec::new(),
            next: BinaryHeap::new(),
            location,
            left: results_max,
        };
        for owed in owed {
            let times = owed.cover.times();
            let debt = Debt {
                end: owed.end(now),
                times,
                is_removed: owed.interval.is_none(),
                cover: owed.cover,
            };
            let next = debt.next_after(owed.watermark);
            let place = backfill.owed.len();
            backfill
                .next
                .extend(next.map(|next| Reverse((next, place))));
            backfill.owed.push(debt);
        }
        backfill
    }

    /// How many checks are owed that are not told.
    pub(crate) fn untold(&self) -> u64 {
        let counts = self.next.iter().map(|Reverse((next, place))| {
            let debt = &self.owed[*place];
            let time = Duration::try_from(debt.end.duration_since(*next)).unwrap_or_default();
            let interval = debt.cover.interval.as_micros().max(1);
            u64::try_from(time.as_micros().div_ceil(interval)).unwrap_or(u64::MAX)
        });
        counts.sum()
    }
}

impl Iterator for Backfill {
    type Item = CheckResult;

    fn next(&mut self) -> Option<CheckResult> {
        self.left = self.left.checked_sub(1)?;
        let Reverse((scheduled_at, place)) = self.next.pop()?;
        let debt = &self.owed[place];
        let next = debt.next_after(scheduled_at);
        let result = debt.result(scheduled_at, &self.location, next.is_none());
        self.next.extend(next.map(|next| Reverse((next, place))));
        Some(result)
    }
}

impl Owed {
    /// The slot under way of a target that is still in the list is checked at once, so it is not
    /// missed.
    fn end(&self, now: Timestamp) -> Timestamp {
        match self.interval {
            Some(interval) if interval == self.cover.interval => {
                self.cover.times().first_slot_at(now)
            }
            _ => now,
        }
    }

    /// The watermark, once what is owed is told.
    pub(crate) fn told_until(&self, now: Timestamp) -> Timestamp {
        let before_end = self.end(now).saturating_sub(SignedDuration::from_micros(1));
        self.watermark.max(before_end.unwrap_or(now))
    }
}

impl Debt {
    fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let after = time.checked_add(SignedDuration::from_micros(1)).ok()?;
        self.times.within(after..self.end).next()
    }

    fn result(&self, scheduled_at: Timestamp, location: &str, is_last: bool) -> CheckResult {
        let outcome = if self.is_removed && is_last {
            Outcome::Skipped {
                failure: Failure::new(FailureReason::TargetRemoved, None, REMOVED),
            }
        } else {
            Outcome::Missed {
                probe: None,
                failure: Failure::new(FailureReason::ProberFailed, None, MISSED),
            }
        };
        CheckResult {
            check: Check {
                url: self.cover.url.clone(),
                regex_pattern: self.cover.regexp.clone(),
                interval: self.cover.interval,
                location: location.to_owned(),
                scheduled_at,
                target: self.cover.told.clone(),
            },
            outcome,
            self_doubt: SelfDoubt::default(),
        }
    }
}

#[cfg(test)]
mod tests;
