//! How much is counted at once, and how often: results go first.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

/// Websites of the first slice; later ones are as large as their time allows.
const SLICE_FIRST: usize = 200;
const SLICE_MAX: usize = 20_000;
/// A slice that takes longer is followed by a smaller one, and one that takes less by a larger.
const SLICE_TIME_MAX: Duration = Duration::from_secs(1);
const SLICE_TIME_MIN: Duration = Duration::from_millis(250);
/// Counting takes at most a tenth of the time: so long a pause after it, by what it took.
const PAUSE_FACTOR: u32 = 9;
const PAUSE_MAX: Duration = Duration::from_mins(2);
/// Counting one hour again and again, as that which is under way, takes at most a fiftieth.
const HOLD_FACTOR: u32 = 49;
/// Hours that wait to be counted again, at most; then all may be.
const HELD_MAX: usize = 1000;

/// What was learned of the server's speed.
#[derive(Debug)]
pub(super) struct Pace {
    slice: usize,
    /// Until when hours are let alone that were just counted, and what counting them has taken.
    held: HashMap<SystemTime, Held>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    until: Option<Instant>,
    took: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            slice: SLICE_FIRST,
            held: HashMap::new(),
        }
    }
}

impl Pace {
    /// How many websites are counted at once.
    pub(super) fn slice(&self) -> usize {
        self.slice
    }

    /// The hours that are let alone for now.
    pub(super) fn held(&mut self, now: Instant) -> Vec<SystemTime> {
        let is_held = |held: &Held| held.until.is_none_or(|until| until > now);
        self.held.retain(|_, held| is_held(held));
        let held = self.held.iter().filter(|(_, held)| held.until.is_some());
        held.map(|(hour, _)| *hour).collect()
    }

    /// A slice of an hour was counted, perhaps its last.
    pub(super) fn hour_counted(
        &mut self,
        hour: SystemTime,
        took: Duration,
        is_last: bool,
        now: Instant,
    ) {
        if self.held.len() >= HELD_MAX {
            self.held.clear();
        }
        let held = self.held.entry(hour).or_default();
        held.took += took;
        held.until = is_last.then(|| now + held.took * HOLD_FACTOR);
    }

    /// How long to pause after a slice, and how large the next one is.
    pub(super) fn after(&mut self, took: Duration, was_full: bool) -> Duration {
        if took > SLICE_TIME_MAX {
            self.slice = (self.slice / 2).max(1);
        } else if took < SLICE_TIME_MIN && was_full {
            self.slice = (self.slice * 2).min(SLICE_MAX);
        }
        (took * PAUSE_FACTOR).min(PAUSE_MAX)
    }

    /// The server did not manage a slice in time, perhaps: the next one is far smaller.
    pub(super) fn failed(&mut self) {
        self.slice = (self.slice / 4).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_let_alone_by_what_all_its_slices_took() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let [first, second] = [1, 2].map(|it| SystemTime::UNIX_EPOCH + Duration::from_hours(it));
        let second_long = Duration::from_secs(1);
        pace.hour_counted(first, second_long, false, now);
        assert!(pace.held(now).is_empty(), "it is not done");
        pace.hour_counted(first, second_long, true, now);
        pace.hour_counted(second, Duration::ZERO, true, now);
        assert_eq!(pace.held(now), [first]);
        assert_eq!(pace.held(now + Duration::from_secs(97)), [first]);
        assert!(pace.held(now + Duration::from_secs(98)).is_empty());
    }

    #[test]
    fn a_slice_is_as_large_as_its_time_allows() {
        let mut pace = Pace::default();
        let quick = Duration::from_millis(10);
        assert_eq!(pace.after(quick, false), quick * 9);
        assert_eq!(pace.slice(), SLICE_FIRST, "there was no more to do");
        pace.after(quick, true);
        assert_eq!(pace.slice(), SLICE_FIRST * 2);
        for _ in 0..20 {
            pace.after(quick, true);
        }
        assert_eq!(pace.slice(), SLICE_MAX);
        assert_eq!(pace.after(Duration::from_secs(15), true), PAUSE_MAX);
        for _ in 0..20 {
            pace.failed();
        }
        assert_eq!(pace.slice(), 1);
    }
}
