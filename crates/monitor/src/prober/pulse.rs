//! Whether this process gets to run when it should.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

/// How often it beats.
const BEAT_INTERVAL: Duration = Duration::from_millis(200);
/// A beat that comes later than this: times measured meanwhile are ours, not the sites'.
const LATE_MAX: Duration = Duration::from_millis(500);

/// A timer that notices when it is woken late, because the machine or the process is too busy.
#[derive(Debug)]
pub(super) struct Pulse {
    faltered_at: Arc<Mutex<Option<Instant>>>,
    _beating: AbortOnDropHandle<()>,
}

impl Pulse {
    /// Begins to beat.
    pub(super) fn start() -> Self {
        let faltered_at = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&faltered_at);
        let beating = tokio::spawn(async move {
            loop {
                let due = Instant::now() + BEAT_INTERVAL;
                sleep(BEAT_INTERVAL).await;
                if due.elapsed() > LATE_MAX {
                    *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                }
            }
        });
        Self {
            faltered_at,
            _beating: AbortOnDropHandle::new(beating),
        }
    }

    /// Whether it faltered within the last `time`, in which a probe ran.
    pub(super) fn faltered_since(&self, time: Option<Duration>) -> bool {
        let faltered = *self
            .faltered_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (Some(at), Some(time)) = (faltered, time) else {
            return false;
        };
        at.elapsed() <= time
    }
}
