//! Waiting for what nobody announces.

use std::time::{Duration, Instant};

/// How often such a condition is looked at again.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(20);

/// Waits until `condition` says yes; `false` when it does not within `limit`. It is asked once at
/// least.
pub(crate) async fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
    true
}
