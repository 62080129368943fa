//! Where results come in.

use std::{future::pending, time::Duration, vec};

use messages::CheckResult;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// How long results gather before they are taken, so that all of them go into one request a partition:
/// at a few hundred a second nearly each would otherwise wake this task, the client's threads and the
/// broker by itself, which costs as much as a tenth of the check.
const GATHERING: Duration = Duration::from_millis(100);

/// The results that come, until no more do.
#[derive(Debug)]
pub(super) struct Intake {
    results: mpsc::Receiver<CheckResult>,
    /// Those that came out of there together, and are still to be taken.
    gathered: vec::IntoIter<CheckResult>,
    is_open: bool,
    /// Until then they gather.
    gather_until: Instant,
}

/// How results are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// All that have gathered.
    Gathered,
    /// The next one, as soon as it is there.
    OneByOne,
}

impl Taking {
    /// In a drain nothing is worth a wait.
    pub(super) fn while_draining(is_draining: bool) -> Self {
        if is_draining {
            Self::OneByOne
        } else {
            Self::Gathered
        }
    }
}

impl Intake {
    pub(super) fn new(results: mpsc::Receiver<CheckResult>) -> Self {
        Self {
            results,
            gathered: Vec::new().into_iter(),
            is_open: true,
            gather_until: Instant::now(),
        }
    }

    /// Waits until there are results to take; or, once, until no more come. Nothing is lost when this is
    /// not waited for to the end.
    pub(super) async fn ready(&mut self, taking: Taking) {
        if self.gathered.len() > 0 {
            return;
        }
        if !self.is_open {
            return pending().await;
        }
        let room = self.results.max_capacity();
        let mut gathered = Vec::new();
        let count = match taking {
            Taking::Gathered => {
                sleep_until(self.gather_until).await;
                self.results.recv_many(&mut gathered, room).await
            }
            Taking::OneByOne => self.results.recv_many(&mut gathered, 1).await,
        };
        self.is_open = count > 0;
        // Where as many come that they might fill the room meanwhile, there are enough for a request.
        if count < room / 2 {
            self.gather_until = Instant::now() + GATHERING;
        }
        self.gathered = gathered.into_iter();
    }

    /// The next of those that are there.
    pub(super) fn take(&mut self) -> Option<CheckResult> {
        self.gathered.next()
    }

    /// Takes no more: whoever still has results is told so. Gives how many have come and are left.
    pub(super) fn close(&mut self) -> usize {
        self.results.close();
        self.results.len() + self.gathered.len()
    }

    pub(super) fn more_come(&self) -> bool {
        self.is_open || self.gathered.len() > 0
    }
}
