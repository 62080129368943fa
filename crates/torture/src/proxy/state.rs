//! What a proxy has been told.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, oneshot, watch};

/// What happens to everything that goes through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    #[default]
    Pass,
    /// It is so late.
    Delay(Duration),
    /// It goes nowhere until the mode changes.
    Stall,
    /// At most so many bytes at a time, with a pause.
    Narrow(usize),
    /// Connections that are there live on; new ones are closed at once.
    Refuse,
}

/// What happens once, to the first link that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trap {
    /// A COMMIT does not arrive, and the link is cut.
    BeforeCommit,
    /// A COMMIT arrives, its reply does not, and the link is cut.
    AfterCommit,
    /// The link is cut after so many bytes of what the server says.
    AfterBytes(usize),
    /// The server's direction ends, the client's stays open.
    HalfClose,
}

/// What all links of a proxy share.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) mode: watch::Sender<Mode>,
    /// How often all links were cut.
    pub(super) cuts: watch::Sender<u64>,
    trap: Mutex<Option<(Trap, oneshot::Sender<()>)>>,
}

/// A connection through the proxy.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) state: Arc<State>,
    cut: Notify,
    /// A COMMIT went to the server whose reply is not to arrive.
    awaits_reply: Mutex<Option<oneshot::Sender<()>>>,
}

impl State {
    /// Sets a trap. What is returned says when it has sprung.
    pub(super) fn arm(&self, trap: Trap) -> oneshot::Receiver<()> {
        let (sprung, receiver) = oneshot::channel();
        *self.trap.lock().unwrap_or_else(PoisonError::into_inner) = Some((trap, sprung));
        receiver
    }

    pub(super) fn disarm(&self) {
        *self.trap.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes the trap that is set, if it fits; it springs when what is returned is used.
    fn take(&self, fits: impl FnOnce(&mut Trap) -> bool) -> Option<(Trap, oneshot::Sender<()>)> {
        let mut trap = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = trap.as_mut().is_some_and(|(kind, _)| fits(kind));
        if fits { trap.take() } else { None }
    }
}

/// What to do with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Hand them on.
    Go,
    /// Drop them, and cut the link.
    Cut,
    /// End this direction.
    Close,
}

impl Link {
    pub(super) fn of(state: &Arc<State>) -> Self {
        Self {
            state: Arc::clone(state),
            cut: Notify::new(),
            awaits_reply: Mutex::new(None),
        }
    }

    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(super) async fn is_cut(&self) {
        self.cut.notified().await;
    }

    /// What to do with bytes for the server.
    pub(super) fn to_server(&self, bytes: &[u8]) -> Fate {
        if !holds(bytes, b"COMMIT\0") {
            return Fate::Go;
        }
        let fits = |trap: &mut Trap| matches!(trap, Trap::BeforeCommit | Trap::AfterCommit);
        match self.state.take(fits) {
            Some((Trap::BeforeCommit, sprung)) => {
                sprung.send(()).ok();
                Fate::Cut
            }
            Some((_, sprung)) => {
                *self
                    .awaits_reply
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(sprung);
                Fate::Go
            }
            None => Fate::Go,
        }
    }

    /// What to do with bytes from the server.
    pub(super) fn to_client(&self, bytes: &[u8]) -> Fate {
        if holds(bytes, b"COMMIT\0") {
            let mut awaited = self
                .awaits_reply
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(sprung) = awaited.take() {
                sprung.send(()).ok();
                return Fate::Cut;
            }
        }
        let fits = |trap: &mut Trap| match trap {
            Trap::AfterBytes(left) => {
                *left = left.saturating_sub(bytes.len());
                *left == 0
            }
            Trap::HalfClose => true,
            Trap::BeforeCommit | Trap::AfterCommit => false,
        };
        match self.state.take(fits) {
            Some((trap, sprung)) => {
                sprung.send(()).ok();
                if trap == Trap::HalfClose {
                    Fate::Close
                } else {
                    Fate::Cut
                }
            }
            None => Fate::Go,
        }
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
