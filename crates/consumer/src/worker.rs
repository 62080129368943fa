//! Workers: each decodes the batches of its partitions and writes them, one after the other.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use database::{Action, DatabaseError, PrepareError};
use jiff::Timestamp;
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::{
    batch::{Delivery, Settled},
    decode::Decoder,
    progress::Progress,
    store::{BatchWriter, Chunk, Item, Refusal, Written},
    trouble::Trouble,
};

/// Waits between attempts.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(3);
/// Days in one transaction: each is a table, and a server has locks for some thousands.
const CHUNK_DAYS_MAX: usize = 16;
/// How often what is known is read anew for one chunk, before a constraint that still fails is
/// taken for the record's fault.
const REFRESHES_MAX: u32 = 3;

/// One of the pool.
pub(crate) struct Worker {
    pub(crate) writer: BatchWriter,
    pub(crate) progress: Progress,
    pub(crate) trouble: Trouble,
    /// Records in one transaction: fewer for a while after the server was overwhelmed.
    pub(crate) rows: usize,
    pub(crate) rows_max: usize,
}

/// How to go on after an attempt at a chunk.
enum AfterChunk<'a> {
    /// With the next one: it is stored.
    Done,
    /// With its parts: it was too much at once, or holds a record that PostgreSQL refuses.
    Smaller(Chunk<'a>, Option<Chunk<'a>>),
    /// With no chunk of the batch: what is left of it is not to be stored by us, or not now.
    Over(Settled),
}

impl Worker {
    /// Works until the source lets go of the other end.
    pub(crate) async fn run(mut self, mut deliveries: mpsc::Receiver<Delivery>) {
        while let Some(delivery) = deliveries.recv().await {
            let settled = self.write(&delivery).await;
            self.progress.settled(delivery.batch.len());
            // The source does not wait for a partition that is not its own any more.
            if delivery.reply.send(settled).is_err() {
                debug!(
                    partition = delivery.partition,
                    "Nobody waits for {settled:?}"
                );
            }
        }
    }

    async fn write(&mut self, delivery: &Delivery) -> Settled {
        let mut chunks = self.decode(delivery);
        while let Some(chunk) = chunks.pop_front() {
            match self.write_chunk(chunk, delivery).await {
                AfterChunk::Done => {}
                AfterChunk::Smaller(first, second) => {
                    for chunk in second.into_iter().chain([first]) {
                        chunks.push_front(chunk);
                    }
                }
                AfterChunk::Over(settled) => return settled,
            }
        }
        Settled::Stored
    }

