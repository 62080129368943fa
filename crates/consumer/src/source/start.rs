//! Where a partition begins: what is stored of it, against what the topic holds.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use database::{Action, DatabaseError};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
};
use service::backoff::Backoff;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{OffsetReset, Parts, client, lane::Lane, rebalance::Context};
use crate::{store::BatchWriter, trouble::Troubles};

/// Partitions whose beginning is sought at the same time: each may block a thread.
const STARTS_AT_ONCE: usize = 2;
/// A time limit on each question to Kafka.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Waits between attempts.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(3);
/// How long a topic that seems to have been made anew is given to show that it was not: right after
/// a change of leader, its end may not be known.
const DOUBT: Duration = Duration::from_secs(1);

/// Finds where partitions begin, off the source's thread.
pub(super) struct Starts {
    runtime: Handle,
    finder: Arc<Finder>,
}

struct Finder {
    consumer: Arc<BaseConsumer<Context>>,
    writer: BatchWriter,
    troubles: Troubles,
    topic: String,
    reset: OffsetReset,
    at_once: Semaphore,
}

/// What the topic holds of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: i64,
    end: i64,
}

/// What Kafka has committed of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Committed {
    at: i64,
    is_ours: bool,
}

/// What to do at a partition's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Go on from what is stored.
    Resume(i64),
    /// Nothing is stored: begin here.
    Begin(i64),
    /// Records that were not read are gone from the topic.
    SkipLost { from: i64, to: i64 },
    /// The topic ends before what is stored: it is another one.
    BeginAnew { from: i64, at: i64 },
}

/// Where a partition begins.
fn decide(
    stored: Option<i64>,
    committed: Option<Committed>,
    topic: Range,
    reset: OffsetReset,
) -> Start {
    match (stored, committed) {
        (Some(from), _) if from > topic.end => Start::BeginAnew {
            from,
            at: topic.start,
        },
        (Some(from), _) if from < topic.start => Start::SkipLost {
            from,
            to: topic.start,
        },
        (Some(at), _) => Start::Resume(at),
        // Where the original stopped; or the start of the topic that took the place of its one.
        (None, Some(Committed { at, is_ours: false })) if at <= topic.end => {
            Start::Begin(at.max(topic.start))
        }
        (None, Some(Committed { is_ours: false, .. })) => Start::Begin(topic.start),
        // Our own hint says nothing: the database is new, or was emptied.
        (None, _) => Start::Begin(match reset {
            OffsetReset::Earliest => topic.start,
            OffsetReset::Latest => topic.end,
        }),
    }
}

/// Why an attempt failed.
enum Failure {
    Store(DatabaseError),
    Kafka(KafkaError),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error)
    }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}

impl fmt::Debug for Starts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Starts").finish_non_exhaustive()
    }
}

impl Starts {
    pub(super) fn new(parts: &Parts, consumer: Arc<BaseConsumer<Context>>) -> Self {
        let finder = Finder {
            consumer,
            writer: parts.writer.clone(),
            troubles: parts.troubles.clone(),
            topic: parts.settings.topic.clone(),
            reset: parts.settings.reset,
            at_once: Semaphore::new(STARTS_AT_ONCE),
        };
        Self {
            runtime: Handle::current(),
            finder: Arc::new(finder),
        }
    }

    /// A lane of a new epoch, which begins when its offset is found.
    pub(super) fn begin(&self, partition: i32) -> Lane {
        let epoch = CancellationToken::new();
        let (sender, found) = oneshot::channel();
        let finder = Arc::clone(&self.finder);
        let token = epoch.clone();
        self.runtime.spawn(async move {
            if let Some(at) = finder.find(partition, &token).await {
                // The lane may be gone by now.
                sender.send(at).ok();
            }
        });
        Lane::new(found, epoch)
    }

    /// The stored offsets of all partitions, when they can be read.
    pub(super) fn stored_offsets(&self) -> oneshot::Receiver<BTreeMap<i32, i64>> {
        let (sender, receiver) = oneshot::channel();
        let writer = self.finder.writer.clone();
        self.runtime.spawn(async move {
            // Should it fail, the keeper and the workers say so.
            if let Ok(offsets) = writer.offsets().stored_offsets().await {
                sender.send(offsets).ok();
            }
        });
        receiver
    }
}

