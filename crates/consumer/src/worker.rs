//! Workers: each decodes batches and writes them, those of one load in one transaction where it can.
//!
//! - `queue`: what waits for them. `cut`: what of it goes into one transaction.
//! - `sink`: where it goes.

mod cut;
mod queue;
mod sink;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use database::Action;
use jiff::Timestamp;
use service::backoff::Backoff;
use tracing::{debug, warn};

use self::{
    cut::{cut, whole},
    sink::{Sink, WriteError},
};
use crate::{
    batch::{Delivery, Load, Settled},
    decode::Decoder,
    numbers,
    progress::Progress,
    retention::Retention,
    step::{Step, Stopwatch},
    store::{Chunk, Refusal, Written},
    trouble::Trouble,
};

pub(crate) use self::queue::Queue;

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
    pub(crate) async fn run(mut self, queue: Queue) {
        while let Some(load) = queue.next().await {
            self.take(load, &queue).await;
        }
    }

    /// Writes a load: together where that succeeds at once; if not, each batch however long it takes, and
    /// all but one by whoever has time.
    async fn take(&mut self, load: Load, queue: &Queue) {
        if self.write_together(&load).await {
            for delivery in load {
                self.settle(delivery, Settled::Stored);
            }
            return;
        }
        let mut deliveries = load.into_iter();
        let mut ours: Load = deliveries.next().into_iter().collect();
        for delivery in deliveries {
            ours.extend(queue.put_back(delivery).err().into_iter().flatten());
        }
        for delivery in ours {
            let settled = self.write(&delivery).await;
            self.settle(delivery, settled);
        }
    }

    fn settle(&self, delivery: Delivery, settled: Settled) {
        self.progress.settled(delivery.batch.len());
        // The source does not wait for a partition that is not its own any more.
        if delivery.reply.send(settled).is_err() {
            debug!(
                partition = delivery.partition,
                "Nobody waits for {settled:?}"
            );
        }
    }

    /// Writes all of a load in one transaction. `false`: nothing is stored, and each batch is to be
    /// written by itself.
    async fn write_together(&mut self, load: &Load) -> bool {
        if load.len() < 2 || load.iter().any(|it| it.epoch.is_cancelled()) {
            return false;
        }
        let mut stopwatch = Stopwatch::start();
        let chunks = whole(load.iter().map(|it| self.cut(it, self.rows)), self.rows);
        stopwatch.done(Step::Decode);
        let Some(chunks) = chunks else {
            return false;
        };
        let began = Instant::now();
        match self.sink.write_together(&chunks).await {
            Ok(Some(counts)) => {
                self.succeeded();
                self.progress.committed(&chunks, began.elapsed());
                for (chunk, counts) in chunks.iter().zip(counts) {
                    self.progress.stored(chunk, counts);
                }
                true
            }
            Ok(None) => false,
            Err(error) => {
                let reason = error.action.reason();
                numbers::FAILED_ATTEMPTS.counter_of(reason).increment(1);
                debug!("Storing {} batches apart: {}", load.len(), error.story);
                // The next attempt may take as long as this one: a server that is gone is said now.
                if error.is_outage() {
                    self.trouble.began(&error.story);
                }
                false
            }
        }
    }

    fn cut<'a>(&self, delivery: &'a Delivery, rows: usize) -> VecDeque<Chunk<'a>> {
        let now = Timestamp::now();
        let decoder = Decoder {
            topic: self.sink.topic(),
            partition: delivery.partition,
            now,
            kept_since: self.retention.kept_since(now),
        };
        cut(delivery, &decoder, rows)
    }

    async fn write(&mut self, delivery: &Delivery) -> Settled {
        let mut stopwatch = Stopwatch::start();
        let mut chunks = self.cut(delivery, self.rows);
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
        self.succeeded();
        match written {
            Written::Now(counts) => {
                self.progress.committed(std::slice::from_ref(chunk), took);
                self.progress.stored(chunk, counts);
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

impl<S> Worker<S> {
    /// The server is well, and may be given more again.
    fn succeeded(&mut self) {
        self.trouble.ended();
        self.rows = (self.rows * 2).min(self.rows_max);
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
