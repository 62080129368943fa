//! What a probe asks for, and what it expects of the answer: all that it knows of a target.

use std::ops::RangeInclusive;

use messages::{Failure, FailureReason};
use url::Url;

use crate::pattern::Pattern;

/// The statuses of a site that is up, unless its target says otherwise.
const STATUSES_ACCEPTED: RangeInclusive<u16> = 0..=399;

/// One thing to ask of one site.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    /// Where the way begins, with the credentials that go along.
    pub url: Url,
    /// What the answer at its end must be.
    pub expected: Expectation,
}

/// What makes an answer a good one.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The statuses of a site that is up.
    pub statuses: RangeInclusive<u16>,
    /// What is sought in the page. It records, and judges nothing.
    pub pattern: Option<Pattern>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            statuses: STATUSES_ACCEPTED,
            pattern: None,
        }
    }
}

impl Expectation {
    /// Whether a site that answers so is up, as far as the status tells.
    pub(super) fn accepts(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// The failure that this status alone is.
    pub(super) fn failure(&self, status: u16) -> Option<Failure> {
        (!self.accepts(status)).then(|| {
            let detail = format!("the site answered with status {status}");
            Failure::new(FailureReason::StatusUnexpected, None, detail)
        })
    }
}
