//! What is expected of a site's answer.

/// From this status on, a site is down.
pub(super) const STATUS_FAILED_MIN: u16 = 400;
