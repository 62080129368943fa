//! The move from one server to another: what was connected before is left, whatever became of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use deadpool_postgres::{Hook, HookError};

/// When another server than before began to serve.
#[derive(Debug, Default)]
pub(crate) struct Moves(Mutex<Option<Instant>>);

impl Moves {
    /// From now on it is another one.
    pub(crate) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection made at this time leads to a server that was left.
    fn left(&self, made_at: Instant) -> bool {
        let moved_at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moved_at.is_some_and(|moved_at| made_at < moved_at)
    }
}

/// Lets a pool not use again what leads to a server that was left. One that hung may go on, and take rows
/// that nobody will look for there.
pub(crate) fn leave(moves: Arc<Moves>) -> Hook {
    Hook::sync_fn(move |_, metrics| {
        if moves.left(metrics.created) {
            return Err(HookError::message("its server was left"));
        }
        Ok(())
    })
}
