//! What a probe brings: how the exchange went, and what the site answered.

use std::{net::SocketAddr, time::Duration};

use jiff::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::{failure::Phase, word::spelled};

/// The act of looking: one HTTP exchange with its redirects, as far as it came. A check has one, or
/// none when the prober never began; what the exchange brought stands in [`Response`].
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// When it really began.
    pub started_at: Timestamp,
    /// From its start to its end or failure, on the monotonic clock.
    pub response_time: Duration,
    /// How long each phase took.
    pub timings: Timings,
    /// 1, or more when the check was retried.
    pub attempt: u32,
    /// Hops followed.
    pub redirects: u32,
    /// Whom it talked to, where a connection was made.
    pub remote_address: Option<SocketAddr>,
    /// The version of TLS that was agreed on, where there was a handshake.
    pub tls_version: Option<TlsVersion>,
    /// The leaf certificate that the site showed, also when validation failed.
    pub certificate: Option<Certificate>,
}

/// What is known once a status line was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The protocol spoken.
    pub http_version: HttpVersion,
    /// Whether the pattern was found.
    pub matched: Match,
    /// Decoded bytes read.
    pub body_bytes: u64,
    /// True when the body's cap was reached.
    pub body_truncated: bool,
}

/// The versions of HTTP that a probe can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum HttpVersion {
    /// HTTP/1.0
    #[strum(serialize = "HTTP/1.0")]
    Http10,
    /// HTTP/1.1
    #[strum(serialize = "HTTP/1.1")]
    Http11,
    /// HTTP/2
    #[strum(serialize = "HTTP/2")]
    Http2,
}

/// The versions of TLS that a probe can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
pub enum TlsVersion {
    /// TLS 1.2
    #[strum(serialize = "TLSv1.2")]
    Tls12,
    /// TLS 1.3
    #[strum(serialize = "TLSv1.3")]
    Tls13,
}

/// Whether the pattern was found in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Found: the whole first match.
    Matched(String),
    /// Sought in the whole page and not found.
    NotMatched,
    /// Not sought, or not to the end: no pattern, status not below 400, not a text, body cut off
    /// before a match, failed.
    NotEvaluated,
}

impl Match {
    /// Its name.
    pub fn kind(&self) -> MatchKind {
        match self {
            Self::Matched(_) => MatchKind::Matched,
            Self::NotMatched => MatchKind::NotMatched,
            Self::NotEvaluated => MatchKind::NotEvaluated,
        }
    }

    /// The text found; `""` when none.
    pub fn text(&self) -> &str {
        match self {
            Self::Matched(text) => text,
            Self::NotMatched | Self::NotEvaluated => "",
        }
    }
}

/// The name of a [`Match`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum MatchKind {
    /// Found.
    Matched,
    /// Sought in the whole page and not found.
    NotMatched,
    /// Not sought, or not to the end.
    NotEvaluated,
}

/// How long each phase took; `None` for one that did not happen. Phases up to and including the
/// failing one are measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Resolving the name.
    pub dns: Option<Duration>,
    /// The TCP connect.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request sent until the response's head is complete.
    pub first_byte: Option<Duration>,
    /// Reading the body.
    pub body: Option<Duration>,
}

impl Timings {
    /// The time that a phase took.
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Dns => self.dns,
            Phase::Connect => self.connect,
            Phase::Tls => self.tls,
            Phase::FirstByte => self.first_byte,
            Phase::Body => self.body,
        }
    }
}

/// What a person asks of a leaf certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The end of its validity.
    pub not_after: Timestamp,
    /// Who signed it, as a distinguished name.
    pub issuer: String,
    /// Whom it is for, as a distinguished name.
    pub subject: String,
}

spelled!(HttpVersion, TlsVersion, MatchKind);
