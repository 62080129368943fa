//! Whether many checks fail together. Pure: it is told what the time is.

use std::collections::VecDeque;

use messages::OutcomeKind;
use tokio::time::Instant;

/// How long checks count that were made.
const SECONDS: u64 = 30;
/// Of these, one in so many has to fail.
const FAILED_SHARE: u64 = 3;
/// And so many at least: one that fails alone says nothing of the others.
const FAILED_MIN: u64 = 2;

/// The checks of the last half minute, by the second.
#[derive(Debug)]
pub(super) struct Crowd {
    began: Instant,
    /// At most [`SECONDS`] and the one that runs.
    seconds: VecDeque<Second>,
}

#[derive(Debug)]
struct Second {
    number: u64,
    checks: u64,
    failed: u64,
}

impl Crowd {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            seconds: VecDeque::new(),
        }
    }

    /// A check ended so. One that was not made says nothing.
    pub(super) fn note(&mut self, kind: OutcomeKind, now: Instant) {
        let failed = match kind {
            OutcomeKind::Up => 0,
            OutcomeKind::Down => 1,
            OutcomeKind::Missed | OutcomeKind::Skipped => return,
        };
        let number = self.number(now);
        self.forget(number);
        match self.seconds.back_mut() {
            Some(second) if second.number == number => {
                second.checks += 1;
                second.failed += failed;
            }
            _ => self.seconds.push_back(Second {
                number,
                checks: 1,
                failed,
            }),
        }
    }

    /// Whether so many fail that it may be for one cause, and ours.
    pub(super) fn is_failing(&mut self, now: Instant) -> bool {
        self.forget(self.number(now));
        let checks: u64 = self.seconds.iter().map(|second| second.checks).sum();
        let failed: u64 = self.seconds.iter().map(|second| second.failed).sum();
        failed >= FAILED_MIN && failed * FAILED_SHARE >= checks
    }

    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs()
    }

    fn forget(&mut self, now: u64) {
        while let Some(first) = self.seconds.front()
            && first.number + SECONDS < now
        {
            self.seconds.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn crowd(up: usize, down: usize, at: Instant) -> Crowd {
        let mut crowd = Crowd::new(at);
        for _ in 0..up {
            crowd.note(OutcomeKind::Up, at);
        }
        for _ in 0..down {
            crowd.note(OutcomeKind::Down, at);
        }
        crowd
    }

    #[test]
    fn a_third_and_more_than_one_is_a_crowd() {
        let now = Instant::now();
        for (up, down, is_failing) in [
            (0, 0, false),
            (0, 1, false),
            (0, 2, true),
            (4, 2, true),
            (5, 2, false),
            (200, 99, false),
            (200, 100, true),
        ] {
            let found = crowd(up, down, now).is_failing(now);
            assert_eq!(found, is_failing, "{down} of {}", up + down);
        }
    }

    #[test]
    fn a_crowd_is_forgotten_after_half_a_minute() {
        let now = Instant::now();
        let mut crowd = crowd(0, 10, now);
        assert!(crowd.is_failing(now + SECOND * 30));
        assert!(!crowd.is_failing(now + SECOND * 32));
        crowd.note(OutcomeKind::Missed, now + SECOND * 33);
        assert!(crowd.seconds.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        for second in 0..10_000 {
            crowd.note(OutcomeKind::Down, now + SECOND * second);
        }
        assert!(crowd.seconds.len() <= 31, "{}", crowd.seconds.len());
    }
}
