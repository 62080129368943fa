//! What the log and the metrics say of each check.

use std::time::Duration;

use messages::{CheckResult, Outcome, Phase, Probe};
use metrics::{counter, gauge, histogram};
use tracing::{info, warn};

use crate::masked::Masked;

/// A probe began, so long after it was due.
pub(crate) fn began(lag: Duration) {
    histogram!("monitor_schedule_lag_seconds").record(lag);
}

/// So many probes run.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn in_flight(probes: usize) {
    gauge!("monitor_in_flight_probes").set(probes as f64);
}

/// A check has its result: one line in the log.
pub(crate) fn checked(result: &CheckResult) {
    count(result);
    let url = Masked(&result.check.url);
    let outcome = result.kind().as_str();
    let status = result.error_code();
    let probe = result.probe();
    let duration_ms = probe.map_or(0, |probe| probe.response_time.as_millis());
    match (&result.outcome, result.failure()) {
        (Outcome::Up { response, .. }, _) => info!(
            status,
            duration_ms,
            r#match = response.matched.kind().as_str(),
            url = %url,
            "{outcome}"
        ),
        (Outcome::Down { .. } | Outcome::Skipped { .. }, failure) => {
            let reason = failure.map_or("", |failure| failure.reason.as_str());
            let phase = failure.and_then(|failure| failure.phase).map(Phase::as_str);
            let detail = failure.and_then(|failure| failure.detail.as_deref());
            info!(status, duration_ms, reason, phase, url = %url, detail, "{outcome}");
        }
        (Outcome::Missed { .. }, failure) => {
            let detail = failure.and_then(|failure| failure.detail.as_deref());
            warn!(scheduled_at = %result.check.scheduled_at, url = %url, detail, "{outcome}");
        }
    }
}

fn count(result: &CheckResult) {
    counter!("monitor_checks_total", "outcome" => result.kind().as_str()).increment(1);
    if let Some(failure) = result.failure() {
        counter!("monitor_failures_total", "reason" => failure.reason.as_str()).increment(1);
    }
    if let Some(Probe { timings, .. }) = result.probe() {
        for &phase in Phase::ALL {
            if let Some(time) = timings.get(phase) {
                histogram!("monitor_probe_seconds", "phase" => phase.as_str()).record(time);
            }
        }
    }
}
