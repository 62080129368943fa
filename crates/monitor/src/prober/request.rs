//! What a target's settings mean for its probes.

use tokio::time::Instant;

use crate::{
    probe::{Expectation, ProbeRequest},
    targets::Target,
};

/// What the target's probe asks for, and what it expects; nothing is waited for past the deadline.
pub(super) fn request(target: &Target, deadline: Option<Instant>) -> ProbeRequest {
    let expected = &target.own.expected;
    ProbeRequest {
        url: target.address.clone(),
        timeout: target.own.asked.timeout,
        deadline,
        expected: Expectation {
            statuses: expected.status.clone().unwrap_or_default(),
            pattern: target.pattern.clone(),
            must_match: expected.must_match.clone(),
            must_not_match: expected.must_not_match.clone(),
        },
    }
}
