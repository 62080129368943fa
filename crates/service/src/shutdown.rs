//! From a signal to a token. Only `main` knows of signals; every stage is told by the token, or
//! ends because its input closed.

use std::{io, process};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Exit status of a service that was told twice to stop: it gave up draining.
const STATUS_GAVE_UP: i32 = 1;

/// A token that the first SIGTERM or SIGINT cancels. The second one ends the process at once.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let name = next().await;
        info!("{name}: stopping; what was begun is finished first");
        token.cancel();
        let name = next().await;
        warn!("{name} again: leaving at once, without finishing");
        process::exit(STATUS_GAVE_UP);
    });
    Ok(stop)
}
