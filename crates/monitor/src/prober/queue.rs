//! Who waits, who runs, and who is next. Pure: it is told what the time is.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{
    attempt::Attempt,
    line::{Line, Number, Place, Rank},
    waiting::{GivenUp, Ready, Waiting},
};
use crate::{
    schedule::Due,
    targets::{Host, Target},
};

/// How many may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueSettings {
    pub(super) running_max: usize,
    pub(super) running_per_host_max: usize,
}

/// The checks that wait and those that run: of each target at most one of either. Hosts take turns,
/// so that one with many targets, or with slow ones, delays nobody else.
///
/// A check that comes due while its target's last one runs waits for it. None waits longer than
/// until its interval is over: then it is missed, and the target's next one is due.
///
/// A failed one may be tried again within its interval, after a pause in which it takes nobody's
/// place.
#[derive(Debug)]
pub(super) struct Queue {
    settings: QueueSettings,
    hosts: HashMap<Host, Line>,
    /// The hosts of which a check may begin, each once, for each rank.
    turns: [VecDeque<Host>; Rank::ALL.len()],
    waiting: HashMap<Arc<Target>, Waiting>,
    running: HashSet<Arc<Target>>,
    /// The same that wait, by the time at which their interval is over.
    deadlines: BTreeMap<(Instant, Number), Arc<Target>>,
    /// Those of them that pause before they are tried again, by the time at which that is over.
    pauses: BTreeMap<(Instant, Number), Arc<Target>>,
    next_number: Number,
}

