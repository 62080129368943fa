//! What is still wrong, said again: a silent service looks like one that works.

use std::time::Duration;

use service::health::Health;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pause::pause;

/// How often the log repeats what is still wrong.
const REMINDER_INTERVAL: Duration = Duration::from_secs(30);

/// Repeats in the log what is still wrong, until `stop`.
pub(crate) async fn remind(health: Health, stop: CancellationToken) {
    while pause(REMINDER_INTERVAL, &stop).await {
        for problem in health.problems() {
            warn!("Still waiting: {problem}");
        }
    }
}
