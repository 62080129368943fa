//! Why a check that was due was not made.

use std::borrow::Cow;

use messages::{Failure, FailureReason, Outcome, Probe};

use crate::{clock::ClockTrouble, schedule::Arrival};

/// Why a target has no more checks, as its last result says it.
const LEFT: &str = "it left the targets, or its row is switched off or bad";

/// The last word of a target that left the list.
pub(super) fn target_left() -> Outcome {
    Outcome::Skipped {
        failure: Failure::new(FailureReason::TargetRemoved, None, LEFT),
    }
}

/// The reasons that lie with the prober; what each means for the result stands here, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Its time had passed before anybody could look.
    JumpedOver,
    /// The monitor was stopped before it could begin.
    Stopped,
    /// The monitor was stopped before a failed attempt could be made again.
    StoppedBeforeRetry,
    /// The last check of the same target ran until this one's interval was over.
    LastStillRan,
    /// It waited for its turn until its interval was over.
    NoRoom,
    /// So did one whose slot was under way when its target was taken up, behind those that came due.
    TakenUpLate,
    /// The wall clock cannot be believed.
    ClockWrong(ClockTrouble),
    /// Its probe broke: a defect of ours.
    Broke,
}

impl Missed {
    /// The words for a person, as the result carries them.
    fn words(self) -> Cow<'static, str> {
        let words = match self {
            Self::JumpedOver => {
                "its time had passed before anybody could look: the clock jumped, or the machine \
                 slept"
            }
            Self::Stopped => "the monitor was stopped before it could begin",
            Self::StoppedBeforeRetry => "the monitor was stopped before it could try again",
            Self::LastStillRan => {
                "the last check of this target still ran when this one's interval was over"
            }
            Self::NoRoom => {
                "no probe could begin within its interval (PROBES_MAX, PROBES_PER_HOST_MAX)"
            }
            Self::TakenUpLate => {
                "its slot was under way when its target was taken up, and over before a probe could \
                 begin"
            }
            Self::ClockWrong(trouble) => return trouble.to_string().into(),
            Self::Broke => "the probe broke",
        };
        words.into()
    }

    /// What it is to a check that came like this.
    pub(super) fn of(self, arrival: Arrival) -> Self {
        match (self, arrival) {
            (Self::NoRoom, Arrival::UnderWay) => Self::TakenUpLate,
            _ => self,
        }
    }

    /// Whether it says that the prober was too late or too busy. A target that keeps itself busy
    /// is no overload, nor is a start with many targets.
    pub(super) fn is_overload(self) -> bool {
        match self {
            Self::JumpedOver | Self::NoRoom => true,
            Self::TakenUpLate
            | Self::Stopped
            | Self::StoppedBeforeRetry
            | Self::LastStillRan
            | Self::ClockWrong(_)
            | Self::Broke => false,
        }
    }

    /// What becomes of the check, with what is known of its probe.
    pub(super) fn outcome(self, probe: Option<Probe>) -> Outcome {
        Outcome::Missed {
            probe,
            failure: Failure::new(FailureReason::ProberFailed, None, self.words()),
        }
    }
}
