//! Makes the probes that are due: as many at once as may be, and exactly one result for each check.

mod attempt;
mod belief;
mod crowd;
mod draining;
mod held;
mod line;
mod listeners;
mod looked;
mod looker;
mod missed;
mod network;
mod pulse;
mod queue;
mod request;
mod robots;
mod settings;
mod teller;
mod waiting;
mod witnesses;

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Context;
use messages::SelfDoubt;
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};

pub(crate) use self::listeners::Listeners;
use self::{
    attempt::{Attempt, Begun, Found, Next, RETRY_PAUSE},
    belief::believed,
    looked::{duration, lag, lost},
    looker::Looker,
    missed::{Missed, target_left},
    pulse::Pulse,
    queue::{Queue, QueueSettings},
    teller::Teller,
    waiting::{GivenUp, Ready},
    witnesses::Witnesses,
};
pub use self::{draining::Draining, settings::ProberSettings};
use crate::{
    clock::{ClockTrouble, ClockWatch, now},
    probe::{Finding, Instruments},
    report::Load,
    schedule::{Arrival, Due},
};

/// A probe that began later than this after it was due says more about us than about the site.
const LAG_BELIEVED_MAX: Duration = Duration::from_secs(1);

/// Where checks become results.
#[derive(Debug)]
pub struct Checker {
    looker: Arc<Looker>,
    queue: Queue,
    running: JoinSet<Finding>,
    /// The attempts that are being made, by their task.
    begun: HashMap<Id, Begun>,
    draining: Draining,
    pulse: Pulse,
    clock: ClockWatch,
    load: Load,
    teller: Teller,
}

impl Checker {
    /// A prober of this location.
    pub(crate) fn new(
        settings: ProberSettings,
        location: String,
        listeners: Listeners,
        draining: Draining,
    ) -> anyhow::Result<Self> {
        let instruments = Instruments::new(settings.probe)?;
        let witnesses = Witnesses::new(
            settings.witness_urls,
            Arc::clone(&instruments),
            draining.over.clone(),
        );
        Ok(Self {
            looker: Looker::new(instruments, settings.obeys_robots, draining.over.clone()),
            queue: Queue::new(QueueSettings {
                running_max: settings.probes_max,
                running_per_host_max: settings.probes_per_host_max,
            }),
            running: JoinSet::new(),
            begun: HashMap::new(),
            draining,
            pulse: Pulse::start(),
            clock: ClockWatch::new(now(), Instant::now()),
            load: Load::new(),
            teller: Teller::new(location, listeners, witnesses),
        })
    }

    /// Makes every check that comes, until no more come and all are made. An error says how many have no
    /// result.
    pub async fn run(mut self, due: mpsc::Receiver<Due>) -> anyhow::Result<()> {
        let made = self.make_all(due).await;
        made.with_context(|| {
            // And the one of which the result went nowhere.
            let left = self.queue.waiting() + self.begun.len() + 1;
            format!("{left} checks have no result")
        })
    }

    async fn make_all(&mut self, mut due: mpsc::Receiver<Due>) -> anyhow::Result<()> {
        let mut more_come = true;
        let Draining {
            beginning_over,
            over,
        } = self.draining.clone();
        while more_come || !self.queue.is_idle() || self.teller.holds_results() {
            let (may_begin, is_over) = (!beginning_over.is_cancelled(), over.is_cancelled());
            if may_begin {
                self.miss_overdue().await?;
                self.begin_waiting();
            } else {
                self.give_up_waiting().await?;
            }
            if is_over {
                self.teller.release(None).await?;
            } else {
                self.teller.ask_again(Instant::now());
            }
            let next_time = self.next_time();
            tokio::select! {
                due = due.recv(), if more_come => match due {
                    Some(due) => self.accept(due).await?,
                    None => more_come = false,
                },
                Some(ended) = self.running.join_next_with_id() => self.end(ended).await?,
                answer = self.teller.answered(), if !is_over => self.teller.heard(answer).await?,
                // Whoever waits is missed when its interval is over, and tried again when its pause
                // is, also when nothing else happens.
                () = sleep_until(next_time.unwrap_or_else(Instant::now)), if next_time.is_some() => {}
                () = beginning_over.cancelled(), if may_begin => {}
                // Probes that run end by themselves then.
                () = over.cancelled(), if !is_over => {}
                // The last that waited were given up above, and nothing runs.
                else => {}
            }
        }
        Ok(())
    }

    /// When something is to be done, also when nothing happens.
    fn next_time(&self) -> Option<Instant> {
        let times = [self.queue.next_time(), self.teller.next_question_at()];
        times.into_iter().flatten().min()
    }

