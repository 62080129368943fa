//! How one location sees a website.

use jiff::{SignedDuration, Timestamp};

use super::verdict::Verdict;

/// Intervals after which a location counts as silent.
const HEARD_INTERVALS: i32 = 3;

/// How a location sees a website, as of its newest result that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// As it stands.
    pub(crate) is_down: bool,
    /// When the first check was due of the results in a row that made it so.
    pub(crate) since: Timestamp,
    /// Results in a row that say the opposite, too few yet.
    pub(crate) against: u32,
    /// When the first of these was due.
    pub(crate) against_since: Option<Timestamp>,
    /// When the newest result was due.
    pub(crate) newest_at: Timestamp,
    /// That result's interval.
    pub(crate) interval: SignedDuration,
    /// When the newest good one was due.
    pub(crate) last_good_at: Option<Timestamp>,
}

/// What a result did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it is not newer than the newest.
    None,
    /// It says what was known.
    Confirmed,
    /// It says something new, if not yet enough of it.
    Changed,
}

impl Location {
    /// How a location sees a website of which it says something for the first time: up, until enough
    /// results say otherwise.
    pub(super) fn first(verdict: &Verdict<'_>) -> Self {
        let mut location = Self {
            is_down: false,
            since: verdict.due,
            against: 0,
            against_since: None,
            newest_at: Timestamp::MIN,
            interval: verdict.interval,
            last_good_at: None,
        };
        location.see(verdict);
        location
    }

    /// Takes a result in.
    pub(super) fn see(&mut self, verdict: &Verdict<'_>) -> Effect {
        if verdict.due <= self.newest_at {
            return Effect::None;
        }
        self.newest_at = verdict.due;
        self.interval = verdict.interval;
        if !verdict.is_down {
            self.last_good_at = Some(verdict.due);
        }
        if verdict.is_down == self.is_down {
            let was_doubted = self.against > 0;
            self.against = 0;
            self.against_since = None;
            return if was_doubted {
                Effect::Changed
            } else {
                Effect::Confirmed
            };
        }
        self.against += 1;
        let since = *self.against_since.get_or_insert(verdict.due);
        let enough = if verdict.is_down {
            verdict.down_after
        } else {
            verdict.up_after
        };
        if self.against >= enough {
            self.is_down = verdict.is_down;
            self.since = since;
            self.against = 0;
            self.against_since = None;
        }
        Effect::Changed
    }

    /// Whether it still says something when the newest word of anybody is of that time.
    pub(super) fn is_heard(&self, newest_of_all: Timestamp) -> bool {
        // Intervals are bounded, so their sum is a duration.
        newest_of_all.duration_since(self.newest_at) <= self.interval * HEARD_INTERVALS
    }
}
