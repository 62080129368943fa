//! What systemd is told where it has started us (`Type=notify`): that we run, that we still live, what we
//! lack, that we drain. Elsewhere nobody asks (`NOTIFY_SOCKET` is unset), and nothing is told.

use std::{env, time::Duration};

use sd_notify::NotifyState;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::health::Health;

/// How often is looked whether what we lack has changed.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Signs of life within the time after which systemd gives us up: one may be late, and one lost.
const SIGNS_IN_TIME: u32 = 3;
/// What `systemctl status` shows while nothing is lacking.
const WELL: &str = "ready";

/// Tells until `end`, which is after the drain. `stop` is the order to drain.
///
/// The signs of life come from a task of the runtime that does the work: they stop where no task runs
/// any more, and only then.
pub(crate) async fn tell(health: Health, stop: CancellationToken, end: CancellationToken) {
    if env::var_os("NOTIFY_SOCKET").is_none() {
        return end.cancelled().await;
    }
    let patience = sd_notify::watchdog_enabled();
    let mut looks = interval(patience.map_or(LOOK_INTERVAL, |time| {
        LOOK_INTERVAL.min(time / SIGNS_IN_TIME)
    }));
    let mut teller = Teller::default();
    teller.say(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = stop.cancelled(), if !teller.is_draining => teller.drain(),
            _ = looks.tick() => teller.look(&health),
        }
    }
}

/// What was told last.
#[derive(Default)]
struct Teller {
    status: String,
    is_draining: bool,
    has_failed: bool,
}

impl Teller {
    fn look(&mut self, health: &Health) {
        self.say(&[NotifyState::Watchdog]);
        let problems = health.problems().join("; ");
        let status = if problems.is_empty() { WELL } else { &problems };
        // What it lacks while it drains is said by its log.
        if status != self.status && !self.is_draining {
            self.say(&[NotifyState::Status(status)]);
            status.clone_into(&mut self.status);
        }
    }

    fn drain(&mut self) {
        self.is_draining = true;
        self.say(&[NotifyState::Stopping, NotifyState::Status("draining")]);
    }

    /// A sign that cannot be given costs us our life, so it is said why; once, since there will be more.
    fn say(&mut self, signs: &[NotifyState]) {
        match sd_notify::notify(signs) {
            Err(error) if !self.has_failed => {
                self.has_failed = true;
                warn!("Telling systemd that we live, by NOTIFY_SOCKET: {error}");
            }
            _ => {}
        }
    }
}