    async fn accept(&mut self, due: Due) -> anyhow::Result<()> {
        if due.arrival == Arrival::Left {
            return self.skip(due).await;
        }
        let trouble = self.clock.look(now(), Instant::now());
        if let Some(trouble @ ClockTrouble::BeforeBuild(_)) = trouble {
            return self.miss(due, Missed::ClockWrong(trouble)).await;
        }
        if due.arrival == Arrival::JumpedOver {
            return self.miss(due, Missed::JumpedOver).await;
        }
        if self.draining.beginning_over.is_cancelled() {
            return self.miss(due, Missed::Stopped).await;
        }
        let lag = lag(&due);
        match self.queue.offer(due, lag, Instant::now()) {
            None => Ok(()),
            Some(given_up) => self.let_go(given_up).await,
        }
    }

    /// Begins as many of the checks that wait as may run.
    fn begin_waiting(&mut self) {
        while let Some(ready) = self.queue.begin(Instant::now()) {
            let Ready {
                attempt,
                held_up,
                deadline,
            } = ready;
            let due = &attempt.due;
            // Only the first may run past its interval: its time is its timeout's alone.
            let ends_at = attempt.is_retry().then_some(deadline);
            let (looker, target) = (Arc::clone(&self.looker), Arc::clone(&due.target));
            let handle = self
                .running
                .spawn(async move { looker.look(&target, ends_at).await });
            let came_due = due.arrival == Arrival::CameDue;
            if came_due && !attempt.is_retry() {
                self.load.began(lag(due));
            }
            let begun = Begun {
                attempt,
                at: Instant::now(),
                in_flight: self.in_flight(),
                late: came_due && held_up > LAG_BELIEVED_MAX,
                deadline,
            };
            self.begun.insert(handle.id(), begun);
        }
        self.load.in_flight(self.running.len());
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    async fn end(&mut self, ended: Result<(Id, Finding), JoinError>) -> anyhow::Result<()> {
        let (id, look) = ended.unwrap_or_else(|error| (error.id(), lost(&error)));
        // Every task that was spawned stands in the map.
        let Some(begun) = self.begun.remove(&id) else {
            return Ok(());
        };
        self.queue.end(&begun.attempt.due.target, Instant::now());
        let slow = self.pulse.faltered_since(duration(&look.outcome));
        let self_doubt = SelfDoubt {
            in_flight: begun.in_flight,
            overloaded: begun.late || slow || look.was_held_up,
            witness: None,
        };
        let time = (now(), Instant::now());
        self.clock.look(time.0, time.1);
        let found = Found {
            outcome: believed(look.outcome, begun.at, &self.clock, time),
            self_doubt,
        };
        match begun.attempt.end(found, look.was_cut_short) {
            Next::Told(due, found) => self.teller.tell(due, *found).await,
            Next::Again(attempt) => self.try_again(attempt, begun.deadline).await,
        }
    }

    /// Tries a failed check again, where there is time for it.
    async fn try_again(&mut self, attempt: Attempt, deadline: Instant) -> anyhow::Result<()> {
        let pause_end = Instant::now() + RETRY_PAUSE;
        match self.queue.retry(attempt, pause_end, deadline) {
            None => Ok(()),
            Some(attempt) => self.let_go((attempt, Missed::LastStillRan)).await,
        }
    }

    /// What could not begin within its interval never will.
    async fn miss_overdue(&mut self) -> anyhow::Result<()> {
        while let Some(given_up) = self.queue.take_overdue(Instant::now()) {
            self.let_go(given_up).await?;
        }
        Ok(())
    }

    async fn give_up_waiting(&mut self) -> anyhow::Result<()> {
        while let Some(attempt) = self.queue.take_waiting() {
            self.let_go((attempt, Missed::Stopped)).await?;
        }
        Ok(())
    }

    async fn let_go(&mut self, (attempt, why): GivenUp) -> anyhow::Result<()> {
        match attempt.give_up(why) {
            Ok((due, found)) => self.teller.tell(due, found).await,
            Err((due, why)) => self.miss(due, why).await,
        }
    }

    async fn miss(&mut self, due: Due, why: Missed) -> anyhow::Result<()> {
        let why = why.of(due.arrival);
        let self_doubt = SelfDoubt {
            in_flight: self.in_flight(),
            overloaded: why.is_overload(),
            witness: None,
        };
        let found = Found {
            outcome: why.outcome(None),
            self_doubt,
        };
        self.teller.tell(due, found).await
    }

    /// The last word of a target that left the list.
    async fn skip(&mut self, due: Due) -> anyhow::Result<()> {
        let found = Found {
            outcome: target_left(),
            self_doubt: SelfDoubt {
                in_flight: self.in_flight(),
                ..SelfDoubt::default()
            },
        };
        self.teller.tell(due, found).await
    }
}

#[cfg(test)]
mod tests;
