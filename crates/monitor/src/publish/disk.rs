//! The state's store with one piece of work at a time, off the tasks: it blocks while it works, and while
//! it is opened and let go.

use std::{future::pending, time::Duration};

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};

use crate::state::{Changes, Committed, Resumed, Spooled, Store, StoreError, Unopened};

/// One piece of work takes a fraction of a second. A disk that is at one for so long hangs, as a network's
/// may, and nobody knows until when.
const WORK_MAX: Duration = Duration::from_secs(10);

/// The store, or what it does at the time.
#[derive(Debug)]
pub(super) enum Disk {
    /// There is none, for now or for good.
    Off,
    Opening(JoinHandle<Result<Resumed, Unopened>>),
    Idle(Store),
    /// Since when, and with what.
    Busy(Instant, JoinHandle<(Store, Done)>),
}

/// What the store has done.
#[derive(Debug)]
pub(super) enum Done {
    Wrote(Changes, Result<Committed, StoreError>),
    Read(Result<Vec<Spooled>, StoreError>),
    Opened(Result<Box<Resumed>, String>),
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
        matches!(self, Self::Busy(..) | Self::Opening(_))
    }

    /// Whether there is a store.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::Idle(_) | Self::Busy(..))
    }

    /// Whether it has been at one piece of work for longer than any takes.
    pub(super) fn hangs(&self, now: Instant) -> bool {
        matches!(self, Self::Busy(since, _) if now.duration_since(*since) >= WORK_MAX)
    }

    /// Takes the state up, when there is no store.
    pub(super) fn open(
        &mut self,
        work: impl FnOnce() -> Result<Resumed, Unopened> + Send + 'static,
    ) {
        if self.is_off() {
            *self = Self::Opening(spawn_blocking(work));
        }
    }

    /// A store that was opened.
    pub(super) fn put(&mut self, store: Store) {
        *self = Self::Idle(store);
    }

    /// Lets the store go.
    pub(super) fn close(&mut self) {
        if let Self::Idle(store) = std::mem::replace(self, Self::Off) {
            spawn_blocking(move || drop(store));
        }
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
            Self::Idle(mut store) => {
                let working = spawn_blocking(move || {
                    let done = work(&mut store);
                    (store, done)
                });
                Self::Busy(Instant::now(), working)
            }
            other => other,
        };
    }

    /// Waits until it has done what it does; for ever when it does nothing. Nothing is lost when this
    /// is not waited for to the end.
    pub(super) async fn done(&mut self) -> Done {
        match self {
            Self::Busy(_, working) => {
                if let Ok((store, done)) = working.await {
                    *self = Self::Idle(store);
                    return done;
                }
                *self = Self::Off;
                Done::Broke
            }
            Self::Opening(opening) => {
                let opened = opening.await;
                *self = Self::Off;
                Done::Opened(match opened {
                    Ok(Ok(resumed)) => Ok(Box::new(resumed)),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err("the library broke over the state (STATE_DIR)".into()),
                })
            }
            Self::Off | Self::Idle(_) => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::{
        clock,
        state::{Place, StateSettings},
    };

    #[tokio::test]
    async fn a_disk_that_is_long_at_one_piece_of_work_hangs_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            settings: StateSettings {
                folder: folder.path().to_owned(),
                spool_bytes_max: 1 << 20,
                backfill_max: 0,
            },
            location: "here".into(),
            since: clock::now(),
        };
        let mut disk = Disk::Idle(place.open(None).unwrap().store);
        let (release, released) = mpsc::channel();
        let before = Instant::now();
        disk.begin(move |_| {
            released.recv().unwrap();
            Done::Broke
        });
        assert!(!disk.hangs(before + WORK_MAX / 2));
        assert!(disk.hangs(Instant::now() + WORK_MAX));
        release.send(()).unwrap();
        disk.done().await;
        assert!(!disk.hangs(Instant::now() + WORK_MAX));
    }
}
