//! The schedule in time: reads the clock and sends what is due.

use std::time::Duration;

use jiff::Timestamp;
use service::health::Condition;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    due::Due,
    plan::{Entry, Schedule},
};
use crate::clock::{ClockTrouble, ClockWatch, now};

/// How often the clock is read at least: a wall clock that jumps, or a machine that slept, is
/// noticed within this time.
const CLOCK_READ_INTERVAL: Duration = Duration::from_millis(500);
/// A wall clock set back by less is waited for: nothing is due until it is where it was. By more, and
/// checks go on at once.
const SET_BACK_TOLERANCE: Duration = Duration::from_secs(2);

/// Sends each check of the list in force when it is due, until `stop`. A list may be replaced at
/// any time; that nobody is left who could replace it changes nothing. Trouble with the clock, which
/// is read here all the time, is told to `clock`.
pub async fn run(
    mut lists: watch::Receiver<Vec<Entry>>,
    due: mpsc::Sender<Due>,
    clock: Condition,
    stop: CancellationToken,
) {
    let mut time = now();
    let mut wellness = Wellness::new(clock, time);
    let mut schedule = Schedule::new(&lists.borrow_and_update(), time);
    let mut may_change = true;
    loop {
        wellness.look(time);
        // The first look is at the time for which the schedule was made: a slot that was under way
        // then is not jumped over because it ended since.
        let sent = stop.run_until_cancelled(send_due(&mut schedule, time, &due));
        // Told to stop; or the prober is gone, which whoever runs us will see.
        if !matches!(sent.await, Some(Ok(()))) {
            return;
        }
        let mut changed = false;
        tokio::select! {
            () = sleep(until_next(&schedule)) => {}
            list = lists.changed(), if may_change => match list {
                Ok(()) => changed = true,
                Err(_) => may_change = false,
            },
            () = stop.cancelled() => return,
        }
        let last = std::mem::replace(&mut time, now());
        follow_set_back(&mut schedule, last, time);
        if changed {
            // What came due by the old list is sent by it.
            let sent = stop.run_until_cancelled(send_due(&mut schedule, time, &due));
            if !matches!(sent.await, Some(Ok(()))) {
                return;
            }
            schedule.replace(&lists.borrow_and_update(), time);
        }
    }
}

async fn send_due(
    schedule: &mut Schedule,
    time: Timestamp,
    due: &mpsc::Sender<Due>,
) -> Result<(), mpsc::error::SendError<Due>> {
    while let Some(check) = schedule.pop(time) {
        due.send(check).await?;
    }
    let slots = schedule.take_forgotten_slots();
    if slots > 0 {
        warn!(
            slots,
            "The clock jumped too far: checks that were due meanwhile get no result"
        );
    }
    Ok(())
}

fn until_next(schedule: &Schedule) -> Duration {
    schedule.next_due().map_or(CLOCK_READ_INTERVAL, |due| {
        let until = Duration::try_from(due.duration_since(now())).unwrap_or_default();
        until.min(CLOCK_READ_INTERVAL)
    })
}

/// A clock that is set back shows times that were there already.
fn follow_set_back(schedule: &mut Schedule, last: Timestamp, now: Timestamp) {
    let back = Duration::try_from(last.duration_since(now)).unwrap_or_default();
    if back > SET_BACK_TOLERANCE {
        warn!(
            seconds = back.as_secs(),
            "The clock was set back from {last:.0}: checks go on from the time that it shows now"
        );
        schedule.set_back(last, now);
    }
}

/// Whether the clock can be believed, told when it changes.
struct Wellness {
    condition: Condition,
    watch: ClockWatch,
    told: Option<ClockTrouble>,
}

impl Wellness {
    fn new(condition: Condition, time: Timestamp) -> Self {
        Self {
            condition,
            watch: ClockWatch::new(time, Instant::now()),
            told: None,
        }
    }

    fn look(&mut self, time: Timestamp) {
        let trouble = self.watch.look(time, Instant::now());
        match (self.told, trouble) {
            // It goes on from there, and its trouble stays the same.
            (Some(ClockTrouble::BeforeBuild(_)), Some(ClockTrouble::BeforeBuild(_))) => {}
            (_, Some(trouble)) => self.condition.fails(trouble.to_string()),
            (_, None) => self.condition.holds(),
        }
        self.told = trouble;
    }
}

#[cfg(test)]
mod tests;
