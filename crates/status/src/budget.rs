//! Error budgets: how many failures an aim allows, and what is left of them.

use serde::Deserialize;

use crate::share::{Share, percent};

/// Days that a budget is of, today included.
pub(crate) const DAYS: usize = 30;
/// Per cent, and hundredths of them: shares are compared as whole numbers.
const PER_MILLION: f64 = 10_000.0;
const MILLION: i64 = 1_000_000;

/// What the checks of a budget's days came to.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Budget {
    /// Per cent of availability that are aimed at.
    pub(crate) slo: f64,
    up: i64,
    down: i64,
}

impl Budget {
    /// That of a website.
    pub(crate) const fn new(slo: f64, share: Share) -> Self {
        Self {
            slo,
            up: share.up,
            down: share.down,
        }
    }

    /// How many checks may fail.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a per cent has a million parts at most"
    )]
    pub(crate) fn allowed(&self) -> i64 {
        (self.up + self.down) * (MILLION - (self.slo * PER_MILLION).round() as i64) / MILLION
    }

    /// How many did.
    pub(crate) const fn failed(&self) -> i64 {
        self.down
    }

    /// More failed than may.
    pub(crate) fn is_spent(&self) -> bool {
        self.down > self.allowed()
    }

    /// How much of it is left, in per cent; `None` where there were too few checks to fail any.
    pub(crate) fn left(&self) -> Option<String> {
        let allowed = self.allowed();
        percent((allowed - self.down).max(0), allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(up: i64, down: i64) -> Budget {
        let missed = 0;
        Budget::new(99.9, Share { up, down, missed })
    }

    #[test]
    fn what_is_left_is_of_what_may_fail() {
        let some = budget(43_190, 10);
        assert_eq!((some.allowed(), some.failed()), (43, 10));
        assert_eq!(some.left().unwrap(), "76.74 %");
        assert!(!some.is_spent());
        let all = budget(43_100, 100);
        assert!(all.is_spent());
        assert_eq!(all.left().unwrap(), "0 %");
    }

    #[test]
    fn few_checks_may_not_fail_at_all() {
        assert_eq!(budget(20, 0).left(), None);
        assert!(!budget(20, 0).is_spent());
        assert!(budget(20, 1).is_spent());
    }
}
