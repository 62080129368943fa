//! Makes the probes that are due: as many at once as may be, and exactly one result for each check.

mod belief;
mod line;
mod missed;
mod pulse;
mod queue;

use std::{collections::HashMap, sync::Arc, time::Duration};

use messages::{Check, CheckResult, Failure, FailureReason, Outcome, SelfDoubt};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::error;

use self::{
    belief::believed,
    missed::Missed,
    pulse::Pulse,
    queue::{Queue, QueueSettings, Ready},
};
use crate::{
    clock::{ClockTrouble, ClockWatch, now},
    probe::{Expectation, Finding, Instruments, ProbeRequest, ProbeSettings},
    report::{self, Reporter},
    schedule::{Arrival, Due},
    targets::Target,
};

/// A probe that began later than this after it was due says more about us than about the site.
const LAG_BELIEVED_MAX: Duration = Duration::from_secs(1);

/// Why a target has no more checks, as its last result says it.
const LEFT: &str = "it left the targets file, or its row is switched off or bad";

/// How probes are made, and how many at once.
#[derive(Debug)]
pub struct ProberSettings {
    /// Probes at the same time.
    pub probes_max: usize,
    /// Of these, probes of one host and port.
    pub probes_per_host_max: usize,
    /// How one is made.
    pub probe: ProbeSettings,
}

/// Where checks become results.
#[derive(Debug)]
pub struct Checker {
    /// Which monitor looks.
    location: String,
    instruments: Arc<Instruments>,
    queue: Queue,
    running: JoinSet<Finding>,
    /// The checks that are being made, by their task.
    checks: HashMap<Id, Begun>,
    results: mpsc::Sender<CheckResult>,
    give_up: CancellationToken,
    pulse: Pulse,
    clock: ClockWatch,
    reporter: Reporter,
}

/// A check whose probe has begun.
#[derive(Debug)]
struct Begun {
    due: Due,
    at: Instant,
    in_flight: u32,
    late: bool,
}

