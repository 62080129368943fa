//! How long a probe may take.

use std::time::Duration;

use messages::{FailureReason, Phase};
use tokio::time::Instant;

use super::{request::ProbeRequest, settings::ProbeSettings};

/// When a probe is over at the latest, and by whose word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) at: Instant,
    pub(super) timeout: Duration,
    /// The setting that says so.
    pub(super) set_by: &'static str,
    /// Whether the request's deadline comes before its timeout.
    pub(super) is_cut_short: bool,
}

impl Limit {
    /// A probe's that begins now.
    pub(super) fn of(request: &ProbeRequest, settings: &ProbeSettings) -> Self {
        let now = Instant::now();
        let (timeout, set_by) = match request.timeout {
            Some(timeout) => (timeout, "the target's timeout"),
            None => (settings.total_timeout, "DOWNLOAD_TIMEOUT"),
        };
        let at = now + timeout;
        match request.deadline.filter(|deadline| *deadline < at) {
            Some(deadline) => Self {
                at: deadline,
                timeout: deadline.saturating_duration_since(now),
                set_by: "the end of its interval",
                is_cut_short: true,
            },
            None => Self {
                at,
                timeout,
                set_by,
                is_cut_short: false,
            },
        }
    }
}

/// The reason of a timeout, by the phase in which it struck.
pub(super) fn timeout_reason(phase: Phase) -> FailureReason {
    match phase {
        Phase::Dns => FailureReason::DnsTimeout,
        Phase::Connect => FailureReason::ConnectTimeout,
        Phase::Tls => FailureReason::TlsHandshake,
        Phase::FirstByte => FailureReason::FirstByteTimeout,
        Phase::Body => FailureReason::BodyTimeout,
    }
}
