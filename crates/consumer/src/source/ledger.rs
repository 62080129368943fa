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
    start::{Start, decide},
};
use crate::store::BatchWriter;

/// PostgreSQL and Kafka, asked for where partitions begin.
pub(super) struct Ledger {
    pub(super) client: Arc<Client>,
    pub(super) writer: BatchWriter,
    pub(super) topic: String,
    pub(super) reset: OffsetReset,
}

impl Books for Ledger {
    async fn look_up(&self, partition: i32) -> Result<Start, Setback> {
        let stored = self.writer.offsets().stored_offset(partition).await;
        let stored = stored.map_err(|error| self.setback(&error))?;
        let range = self.ask(move |client| client.range(partition)).await?;
        let committed = match stored {
            Some(_) => None,
            None => self.ask(move |client| client.committed(partition)).await?,
        };
        Ok(decide(stored, committed, range, self.reset))
    }

    async fn enter(&self, partition: i32, start: Start) -> Result<(), Setback> {
        self.say(partition, start);
        let entered = match start {
            Start::Resume(_) => Ok(()),
            Start::Begin(at) => self.writer.offsets().begin_partition(partition, at).await,
            Start::SkipLost { from, to } => {
                self.writer.offsets().skip_lost(partition, from, to).await
            }
            Start::BeginAnew { from, at } => {
                self.writer.offsets().begin_anew(partition, from, at).await
            }
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
    fn say(&self, partition: i32, start: Start) {
        match start {
            Start::Resume(_) => {}
            Start::Begin(at) => info!(
                partition,
                "Nothing is stored of the partition: it begins at offset {at}"
            ),
            Start::SkipLost { from, to } => warn!(
                partition,
                "RECORDS ARE LOST: the topic's retention removed offsets {from} to {to} before \
                 they were read; they are counted as gaps"
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
