//! What is known of a website, as one location sees it.

use std::borrow::Cow;

/// A website, as one location sees it.
#[derive(Clone, Debug, Default)]
pub struct Website {
    /// Its url without credentials; `None` where the question named it.
    pub instance: Option<String>,
    /// Which monitor looks; `None` where only one can be meant.
    pub location: Option<String>,
    /// What its target says of it.
    pub about: About,
    /// What became of its checks.
    pub checks: Checks,
    /// When its newest result was due, in seconds since 1970; `None` before the first.
    pub newest_at: Option<f64>,
    /// It is being worked on, as was planned; `None` where that is not known.
    pub is_maintained: Option<bool>,
    /// What its newest result found. `None` where that says nothing of the site: it was not looked at,
    /// or the prober doubts itself, or it is so long ago that the location is silent.
    pub seen: Option<Seen>,
}

/// What a target says of its website beside the url.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// What people call it; `""` for no name.
    pub name: String,
    /// With what it belongs together; `""` for none.
    pub group: String,
    /// By what else it is found.
    pub tags: Vec<String>,
}

/// Checks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The site answered as it should.
    pub up: u64,
    /// It failed.
    pub down: u64,
    /// Due, and not looked at.
    pub missed: u64,
    /// Deliberately not looked at.
    pub skipped: u64,
    /// Up or down as an overloaded prober saw it, or one whose own network was out.
    pub doubted: u64,
    /// Whatever became of them: the site was being worked on, as was planned.
    pub maintenance: u64,
}

/// What a check found. Numbers are 0 where there was nothing to measure, as `blackbox_exporter` has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The site answered as it should.
    pub is_up: bool,
    /// From the start of the probe to its end or failure, in seconds.
    pub response_time: f64,
    /// How long each phase took.
    pub phases: Phases,
    /// The HTTP status; 0 where no status line was read.
    pub status: u16,
    /// The version of HTTP that was spoken, such as 1.1.
    pub http_version: f64,
    /// 4 or 6.
    pub ip_version: u8,
    /// Hops followed.
    pub redirects: u32,
    /// Decoded bytes read.
    pub body_bytes: u64,
    /// It failed for what its page does or does not contain.
    pub failed_by_pattern: bool,
    /// The version of TLS that was agreed on, such as `TLSv1.3`.
    pub tls_version: Option<Cow<'static, str>>,
    /// The end of the certificate that the site showed, in seconds since 1970.
    pub certificate_ends_at: Option<f64>,
}

/// Seconds of each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    /// Resolving the name.
    pub dns: f64,
    /// The TCP connect.
    pub connect: f64,
    /// The TLS handshake.
    pub tls: f64,
    /// From the request sent until the response's head is complete.
    pub first_byte: f64,
    /// Reading the body.
    pub body: f64,
}
