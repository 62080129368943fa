//! Which of several servers serves, and when that became another one: what was connected before is left,
//! whatever became of it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use deadpool_postgres::{Hook, HookError};

/// The one that served last. Whoever reads goes where the writers went: a page of the server that they
/// left would show as new what is old.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    number: AtomicUsize,
    moved_at: Mutex<Option<Instant>>,
}

impl Serving {
    /// Its number.
    pub(crate) fn number(&self) -> usize {
        self.number.load(Ordering::Relaxed)
    }

    /// Takes the next one's turn, where all are to serve.
    pub(crate) fn next_turn(&self) -> usize {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// From now on it is this one; says whether that is another than before.
    pub(crate) fn move_to(&self, number: usize) -> bool {
        let moved = self.number.swap(number, Ordering::Relaxed) != number;
        if moved {
            *self.moved_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        moved
    }

    /// Whether a connection made at this time leads to a server that was left.
    fn left(&self, made_at: Instant) -> bool {
        let moved_at = *self.moved_at.lock().unwrap_or_else(PoisonError::into_inner);
        moved_at.is_some_and(|moved_at| made_at < moved_at)
    }
}

/// Lets a pool not use again what leads to a server that was left. One that hung may go on, and take rows
/// that nobody will look for there.
pub(crate) fn leave(serving: Arc<Serving>) -> Hook {
    Hook::sync_fn(move |_, metrics| {
        if serving.left(metrics.created) {
            return Err(HookError::message("its server was left"));
        }
        Ok(())
    })
}
