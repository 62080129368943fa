//! From signals to orders. Only a program knows of signals; its parts are told by a token, by a
//! channel, or by the end of their input.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::leave;

/// Exit status of a service that was told twice to stop: it gave up draining.
const STATUS_GAVE_UP: u8 = 1;
/// A second order to stop counts from here on. One that comes sooner is the same order by two ways:
/// `timeout` signals its child and then its whole group, a terminal signals `make` and us.
const SECOND_ORDER_AFTER: Duration = Duration::from_millis(500);
/// One request to reload covers all that come before it is heeded.
const RELOADS_WAITING_MAX: usize = 1;

/// What a running service is told from outside.
#[derive(Debug)]
pub struct Orders {
    /// Cancelled when the service is to finish what was begun, and end.
    pub stop: CancellationToken,
    /// A message for each time that the service is to read its input files again. Whoever has none
    /// drops it, and the request is said to mean nothing.
    pub reload: mpsc::Receiver<()>,
}

/// Listens to SIGTERM and SIGINT, of which the first stops and a second ends the process at once,
/// and to SIGHUP, which reloads and never ends anything: it comes from log rotation, and from a
/// terminal that is closed.
pub fn listen() -> io::Result<Orders> {
    let mut listener = Listener {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let hangup = signal(SignalKind::hangup())?;
    let stop = CancellationToken::new();
    let (reload_sender, reload) = mpsc::channel(RELOADS_WAITING_MAX);
    tokio::spawn(pass_on_reloads(hangup, reload_sender));
    let token = stop.clone();
    tokio::spawn(async move {
        let name = listener.next().await;
        info!("{name}: stopping; what was begun is finished first");
        token.cancel();
        let name = listener.second().await;
        warn!("{name} again: leaving at once, without finishing");
        leave::with_status(STATUS_GAVE_UP);
    });
    Ok(Orders { stop, reload })
}

struct Listener {
    terminate: Signal,
    interrupt: Signal,
}

impl Listener {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// The second order. What follows the first too closely is passed over.
    async fn second(&mut self) -> &'static str {
        let counts_from = Instant::now() + SECOND_ORDER_AFTER;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(counts_from) => return self.next().await,
                _ = self.next() => {}
            }
        }
    }
}

async fn pass_on_reloads(mut hangup: Signal, reloads: mpsc::Sender<()>) {
    while hangup.recv().await.is_some() {
        match reloads.try_send(()) {
            Ok(()) => info!("SIGHUP: reading again"),
            // The one that waits will read what is there by then.
            Err(mpsc::error::TrySendError::Full(())) => {}
            Err(mpsc::error::TrySendError::Closed(())) => {
                info!("SIGHUP: nothing is read again while this runs; going on");
            }
        }
    }
}