impl Queue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            hosts: HashMap::new(),
            turns: Default::default(),
            waiting: HashMap::new(),
            running: HashSet::new(),
            deadlines: BTreeMap::new(),
            pauses: BTreeMap::new(),
            next_number: 0,
        }
    }

    /// Takes a check that came so long after it was due. One of the same target that still waits
    /// gives way to it: its interval is over.
    pub(super) fn offer(&mut self, due: Due, lag: Duration, now: Instant) -> Option<GivenUp> {
        let target = Arc::clone(&due.target);
        let given_up = self.give_up(&target);
        let kept = self
            .hosts
            .get_mut(&target.host)
            .and_then(|line| line.take_kept(&target));
        let number = kept.unwrap_or_else(|| self.number());
        let ready_since = (!self.running.contains(&target)).then_some(now);
        let waiting = Waiting {
            place: (Rank::of(&due), number),
            deadline: now + due.interval.saturating_sub(lag),
            attempt: Attempt::first(due),
            lag,
            came_at: now,
            ready_since,
            paused_until: None,
        };
        self.wait(&target, waiting);
        given_up
    }

    /// Takes an attempt after a failed one, to begin after a pause and before the deadline. It comes
    /// back when there is no time left, or when the target's next check waits already.
    pub(super) fn retry(
        &mut self,
        attempt: Attempt,
        pause_end: Instant,
        deadline: Instant,
    ) -> Option<Attempt> {
        let target = Arc::clone(&attempt.due.target);
        if pause_end >= deadline || self.waiting.contains_key(&target) {
            return Some(attempt);
        }
        let number = self.number();
        self.pauses.insert((pause_end, number), Arc::clone(&target));
        let waiting = Waiting {
            place: (Rank::of(&attempt.due), number),
            deadline,
            attempt,
            lag: Duration::ZERO,
            came_at: pause_end,
            ready_since: None,
            paused_until: Some(pause_end),
        };
        self.wait(&target, waiting);
        None
    }

    fn number(&mut self) -> Number {
        self.next_number += 1;
        self.next_number
    }

    fn wait(&mut self, target: &Arc<Target>, waiting: Waiting) {
        let (place, deadline) = (waiting.place, waiting.deadline);
        let is_ready = waiting.ready_since.is_some();
        self.deadlines
            .insert((deadline, place.1), Arc::clone(target));
        self.waiting.insert(Arc::clone(target), waiting);
        if is_ready {
            self.line_up(target, place);
        }
    }

    /// The next check that may begin; it counts as running until [`Queue::end`]. What waited too
    /// long is to be taken out first, by [`Queue::take_overdue`].
    pub(super) fn begin(&mut self, now: Instant) -> Option<Ready> {
        self.end_pauses(now);
        if self.running.len() >= self.settings.running_max {
            return None;
        }
        let target = self.take_next()?;
        let Waiting {
            attempt,
            place: (_, number),
            deadline,
            lag,
            ready_since,
            ..
        } = self.waiting.remove(&target)?;
        self.deadlines.remove(&(deadline, number));
        self.running.insert(target);
        let waited = now.saturating_duration_since(ready_since.unwrap_or(now));
        Some(Ready {
            attempt,
            held_up: lag + waited,
            deadline,
        })
    }

    /// Those that have paused long enough stand in line.
    fn end_pauses(&mut self, now: Instant) {
        while let Some(pause) = self.pauses.first_entry() {
            if pause.key().0 > now {
                return;
            }
            let target = pause.remove();
            if let Some(waiting) = self.waiting.get_mut(&target) {
                waiting.paused_until = None;
                waiting.ready_since = Some(now);
                let place = waiting.place;
                self.line_up(&target, place);
            }
        }
    }

    /// The target's check has ended.
    pub(super) fn end(&mut self, target: &Arc<Target>, now: Instant) {
        if !self.running.remove(target) {
            return;
        }
        if let Some(line) = self.hosts.get_mut(&target.host) {
            line.end();
        }
        if let Some(next) = self.waiting.get_mut(target) {
            next.ready_since = Some(now);
            let place = next.place;
            self.line_up(target, place);
        }
        self.give_turns(&target.host);
    }

    /// When the first of those that wait is to be given up, or has paused long enough.
    pub(super) fn next_time(&self) -> Option<Instant> {
        let times = [&self.deadlines, &self.pauses].map(BTreeMap::first_key_value);
        let times = times.into_iter().flatten();
        times.map(|((time, _), _)| *time).min()
    }

    /// Takes out one whose interval is over.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Option<GivenUp> {
        let ((deadline, _), target) = self.deadlines.first_key_value()?;
        if *deadline > now {
            return None;
        }
        let target = Arc::clone(target);
        self.give_up(&target)
    }

    /// Takes out one that waits, whoever it is.
    pub(super) fn take_waiting(&mut self) -> Option<Attempt> {
        let (_, target) = self.deadlines.first_key_value()?;
        let target = Arc::clone(target);
        self.give_up(&target).map(|(attempt, _)| attempt)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits and nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    fn give_up(&mut self, target: &Arc<Target>) -> Option<GivenUp> {
        let waiting = self.waiting.remove(target)?;
        let (_, number) = waiting.place;
        self.deadlines.remove(&(waiting.deadline, number));
        if let Some(pause_end) = waiting.paused_until {
            self.pauses.remove(&(pause_end, number));
        }
        let why = waiting.why_overdue();
        if waiting.ready_since.is_some()
            && let Some(line) = self.hosts.get_mut(&target.host)
        {
            line.give_up(waiting.place, Arc::clone(target));
        }
        Some((waiting.attempt, why))
    }

    fn line_up(&mut self, target: &Arc<Target>, place: Place) {
        let line = self.hosts.entry(target.host.clone()).or_default();
        line.add(place, Arc::clone(target));
        self.give_turns(&target.host);
    }

    /// Takes the next target out of its line, hosts of the first rank first.
    fn take_next(&mut self) -> Option<Arc<Target>> {
        for rank in Rank::ALL {
            while let Some(host) = self.turns[rank.index()].pop_front() {
                let line = self.hosts.get_mut(&host);
                let taken =
                    line.and_then(|line| line.begin(rank, self.settings.running_per_host_max));
                self.give_turns(&host);
                if taken.is_some() {
                    return taken;
                }
            }
        }
        None
    }

    /// Gives the host a turn in each rank of which it has somebody to send, and forgets a host with
    /// nobody.
    fn give_turns(&mut self, host: &Host) {
        let Some(line) = self.hosts.get_mut(host) else {
            return;
        };
        if line.is_deserted() {
            self.hosts.remove(host);
            return;
        }
        for rank in Rank::ALL {
            if line.wants_turn(rank, self.settings.running_per_host_max) {
                self.turns[rank.index()].push_back(host.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
