//! The due times of all targets. Pure: it is told what the time is.

use std::{collections::HashMap, num::NonZeroU64, ops::RangeInclusive, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    agenda::{Agenda, Turn},
    due::{Arrival, Due},
    entry::Entry,
    planned::{MICROSECOND, Planned, Presence, later},
};
use crate::targets::Target;

/// Slots of all targets together that are reported as missed when the clock jumps over more: as many as
/// are told of after a stop, so that a machine which slept for a night is no worse off.
const JUMPED_SLOTS_MAX: usize = 100_000;
/// Of each target so many are, however many targets there are.
const JUMPED_SLOTS_MIN: usize = 100;
/// A target that left gets its last word when its next check would have been due, or after this. One
/// that is back by then, after a slip of an editor, has missed nothing.
const LAST_WORD_WAIT: Duration = Duration::from_secs(10);
/// Set-backs of the clock that are remembered.
const WALKS_MAX: usize = 16;

/// The due times of all targets.
#[derive(Debug)]
pub struct Schedule {
    planned: HashMap<Arc<Target>, Planned>,
    /// When something is next to be done for each target.
    agenda: Agenda,
    /// The times that the clock has shown before it was set back, each from the first slot on; what
    /// is due within them again is another check.
    walked: Vec<RangeInclusive<Timestamp>>,
    /// The first slot that was due since the start, or since the clock was set back.
    walk_begin: Timestamp,
    /// The last slot that had its result since then: a last word may come before its slot.
    walk_end: Timestamp,
    /// Slots that were let go without a result since somebody asked.
    forgotten_slots: u64,
}

impl Schedule {
    /// Every target's slot under way at `now` is due at once.
    pub fn new(entries: impl IntoIterator<Item = Entry>, now: Timestamp) -> Self {
        let mut schedule = Self {
            planned: HashMap::new(),
            agenda: Agenda::default(),
            walked: Vec::new(),
            walk_begin: now,
            walk_end: now,
            forgotten_slots: 0,
        };
        for entry in entries {
            schedule.put(entry, now);
        }
        schedule
    }

    /// Takes up a target, or another version of it. One that stays is due when it would have been;
    /// one that is new, for its slot under way, at once; one whose interval changed, at its next due
    /// time by the new one. What came due until now is to be popped before.
    pub fn put(&mut self, entry: Entry, now: Timestamp) {
        let target = Arc::clone(&entry.target);
        let planned = match self.take(&target) {
            Some(old) => old.replaced(entry, now),
            None => Planned::new(entry, now),
        };
        self.line_up(planned);
    }

    /// Lets a target go, which has one last result.
    pub fn remove(&mut self, target: &Arc<Target>, now: Timestamp) {
        let Some(mut planned) = self.take(target) else {
            return;
        };
        if planned.presence == Presence::Listed {
            let last_word = later(now, LAST_WORD_WAIT);
            planned.presence = Presence::Leaving { last_word };
        }
        self.line_up(planned);
    }

    /// Takes up a target that another monitor had, of which every slot until this time is done. What was
    /// checked here before is not checked again.
    pub fn take_over(&mut self, entry: Entry, until: Timestamp, now: Timestamp) {
        let before = self.take(&Arc::clone(&entry.target));
        let had_until = before.and_then(|before| before.had_until());
        let until = had_until.map_or(until, |had| had.max(until));
        self.line_up(Planned::taken_over(entry, until, now));
    }

    /// Lets a target go that another monitor has from now on: nothing is to be said of it.
    pub fn hand_over(&mut self, target: &Arc<Target>) {
        self.take(target);
    }

    /// The clock was set back: checks go on from the time that it shows now. Without this, nothing
    /// would be due until it is past its old time again.
    ///
    /// Each check has one result, and an id of its due time. So a slot that comes for the second
    /// time is due a microsecond later than the first time: another check.
    pub fn set_back(&mut self, from: Timestamp, now: Timestamp) {
        self.end_walk(self.walk_end.max(from), now);
        self.agenda.clear();
        // Who is gone is forgotten: no slot of this walk had its result.
        self.planned.retain(|_, it| it.presence != Presence::Gone);
        for (_, mut planned) in std::mem::take(&mut self.planned) {
            planned.set_back(now);
            if let Presence::Leaving { last_word } = &mut planned.presence {
                *last_word = later(now, LAST_WORD_WAIT);
            }
            self.line_up(planned);
        }
    }

    /// What the clock showed was wrong for certain, and it is right now: what it jumped over was never
    /// due. Checks go on as at a start; or, where the clock had been right before, behind that time.
    pub fn begin_again(&mut self, right_until: Option<Timestamp>, now: Timestamp) {
        self.end_walk(self.walk_end, now);
        self.agenda.clear();
        for (_, mut planned) in std::mem::take(&mut self.planned) {
            planned.begin_again(right_until, now);
            self.line_up(planned);
        }
    }

    /// The times that the clock has shown end here, and others begin.
    fn end_walk(&mut self, end: Timestamp, begin: Timestamp) {
        if self.walked.len() == WALKS_MAX {
            self.walked.remove(0);
        }
        self.walked.push(self.walk_begin..=end);
        (self.walk_begin, self.walk_end) = (begin, begin);
    }

