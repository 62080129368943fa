//! The state's store with one piece of work at a time, off the tasks: it blocks while it works.

use std::future::pending;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::state::{Changes, Committed, Spooled, Store, StoreError};

/// The store, or what it does at the time.
#[derive(Debug)]
pub(super) enum Disk {
    /// There is none.
    Off,
    Idle(Store),
    Busy(JoinHandle<(Store, Done)>),
}

/// What the store has done.
#[derive(Debug)]
pub(super) enum Done {
    Wrote(Changes, Result<Committed, StoreError>),
    Read(Result<Vec<Spooled>, StoreError>),
    /// Its library broke over what is on disk.
    Broke,
}

impl Disk {
    pub(super) fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// Writes, when it is idle; what comes of it, [`Disk::done`] says.
    pub(super) fn write(&mut self, changes: Changes) {
        self.begin(|store| {
            let outcome = store.commit(&changes);
            Done::Wrote(changes, outcome)
        });
    }

    /// Reads from a serial on, when it is idle.
    pub(super) fn read(&mut self, from: u64, bytes_max: usize) {
        self.begin(move |store| Done::Read(store.read(from, bytes_max)));
    }

    fn begin(&mut self, work: impl FnOnce(&mut Store) -> Done + Send + 'static) {
        *self = match std::mem::replace(self, Self::Off) {
            Self::Idle(mut store) => Self::Busy(spawn_blocking(move || {
                let done = work(&mut store);
                (store, done)
            })),
            other => other,
        };
    }

    /// Waits until it has done what it does; for ever when it does nothing. Nothing is lost when this
    /// is not waited for to the end.
    pub(super) async fn done(&mut self) -> Done {
        let Self::Busy(working) = self else {
            return pending().await;
        };
        if let Ok((store, done)) = working.await {
            *self = Self::Idle(store);
            done
        } else {
            *self = Self::Off;
            Done::Broke
        }
    }
}
