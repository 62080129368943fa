//! What a row sets of its own: what its target is asked with, what is expected of it, and what
//! others should know of it. `None` stands for what holds for all.

use std::time::Duration;

use http::{Method, header::HeaderMap};
use secrecy::SecretString;

use crate::{
    pattern::Pattern,
    probe::{IpVersion, Statuses},
};

/// A target's settings beyond url and regexp.
#[derive(Debug, Default)]
pub struct OwnSettings {
    /// From one check to the next.
    pub interval: Option<Duration>,
    /// False for a target that is configured and not checked.
    pub enabled: Option<bool>,
    /// How it is asked.
    pub asked: Asked,
    /// What is expected of it.
    pub expected: Expected,
    /// What others should know.
    pub about: About,
}

/// How a target is asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// Bounds each attempt as a whole.
    pub timeout: Option<Duration>,
    /// GET when unset.
    pub method: Option<Method>,
    /// Their values are marked as sensitive: they are secrets more often than not.
    pub headers: HeaderMap,
    /// What is sent along.
    pub body: Option<SecretString>,
    /// Hops that may be followed; 0 for none.
    pub redirects: Option<u32>,
    /// Attempts after a failed first one.
    pub retries: Option<u32>,
    /// The only family of addresses to take.
    pub ip_version: Option<IpVersion>,
    /// False where a certificate that cannot be trusted is no failure.
    pub verify_tls: Option<bool>,
}

/// What is expected of a target.
#[derive(Debug, Default)]
pub struct Expected {
    /// The statuses of a site that is up; below 400 when unset.
    pub status: Option<Statuses>,
    /// The page is down without it.
    pub must_match: Option<Pattern>,
    /// The page is down with it.
    pub must_not_match: Option<Pattern>,
}

/// What others should know of a target. It goes along in its records.
#[derive(Debug, Default)]
pub struct About {
    /// What people call it.
    pub name: Option<String>,
    /// With what it belongs together.
    pub group: Option<String>,
    /// By what else it is found.
    pub tags: Vec<String>,
    /// Whatever helps the one who is woken up.
    pub description: Option<String>,
    /// Consecutive down results until it is down.
    pub down_after: Option<u32>,
    /// Consecutive up results until it is up.
    pub up_after: Option<u32>,
    /// A longer response time is slow.
    pub slow_after: Option<Duration>,
    /// Days before its certificate's end from which on that is told.
    pub cert_days: Option<u32>,
    /// Who is told.
    pub alerts: Vec<String>,
    /// When nobody is.
    pub maintenance: Option<String>,
    /// The availability that is aimed at, in percent.
    pub slo: Option<f64>,
}