    /// When something is next to be done.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next_time()
    }

    /// The next check that is due by `now`, each target's in the order of due times. A target of which
    /// several slots have passed is checked for the last one; those before were jumped over, and take
    /// turns with the checks of others that come due.
    pub fn pop(&mut self, now: Timestamp) -> Option<Due> {
        loop {
            let (turn, target) = self.agenda.first(now)?;
            let planned = self.take(&target)?;
            match planned.presence {
                Presence::Listed if turn == Turn::InTime && planned.is_jumped_over(now) => {
                    let planned = self.forget_slots(planned, now, 1);
                    self.line_up_jumped(planned, now);
                }
                Presence::Listed => {
                    self.agenda.served(turn);
                    return self.check(planned, now);
                }
                Presence::Leaving { .. } => return self.say_last_word(planned),
                // It did not come back in time to be checked twice for one slot.
                Presence::Gone => {}
            }
        }
    }

    /// The last words that are still to be said, whose time has not come.
    pub fn take_last_words(&mut self) -> Vec<Due> {
        let all = self.planned.values();
        let leaving = all.filter(|it| matches!(it.presence, Presence::Leaving { .. }));
        let targets: Vec<_> = leaving.map(|it| Arc::clone(&it.entry.target)).collect();
        let words = targets.iter().filter_map(|target| {
            let planned = self.take(target)?;
            self.say_last_word(planned)
        });
        words.collect()
    }

    /// How many slots were let go without a result since the last time this was asked, if any: the
    /// clock jumped over more of a target than are told.
    pub fn take_forgotten_slots(&mut self) -> Option<NonZeroU64> {
        NonZeroU64::new(std::mem::take(&mut self.forgotten_slots))
    }

    fn check(&mut self, planned: Planned, now: Timestamp) -> Option<Due> {
        // What passes while it is told what was jumped over is not let go so soon.
        let mut planned = self.forget_slots(planned, now, 2);
        let slot = planned.next?;
        let arrival = if planned.is_jumped_over(now) {
            Arrival::JumpedOver
        } else if slot < planned.since {
            Arrival::UnderWay
        } else {
            Arrival::CameDue
        };
        planned.checked(slot);
        let due = self.due(&planned.entry, slot, arrival);
        if planned.is_jumped_over(now) {
            self.line_up_jumped(planned, now);
        } else {
            self.line_up(planned);
        }
        Some(due)
    }

    /// Lets go of slots that were jumped over, beyond so many times those of a jump that may be told; the
    /// caller asks how many.
    fn forget_slots(&mut self, mut planned: Planned, now: Timestamp, times: u32) -> Planned {
        let told_max = (JUMPED_SLOTS_MAX / (self.planned.len() + 1)).max(JUMPED_SLOTS_MIN);
        let told_max = u32::try_from(told_max).unwrap_or(u32::MAX);
        let interval = planned.entry.interval;
        let told = interval.saturating_mul(told_max.saturating_mul(times));
        let last = planned.times.slot_at(now);
        if let Some(due) = planned.next
            && let Ok(first_told) = last.checked_sub(told)
        {
            let slot = due.max(planned.times.slot_at(first_told));
            self.forgotten_slots += slots_between(due, slot, interval);
            planned.next = Some(slot);
        }
        planned
    }

    /// The first slot that the target will not have is skipped.
    fn say_last_word(&mut self, mut planned: Planned) -> Option<Due> {
        let slot = planned.next?;
        planned.told(slot);
        let due = self.due(&planned.entry, slot, Arrival::Left);
        self.line_up(planned);
        Some(due)
    }

    fn due(&mut self, entry: &Entry, slot: Timestamp, arrival: Arrival) -> Due {
        // A slot under way began before the walk did.
        self.walk_begin = self.walk_begin.min(slot);
        self.walk_end = self.walk_end.max(slot);
        let walks = self.walked.iter();
        let times_before = walks.filter(|walk| walk.contains(&slot)).count();
        let again = MICROSECOND.saturating_mul(u32::try_from(times_before).unwrap_or(u32::MAX));
        Due {
            target: Arc::clone(&entry.target),
            scheduled_at: slot.saturating_add(again).unwrap_or(slot),
            interval: entry.interval,
            arrival,
        }
    }

    /// Takes a target out, to be lined up again or forgotten.
    fn take(&mut self, target: &Arc<Target>) -> Option<Planned> {
        let planned = self.planned.remove(target)?;
        if let Some(place) = planned.place {
            self.agenda.remove(place);
        }
        Some(planned)
    }

    /// Puts a target in, by when something is next to be done for it.
    fn line_up(&mut self, planned: Planned) {
        let time = match planned.presence {
            Presence::Listed => planned.next,
            Presence::Leaving { last_word } => planned.next.map(|next| next.min(last_word)),
            Presence::Gone => planned.forgotten_at(),
        };
        self.stand(planned, time.map(|time| (Turn::InTime, time)));
    }

    /// Puts a target in of which slots were jumped over: who has the least time for its next check is first.
    fn line_up_jumped(&mut self, planned: Planned, now: Timestamp) {
        let slot = planned.times.slot_at(now);
        self.stand(planned, Some((Turn::JumpedOver, slot)));
    }

    fn stand(&mut self, mut planned: Planned, place: Option<(Turn, Timestamp)>) {
        let target = Arc::clone(&planned.entry.target);
        planned.place =
            place.map(|(turn, time)| self.agenda.insert(turn, time, Arc::clone(&target)));
        self.planned.insert(target, planned);
    }
}

fn slots_between(from: Timestamp, to: Timestamp, interval: Duration) -> u64 {
    let time = Duration::try_from(to.duration_since(from)).unwrap_or_default();
    u64::try_from(time.as_micros() / interval.as_micros().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
