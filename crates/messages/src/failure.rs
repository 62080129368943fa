//! Why a check failed: a closed list, shared by the record, the row and the metrics.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::word::spelled;

/// `error_code` when the name did not resolve.
const CODE_NAME_NOT_RESOLVED: i32 = 404;
/// `error_code` when the TCP connect timed out.
const CODE_CONNECT_TIMEOUT: i32 = 599;
/// `error_code` for every other failure.
const CODE_OTHER: i32 = -1;

/// What went wrong, in which phase, and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The kind, for counting and for rules.
    pub reason: FailureReason,
    /// The phase in which it happened; `None` when it belongs to none.
    pub phase: Option<Phase>,
    /// The words, for a person. Holds no secret: urls are masked before they get here.
    pub detail: Option<String>,
}

impl Failure {
    /// A failure with its explanation.
    pub fn new(
        reason: FailureReason,
        phase: impl Into<Option<Phase>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            reason,
            phase: phase.into(),
            detail: Some(detail.into()),
        }
    }
}

/// The phases of a probe, in the order in which they happen; named as in the record's `timings`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Resolving the name.
    Dns,
    /// The TCP connect.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the request sent until the response's head is complete.
    FirstByte,
    /// Reading the body.
    Body,
}

/// The closed list of reasons for a failure, in the order of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum FailureReason {
    /// The name does not exist, or has no address.
    DnsNotFound,
    /// The name servers answered with a failure.
    DnsServerFailure,
    /// The name servers did not answer in time.
    DnsTimeout,
    /// The TCP connect got no answer in time.
    ConnectTimeout,
    /// The port is closed.
    ConnectRefused,
    /// No route to the address.
    ConnectUnreachable,
    /// The TCP connect failed in another way.
    ConnectFailed,
    /// The address is one that is never probed, such as 0.0.0.0.
    AddressForbidden,
    /// The certificate is past its validity, or not yet in it.
    TlsExpired,
    /// The certificate is not signed by an authority that is trusted.
    TlsUntrusted,
    /// The certificate is for another name.
    TlsWrongHost,
    /// The TLS handshake failed, or hung.
    TlsHandshake,
    /// The response's head did not come in time.
    FirstByteTimeout,
    /// The body did not come in time.
    BodyTimeout,
    /// The connection was closed before the response was whole.
    ConnectionReset,
    /// What came is not HTTP, or breaks its rules.
    ProtocolError,
    /// More redirects than may be followed.
    TooManyRedirects,
    /// A redirect that leads nowhere: no Location, or one that cannot be followed.
    BadRedirect,
    /// The prober itself could not look; never the site's fault.
    ProberFailed,
    /// The status is not one that the target expects.
    StatusUnexpected,
    /// The page lacks the text that the target demands.
    PatternNotFound,
    /// The page holds the text that the target forbids.
    PatternFound,
    /// The target left the list: only on `skipped`, once.
    TargetRemoved,
    /// The site's robots.txt asks not to be looked at: only on `skipped`.
    RobotsDisallowed,
}

impl FailureReason {
    /// The record's `error_code` where no status line was read.
    pub fn error_code(self) -> i32 {
        match self {
            Self::DnsNotFound | Self::DnsServerFailure | Self::DnsTimeout => CODE_NAME_NOT_RESOLVED,
            Self::ConnectTimeout => CODE_CONNECT_TIMEOUT,
            // The contract says so: every other failure.
            _ => CODE_OTHER,
        }
    }
}

spelled!(Phase, FailureReason);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_original() {
        assert_eq!(FailureReason::DnsTimeout.error_code(), 404);
        assert_eq!(FailureReason::ConnectTimeout.error_code(), 599);
        assert_eq!(FailureReason::FirstByteTimeout.error_code(), -1);
    }
}
