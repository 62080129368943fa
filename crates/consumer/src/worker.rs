//! Workers: each decodes the batches of its partitions and writes them, one after the other.

mod cut;
mod sink;

use std::time::{Duration, Instant};

use database::Action;
use jiff::Timestamp;
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use self::{
    cut::cut,
    sink::{Sink, WriteError},
};
use crate::{
    batch::{Delivery, Settled},
    decode::Decoder,
    numbers,
    progress::Progress,
    retention::Retention,
    step::{Step, Stopwatch},
    store::{Chunk, Refusal, Written},
    trouble::Trouble,
};

/// Waits between attempts.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(3);

/// One of the pool.
pub(crate) struct Worker<S> {
    /// Where chunks go. Workers share what it knows, and each has a connection of its own meanwhile.
    sink: S,
    progress: Progress,
    /// A trouble of its own, since others may be well: it may be this worker's chunk that hurts.
    trouble: Trouble,
    /// Records in one transaction: fewer for a while after the server was overwhelmed.
    rows: usize,
    /// Up to where that grows again, doubling with each chunk that is stored.
    rows_max: usize,
    /// Which records are too old to become rows.
    retention: Retention,
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

impl<S: Sink> Worker<S> {
    /// A worker that writes at most so many records in one transaction.
    pub(crate) fn new(
        sink: S,
        progress: Progress,
        trouble: Trouble,
        rows_max: usize,
        retention: Retention,
    ) -> Self {
        Self {
            sink,
            progress,
            trouble,
            rows: rows_max,
            rows_max,
            retention,
        }
    }

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
        let now = Timestamp::now();
        let decoder = Decoder {
            topic: self.sink.topic(),
            partition: delivery.partition,
            now,
            kept_since: self.retention.kept_since(now),
        };
        let mut stopwatch = Stopwatch::start();
        let mut chunks = cut(delivery, &decoder, self.rows);
        stopwatch.done(Step::Decode);
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
            let error = match self.sink.write(&chunk).await {
                Ok(written) => return self.written(written, &chunk, began.elapsed()),
                Err(error) => error,
            };
            let action = error.action_after(refreshes);
            numbers::FAILED_ATTEMPTS
                .counter_of(action.reason())
                .increment(1);
            if action == Action::Isolate {
                match isolate(chunk, &error) {
                    Ok(smaller) => return smaller,
                    Err(whole) => chunk = whole,
                }
            }
            self.trouble.began(&error.story);
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
                    if let Err(story) = self.sink.refresh().await {
                        self.trouble.began(&story);
                    }
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
                conflict("its_end");
                debug!(partition = chunk.partition, to = chunk.to, "Stored before");
                AfterChunk::Done
            }
            Written::Elsewhere => {
                conflict("elsewhere");
                AfterChunk::Over(Settled::Elsewhere)
            }
        }
    }
}

/// Counts a chunk that found the stored offset not where it begins.
fn conflict(found: &'static str) {
    numbers::OFFSET_CONFLICTS.counter_of(found).increment(1);
}

/// Finds the record that PostgreSQL refuses, by halves; alone, it is condemned. A chunk without any
/// record to blame comes back as it was.
fn isolate<'a>(mut chunk: Chunk<'a>, error: &WriteError) -> Result<AfterChunk<'a>, Chunk<'a>> {
    if chunk.items.len() > 1 {
        let (first, second) = chunk.split();
        return Ok(AfterChunk::Smaller(first, second));
    }
    let Some(item) = chunk.items.first_mut().filter(|item| item.content.is_ok()) else {
        return Err(chunk);
    };
    let story = &error.story;
    warn!(
        partition = chunk.partition,
        offset = item.offset,
        "PostgreSQL refuses a record, which goes to dead_letters: {story}"
    );
    item.content = Err(Refusal::new("refused_by_postgresql", story));
    Ok(AfterChunk::Smaller(chunk, None))
}

#[cfg(test)]
mod tests;
