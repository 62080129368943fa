//! Why a check failed: a closed list, shared by the record, the row and the metrics.

use serde::{Deserialize, Serialize};

/// `error_code` when the name did not resolve.
const CODE_NAME_NOT_RESOLVED: i32 = 404;
/// `error_code` when the TCP connect timed out.
const CODE_CONNECT_TIMEOUT: i32 = 599;
/// `error_code` for every other failure.
const CODE_OTHER: i32 = -1;

/// What went wrong, in which phase, and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind, for counting and for rules.
    pub reason: FailureReason,
    /// The phase in which it happened; `None` when it belongs to none.
    pub phase: Option<Phase>,
    /// The words, for a person. Holds no secret: urls are masked before they get here.
    #[serde(default)]
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

/// The phases of a probe, named as in the record's `timings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Phase {
    /// Every phase, in the order in which they happen.
    pub const ALL: [Self; 5] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::FirstByte,
        Self::Body,
    ];

    /// The name used in records, columns and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::FirstByte => "first_byte",
            Self::Body => "body",
        }
    }
}

/// The closed list of reasons for a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
}

impl FailureReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 21] = [
        Self::DnsNotFound,
        Self::DnsServerFailure,
        Self::DnsTimeout,
        Self::ConnectTimeout,
        Self::ConnectRefused,
        Self::ConnectUnreachable,
        Self::ConnectFailed,
        Self::AddressForbidden,
        Self::TlsExpired,
        Self::TlsUntrusted,
        Self::TlsWrongHost,
        Self::TlsHandshake,
        Self::FirstByteTimeout,
        Self::BodyTimeout,
        Self::ConnectionReset,
        Self::ProtocolError,
        Self::TooManyRedirects,
        Self::BadRedirect,
        Self::ProberFailed,
        Self::StatusUnexpected,
        Self::PatternNotFound,
    ];

    /// The record's `error_code` where no status line was read.
    pub fn error_code(self) -> i32 {
        match self {
            Self::DnsNotFound | Self::DnsServerFailure | Self::DnsTimeout => CODE_NAME_NOT_RESOLVED,
            Self::ConnectTimeout => CODE_CONNECT_TIMEOUT,
            Self::ConnectRefused
            | Self::ConnectUnreachable
            | Self::ConnectFailed
            | Self::AddressForbidden
            | Self::TlsExpired
            | Self::TlsUntrusted
            | Self::TlsWrongHost
            | Self::TlsHandshake
            | Self::FirstByteTimeout
            | Self::BodyTimeout
            | Self::ConnectionReset
            | Self::ProtocolError
            | Self::TooManyRedirects
            | Self::BadRedirect
            | Self::ProberFailed
            | Self::StatusUnexpected
            | Self::PatternNotFound => CODE_OTHER,
        }
    }

    /// The name used in records, columns and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DnsNotFound => "dns_not_found",
            Self::DnsServerFailure => "dns_server_failure",
            Self::DnsTimeout => "dns_timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectUnreachable => "connect_unreachable",
            Self::ConnectFailed => "connect_failed",
            Self::AddressForbidden => "address_forbidden",
            Self::TlsExpired => "tls_expired",
            Self::TlsUntrusted => "tls_untrusted",
            Self::TlsWrongHost => "tls_wrong_host",
            Self::TlsHandshake => "tls_handshake",
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::ConnectionReset => "connection_reset",
            Self::ProtocolError => "protocol_error",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BadRedirect => "bad_redirect",
            Self::ProberFailed => "prober_failed",
            Self::StatusUnexpected => "status_unexpected",
            Self::PatternNotFound => "pattern_not_found",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_record() {
        for reason in FailureReason::ALL {
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.as_str()));
        }
        for phase in Phase::ALL {
            let json = serde_json::to_string(&phase).unwrap();
            assert_eq!(json, format!("\"{}\"", phase.as_str()));
        }
    }

    #[test]
    fn codes_are_those_of_the_original() {
        assert_eq!(FailureReason::DnsTimeout.error_code(), 404);
        assert_eq!(FailureReason::ConnectTimeout.error_code(), 599);
        assert_eq!(FailureReason::FirstByteTimeout.error_code(), -1);
    }
}
