//! Finds where partitions begin, however long it takes, off the source's thread.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use service::backoff::Backoff;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{lane::Lane, start::Start};
use crate::trouble::Troubles;

/// Partitions whose beginning is sought at the same time: each may block a thread.
const STARTS_AT_ONCE: usize = 2;
/// Waits between attempts.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(3);
/// How long a topic that seems to have been made anew is given to show that it was not: right after
/// a change of leader, its end may not be known.
const DOUBT: Duration = Duration::from_secs(1);

/// What is known of partitions, and where it is entered what became of them.
pub(super) trait Books: Send + Sync + 'static {
    /// Where a partition begins, as far as is known now.
    fn look_up(&self, partition: i32) -> impl Future<Output = Result<Start, Setback>> + Send;

    /// Stores where a partition begins that does not simply go on. Nothing happens where another
    /// consumer was faster: whoever enters has to look again.
    fn enter(
        &self,
        partition: i32,
        start: Start,
    ) -> impl Future<Output = Result<(), Setback>> + Send;

    /// Prepares the tables for the next attempt, where they are not what they were.
    fn refresh(&self) -> impl Future<Output = ()> + Send;

    /// The stored offsets of all partitions, when they can be read.
    fn stored(&self) -> impl Future<Output = Option<BTreeMap<i32, i64>>> + Send;
}

/// Why the books gave no answer.
#[derive(Clone, Debug)]
pub(super) enum Setback {
    /// PostgreSQL failed.
    Database {
        /// The whole story, for the log and `/readyz`.
        story: String,
        /// What is known of its tables holds no more.
        is_stale: bool,
    },
    /// Kafka failed. The source's client says why, and what to check.
    Kafka(String),
}

/// Finds where partitions begin.
pub(super) struct Finder<B> {
    runtime: Handle,
    search: Arc<Search<B>>,
}

struct Search<B> {
    books: B,
    troubles: Troubles,
    at_once: Semaphore,
}

impl<B> fmt::Debug for Finder<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Finder").finish_non_exhaustive()
    }
}

impl<B: Books> Finder<B> {
    /// A finder whose searches run on the runtime that is current.
    pub(super) fn new(books: B, troubles: Troubles) -> Self {
        let search = Search {
            books,
            troubles,
            at_once: Semaphore::new(STARTS_AT_ONCE),
        };
        Self {
            runtime: Handle::current(),
            search: Arc::new(search),
        }
    }

    /// A lane of a new epoch, which begins when its offset is found.
    pub(super) fn begin(&self, partition: i32) -> Lane {
        let epoch = CancellationToken::new();
        let (sender, found) = oneshot::channel();
        let search = Arc::clone(&self.search);
        let token = epoch.clone();
        self.runtime.spawn(async move {
            if let Some(at) = search.find(partition, &token).await {
                // The lane may be gone by now.
                sender.send(at).ok();
            }
        });
        Lane::new(found, epoch)
    }

    /// The stored offsets of all partitions. The sender is dropped when they cannot be read.
    pub(super) fn stored_offsets(&self) -> oneshot::Receiver<BTreeMap<i32, i64>> {
        let (sender, receiver) = oneshot::channel();
        let search = Arc::clone(&self.search);
        self.runtime.spawn(async move {
            if let Some(offsets) = search.books.stored().await {
                // The source may have ended by now.
                sender.send(offsets).ok();
            }
        });
        receiver
    }
}

impl<B: Books> Search<B> {
    /// The offset at which to read on, however long it takes. `None` when the epoch ended first.
    async fn find(&self, partition: i32, epoch: &CancellationToken) -> Option<i64> {
        let _turn = self.at_once.acquire().await.ok()?;
        let mut trouble = self.troubles.of(format!("partition {partition}"));
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX);
        let mut is_doubted = false;
        loop {
            let looked_up = epoch.run_until_cancelled(self.books.look_up(partition));
            let setback = match looked_up.await? {
                Ok(Start::Resume(at)) => {
                    trouble.ended();
                    debug!(partition, "Reading from offset {at}");
                    return Some(at);
                }
                Ok(Start::BeginAnew { .. }) if !is_doubted => {
                    is_doubted = true;
                    tokio::time::sleep(DOUBT).await;
                    continue;
                }
                // Then look again: what is stored decides, also when another consumer was faster.
                Ok(start) => match self.books.enter(partition, start).await {
                    Ok(()) => continue,
                    Err(setback) => setback,
                },
                Err(setback) => setback,
            };
            match setback {
                Setback::Database { story, is_stale } => {
                    trouble.began(&story);
                    if is_stale {
                        self.books.refresh().await;
                    }
                }
                Setback::Kafka(error) => debug!(
                    partition,
                    "Asking Kafka where the partition begins: {error}"
                ),
            }
            if !backoff.wait(epoch).await {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
