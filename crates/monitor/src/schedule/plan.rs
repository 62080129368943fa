//! The due times of all targets. Pure: it is told what the time is.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;

use super::due::{Arrival, Due};
use crate::targets::Target;

/// Slots of one target that are reported as missed when the clock jumps over more.
const JUMPED_SLOTS_MAX: u32 = 100;
/// No interval is longer, so the slot under way cannot be older than this.
const LEFT_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Set-backs of the clock that are remembered.
const WALKS_MAX: usize = 16;
/// The grain of due times.
const MICROSECOND: Duration = Duration::from_micros(1);

/// A target, and how often it is checked.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whom.
    pub target: Arc<Target>,
    /// From one check to the next.
    pub interval: Duration,
}

/// The due times of all targets.
#[derive(Debug)]
pub struct Schedule {
    planned: Vec<Planned>,
    /// The next due time of each target, by its place in `planned`.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The last due times of targets that left the list, by their urls: one that comes back is not
    /// checked again for a time that had its check. Kept for [`LEFT_KEPT`].
    left: HashMap<String, Timestamp>,
    /// The times that the clock has shown before it was set back, each from the first slot on; what
    /// is due within them again is another check.
    walked: Vec<RangeInclusive<Timestamp>>,
    /// The first slot that was due since the start, or since the clock was set back.
    walk_begin: Timestamp,
    /// Slots that were let go without a result since somebody asked.
    forgotten_slots: u64,
}

/// A target of the list in force.
#[derive(Debug)]
struct Planned {
    entry: Entry,
    times: DueTimes,
    /// When it was taken up: a slot that began before was under way.
    since: Timestamp,
    /// The last due time that had its check.
    last: Option<Timestamp>,
    /// Its next due time; `None` at the end of times.
    next: Option<Timestamp>,
}

impl Entry {
    /// Each target by its own interval, or by this one.
    pub fn every(interval: Duration, targets: &[Arc<Target>]) -> Vec<Self> {
        let targets = targets.iter().map(Arc::clone);
        targets
            .map(|target| Self {
                interval: target.own.interval.unwrap_or(interval),
                target,
            })
            .collect()
    }
}

impl Schedule {
    /// Every target's slot under way at `now` is due at once.
    pub fn new(entries: &[Entry], now: Timestamp) -> Self {
        let mut schedule = Self {
            planned: Vec::new(),
            next: BinaryHeap::new(),
            left: HashMap::new(),
            walked: Vec::new(),
            walk_begin: now,
            forgotten_slots: 0,
        };
        schedule.replace(entries, now);
        schedule
    }

    /// Puts another list in force. A target that stays is due when it would have been; one that is
    /// new, for its slot under way, at once; one whose interval changed, at its next due time by
    /// the new one.
    pub fn replace(&mut self, entries: &[Entry], now: Timestamp) {
        self.left
            .retain(|_, last| now.duration_since(*last) <= LEFT_KEPT);
        let old = std::mem::take(&mut self.planned);
        let mut old: HashMap<String, Planned> = old
            .into_iter()
            .map(|planned| (planned.entry.target.url.clone(), planned))
            .collect();
        for entry in entries {
            let stayed = old.remove(&entry.target.url);
            let planned = self.plan(entry.clone(), stayed, now);
            self.planned.push(planned);
        }
        for (url, planned) in old {
            self.left.extend(planned.last.map(|last| (url, last)));
        }
        self.line_up();
    }

    /// The clock was set back: checks go on from the time that it shows now. Without this, nothing
    /// would be due until it is past its old time again.
    ///
    /// Each check has one result, and an id of its due time. So a slot that comes for the second
    /// time is due a microsecond later than the first time: another check.
    pub fn set_back(&mut self, from: Timestamp, now: Timestamp) {
        if self.walked.len() == WALKS_MAX {
            self.walked.remove(0);
        }
        self.walked.push(self.walk_begin..=from);
        self.walk_begin = now;
        for planned in &mut self.planned {
            planned.since = planned.since.min(now);
            planned.next = next_after(planned.times, now);
        }
        self.line_up();
    }

    fn line_up(&mut self) {
        let planned = self.planned.iter().enumerate();
        self.next = planned
            .filter_map(|(index, planned)| Some(Reverse((planned.next?, index))))
            .collect();
    }

    fn plan(&mut self, entry: Entry, stayed: Option<Planned>, now: Timestamp) -> Planned {
        let times = DueTimes::new(&entry.target.url, entry.interval);
        let (since, last, next) = match stayed {
            Some(old) if old.times == times => (old.since, old.last, old.next),
            Some(old) => (old.since, old.last, next_after(times, now)),
            None => {
                let slot = times.slot_at(now);
                let last = self.left.remove(&entry.target.url);
                let is_done = last.is_some_and(|last| slot <= last);
                let next = if is_done {
                    next_after(times, now)
                } else {
                    Some(slot)
                };
                (now, last, next)
            }
        };
        Planned {
            entry,
            times,
            since,
            last,
            next,
        }
    }

    /// When the next check is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next.peek().map(|Reverse((due, _))| *due)
    }

    /// The next check that is due by `now`, in the order of due times. A target of which several
    /// slots have passed is checked for the last one; those before were jumped over.
    pub fn pop(&mut self, now: Timestamp) -> Option<Due> {
        let Reverse((due, index)) = *self.next.peek()?;
        if due > now {
            return None;
        }
        self.next.pop();
        let planned = &mut self.planned[index];
        let last = planned.times.slot_at(now);
        let interval = planned.entry.interval;
        // Beyond the bound, slots are let go; the caller asks how many.
        let first_told = last
            .checked_sub(interval.saturating_mul(JUMPED_SLOTS_MAX))
            .map_or(due, |time| planned.times.slot_at(time));
        let scheduled_at = due.max(first_told);
        self.forgotten_slots += slots_between(due, scheduled_at, interval);
        let arrival = if scheduled_at < last {
            Arrival::JumpedOver
        } else if scheduled_at < planned.since {
            Arrival::UnderWay
        } else {
            Arrival::CameDue
        };
        planned.last = Some(scheduled_at);
        planned.next = next_after(planned.times, scheduled_at);
        if let Some(next) = planned.next {
            self.next.push(Reverse((next, index)));
        }
        // A slot under way began before the walk did.
        self.walk_begin = self.walk_begin.min(scheduled_at);
        let walks = self.walked.iter();
        let times_before = walks.filter(|walk| walk.contains(&scheduled_at)).count();
        let again = MICROSECOND.saturating_mul(u32::try_from(times_before).unwrap_or(u32::MAX));
        Some(Due {
            target: Arc::clone(&planned.entry.target),
            scheduled_at: scheduled_at.saturating_add(again).unwrap_or(scheduled_at),
            interval,
            arrival,
        })
    }

    /// How many slots were let go without a result since the last time this was asked: the clock
    /// jumped over more than `JUMPED_SLOTS_MAX` of a target.
    pub fn take_forgotten_slots(&mut self) -> u64 {
        std::mem::take(&mut self.forgotten_slots)
    }
}

/// The first due time after a time; `None` at the end of times.
fn next_after(times: DueTimes, time: Timestamp) -> Option<Timestamp> {
    let after = time.checked_add(MICROSECOND).ok()?;
    times.within(after..Timestamp::MAX).next()
}

fn slots_between(from: Timestamp, to: Timestamp, interval: Duration) -> u64 {
    let time = Duration::try_from(to.duration_since(from)).unwrap_or_default();
    u64::try_from(time.as_micros() / interval.as_micros().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
