//! One target's due times, and what was done of them.

use std::time::Duration;

use jiff::Timestamp;
use messages::DueTimes;

use super::{agenda::Place, entry::Entry};

/// A target that left is remembered for so long after its last slot.
const GONE_KEPT: Duration = Duration::from_hours(24);
/// The grain of due times.
pub(super) const MICROSECOND: Duration = Duration::from_micros(1);

/// A target with its due times.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) entry: Entry,
    pub(super) times: DueTimes,
    /// When this version of it was taken up: a slot that began before was under way.
    pub(super) since: Timestamp,
    /// The last slot that had its check.
    pub(super) last: Option<Timestamp>,
    /// Slots that had a last word before their time.
    told: Vec<Timestamp>,
    /// Its next slot; `None` at the end of times.
    pub(super) next: Option<Timestamp>,
    pub(super) presence: Presence,
    /// Where it stands in the agenda.
    pub(super) place: Option<Place>,
}

/// Whether a target is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is.
    Listed,
    /// It left; its last word is said at this time, unless its next slot comes first.
    Leaving {
        /// When.
        last_word: Timestamp,
    },
    /// Its last word is said. It is remembered, so that no slot which had its result has another
    /// one when it comes back.
    Gone,
}

impl Planned {
    /// A target that is new: its slot under way comes first, where there is time left for it.
    pub(super) fn new(entry: Entry, now: Timestamp) -> Self {
        let times = DueTimes::new(&entry.target.url, entry.interval);
        Self {
            next: Some(times.first_slot_at(now)),
            entry,
            times,
            since: now,
            last: None,
            told: Vec::new(),
            presence: Presence::Listed,
            place: None,
        }
    }

    /// A target that another monitor had: every slot until then has its result, or is told of.
    pub(super) fn taken_over(entry: Entry, until: Timestamp, now: Timestamp) -> Self {
        let mut new = Self::new(entry, now);
        new.next = new.next_after(until);
        new
    }

    /// Until when its slots had their results here, the last word among them.
    pub(super) fn had_until(&self) -> Option<Timestamp> {
        self.told.iter().copied().max().max(self.last)
    }

    /// Another version of the target, or the same one that is back.
    pub(super) fn replaced(self, entry: Entry, now: Timestamp) -> Self {
        let is_back = self.presence == Presence::Gone;
        let is_in_time = !is_back && entry.interval == self.entry.interval;
        let mut new = Self {
            last: self.last,
            told: self.told,
            ..Self::new(entry, now)
        };
        new.told.retain(|told| later(*told, GONE_KEPT) >= now);
        if is_in_time {
            new.next = self.next;
        } else if !is_back || new.had_result(new.next) {
            new.next = new.next_after(now);
        }
        new
    }

    /// Whether a slot had its check, or a last word, be it before its time.
    fn had_result(&self, slot: Option<Timestamp>) -> bool {
        slot.is_some_and(|slot| {
            self.last.is_some_and(|last| slot <= last) || self.told.contains(&slot)
        })
    }

    /// Whether its next slot had passed, and another begun, before anybody could look.
    pub(super) fn is_jumped_over(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| next < self.times.slot_at(now))
    }

    /// This slot has its check.
    pub(super) fn checked(&mut self, slot: Timestamp) {
        self.last = Some(slot);
        self.next = self.next_after(slot);
    }

    /// This slot, which may be still to come, has the last word.
    pub(super) fn told(&mut self, slot: Timestamp) {
        self.told.push(slot);
        self.presence = Presence::Gone;
    }

    /// The clock shows an earlier time. Slots that had their result come again, as others.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        self.since = self.since.min(now);
        self.told.clear();
        self.next = self.next_after(now);
    }

    /// The clock is right again, or for the first time.
    pub(super) fn begin_again(&mut self, right_until: Option<Timestamp>, now: Timestamp) {
        self.next = if let Some(time) = right_until {
            self.next_after(time)
        } else {
            self.since = now;
            Some(self.times.first_slot_at(now))
        };
    }

    /// From when on no slot that had its result can be under way; no interval is longer than a day.
    pub(super) fn forgotten_at(&self) -> Option<Timestamp> {
        Some(later(self.had_until()?, GONE_KEPT))
    }

    /// The first slot after a time that had no result before its time.
    fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let after = later(time, MICROSECOND);
        let mut slots = self.times.within(after..Timestamp::MAX);
        slots.find(|slot| !self.told.contains(slot))
    }
}

/// A time after another, or the end of times.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
