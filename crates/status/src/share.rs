//! What checks came to: which share of those seen was good, and which share of those due was seen.

use serde::Deserialize;

/// Hundredths of a per cent in the whole.
const WHOLE: i64 = 10_000;

/// Checks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Share {
    pub(crate) up: i64,
    pub(crate) down: i64,
    pub(crate) missed: i64,
}

impl Share {
    /// Those that were seen.
    pub(crate) const fn seen(self) -> i64 {
        self.up + self.down
    }

    /// Those that were due.
    pub(crate) const fn due(self) -> i64 {
        self.seen() + self.missed
    }

    /// How much of what was seen was good: "99.66 %"; `None` where nothing was seen.
    pub(crate) fn availability(self) -> Option<String> {
        percent(self.up, self.seen())
    }

    /// How much of what was due was seen; `None` where nothing was due.
    pub(crate) fn coverage(self) -> Option<String> {
        percent(self.seen(), self.due())
    }

    /// All that was due was seen.
    pub(crate) const fn is_whole(self) -> bool {
        self.missed == 0
    }
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.down += other.down;
        self.missed += other.missed;
    }
}

/// A share in per cent. Never more than it is: 99.999 of 100 are not all.
pub(crate) fn percent(part: i64, whole: i64) -> Option<String> {
    if whole <= 0 {
        return None;
    }
    // Counts of checks are far below what overflows.
    let hundredths = part.saturating_mul(WHOLE) / whole;
    let (units, rest) = (hundredths / 100, hundredths % 100);
    Some(match rest {
        0 => format!("{units} %"),
        rest if rest % 10 == 0 => format!("{units}.{} %", rest / 10),
        rest => format!("{units}.{rest:02} %"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(percent(99_999, 100_000).unwrap(), "99.99 %");
        assert_eq!(percent(3, 4).unwrap(), "75 %");
        assert_eq!(percent(981, 1000).unwrap(), "98.1 %");
        assert_eq!(percent(9_805, 10_000).unwrap(), "98.05 %");
        assert_eq!(percent(0, 0), None);
    }

    #[test]
    fn missed_checks_lower_what_was_seen_and_not_how_it_was() {
        let share = Share {
            up: 90,
            down: 0,
            missed: 10,
        };
        assert_eq!(share.availability().unwrap(), "100 %");
        assert_eq!(share.coverage().unwrap(), "90 %");
    }
}
