//! What waits for the workers: whichever has time takes the next load.

use std::sync::Arc;

use tokio::sync::{
    Mutex,
    mpsc::{self, error::TrySendError},
};

use crate::batch::{Delivery, Load};

/// Loads in the queue. The source adds one only to an empty queue, so that batches grow while all workers
/// are busy; the others are pieces of loads that could not be stored together.
const LOADS_MAX: usize = 64;

/// The queue, as a worker sees it.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    loads: Arc<Mutex<mpsc::Receiver<Load>>>,
    /// Does not keep the queue open: that is for the source.
    back: mpsc::WeakSender<Load>,
}

impl Queue {
    /// An empty queue, and where the source adds to it.
    pub(crate) fn new() -> (mpsc::Sender<Load>, Self) {
        let (sender, loads) = mpsc::channel(LOADS_MAX);
        let queue = Self {
            loads: Arc::new(Mutex::new(loads)),
            back: sender.downgrade(),
        };
        (sender, queue)
    }

    /// The next load; `None` once the source has let go of the queue and it is empty.
    pub(super) async fn next(&self) -> Option<Load> {
        self.loads.lock().await.recv().await
    }

    /// Gives a batch to whoever has time. It comes back where there is no room.
    pub(super) fn put_back(&self, delivery: Delivery) -> Result<(), Load> {
        let load = vec![delivery];
        let Some(sender) = self.back.upgrade() else {
            return Err(load);
        };
        sender.try_send(load).map_err(TrySendError::into_inner)
    }
}
