//! When a target's checks are due: the monitor checks by it, and whoever proves a table complete
//! counts by it.
//!
//! A target is due at every whole multiple of its interval since the Unix epoch, plus an offset of
//! its own: XXH64 (seed 0) of its url, as configured, modulo the interval, all in microseconds. So
//! there is no herd, and every monitor and every restart agrees on the due times, and therefore on
//! the ids of the checks.

use std::{iter, ops::Range, time::Duration};

use jiff::{SignedDuration, Timestamp};
use twox_hash::XxHash64;

/// Fixed for ever: due times depend on it.
const OFFSET_SEED: u64 = 0;
const NANOS_A_MICRO: i128 = 1000;
/// A slot that is under way at a start has this left, or this part of its interval where that is
/// less; one that has not is as good as over.
const FIRST_SLOT_LEFT_MIN: Micros = 250_000;
const FIRST_SLOT_SHARE: Micros = 20;

/// Microseconds, of wall time since the Unix epoch or between two times.
type Micros = i64;

/// The due times of one target, from the beginning of time to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueTimes {
    interval: Micros,
    /// From a whole multiple of the interval to the due time after it; less than the interval.
    offset: Micros,
}

impl DueTimes {
    /// The due times of the target with this url, exactly as configured, and this interval, of
    /// which whole microseconds count, at least one: an interval of nothing would never end.
    pub fn new(url: &str, interval: Duration) -> Self {
        let interval = Micros::try_from(interval.as_micros())
            .unwrap_or(Micros::MAX)
            .max(1);
        let hash = XxHash64::oneshot(OFFSET_SEED, url.as_bytes());
        // Less than the interval, so it fits.
        let offset = Micros::try_from(hash % interval.unsigned_abs()).unwrap_or_default();
        Self { interval, offset }
    }

    /// From a whole multiple of the interval to the due time after it.
    pub fn offset(self) -> Duration {
        Duration::from_micros(self.offset.unsigned_abs())
    }

    /// The slot under way at a time: the last due time that is not after it.
    pub fn slot_at(self, time: Timestamp) -> Timestamp {
        // A slot that began before the first time that there is begins with it.
        Timestamp::from_microsecond(self.slot_at_nanos(time.as_nanosecond()))
            .unwrap_or(Timestamp::MIN)
    }

    /// The slot that whoever begins at a time looks at first: the one under way, unless that is as
    /// good as over. Then it is the next one: a check that could only begin too late would tell
    /// nothing of its site.
    pub fn first_slot_at(self, time: Timestamp) -> Timestamp {
        let moment = FIRST_SLOT_LEFT_MIN.min(self.interval / FIRST_SLOT_SHARE);
        let moment = SignedDuration::from_micros(moment);
        time.checked_add(moment)
            .map_or_else(|_| self.slot_at(time), |soon| self.slot_at(soon))
    }

    /// The due times within a period, in order; its end is not within it.
    pub fn within(self, period: Range<Timestamp>) -> impl Iterator<Item = Timestamp> {
        // The first that is not before a time comes after the slot under way just before it.
        let before = self.slot_at_nanos(period.start.as_nanosecond() - 1);
        let next = move |due: Micros| due.checked_add(self.interval);
        iter::successors(next(before), move |due| next(*due))
            .map_while(|due| Timestamp::from_microsecond(due).ok())
            .take_while(move |due| *due < period.end)
    }

    fn slot_at_nanos(self, nanos: i128) -> Micros {
        // Rounded down, also before 1970. The year 9999 is a thirtieth of what the type holds.
        let micros = Micros::try_from(nanos.div_euclid(NANOS_A_MICRO)).unwrap_or_default();
        (micros - self.offset).div_euclid(self.interval) * self.interval + self.offset
    }
}

#[cfg(test)]
mod tests;
