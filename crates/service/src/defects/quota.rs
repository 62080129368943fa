//! How many defects are told.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A minute.
const PERIOD: Duration = Duration::from_mins(1);

/// Lets so many through a minute: what each of a thousand probes runs into says nothing new after the first.
#[derive(Debug)]
pub(super) struct Quota {
    most: u32,
    spent: Mutex<Spent>,
}

#[derive(Debug)]
struct Spent {
    since: Instant,
    count: u32,
}

impl Quota {
    /// So many a minute.
    pub(super) fn of(most: u32, now: Instant) -> Self {
        let spent = Spent {
            since: now,
            count: 0,
        };
        Self {
            most,
            spent: Mutex::new(spent),
        }
    }

    /// Whether one more may be told.
    pub(super) fn takes(&self, now: Instant) -> bool {
        // Nothing under the lock can break.
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(spent.since) >= PERIOD {
            *spent = Spent {
                since: now,
                count: 0,
            };
        }
        spent.count = spent.count.saturating_add(1);
        spent.count <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_has_its_own() {
        let start = Instant::now();
        let quota = Quota::of(2, start);
        let later = |seconds| start + Duration::from_secs(seconds);
        let taken = [0, 1, 2, 59, 60, 61, 62, 120].map(|seconds| quota.takes(later(seconds)));
        assert_eq!(taken, [true, true, false, false, true, true, false, true]);
    }
}
