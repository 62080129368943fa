//! The attempts at a check: the first, and those after a failed one.

use std::time::Duration;

use jiff::Timestamp;
use messages::{Outcome, Probe, SelfDoubt};
use tokio::time::Instant;

use super::missed::Missed;
use crate::schedule::Due;

/// From a failed attempt to the next one.
pub(super) const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An attempt at a check that is due.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) due: Due,
    /// What the one before found; nothing stood before the first.
    failed: Option<Box<Failed>>,
}

/// An attempt that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) attempt: Attempt,
    pub(super) at: Instant,
    pub(super) in_flight: u32,
    pub(super) late: bool,
    /// When its interval is over.
    pub(super) deadline: Instant,
}

/// What a failed attempt found.
#[derive(Debug)]
struct Failed {
    /// 1 for the first attempt.
    number: u32,
    /// When the check began, with its first attempt.
    began_at: Option<Timestamp>,
    found: Found,
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) outcome: Outcome,
    pub(super) self_doubt: SelfDoubt,
}

/// What follows when an attempt has ended.
#[derive(Debug)]
pub(super) enum Next {
    /// That is the check's result.
    Told(Due, Box<Found>),
    /// It failed, and may be tried again.
    Again(Attempt),
}

impl Attempt {
    /// The first at a check.
    pub(super) fn first(due: Due) -> Self {
        Self { due, failed: None }
    }

    /// 1 for the first.
    pub(super) fn number(&self) -> u32 {
        self.failed.as_ref().map_or(1, |failed| failed.number + 1)
    }

    /// Whether one before it failed.
    pub(super) fn is_retry(&self) -> bool {
        self.failed.is_some()
    }

    /// The attempt has ended. One that was cut short by the end of its interval says nothing that the
    /// one before did not say.
    pub(super) fn end(self, mut found: Found, was_cut_short: bool) -> Next {
        let number = self.number();
        let began_at = match &self.failed {
            Some(failed) => failed.began_at,
            None => probe(&mut found.outcome).map(|probe| probe.started_at),
        };
        match self.failed {
            Some(failed) if was_cut_short => return Next::Told(self.due, Box::new(failed.found)),
            _ => {}
        }
        if let (Some(probe), Some(began_at)) = (probe(&mut found.outcome), began_at) {
            probe.attempt = number;
            // The check's: its lag is not longer because it was tried again.
            probe.started_at = began_at;
        }
        let retries = self.due.target.own.asked.retries.unwrap_or_default();
        if !may_be_retried(&found.outcome) || number > retries {
            return Next::Told(self.due, Box::new(found));
        }
        Next::Again(Self {
            due: self.due,
            failed: Some(Box::new(Failed {
                number,
                began_at,
                found,
            })),
        })
    }

    /// The attempt is not made: the result is what the one before found, if there was one.
    pub(super) fn give_up(self, why: Missed) -> Result<(Due, Found), (Due, Missed)> {
        let Some(failed) = self.failed else {
            return Err((self.due, why));
        };
        let mut found = failed.found;
        match why {
            // Nobody calls down what was to be looked at again.
            Missed::Stopped => {
                let probe = probe(&mut found.outcome).cloned();
                found.outcome = Missed::StoppedBeforeRetry.outcome(probe);
            }
            // It waited for its turn in vain.
            Missed::NoRoom => found.self_doubt.overloaded = true,
            _ => {}
        }
        Ok((self.due, found))
    }
}

/// Whether a check with this outcome may get another attempt.
fn may_be_retried(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Down { .. } => true,
        Outcome::Up { .. } | Outcome::Missed { .. } | Outcome::Skipped { .. } => false,
    }
}

fn probe(outcome: &mut Outcome) -> Option<&mut Probe> {
    match outcome {
        Outcome::Up { probe, .. } | Outcome::Down { probe, .. } => Some(probe),
        Outcome::Missed { probe, .. } => probe.as_mut(),
        Outcome::Skipped { .. } => None,
    }
}
