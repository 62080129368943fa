//! How late this machine wakes whoever sleeps: no program's times can be truer than that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long it sleeps each time.
const SLEEP: Duration = Duration::from_millis(1);

/// A thread that sleeps again and again, and notes how much longer that took than it wanted. It has the
/// priority that the monitor has.
pub(crate) struct Sleeper {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Sleeper {
    /// Begins.
    pub(crate) fn start() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut late = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                thread::sleep(SLEEP);
                late.push(began.elapsed().saturating_sub(SLEEP));
            }
            late
        });
        Self { is_over, thread }
    }

    /// How late it was each time, in seconds.
    pub(crate) fn stop(self) -> Vec<f64> {
        self.is_over.store(true, Ordering::Relaxed);
        let late = self.thread.join().unwrap_or_default();
        late.iter().map(Duration::as_secs_f64).collect()
    }
}
