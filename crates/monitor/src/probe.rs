//! One look at one website: resolve, connect, handshake, ask, read, seek.
//!
//! What a failure belongs to is known from the phase in which it happened, and never guessed from
//! an error's words or from the clock that rang: the trace knows.

mod body;
mod certificate;
mod client;
mod connect;
mod exchange;
mod failure;
mod instruments;
mod judge;
mod limit;
mod memory;
mod notes;
mod page;
mod policy;
mod proxy;
mod request;
mod resolve;
mod seek;
mod settings;
pub mod tls;
mod trace;

use http::Method;
use messages::{Failure, FailureReason, Match, Outcome, Probe, Response};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use self::{
    exchange::{Journey, proxied::blame_for_silence},
    limit::Limit,
    page::Page,
    seek::Sought,
    trace::Trace,
};
pub use self::{
    instruments::Instruments,
    notes::{Excerpt, Fate, Hop, Notes, Story},
    page::page_text,
    policy::Policy,
    proxy::SitesProxy,
    request::{Asking, Expectation, IpVersion, ProbeRequest, Statuses},
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
    /// Whether the request's deadline ended it before its timeout: the site might have answered.
    pub was_cut_short: bool,
}

impl Instruments {
    /// Asks the site, until `give_up` or the end of the time for the whole at the latest.
    pub async fn probe(&self, request: &ProbeRequest, give_up: &CancellationToken) -> Finding {
        let trace = Trace::begin().noted(self.notes.clone());
        let limit = Limit::of(request, &self.settings);
        let going = timeout_at(limit.at, Journey::new(self, request).go(&trace));
        let went = give_up.run_until_cancelled(going).await;
        trace.end();
        let was_cut_short = limit.is_cut_short && matches!(went, Some(Err(_)));
        let went = match went {
            Some(Ok(went)) => went,
            Some(Err(_)) => Err(self.blame(&trace, trace.timed_out(&limit)).await),
            None => Err(trace.given_up()),
        };
        Finding {
            outcome: self.outcome(request, &trace, went).await,
            was_held_up: trace.was_held_up(),
            was_cut_short,
        }
    }

    /// Whose fault it is that the time was over: where a proxy lies between, it may be that.
    async fn blame(&self, trace: &Trace, failure: Failure) -> Failure {
        let Some(proxy) = &self.settings.proxy else {
            return failure;
        };
        let (probe, _) = trace.parts(Match::NotEvaluated);
        blame_for_silence(proxy, failure, &probe).await
    }

    async fn outcome(
        &self,
        request: &ProbeRequest,
        trace: &Trace,
        went: Result<Option<Page>, Failure>,
    ) -> Outcome {
        let expected = &request.expected;
        let page = match went {
            Ok(page) => page,
            Err(failure) => return failed(expected, trace, failure),
        };
        if let Some(failure) = trace.status().and_then(|status| expected.failure(status)) {
            return failed(expected, trace, failure);
        }
        let (matched, failure) = self.seek(request, page, trace).await;
        match (trace.parts(matched), failure) {
            (parts, Some(failure)) => unwell(parts, failure),
            ((probe, Some(response)), None) => Outcome::Up { probe, response },
            // A page without a status line cannot be.
            (parts, None) => unwell(
                parts,
                Failure::new(FailureReason::ProberFailed, None, "no status was read"),
            ),
        }
    }

    /// What is found in the page, and the failure that this is.
    async fn seek(
        &self,
        request: &ProbeRequest,
        page: Option<Page>,
        trace: &Trace,
    ) -> (Match, Option<Failure>) {
        let expected = &request.expected;
        let Some(page) = page else {
            let failure = expected.demands_text().then(judge::was_let_go);
            return (Match::NotEvaluated, failure);
        };
        let is_truncated = page.is_truncated();
        let shown = Masked(request.url.as_str()).to_string();
        let mut sought = Sought::of(expected, trace);
        if request.asking.method == Method::HEAD {
            // There is no page in which it could be missing.
            sought.regexp = None;
        }
        let found = self.seeker.seek(sought, page, &shown).await;
        let failure = judge::failure(expected, &found, is_truncated);
        (judge::matched(found.regexp, is_truncated), failure)
    }
}

/// The outcome of a probe that did not end well: a status that failed stays what it is when the rest
/// of its body fails too.
fn failed(expected: &Expectation, trace: &Trace, failure: Failure) -> Outcome {
    let of_status = trace.status().and_then(|status| expected.failure(status));
    let failure = match of_status {
        Some(of_status) if failure.reason != FailureReason::ProberFailed => of_status,
        _ => failure,
    };
    unwell(trace.parts(Match::NotEvaluated), failure)
}

/// The prober's own fault is never the site's.
fn unwell((probe, response): (Probe, Option<Response>), failure: Failure) -> Outcome {
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
