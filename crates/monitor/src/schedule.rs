//! When each target is due.
//!
//! Its due times are [`messages::DueTimes`]. [`Schedule`] is pure: it is told what the time is. [`run`] tells it.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc, time::Duration};

use jiff::Timestamp;
use messages::DueTimes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{clock::now, targets::Target};

/// How often the clock is read at least: a wall clock that jumps, or a machine that slept, is
/// noticed within this time.
const CLOCK_READ_INTERVAL: Duration = Duration::from_millis(500);
/// A wall clock set back by more than this is worth a word.
const SET_BACK_TOLERANCE: Duration = Duration::from_secs(2);
/// Slots of one target that are reported as missed when the clock jumps over more.
const JUMPED_SLOTS_MAX: i64 = 100;

/// A check that came due, or whose time was jumped over.
#[derive(Clone, Debug)]
pub struct Due {
    /// Whom to check.
    pub target: Arc<Target>,
    /// When it was due.
    pub scheduled_at: Timestamp,
    /// False for the slot that was under way at the start: its lag says nothing about the prober.
    pub after_start: bool,
    /// True when its time had passed before anybody could look: the clock jumped, or the machine
    /// slept.
    pub jumped_over: bool,
}

/// Wall time in microseconds since the Unix epoch.
type Micros = i64;

/// The due times of all targets.
#[derive(Debug)]
pub struct Schedule {
    targets: Vec<Arc<Target>>,
    interval: Micros,
    started_at: Micros,
    /// The next due time of each target, by its place in `targets`.
    next: BinaryHeap<Reverse<(Micros, usize)>>,
}

impl Schedule {
    /// Every target's slot under way at `now` is due at once.
    pub fn new(targets: &[Arc<Target>], interval: Duration, now: Timestamp) -> Self {
        let slots = targets.iter().enumerate().map(|(index, target)| {
            let slot = DueTimes::new(&target.url, interval).slot_at(now);
            Reverse((slot.as_microsecond(), index))
        });
        Self {
            interval: interval_micros(interval),
            started_at: now.as_microsecond(),
            next: slots.collect(),
            targets: targets.to_vec(),
        }
    }

    /// When the next check is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next.peek().map(|Reverse((due, _))| timestamp(*due))
    }

    /// The next check that is due by `now`, in the order of due times. A target of which several
    /// slots have passed is checked for the last one; those before were jumped over.
    pub fn pop(&mut self, now: Timestamp) -> Option<Due> {
        let now = now.as_microsecond();
        let mut next = self.next.peek_mut()?;
        let Reverse((due, index)) = *next;
        if due > now {
            return None;
        }
        let slots_behind = (now - due) / self.interval;
        // Beyond the bound, slots are let go; the caller sees the gap in the due times.
        let forgotten = (slots_behind - JUMPED_SLOTS_MAX).max(0);
        let due = due + forgotten * self.interval;
        *next = Reverse((due + self.interval, index));
        drop(next);
        if forgotten > 0 {
            warn!(
                target.url = %self.targets[index].shown(),
                slots = forgotten,
                "The clock jumped too far: checks that were due meanwhile get no result"
            );
        }
        Some(Due {
            target: Arc::clone(&self.targets[index]),
            scheduled_at: timestamp(due),
            after_start: due >= self.started_at,
            jumped_over: slots_behind > 0,
        })
    }
}

fn interval_micros(interval: Duration) -> Micros {
    // Settings are bounded far below; an interval of nothing would never end.
    Micros::try_from(interval.as_micros())
        .unwrap_or(Micros::MAX)
        .max(1)
}

fn timestamp(micros: Micros) -> Timestamp {
    // Every due time lies within an interval of a time that the clock showed.
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

/// Sends each check when it is due, until `stop`.
pub async fn run(mut schedule: Schedule, due: mpsc::Sender<Due>, stop: CancellationToken) {
    // The first look is at the time for which the schedule was made: a slot that was under way then
    // is not jumped over because it ended since.
    let mut time = timestamp(schedule.started_at);
    loop {
        while let Some(check) = schedule.pop(time) {
            let sent = stop.run_until_cancelled(due.send(check)).await;
            // Told to stop; or the prober is gone, which whoever runs us will see.
            if !matches!(sent, Some(Ok(()))) {
                return;
            }
        }
        let wait = schedule.next_due().map_or(CLOCK_READ_INTERVAL, |due| {
            let until = Duration::try_from(due.duration_since(now())).unwrap_or_default();
            until.min(CLOCK_READ_INTERVAL)
        });
        let waited = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        if waited.is_none() {
            return;
        }
        let last = std::mem::replace(&mut time, now());
        warn_if_set_back(last, time);
    }
}

fn warn_if_set_back(last: Timestamp, now: Timestamp) {
    let back = Duration::try_from(last.duration_since(now)).unwrap_or_default();
    if back > SET_BACK_TOLERANCE {
        warn!(
            seconds = back.as_secs(),
            "The clock was set back: nothing is due again until it is past {last:.0}"
        );
    }
}

#[cfg(test)]
mod tests;
