//! What came back from a probe's task, and how late it was.

use std::time::Duration;

use messages::Outcome;
use tokio::task::JoinError;
use tracing::error;

use super::missed::Missed;
use crate::{clock::now, probe::Finding, schedule::Due};

/// A probe that broke: a defect of ours, which must cost neither the result nor the service.
pub(super) fn lost(error: &JoinError) -> Finding {
    error!("A probe broke, which is a defect of the monitor: {error}");
    Finding {
        outcome: Missed::Broke.outcome(None),
        was_held_up: false,
        was_cut_short: false,
    }
}

/// How long the probe took, where there was one.
pub(super) fn duration(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Up { probe, .. } | Outcome::Down { probe, .. } => Some(probe.response_time),
        Outcome::Missed { probe, .. } => probe.as_ref().map(|probe| probe.response_time),
        Outcome::Skipped { .. } => None,
    }
}

/// How long ago a check was due; nothing where the clock was set back meanwhile.
pub(super) fn lag(due: &Due) -> Duration {
    Duration::try_from(now().duration_since(due.scheduled_at)).unwrap_or_default()
}
