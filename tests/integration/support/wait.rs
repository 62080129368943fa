//! Waiting for a condition, never for a time.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

/// How long a condition may take on a slow machine before the test is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Waits until `condition` gives a value; fails the test with `what` when it never does.
pub(crate) async fn eventually<T, F>(what: &str, mut condition: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "waited {PATIENCE:?} in vain: {what}"
        );
        sleep(LOOK_INTERVAL).await;
    }
}
