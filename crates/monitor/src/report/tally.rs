//! The numbers of all checks.

use std::{fmt, time::Duration};

use messages::{CheckResult, FailureReason, OutcomeKind, Phase};
use metrics::{Counter, Gauge, Histogram};

use crate::numbers;

/// What is counted of each check that has its result. A handle a series, so that none is looked up
/// for each check.
pub(super) struct Tally {
    /// By the place of the outcome, the reason and the phase in their lists.
    checks: Vec<Counter>,
    failures: Vec<Counter>,
    phases: Vec<Histogram>,
    responses: Histogram,
}

impl Tally {
    /// Each series begins with 0, so that its first change is seen.
    pub(super) fn new() -> Self {
        let outcomes = OutcomeKind::ALL.iter();
        let reasons = FailureReason::ALL.iter();
        let phases = Phase::ALL.iter();
        Self {
            checks: outcomes
                .map(|kind| numbers::CHECKS.counter_of(kind.as_str()))
                .collect(),
            failures: reasons
                .map(|reason| numbers::FAILURES.counter_of(reason.as_str()))
                .collect(),
            phases: phases
                .map(|phase| numbers::PROBE_PHASES.histogram_of(phase.as_str()))
                .collect(),
            responses: numbers::RESPONSES.histogram(),
        }
    }

    pub(super) fn count(&self, result: &CheckResult) {
        if let Some(checks) = self.checks.get(result.kind() as usize) {
            checks.increment(1);
        }
        let reason = result.failure().map(|failure| failure.reason as usize);
        if let Some(failures) = reason.and_then(|place| self.failures.get(place)) {
            failures.increment(1);
        }
        let Some(probe) = result.probe() else {
            return;
        };
        self.responses.record(probe.response_time);
        for (&phase, times) in Phase::ALL.iter().zip(&self.phases) {
            if let Some(time) = probe.timings.get(phase) {
                times.record(time);
            }
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tally").finish_non_exhaustive()
    }
}

/// How busy the prober is.
pub(crate) struct Load {
    schedule_lag: Histogram,
    in_flight: Gauge,
}

impl Load {
    pub(crate) fn new() -> Self {
        Self {
            schedule_lag: numbers::SCHEDULE_LAG.histogram(),
            in_flight: numbers::IN_FLIGHT.gauge(),
        }
    }

    /// A probe began, so long after it was due.
    pub(crate) fn began(&self, lag: Duration) {
        self.schedule_lag.record(lag);
    }

    /// So many probes run.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn in_flight(&self, probes: usize) {
        self.in_flight.set(probes as f64);
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Load").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_its_place_in_its_list() {
        for (place, kind) in OutcomeKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{}", kind.as_str());
        }
        for (place, reason) in FailureReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, place, "{}", reason.as_str());
        }
    }
}
