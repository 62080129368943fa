//! What is known of partitions: in PostgreSQL, where the truth is, and in Kafka, for a partition of
//! which PostgreSQL knows nothing.

use std::{collections::BTreeMap, sync::Arc};

use database::{Action, DatabaseError};
use rdkafka::error::{KafkaError, KafkaResult};
use tokio::task::spawn_blocking;
use tracing::{debug, info, warn};

use super::{
    client::Client,
    finder::{Books, Setback},
    settings::OffsetReset,
    start::{Start, decide, first},
};
use crate::{progress::Progress, store::BatchWriter};

/// PostgreSQL and Kafka, asked for where partitions begin.
pub(super) struct Ledger {
    pub(super) client: Arc<Client>,
    pub(super) writer: BatchWriter,
    pub(super) topic: String,
    pub(super) reset: OffsetReset,
    pub(super) progress: Progress,
}

impl Books for Ledger {
    async fn look_up(&self, partition: i32) -> Result<Start, Setback> {
        let offsets = self.writer.offsets().stored_offsets().await;
        let offsets = offsets.map_err(|error| self.setback(&error))?;
        if offsets.is_empty() {
            return Ok(Start::BeginGroup);
        }
        let stored = offsets.get(&partition).copied();
        let range = self.ask(move |client| client.range(partition)).await?;
        let committed = match stored {
            Some(_) => None,
            None => self.ask(move |client| client.committed(partition)).await?,
        };
        Ok(decide(stored, committed, range))
    }

    async fn enter(&self, partition: i32, start: Start) -> Result<(), Setback> {
        self.say(partition, start);
        let offsets = self.writer.offsets();
        let entered = match start {
            Start::Resume(_) => Ok(()),
            Start::BeginGroup => {
                let firsts = self.firsts().await?;
                offsets.begin_group(&firsts).await
            }
            Start::Begin(at) => offsets.begin_partition(partition, at).await,
            Start::SkipLost { from, to } => {
                let skipped = offsets.skip_lost(partition, from, to).await;
                skipped.map(|is_ours| {
                    // Where another consumer was faster, it counts them.
                    if is_ours {
                        self.progress.lost(to - from);
                    }
                })
            }
            Start::BeginAnew { from, at } => offsets.begin_anew(partition, from, at).await,
        };
        entered.map_err(|error| self.setback(&error))
    }

    async fn refresh(&self) {
        if let Err(error) = self.writer.refresh().await {
            debug!("Preparing the tables again: {error}");
        }
    }

    async fn stored(&self) -> Option<BTreeMap<i32, i64>> {
        // Should it fail, the keeper and the workers say so.
        self.writer.offsets().stored_offsets().await.ok()
    }
}

impl Ledger {
    /// Where each partition that the topic has now begins. One that it gets later was empty.
    async fn firsts(&self) -> Result<BTreeMap<i32, i64>, Setback> {
        let reset = self.reset;
        let partitions = self.ask(Client::partitions).await?;
        let mut firsts = BTreeMap::new();
        for partition in partitions {
            let asked = self.ask(move |client| {
                let committed = client.committed(partition)?;
                Ok(first(committed, client.range(partition)?, reset))
            });
            firsts.insert(partition, asked.await?);
        }
        Ok(firsts)
    }

    fn say(&self, partition: i32, start: Start) {
        match start {
            Start::Resume(_) | Start::BeginGroup => {}
            Start::Begin(at) => info!(
                partition,
                "Nothing is stored of the partition: it begins at offset {at}"
            ),
            Start::SkipLost { from, to } => warn!(
                partition,
                "RECORDS ARE LOST: the topic's retention removed offsets {from} to {to} before \
                 they were read; they are counted as lost"
            ),
            Start::BeginAnew { from, at } => warn!(
                partition,
                "The topic {:?} was made anew: it ends before offset {from}, up to which it is \
                 stored; it is read from its start, offset {at}, and counted from there",
                self.topic
            ),
        }
    }

    /// Asks the client what blocks its thread, at most for its time limit.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Client) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, Setback> {
        let client = Arc::clone(&self.client);
        let answer = spawn_blocking(move || question(&client)).await;
        answer
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(|error| Setback::Kafka(error.to_string()))
    }

    fn setback(&self, error: &DatabaseError) -> Setback {
        Setback::Database {
            story: self.writer.database().explain(error),
            is_stale: error.action() == Action::Refresh,
        }
    }
}
