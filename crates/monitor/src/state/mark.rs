//! How far one target's checks are accounted for. Pure.

use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;

/// Due times that came for the second time, after the clock was set back, are later by less.
const SAME_SLOT: SignedDuration = SignedDuration::from_millis(1);
/// A clock set back by less is waited for, so a watermark may stand so far ahead of it.
const SET_BACK_TOLERANCE: SignedDuration = SignedDuration::from_secs(2);
/// A check that was passed by for so long by two others of its target will never have a result: its
/// time was jumped over.
const GAP_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Results of one target that are waited with for an older one of it.
const AHEAD_MAX: usize = 1024;

/// A target's watermark, and what it needs to move on.
#[derive(Debug)]
pub(crate) struct Mark {
    times: DueTimes,
    /// Every check due until then is accounted for.
    watermark: Timestamp,
    /// Results of later checks, behind one that is still owed: a check can be missed while the one
    /// before it still runs.
    ahead: Vec<Timestamp>,
}

impl Mark {
    /// Every check due until then is accounted for.
    pub(crate) fn new(times: DueTimes, watermark: Timestamp) -> Self {
        Self {
            times,
            watermark,
            ahead: Vec::new(),
        }
    }

    /// Until then every check is accounted for.
    pub(crate) fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The first check that is not accounted for; `None` at the end of times.
    pub(crate) fn next_owed(&self) -> Option<Timestamp> {
        let after = self
            .watermark
            .checked_add(SignedDuration::from_micros(1))
            .ok()?;
        self.times.within(after..Timestamp::MAX).next()
    }

    /// A check is accounted for. Whether the watermark moved.
    pub(crate) fn settle(&mut self, scheduled_at: Timestamp) -> bool {
        if scheduled_at <= self.watermark {
            return false;
        }
        let before = self.watermark;
        self.ahead.push(scheduled_at);
        self.ahead.sort_unstable();
        self.follow();
        let newest = self.ahead.last().copied().unwrap_or(self.watermark);
        let is_lost = self.ahead.len() >= 2 && newest.duration_since(self.watermark) > GAP_MAX;
        if is_lost || self.ahead.len() >= AHEAD_MAX {
            self.watermark = self.ahead[0];
            self.follow();
        }
        self.watermark != before
    }

    /// Where the clock was set back, checks are due again from the time that it shows. Whether it was.
    pub(crate) fn follow_set_back(&mut self, now: Timestamp) -> bool {
        let is_set_back = self.watermark.duration_since(now) > SET_BACK_TOLERANCE;
        if is_set_back {
            self.watermark = now;
            self.ahead.clear();
        }
        is_set_back
    }

    /// Moves on over the checks that are accounted for without a gap.
    fn follow(&mut self) {
        let mut done = 0;
        for &time in &self.ahead {
            let owed = self.next_owed();
            if owed.is_some_and(|owed| time.duration_since(owed) > SAME_SLOT) {
                break;
            }
            self.watermark = self.watermark.max(time);
            done += 1;
        }
        self.ahead.drain(..done);
    }
}
