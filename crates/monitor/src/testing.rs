//! What the tests of several stages need.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use messages::{
    Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Outcome, Probe, Response,
    SelfDoubt, Timings,
};

use crate::targets::{Host, OwnSettings, Target};

/// A target of which only its url matters.
pub(crate) fn target(url: &str) -> Arc<Target> {
    let address = url::Url::parse(url).unwrap();
    Arc::new(Target {
        url: url.into(),
        host: Host::of(&address),
        address,
        pattern: None,
        own: OwnSettings::default(),
        going_along: None,
    })
}

/// A site that answered well.
pub(crate) fn up(url: &str) -> CheckResult {
    let response = Response {
        status: 200,
        http_version: HttpVersion::Http11,
        matched: Match::NotEvaluated,
        body_bytes: 0,
        body_truncated: false,
    };
    let probe = probe();
    result(url, Outcome::Up { probe, response })
}

/// A site that failed before it answered.
pub(crate) fn down(url: &str, reason: FailureReason) -> CheckResult {
    let outcome = Outcome::Down {
        probe: probe(),
        response: None,
        failure: Failure::new(reason, None, "it failed"),
    };
    result(url, outcome)
}

/// A check that nobody made.
pub(crate) fn missed(url: &str, why: &str) -> CheckResult {
    let outcome = Outcome::Missed {
        probe: None,
        failure: Failure::new(FailureReason::ProberFailed, None, why),
    };
    result(url, outcome)
}

fn result(url: &str, outcome: Outcome) -> CheckResult {
    CheckResult {
        check: Check {
            url: url.into(),
            regex_pattern: String::new(),
            interval: Duration::from_secs(1),
            location: "here".into(),
            scheduled_at: Timestamp::UNIX_EPOCH,
            target: None,
        },
        outcome,
        self_doubt: SelfDoubt::default(),
    }
}

fn probe() -> Probe {
    Probe {
        started_at: Timestamp::UNIX_EPOCH,
        response_time: Duration::from_millis(38),
        timings: Timings::default(),
        attempt: 1,
        redirects: 0,
        remote_address: None,
        tls_version: None,
        certificate: None,
    }
}