impl Finder {
    /// The offset at which to read on, however long it takes. `None` when the epoch ended first.
    async fn find(self: &Arc<Self>, partition: i32, epoch: &CancellationToken) -> Option<i64> {
        let _turn = self.at_once.acquire().await.ok()?;
        let mut trouble = self.troubles.of(format!("partition {partition}"));
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX);
        let mut doubted = false;
        loop {
            match epoch.run_until_cancelled(self.look(partition)).await? {
                Ok(Start::Resume(at)) => {
                    trouble.ended();
                    debug!(partition, "Reading from offset {at}");
                    return Some(at);
                }
                Ok(Start::BeginAnew { .. }) if !doubted => {
                    doubted = true;
                    tokio::time::sleep(DOUBT).await;
                    continue;
                }
                // Then look again: what is stored decides, also when another consumer was faster.
                Ok(start) => match self.apply(partition, start).await {
                    Ok(()) => continue,
                    Err(error) => self.store_failed(&error, &mut trouble).await,
                },
                Err(Failure::Store(error)) => self.store_failed(&error, &mut trouble).await,
                // The source's client says why, and what to check.
                Err(Failure::Kafka(error)) => {
                    debug!(
                        partition,
                        "Asking Kafka where the partition begins: {error}"
                    );
                }
            }
            if !backoff.wait(epoch).await {
                return None;
            }
        }
    }

    async fn store_failed(&self, error: &DatabaseError, trouble: &mut crate::trouble::Trouble) {
        trouble.began(&self.writer.database().explain(error));
        if error.action() == Action::Refresh
            && let Err(error) = self.writer.refresh().await
        {
            debug!("Preparing the tables again: {error}");
        }
    }

    async fn look(self: &Arc<Self>, partition: i32) -> Result<Start, Failure> {
        let stored = self.writer.offsets().stored_offset(partition).await?;
        let topic = self
            .ask(move |finder| finder.topic_range(partition))
            .await?;
        let committed = match stored {
            Some(_) => None,
            None => self.ask(move |finder| finder.committed(partition)).await?,
        };
        Ok(decide(stored, committed, topic, self.reset))
    }

    async fn apply(&self, partition: i32, start: Start) -> Result<(), DatabaseError> {
        match start {
            Start::Resume(_) => Ok(()),
            Start::Begin(at) => {
                info!(
                    partition,
                    "Nothing is stored of the partition: it begins at offset {at}"
                );
                self.writer.offsets().begin_partition(partition, at).await
            }
            Start::SkipLost { from, to } => {
                warn!(
                    partition,
                    "RECORDS ARE LOST: the topic's retention removed offsets {from} to {to} before \
                     they were read; they are counted as gaps"
                );
                self.writer.offsets().skip_lost(partition, from, to).await
            }
            Start::BeginAnew { from, at } => {
                warn!(
                    partition,
                    "The topic {:?} was made anew: it ends before offset {from}, up to which it is \
                     stored; it is read from its start, offset {at}, and counted from there",
                    self.topic
                );
                self.writer.offsets().begin_anew(partition, from, at).await
            }
        }
    }

    /// Asks the client what blocks its thread, at most for its time limit.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let finder = Arc::clone(self);
        let answer = spawn_blocking(move || question(&finder)).await;
        match answer {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Kafka(KafkaError::Canceled)),
        }
    }

    fn topic_range(&self, partition: i32) -> KafkaResult<Range> {
        let (start, end) =
            self.consumer
                .fetch_watermarks(&self.topic, partition, REQUEST_TIMEOUT)?;
        Ok(Range { start, end })
    }

    fn committed(&self, partition: i32) -> KafkaResult<Option<Committed>> {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, partition);
        let list = self.consumer.committed_offsets(list, REQUEST_TIMEOUT)?;
        let Some(element) = list.find_partition(&self.topic, partition) else {
            return Ok(None);
        };
        element.error()?;
        Ok(match element.offset() {
            Offset::Offset(at) => Some(Committed {
                at,
                is_ours: element.metadata() == client::HINT,
            }),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Range = Range {
        start: 100,
        end: 200,
    };

    fn begin(committed: Option<(i64, bool)>, reset: OffsetReset) -> Start {
        let committed = committed.map(|(at, is_ours)| Committed { at, is_ours });
        decide(None, committed, TOPIC, reset)
    }

    #[test]
    fn what_is_stored_decides_whatever_kafka_says() {
        let hint = Some(Committed {
            at: 120,
            is_ours: false,
        });
        for at in [100, 150, 200] {
            assert_eq!(
                decide(Some(at), hint, TOPIC, OffsetReset::Latest),
                Start::Resume(at)
            );
        }
    }

    #[test]
    fn a_topic_that_ends_before_what_is_stored_is_another_one() {
        let start = decide(Some(201), None, TOPIC, OffsetReset::Latest);
        assert_eq!(start, Start::BeginAnew { from: 201, at: 100 });
    }

    #[test]
    fn records_that_retention_removed_are_skipped() {
        let start = decide(Some(50), None, TOPIC, OffsetReset::Latest);
        assert_eq!(start, Start::SkipLost { from: 50, to: 100 });
    }

    #[test]
    fn the_original_is_taken_over_where_it_stopped() {
        let latest = OffsetReset::Latest;
        assert_eq!(begin(Some((150, false)), latest), Start::Begin(150));
        assert_eq!(
            begin(Some((50, false)), latest),
            Start::Begin(100),
            "retention"
        );
        assert_eq!(
            begin(Some((999, false)), latest),
            Start::Begin(100),
            "made anew"
        );
    }

    #[test]
    fn a_new_database_reads_again_in_spite_of_our_hint() {
        assert_eq!(
            begin(Some((150, true)), OffsetReset::Earliest),
            Start::Begin(100)
        );
        assert_eq!(begin(None, OffsetReset::Earliest), Start::Begin(100));
        assert_eq!(begin(None, OffsetReset::Latest), Start::Begin(200));
    }
}
