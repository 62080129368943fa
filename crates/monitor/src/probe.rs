//! One look at one website: resolve, connect, handshake, ask, read, seek.
//!
//! What a failure belongs to is known from the phase in which it happened, and never guessed from
//! an error's words or from the clock that rang: the trace knows.

mod addresses;
mod body;
mod certificate;
mod client;
mod exchange;
mod expectation;
mod failure;
mod instruments;
mod memory;
mod page;
mod resolve;
mod seek;
mod settings;
pub mod tls;
mod trace;

use messages::{Failure, FailureReason, Match, Outcome};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::{exchange::Journey, expectation::STATUS_FAILED_MIN, page::Page, trace::Trace};
pub use self::{instruments::Instruments, settings::ProbeSettings};
use crate::targets::Target;

/// What a probe found.
#[derive(Debug)]
pub struct Look {
    /// What it says of the site.
    pub outcome: Outcome,
    /// Whether the prober held it up, so that its times say little of the site.
    pub was_held_up: bool,
}

impl Instruments {
    /// Looks at the target, until `give_up` at the latest.
    pub async fn probe(&self, target: &Target, give_up: &CancellationToken) -> Look {
        let trace = Trace::begin();
        let outcome = self.look(target, &trace, give_up).await;
        Look {
            outcome,
            was_held_up: trace.was_held_up(),
        }
    }

    async fn look(&self, target: &Target, trace: &Trace, give_up: &CancellationToken) -> Outcome {
        let deadline = Instant::now() + self.settings.total_timeout;
        let journey = Journey {
            instruments: self,
            address: target.address.clone(),
            // Only a page in which something is sought is kept.
            keep_page: target.pattern.is_some(),
        };
        let went = timeout_at(deadline, journey.go(trace));
        let went = match give_up.run_until_cancelled(went).await {
            Some(Ok(went)) => went,
            Some(Err(_)) => Err(trace.timed_out(self.settings.total_timeout)),
            None => Err(trace.given_up()),
        };
        trace.end();
        let page = match went {
            Ok(page) => page,
            Err(failure) => return failed(trace, failure),
        };
        if let Some(failure) = trace.status().and_then(status_failure) {
            return failed(trace, failure);
        }
        let matched = self.seek(target, page).await;
        match trace.parts(matched) {
            (probe, Some(response)) => Outcome::Up { probe, response },
            // A page without a status line cannot be.
            (probe, None) => Outcome::Missed {
                probe: Some(probe),
                failure: Failure::new(FailureReason::ProberFailed, None, "no status was read"),
            },
        }
    }

    async fn seek(&self, target: &Target, page: Option<Page>) -> Match {
        match (&target.pattern, page) {
            (Some(pattern), Some(page)) => {
                let shown = target.shown().to_string();
                self.seeker.seek(pattern.clone(), page, &shown).await
            }
            _ => Match::NotEvaluated,
        }
    }
}

/// The outcome of a probe that did not end well: the prober's own fault is never the site's, and a
/// status that failed stays what it is when the rest of its body fails too.
fn failed(trace: &Trace, failure: Failure) -> Outcome {
    let failure = match trace.status().and_then(status_failure) {
        Some(status) if failure.reason != FailureReason::ProberFailed => status,
        _ => failure,
    };
    let (probe, response) = trace.parts(Match::NotEvaluated);
    if failure.reason == FailureReason::ProberFailed {
        let probe = Some(probe);
        return Outcome::Missed { probe, failure };
    }
    Outcome::Down {
        probe,
        response,
        failure,
    }
}

fn status_failure(status: u16) -> Option<Failure> {
    (status >= STATUS_FAILED_MIN).then(|| {
        Failure::new(
            FailureReason::StatusUnexpected,
            None,
            format!("the site answered with status {status}"),
        )
    })
}

#[cfg(test)]
mod tests;
