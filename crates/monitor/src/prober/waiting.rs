//! A check that waits, and one that may begin.

use std::time::Duration;

use tokio::time::Instant;

use super::{attempt::Attempt, line::Place, missed::Missed};

/// A check that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) attempt: Attempt,
    pub(super) place: Place,
    /// When its interval is over.
    pub(super) deadline: Instant,
    /// How long after it was due it came to us.
    pub(super) lag: Duration,
    /// When it came.
    pub(super) came_at: Instant,
    /// Since when only we stand in its way; `None` while its target's last check runs, and while it
    /// pauses.
    pub(super) ready_since: Option<Instant>,
    pub(super) paused_until: Option<Instant>,
}

impl Waiting {
    /// Why it could not begin until its interval was over: what stood in its way for longer.
    pub(super) fn why_overdue(&self) -> Missed {
        let Some(ready_since) = self.ready_since else {
            return Missed::LastStillRan;
        };
        let for_last = ready_since.saturating_duration_since(self.came_at);
        let for_room = self.deadline.saturating_duration_since(ready_since);
        if for_last > for_room {
            Missed::LastStillRan
        } else {
            Missed::NoRoom
        }
    }
}

/// A check that may begin.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) attempt: Attempt,
    /// How long it was held up by us: the wait for its own target's last check is the target's.
    pub(super) held_up: Duration,
    /// When its interval is over.
    pub(super) deadline: Instant,
}

/// A check that will not be made, or not again, and why.
pub(super) type GivenUp = (Attempt, Missed);