    /// Decodes a batch and cuts it into transactions: of so many records, and of so many days.
    fn decode<'a>(&self, delivery: &'a Delivery) -> VecDeque<Chunk<'a>> {
        let decoder = Decoder {
            topic: &self.writer.offsets().key().topic,
            partition: delivery.partition,
            now: Timestamp::now(),
        };
        let mut chunks: VecDeque<Chunk<'a>> = VecDeque::new();
        let mut days = BTreeSet::new();
        for (index, raw) in delivery.batch.iter().enumerate() {
            let content = decoder.decode(&raw);
            let day = content
                .as_ref()
                .ok()
                .map(|it| it.scheduled_at.as_second() / 86_400);
            days.extend(day);
            let is_full = days.len() > CHUNK_DAYS_MAX
                || chunks
                    .back()
                    .is_some_and(|chunk| chunk.items.len() >= self.rows);
            if chunks.is_empty() || is_full {
                days = day.into_iter().collect();
                chunks.push_back(Chunk {
                    partition: delivery.partition,
                    from: chunks.back().map_or(delivery.from, |before| before.to),
                    to: raw.offset,
                    items: Vec::new(),
                    batch: &delivery.batch,
                });
            }
            if let Some(chunk) = chunks.back_mut() {
                chunk.to = raw.offset + 1;
                chunk.items.push(Item {
                    index,
                    offset: raw.offset,
                    content,
                });
            }
        }
        chunks
    }

    /// Writes a chunk, however long it takes, or finds that it has to be cut, or let go.
    async fn write_chunk<'a>(
        &mut self,
        mut chunk: Chunk<'a>,
        delivery: &Delivery,
    ) -> AfterChunk<'a> {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX);
        let mut refreshes = 0;
        loop {
            if delivery.epoch.is_cancelled() {
                return AfterChunk::Over(Settled::LetGo);
            }
            let began = Instant::now();
            let error = match self.writer.write(&chunk).await {
                Ok(written) => return self.written(written, &chunk, began.elapsed()),
                Err(error) => error,
            };
            let action = match error.action() {
                Action::Refresh if refreshes >= REFRESHES_MAX && error.is_constraint() => {
                    Action::Isolate
                }
                action => action,
            };
            if action == Action::Isolate {
                match self.isolate(chunk, &error) {
                    Ok(smaller) => return smaller,
                    Err(whole) => chunk = whole,
                }
            }
            self.trouble.began(&self.writer.database().explain(&error));
            if !backoff.wait(&delivery.epoch).await {
                return AfterChunk::Over(Settled::LetGo);
            }
            match action {
                Action::RetrySmaller => {
                    self.rows = (chunk.items.len() / 2).max(1);
                    let (first, second) = chunk.split();
                    return AfterChunk::Smaller(first, second);
                }
                Action::Refresh => {
                    refreshes += 1;
                    self.refresh().await;
                }
                Action::Retry | Action::Reconnect | Action::Isolate | Action::Ask => {}
            }
        }
    }

    fn written<'a>(
        &mut self,
        written: Written,
        chunk: &Chunk<'a>,
        took: Duration,
    ) -> AfterChunk<'a> {
        self.trouble.ended();
        self.rows = (self.rows * 2).min(self.rows_max);
        match written {
            Written::Now(counts) => {
                self.progress.stored(chunk, counts, took);
                AfterChunk::Done
            }
            Written::Before => {
                debug!(partition = chunk.partition, to = chunk.to, "Stored before");
                AfterChunk::Done
            }
            Written::Elsewhere => AfterChunk::Over(Settled::Elsewhere),
        }
    }

    /// Finds the record that PostgreSQL refuses, by halves; alone, it is condemned. A chunk without
    /// any record to blame comes back as it was.
    fn isolate<'a>(
        &self,
        mut chunk: Chunk<'a>,
        error: &DatabaseError,
    ) -> Result<AfterChunk<'a>, Chunk<'a>> {
        if chunk.items.len() > 1 {
            let (first, second) = chunk.split();
            return Ok(AfterChunk::Smaller(first, second));
        }
        let Some(item) = chunk.items.first_mut().filter(|item| item.content.is_ok()) else {
            return Err(chunk);
        };
        let story = self.writer.database().explain(error);
        warn!(
            partition = chunk.partition,
            offset = item.offset,
            "PostgreSQL refuses a record, which goes to dead_letters: {story}"
        );
        item.content = Err(Refusal::new("refused_by_postgresql", &story));
        Ok(AfterChunk::Smaller(chunk, None))
    }

    /// Reads anew what is known of the tables.
    async fn refresh(&mut self) {
        match self.writer.refresh().await {
            Ok(()) => {}
            Err(PrepareError::Refused(refused)) => self.trouble.began(&refused.to_string()),
            Err(PrepareError::Database(error)) => {
                self.trouble.began(&self.writer.database().explain(&error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use messages::OutcomeKind;
    use service::health::Health;
    use tokio::sync::oneshot;
    use tokio_postgres::NoTls;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        batch::{Batch, RawRecord},
        testing,
        trouble::Troubles,
    };

    /// A worker on a database in which partition 0 begins at 0.
    async fn worker(uri: &str, rows_max: usize) -> Worker {
        let writer = testing::writer(uri);
        database::prepare(writer.database()).await.unwrap();
        writer.offsets().begin_partition(0, 0).await.unwrap();
        let troubles = Troubles::new(Health::default().condition("PostgreSQL"));
        Worker {
            writer,
            progress: Progress::default(),
            trouble: troubles.of("worker"),
            rows: rows_max,
            rows_max,
        }
    }

    fn delivery(from: i64, values: &[String]) -> (Delivery, oneshot::Receiver<Settled>) {
        let mut batch = Batch::default();
        for (offset, value) in (from..).zip(values) {
            batch.push(RawRecord {
                offset,
                timestamp_ms: None,
                key: None,
                value: Some(value.as_bytes()),
            });
        }
        let (reply, settled) = oneshot::channel();
        let delivery = Delivery {
            partition: 0,
            from,
            batch,
            epoch: CancellationToken::new(),
            reply,
        };
        (delivery, settled)
    }

    async fn connect(uri: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    fn values(numbers: impl Iterator<Item = u8>) -> Vec<String> {
        numbers
            .map(|number| testing::value(number, OutcomeKind::Up))
            .collect()
    }

    #[tokio::test]
    async fn records_that_postgresql_refuses_are_found_among_those_it_takes() {
        let uri = testing::database().await;
        let mut worker = worker(&uri, 100).await;
        let client = connect(&uri).await;
        let sane = "ALTER TABLE metrics ADD CONSTRAINT sane CHECK (response_time < 1000)";
        client.batch_execute(sane).await.unwrap();
        let mut values = values(0..50);
        for refused in [0, 17, 18, 49] {
            values[refused] = values[refused].replace("0.5", "5000");
        }
        let (delivery, _) = delivery(0, &values);
        assert_eq!(worker.write(&delivery).await, Settled::Stored);
        let account = "SELECT next_offset = 50 AND rows = 46 AND dead_letters = 4 FROM offsets";
        assert!(
            client
                .query_one(account, &[])
                .await
                .unwrap()
                .get::<_, bool>(0)
        );
        let letters = "SELECT array_agg(\"offset\" ORDER BY \"offset\") FROM dead_letters \
                       WHERE reason = 'refused_by_postgresql' AND error LIKE '%sane%'";
        let offsets: Vec<i64> = client.query_one(letters, &[]).await.unwrap().get(0);
        assert_eq!(offsets, [0, 17, 18, 49]);
    }

    #[tokio::test]
    async fn a_batch_of_many_days_is_cut_into_transactions_of_few() {
        let uri = testing::database().await;
        let worker = worker(&uri, 100).await;
        let mut values = values(0..40);
        for (number, value) in values.iter_mut().enumerate() {
            *value = value.replace("2026-11-25", &format!("20{number:02}-11-25"));
        }
        values.truncate(25);
        let (delivery, _) = delivery(5, &values);
        let chunks = worker.decode(&delivery);
        let borders: Vec<_> = chunks.iter().map(|chunk| (chunk.from, chunk.to)).collect();
        assert_eq!(borders, [(5, 21), (21, 30)]);
    }

    #[tokio::test]
    async fn an_older_epoch_is_let_go_also_while_the_database_is_away() {
        let uri = testing::database().await;
        let mut worker = worker(&uri, 100).await;
        let client = connect(&uri).await;
        client
            .batch_execute("ALTER TABLE offsets RENAME TO away")
            .await
            .unwrap();
        let (delivery, settled) = delivery(0, &values(0..3));
        let epoch = delivery.epoch.clone();
        let (sender, deliveries) = mpsc::channel(1);
        sender.send(delivery).await.unwrap();
        worker.trouble.began("the test begins");
        let running = tokio::spawn(worker.run(deliveries));
        epoch.cancel();
        assert_eq!(settled.await.unwrap(), Settled::LetGo);
        drop(sender);
        running.await.unwrap();
    }
}
