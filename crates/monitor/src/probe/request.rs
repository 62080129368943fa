//! What a probe asks for, and what it expects of the answer: all that it knows of a target.

use std::{fmt, net::IpAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use messages::{Failure, FailureReason};
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use crate::pattern::Pattern;

/// The statuses of a site that is up, unless its target says otherwise.
const STATUSES_ACCEPTED: RangeInclusive<u16> = 0..=399;

/// One thing to ask of one site.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    /// Where the way begins, with the credentials that go along.
    pub url: Url,
    /// Bounds the whole; as the settings say when unset.
    pub timeout: Option<Duration>,
    /// Nothing is waited for past it, whatever `timeout` leaves.
    pub deadline: Option<Instant>,
    /// How it is asked for.
    pub asking: Asking,
    /// What the answer at its end must be.
    pub expected: Expectation,
}

/// How a site is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    /// GET, unless something else is wanted.
    pub method: Method,
    /// Headers beside those of every request, or instead of them: for the first site alone.
    pub headers: HeaderMap,
    /// What is sent along, to the first site alone.
    pub body: Option<SecretString>,
    /// Hops that may be followed, 0 for none; as the settings say when unset.
    pub redirects: Option<u32>,
    /// The only family of addresses to take.
    pub ip_version: Option<IpVersion>,
    /// False where a certificate that cannot be trusted is no failure.
    pub verify_tls: bool,
}

/// As a page is asked for.
impl Default for Asking {
    fn default() -> Self {
        Self {
            method: Method::GET,
            headers: HeaderMap::new(),
            body: None,
            redirects: None,
            ip_version: None,
            verify_tls: true,
        }
    }
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpVersion {
    /// Whether an address is of this family.
    pub fn takes(self, address: IpAddr) -> bool {
        address.is_ipv4() == (self == Self::V4)
    }
}

impl fmt::Display for IpVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// What makes an answer a good one.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The statuses of a site that is up.
    pub statuses: Statuses,
    /// What is sought in the page. It records, and judges nothing.
    pub pattern: Option<Pattern>,
    /// What the page must hold.
    pub must_match: Option<Pattern>,
    /// What it must not hold.
    pub must_not_match: Option<Pattern>,
}

/// Statuses, in ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(pub Arc<[RangeInclusive<u16>]>);

/// Those of a site that is up unless somebody says otherwise.
impl Default for Statuses {
    fn default() -> Self {
        Self(Arc::new([STATUSES_ACCEPTED]))
    }
}

impl Statuses {
    /// Whether a status is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Expectation {
    /// Whether a site that answers so is up, as far as the status tells.
    pub(super) fn accepts(&self, status: u16) -> bool {
        self.statuses.contains(status)
    }

    /// The failure that this status alone is.
    pub(super) fn failure(&self, status: u16) -> Option<Failure> {
        (!self.accepts(status)).then(|| {
            let detail = format!("the site answered with status {status}");
            Failure::new(FailureReason::StatusUnexpected, None, detail)
        })
    }

    /// Whether the page decides on the site. What is demanded is sought in every page; what is only
    /// recorded, in those that are texts.
    pub(super) fn demands_text(&self) -> bool {
        self.must_match.is_some() || self.must_not_match.is_some()
    }
}
