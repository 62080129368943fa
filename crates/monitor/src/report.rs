//! What the log and the metrics say of each check.

mod line;
mod reporter;

use std::time::Duration;

use metrics::{gauge, histogram};

pub(crate) use self::reporter::Reporter;

/// A probe began, so long after it was due.
pub(crate) fn began(lag: Duration) {
    histogram!("monitor_schedule_lag_seconds").record(lag);
}

/// So many probes run.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn in_flight(probes: usize) {
    gauge!("monitor_in_flight_probes").set(probes as f64);
}
