//! Waiting between two looks.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Waits. `false` when `stop` came first.
pub(super) async fn pause(time: Duration, stop: &CancellationToken) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(time))
        .await
        .is_some()
}
