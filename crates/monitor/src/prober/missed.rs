//! Why a check that was due was not made.

use messages::{Failure, FailureReason, Outcome};

/// The reasons that lie with the prober; what each means for the result stands here, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Its time had passed before anybody could look.
    JumpedOver,
    /// The monitor was stopped before it could begin.
    Stopped,
    /// The last check of the same target still runs.
    LastStillRuns,
    /// It waited for its turn until its interval was over.
    NoRoom,
    /// Its probe broke: a defect of ours.
    Broke,
}

impl Missed {
    /// The words for a person, as the result carries them.
    fn words(self) -> &'static str {
        match self {
            Self::JumpedOver => {
                "its time had passed before anybody could look: the clock jumped, or the machine \
                 slept"
            }
            Self::Stopped => "the monitor was stopped before it could begin",
            Self::LastStillRuns => "the last check of this target still runs",
            Self::NoRoom => {
                "no probe could begin within its interval (PROBES_MAX, PROBES_PER_HOST_MAX)"
            }
            Self::Broke => "the probe broke",
        }
    }

    /// Whether it says that the prober was too late or too busy.
    pub(super) fn is_overload(self) -> bool {
        match self {
            Self::JumpedOver | Self::NoRoom => true,
            Self::Stopped | Self::LastStillRuns | Self::Broke => false,
        }
    }

    /// What becomes of the check.
    pub(super) fn outcome(self) -> Outcome {
        Outcome::Missed {
            probe: None,
            failure: Failure::new(FailureReason::ProberFailed, None, self.words()),
        }
    }
}
