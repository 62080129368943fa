//! From a result to what Prometheus is told of it.

use std::time::Duration;

use jiff::Timestamp;
use messages::{CheckResult, FailureReason, HttpVersion, Outcome, Timings};
use service::blackbox::{Phases, Seen};

/// What a check found of its site; `None` where it was not looked at.
pub(super) fn seen(result: &CheckResult) -> Option<Seen> {
    let is_up = match result.outcome {
        Outcome::Up { .. } => true,
        Outcome::Down { .. } => false,
        Outcome::Missed { .. } | Outcome::Skipped { .. } => return None,
    };
    let (probe, response) = (result.probe()?, result.response());
    let address = probe.remote_address;
    let certificate = probe.certificate.as_ref();
    Some(Seen {
        is_up,
        response_time: probe.response_time.as_secs_f64(),
        phases: phases(&probe.timings),
        status: response.map_or(0, |it| it.status),
        http_version: response.map_or(0.0, |it| version(it.http_version)),
        ip_version: address.map_or(0, |it| if it.is_ipv4() { 4 } else { 6 }),
        redirects: probe.redirects,
        body_bytes: response.map_or(0, |it| it.body_bytes),
        failed_by_pattern: result.failure().is_some_and(|it| is_pattern(it.reason)),
        tls_version: probe.tls_version.map(|it| it.as_str().into()),
        certificate_ends_at: certificate.map(|it| seconds(it.not_after)),
    })
}

/// A time in seconds since 1970.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

fn phases(timings: &Timings) -> Phases {
    let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
    Phases {
        dns: seconds(timings.dns),
        connect: seconds(timings.connect),
        tls: seconds(timings.tls),
        first_byte: seconds(timings.first_byte),
        body: seconds(timings.body),
    }
}

fn version(version: HttpVersion) -> f64 {
    match version {
        HttpVersion::Http10 => 1.0,
        HttpVersion::Http11 => 1.1,
        HttpVersion::Http2 => 2.0,
    }
}

fn is_pattern(reason: FailureReason) -> bool {
    matches!(
        reason,
        FailureReason::PatternNotFound | FailureReason::PatternFound
    )
}
