//! What a target's settings mean for its probes.

use tokio::time::Instant;

use crate::{
    probe::{Asking, Expectation, ProbeRequest},
    targets::Target,
};

/// What the target's probe asks for, and what it expects; nothing is waited for past the deadline.
pub(super) fn request(target: &Target, deadline: Option<Instant>) -> ProbeRequest {
    let (asked, expected) = (&target.own.asked, &target.own.expected);
    ProbeRequest {
        url: target.address.clone(),
        timeout: asked.timeout,
        deadline,
        asking: Asking {
            method: asked.method.clone().unwrap_or_default(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
            redirects: asked.redirects,
            ip_version: asked.ip_version,
            verify_tls: asked.verify_tls.unwrap_or(true),
        },
        expected: Expectation {
            statuses: expected.status.clone().unwrap_or_default(),
            pattern: target.pattern.clone(),
            must_match: expected.must_match.clone(),
            must_not_match: expected.must_not_match.clone(),
        },
    }
}
