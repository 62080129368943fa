//! The schedule in time: reads the clock and sends what is due.

use std::time::Duration;

use jiff::Timestamp;
use service::health::Condition;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    due::{Arrival, Due},
    entry::{Entry, Feed},
    plan::Schedule,
    under_way::UnderWay,
};
use crate::{
    clock::{ClockTrouble, ClockWatch, is_before_build, now},
    targets::Change,
};

/// How often the clock is read at least: a wall clock that jumps, or a machine that slept, is
/// noticed within this time.
const CLOCK_READ_INTERVAL: Duration = Duration::from_millis(500);
/// A wall clock set back by less is waited for: nothing is due until it is where it was. By more, and
/// checks go on at once.
const SET_BACK_TOLERANCE: Duration = Duration::from_secs(2);

/// Checks under way that are sent at once: the prober takes them all in one turn, and there is room
/// left beside them for what comes due.
const UNDER_WAY_STEP: usize = 32;

/// The first due time that can become a row: the consumer has no tables for days before.
const TOLD_SINCE: Timestamp = Timestamp::constant(946_684_800, 0);

/// Sends each check of the targets when it is due, until `stop`; then the last words of those that
/// left and have not had theirs. Trouble with the clock, which is read here all the time, is told to
/// `clock`.
pub async fn run(feed: Feed, due: mpsc::Sender<Due>, clock: Condition, stop: CancellationToken) {
    let Feed {
        since,
        targets,
        changes,
        interval,
    } = feed;
    let mut wellness = Wellness::new(clock, now());
    let clock_shows = until_told(&mut wellness, since);
    let Some(since) = stop.run_until_cancelled(clock_shows).await else {
        return;
    };
    let mut running = Running {
        schedule: Schedule::new(Entry::every(interval, &targets), since),
        under_way: UnderWay::default(),
        wellness,
        time: since,
        right_until: believable(since),
        interval,
        due,
    };
    drop(targets);
    let served = running.serve(changes);
    // Told to stop; or the prober is gone, which whoever runs us will see.
    if stop.run_until_cancelled(served).await.is_some() {
        return;
    }
    for last_word in running.schedule.take_last_words() {
        if running.due.send(last_word).await.is_err() {
            return;
        }
    }
}

/// The prober takes no more checks.
type Refused = mpsc::error::SendError<()>;

struct Running {
    schedule: Schedule,
    under_way: UnderWay,
    wellness: Wellness,
    /// What the clock showed when it was last read.
    time: Timestamp,
    /// The last of these times that was not before the program's build.
    right_until: Option<Timestamp>,
    interval: Duration,
    due: mpsc::Sender<Due>,
}

impl Running {
    async fn serve(&mut self, mut changes: mpsc::Receiver<Vec<Change>>) -> Result<(), Refused> {
        let mut may_change = true;
        self.wellness.look(self.time);
        // The first look is at the time for which the schedule was made: a slot that was under way then
        // is not jumped over because it ended since.
        self.send_all_due().await?;
        loop {
            let mut part = None;
            tokio::select! {
                () = sleep(until_next(&self.schedule)) => {}
                sent = self.send_under_way(), if !self.under_way.is_empty() => sent?,
                received = changes.recv(), if may_change => match received {
                    Some(received) => part = Some(received),
                    None => may_change = false,
                },
            }
            self.follow_clock(now());
            if let Some(part) = part {
                self.change(part).await?;
            }
            self.send_due_for_now().await?;
            self.say_forgotten();
        }
    }

    /// A clock that shows a time of which nothing can be told is not followed there.
    fn follow_clock(&mut self, time: Timestamp) {
        self.wellness.look(time);
        if time < TOLD_SINCE {
            return;
        }
        let last = std::mem::replace(&mut self.time, time);
        if is_before_build(last) && !is_before_build(time) {
            self.schedule.begin_again(self.right_until, time);
        } else {
            follow_set_back(&mut self.schedule, last, time);
        }
        self.right_until = believable(time).or(self.right_until);
    }

    /// What was due before a change is sent as it was.
    async fn change(&mut self, changes: Vec<Change>) -> Result<(), Refused> {
        self.send_all().await?;
        for change in changes {
            match change {
                Change::Put(target) => {
                    let entry = Entry::new(target, self.interval);
                    self.schedule.put(entry, self.time);
                }
                Change::Remove(target) => self.schedule.remove(&target, self.time),
                Change::TakeOver(target, until) => {
                    let entry = Entry::new(target, self.interval);
                    self.schedule.take_over(entry, until, self.time);
                }
                Change::HandOver(target) => self.schedule.hand_over(&target),
            }
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let next = self.schedule.next_due();
        next.is_some_and(|due| due <= self.time)
    }

    /// Sends a few of those that were under way, once there is room for as many.
    async fn send_under_way(&mut self) -> Result<(), Refused> {
        let step = UNDER_WAY_STEP.min(self.due.max_capacity() / 2).max(1);
        for room in self.due.reserve_many(step).await? {
            match self.under_way.pop() {
                Some(check) => room.send(check),
                None => break,
            }
        }
        Ok(())
    }

    /// Sends everything, what comes due meanwhile before what was under way.
    async fn send_all(&mut self) -> Result<(), Refused> {
        self.send_all_due().await?;
        while !self.under_way.is_empty() {
            self.send_under_way().await?;
            self.follow_clock(now());
            self.send_all_due().await?;
        }
        Ok(())
    }

    /// Sends all that is due by the time that was read last: it is for this time that a change is made.
    /// What the clock shows meanwhile is only told.
    async fn send_all_due(&mut self) -> Result<(), Refused> {
        loop {
            match timeout(CLOCK_READ_INTERVAL, self.send_due()).await {
                Ok(sent) => return sent,
                Err(_) => self.wellness.look(now()),
            }
        }
    }

    /// Sends what came due, until the clock has to be read again: after a jump, or while the prober is
    /// slow, there may be more than that. Nothing is lost where it is cut short.
    async fn send_due_for_now(&mut self) -> Result<(), Refused> {
        let sent = timeout(CLOCK_READ_INTERVAL, self.send_due()).await;
        sent.unwrap_or(Ok(()))
    }

    /// Sends what came due; slots that were under way wait behind it.
    async fn send_due(&mut self) -> Result<(), Refused> {
        while self.under_way.is_over(self.time) {
            let room = self.due.reserve().await?;
            if let Some(check) = self.under_way.pop() {
                room.send(check);
            }
        }
        while self.is_due() {
            // Room first: a check that was taken out would be lost when we are told to stop.
            let room = self.due.reserve().await?;
            match self.schedule.pop(self.time) {
                Some(check) if check.arrival == Arrival::UnderWay => self.under_way.push(check),
                Some(check) => room.send(check),
                None => {}
            }
        }
        Ok(())
    }

    fn say_forgotten(&mut self) {
        if let Some(slots) = self.schedule.take_forgotten_slots() {
            warn!(
                slots,
                "The clock jumped too far: checks that were due meanwhile get no result"
            );
        }
    }
}

fn believable(time: Timestamp) -> Option<Timestamp> {
    (!is_before_build(time)).then_some(time)
}

/// The first time that the clock shows of which anything can be told, from this one on.
async fn until_told(wellness: &mut Wellness, mut time: Timestamp) -> Timestamp {
    if time >= TOLD_SINCE {
        return time;
    }
    warn!("Nothing is checked while the clock shows a time before the year 2000");
    loop {
        wellness.look(time);
        sleep(CLOCK_READ_INTERVAL).await;
        time = now();
        if time >= TOLD_SINCE {
            return time;
        }
    }
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