impl Checker {
    /// A prober of this location. Past `give_up`, nothing is waited for any longer.
    pub fn new(
        settings: ProberSettings,
        location: String,
        results: mpsc::Sender<CheckResult>,
        give_up: CancellationToken,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            location,
            instruments: Instruments::new(settings.probe)?,
            queue: Queue::new(QueueSettings {
                running_max: settings.probes_max,
                running_per_host_max: settings.probes_per_host_max,
            }),
            running: JoinSet::new(),
            checks: HashMap::new(),
            results,
            give_up,
            pulse: Pulse::start(),
            clock: ClockWatch::new(now(), Instant::now()),
            reporter: Reporter::new(),
        })
    }

    /// Makes every check that comes, until no more come and all are made.
    pub async fn run(mut self, mut due: mpsc::Receiver<Due>) -> anyhow::Result<()> {
        let mut more_come = true;
        let give_up = self.give_up.clone();
        while more_come || !self.queue.is_idle() {
            let is_over = give_up.is_cancelled();
            if is_over {
                self.give_up_waiting().await?;
            } else {
                self.miss_overdue().await?;
                self.begin_waiting();
            }
            let deadline = self.queue.next_deadline();
            tokio::select! {
                due = due.recv(), if more_come => match due {
                    Some(due) => self.accept(due).await?,
                    None => more_come = false,
                },
                Some(ended) = self.running.join_next_with_id() => self.end(ended).await?,
                // Whoever waits is missed when its interval is over, also when nothing else
                // happens.
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {}
                // Probes that run end by themselves then; those that wait never begin.
                () = give_up.cancelled(), if !is_over => {}
                // The last that waited were given up above, and nothing runs.
                else => {}
            }
        }
        Ok(())
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
        if self.give_up.is_cancelled() {
            return self.miss(due, Missed::Stopped).await;
        }
        let lag = lag(&due);
        match self.queue.offer(due, lag, Instant::now()) {
            None => Ok(()),
            Some((due, why)) => self.miss(due, why).await,
        }
    }

    /// Begins as many of the checks that wait as may run.
    fn begin_waiting(&mut self) {
        while let Some(Ready { due, held_up }) = self.queue.begin(Instant::now()) {
            let instruments = Arc::clone(&self.instruments);
            let (request, give_up) = (request(&due.target), self.give_up.clone());
            let task = async move { instruments.probe(&request, &give_up).await };
            let handle = self.running.spawn(task);
            let came_due = due.arrival == Arrival::CameDue;
            if came_due {
                report::began(lag(&due));
            }
            let begun = Begun {
                due,
                at: Instant::now(),
                in_flight: self.in_flight(),
                late: came_due && held_up > LAG_BELIEVED_MAX,
            };
            self.checks.insert(handle.id(), begun);
        }
        report::in_flight(self.running.len());
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    async fn end(&mut self, ended: Result<(Id, Finding), JoinError>) -> anyhow::Result<()> {
        let (id, look) = match ended {
            Ok((id, look)) => (id, look),
            Err(error) => (error.id(), lost(&error)),
        };
        // Every task that was spawned stands in the map.
        let Some(Begun {
            due,
            at,
            in_flight,
            late,
        }) = self.checks.remove(&id)
        else {
            return Ok(());
        };
        self.queue.end(&due.target, Instant::now());
        let slow = self.pulse.faltered_since(duration(&look.outcome));
        let self_doubt = SelfDoubt {
            in_flight,
            overloaded: late || slow || look.was_held_up,
            witness: None,
        };
        let time = (now(), Instant::now());
        self.clock.look(time.0, time.1);
        let outcome = believed(look.outcome, at, &self.clock, time);
        self.tell(due, outcome, self_doubt).await
    }

    /// What could not begin within its interval never will.
    async fn miss_overdue(&mut self) -> anyhow::Result<()> {
        while let Some((due, why)) = self.queue.take_overdue(Instant::now()) {
            self.miss(due, why).await?;
        }
        Ok(())
    }

    async fn give_up_waiting(&mut self) -> anyhow::Result<()> {
        while let Some(due) = self.queue.take_waiting() {
            self.miss(due, Missed::Stopped).await?;
        }
        Ok(())
    }

    async fn miss(&mut self, due: Due, why: Missed) -> anyhow::Result<()> {
        let self_doubt = SelfDoubt {
            in_flight: self.in_flight(),
            overloaded: why.is_overload(due.arrival),
            witness: None,
        };
        self.tell(due, why.outcome(None), self_doubt).await
    }

    /// The last word of a target that left the list.
    async fn skip(&mut self, due: Due) -> anyhow::Result<()> {
        let self_doubt = SelfDoubt {
            in_flight: self.in_flight(),
            ..SelfDoubt::default()
        };
        let failure = Failure::new(FailureReason::TargetRemoved, None, LEFT);
        self.tell(due, Outcome::Skipped { failure }, self_doubt)
            .await
    }

    async fn tell(
        &mut self,
        due: Due,
        outcome: Outcome,
        self_doubt: SelfDoubt,
    ) -> anyhow::Result<()> {
        let result = CheckResult {
            check: Check {
                url: due.target.url.clone(),
                regex_pattern: due.target.regexp().to_owned(),
                interval: due.interval,
                location: self.location.clone(),
                scheduled_at: due.scheduled_at,
                target: due.target.going_along.clone(),
            },
            outcome,
            self_doubt,
        };
        self.reporter.checked(&result);
        let told = self.results.send(result).await;
        told.map_err(|_| anyhow::anyhow!("the publisher is gone"))
    }
}

/// What the target's probe asks for, and what it expects.
fn request(target: &Target) -> ProbeRequest {
    let expected = &target.own.expected;
    ProbeRequest {
        url: target.address.clone(),
        timeout: target.own.asked.timeout,
        deadline: None,
        expected: Expectation {
            statuses: expected.status.clone().unwrap_or_default(),
            pattern: target.pattern.clone(),
            must_match: expected.must_match.clone(),
            must_not_match: expected.must_not_match.clone(),
        },
    }
}

/// How long ago a check was due; nothing where the clock was set back meanwhile.
fn lag(due: &Due) -> Duration {
    Duration::try_from(now().duration_since(due.scheduled_at)).unwrap_or_default()
}

/// A probe that broke: a defect of ours, which must cost neither the result nor the service.
fn lost(error: &JoinError) -> Finding {
    error!("A probe broke, which is a defect of the monitor: {error}");
    Finding {
        outcome: Missed::Broke.outcome(None),
        was_held_up: false,
        was_cut_short: false,
    }
}

fn duration(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Up { probe, .. } | Outcome::Down { probe, .. } => Some(probe.response_time),
        Outcome::Missed { probe, .. } => probe.as_ref().map(|probe| probe.response_time),
        Outcome::Skipped { .. } => None,
    }
}

#[cfg(test)]
mod tests;
