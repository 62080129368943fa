//! What a monitor publishes. Each combination that these types allow makes sense.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value};
use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::{
    failure::Failure,
    identity::check_id,
    probe::{Probe, Response},
    word::spelled,
};

/// `error_code` of a check that never got a status, whatever the reason.
const CODE_NEVER_LOOKED: i32 = -1;

/// One scheduled look at one target. Each has exactly one result, however often the prober tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The target's url, exactly as configured.
    pub url: String,
    /// The target's pattern; `""` when it has none.
    pub regex_pattern: String,
    /// Time from one check of this target to the next.
    pub interval: Duration,
    /// Which monitor looks.
    pub location: String,
    /// When it is due. Records carry microseconds.
    pub scheduled_at: Timestamp,
    /// What the target's settings say beyond url and pattern, only what is set; `None` when nothing
    /// is. A tree: it is stored as it stands, also by a consumer that knows fewer settings.
    pub target: Option<Arc<Map<String, Value>>>,
}

impl Check {
    /// The id that this check has whoever publishes it.
    pub fn id(&self) -> Uuid {
        check_id(&self.location, &self.url, self.scheduled_at)
    }
}

/// What a check found. A failed check is a result, not an error.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// Which check it is: with the location, its identity.
    pub check: Check,
    /// What it found, with the evidence.
    pub outcome: Outcome,
    /// How far the prober believes its own answer.
    pub self_doubt: SelfDoubt,
}

/// What a check found, with just the evidence that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The site answered as it should.
    Up {
        /// How the exchange went, up to the end of the body.
        probe: Probe,
        /// What the site answered; of its body, the part that was read.
        response: Response,
    },
    /// The site failed.
    Down {
        /// How the exchange went, up to the failure.
        probe: Probe,
        /// The answer, once a status line was read: a failure after that keeps its status.
        response: Option<Response>,
        /// What went wrong first; what follows from it is not told.
        failure: Failure,
    },
    /// The check was due, but the prober did not or could not look.
    Missed {
        /// The exchange, where it had begun before the prober gave it up.
        probe: Option<Probe>,
        /// What kept the prober from looking.
        failure: Failure,
    },
    /// Deliberately not looked.
    Skipped {
        /// Who decided not to look: the targets' file, or the site itself.
        failure: Failure,
    },
}

/// The name of an [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum OutcomeKind {
    /// The site answered as it should.
    Up,
    /// The site failed.
    Down,
    /// The check was due, but the prober did not or could not look.
    Missed,
    /// Deliberately not looked.
    Skipped,
}

/// The prober's doubt in itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SelfDoubt {
    /// Probes running when this one began, itself included.
    pub in_flight: u32,
    /// True when the prober itself was too late or too busy to be believed.
    pub overloaded: bool,
    /// What a probe of a site that never fails found while many sites failed together; `None` when
    /// none was asked.
    pub witness: Option<Witness>,
}

/// Whether our own network is to blame when many sites fail together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Witness {
    /// A witness answers: it is the sites that fail.
    Up,
    /// No witness answers: nobody calls the sites down.
    Down,
}

spelled!(OutcomeKind, Witness);

impl CheckResult {
    /// The outcome's name.
    pub fn kind(&self) -> OutcomeKind {
        match self.outcome {
            Outcome::Up { .. } => OutcomeKind::Up,
            Outcome::Down { .. } => OutcomeKind::Down,
            Outcome::Missed { .. } => OutcomeKind::Missed,
            Outcome::Skipped { .. } => OutcomeKind::Skipped,
        }
    }

    /// The HTTP status where a status line was read; else the reason's code.
    pub fn error_code(&self) -> i32 {
        match (self.response(), &self.outcome) {
            (Some(response), _) => i32::from(response.status),
            (None, Outcome::Down { failure, .. }) => failure.reason.error_code(),
            (None, _) => CODE_NEVER_LOOKED,
        }
    }

    /// The exchange, where one began.
    pub fn probe(&self) -> Option<&Probe> {
        match &self.outcome {
            Outcome::Up { probe, .. } | Outcome::Down { probe, .. } => Some(probe),
            Outcome::Missed { probe, .. } => probe.as_ref(),
            Outcome::Skipped { .. } => None,
        }
    }

    /// The answer, where a status line was read.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Up { response, .. } => Some(response),
            Outcome::Down { response, .. } => response.as_ref(),
            Outcome::Missed { .. } | Outcome::Skipped { .. } => None,
        }
    }

    /// What went wrong, or why nothing was looked at.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Up { .. } => None,
            Outcome::Down { failure, .. }
            | Outcome::Missed { failure, .. }
            | Outcome::Skipped { failure } => Some(failure),
        }
    }

    /// From the time it was due to the time it began; `None` when it never did. Never negative:
    /// a wall clock set back in between counts as no lag.
    pub fn schedule_lag(&self) -> Option<Duration> {
        let probe = self.probe()?;
        let lag = probe.started_at.duration_since(self.check.scheduled_at);
        Some(Duration::try_from(lag).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
