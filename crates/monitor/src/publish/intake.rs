//! Where results come in.

use std::{future::pending, time::Duration};

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
    more_come: bool,
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

impl Intake {
    pub(super) fn new(results: mpsc::Receiver<CheckResult>) -> Self {
        Self {
            results,
            more_come: true,
            gather_until: Instant::now(),
        }
    }

    /// The next results; none, once, when no more come. Nothing is lost when this is not waited for to
    /// the end.
    pub(super) async fn next(&mut self, taking: Taking) -> Vec<CheckResult> {
        if !self.more_come {
            return pending().await;
        }
        let room = self.results.max_capacity();
        let mut taken = Vec::new();
        let count = match taking {
            Taking::Gathered => {
                sleep_until(self.gather_until).await;
                self.results.recv_many(&mut taken, room).await
            }
            Taking::OneByOne => self.results.recv_many(&mut taken, 1).await,
        };
        self.more_come = count > 0;
        // Where as many come that they might fill the room meanwhile, there are enough for a request.
        if count < room / 2 {
            self.gather_until = Instant::now() + GATHERING;
        }
        taken
    }

    /// Takes no more: whoever still has results is told so. Gives how many have come and are left.
    pub(super) fn close(&mut self) -> usize {
        self.results.close();
        self.results.len()
    }

    pub(super) fn more_come(&self) -> bool {
        self.more_come
    }
}
