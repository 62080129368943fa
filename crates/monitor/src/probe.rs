//! One look at one website: resolve, connect, handshake, ask, read, seek.
//!
//! What a failure belongs to is known from the phase in which it happened, and never guessed from
//! an error's words or from the clock that rang: the trace knows.

mod body;
mod certificate;
mod connect;
mod exchange;
mod failure;
mod http;
mod instruments;
mod memory;
mod page;
mod request;
mod resolve;
mod seek;
mod settings;
pub mod tls;
mod trace;

use messages::{Failure, FailureReason, Match, Outcome};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::{exchange::Journey, page::Page, trace::Trace};
pub use self::{
    instruments::Instruments,
    request::{Expectation, ProbeRequest},
    settings::ProbeSettings,
};
use crate::masked::Masked;

/// What a probe found.
#[derive(Debug)]
pub struct Finding {
    /// What it says of the site.
    pub outcome: Outcome,
    /// Whether the prober held it up, so that its times say little of the site.
    pub was_held_up: bool,
}

impl Instruments {
    /// Asks the site, until `give_up` or the end of the time for the whole at the latest.
    pub async fn probe(&self, request: &ProbeRequest, give_up: &CancellationToken) -> Finding {
        let trace = Trace::begin();
        let outcome = self.outcome(request, &trace, give_up).await;
        Finding {
            outcome,
            was_held_up: trace.was_held_up(),
        }
    }

    async fn outcome(
        &self,
        request: &ProbeRequest,
        trace: &Trace,
        give_up: &CancellationToken,
    ) -> Outcome {
        let deadline = Instant::now() + self.settings.total_timeout;
        let went = timeout_at(deadline, Journey::new(self, request).go(trace));
        let went = match give_up.run_until_cancelled(went).await {
            Some(Ok(went)) => went,
            Some(Err(_)) => Err(trace.timed_out(self.settings.total_timeout)),
            None => Err(trace.given_up()),
        };
        trace.end();
        let expected = &request.expected;
        let page = match went {
            Ok(page) => page,
            Err(failure) => return failed(expected, trace, failure),
        };
        if let Some(failure) = trace.status().and_then(|status| expected.failure(status)) {
            return failed(expected, trace, failure);
        }
        let matched = self.seek(request, page).await;
        match trace.parts(matched) {
            (probe, Some(response)) => Outcome::Up { probe, response },
            // A page without a status line cannot be.
            (probe, None) => Outcome::Missed {
                probe: Some(probe),
                failure: Failure::new(FailureReason::ProberFailed, None, "no status was read"),
            },
        }
    }

    async fn seek(&self, request: &ProbeRequest, page: Option<Page>) -> Match {
        match (&request.expected.pattern, page) {
            (Some(pattern), Some(page)) => {
                let shown = Masked(request.url.as_str()).to_string();
                self.seeker.seek(pattern.clone(), page, &shown).await
            }
            _ => Match::NotEvaluated,
        }
    }
}

/// The outcome of a probe that did not end well: the prober's own fault is never the site's, and a
/// status that failed stays what it is when the rest of its body fails too.
fn failed(expected: &Expectation, trace: &Trace, failure: Failure) -> Outcome {
    let of_status = trace.status().and_then(|status| expected.failure(status));
    let failure = match of_status {
        Some(of_status) if failure.reason != FailureReason::ProberFailed => of_status,
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

#[cfg(test)]
mod tests;
