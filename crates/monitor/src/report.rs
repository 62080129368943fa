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

/// Whether our own network is out.
pub(crate) fn network_out(is_out: bool) {
    gauge!("monitor_network_out").set(f64::from(u8::from(is_out)));
}

/// So many probes run.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn in_flight(probes: usize) {
    gauge!("monitor_in_flight_probes").set(probes as f64);
}
