//! Workers: each decodes batches and writes them, those of one load in one transaction where it can.
//!
//! - `queue`: what waits for them. `cut`: what of it goes into one transaction.
//! - `sink`: where it goes. `after`: how to go on after an attempt.

mod after;
mod cut;
mod decoding;
mod queue;
mod sink;

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use database::Action;
use jiff::Timestamp;
use service::backoff::Backoff;
use tracing::debug;

pub(crate) use self::decoding::Decoding;
use self::{
    after::{AfterChunk, isolate},
    cut::{cut, whole},
    sink::Sink,
};
use crate::{
    batch::{Delivery, Load, Settled},
    decode::Decoder,
    numbers,
    progress::Progress,
    schemas::Known,
    step::{Step, Stopwatch},
    store::{Chunk, Written},
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
    decoding: Decoding,
    /// When the chunks in hand were decoded.
    decoded: Range<Instant>,
}

impl<S: Sink> Worker<S> {
    /// A worker that writes at most so many records in one transaction.
    pub(crate) fn new(
        sink: S,
        progress: Progress,
        trouble: Trouble,
        rows_max: usize,
        decoding: Decoding,
    ) -> Self {
        let now = Instant::now();
        Self {
            sink,
            progress,
            trouble,
            rows: rows_max,
            rows_max,
            decoding,
            decoded: now..now,
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
        // A batch that waits for a registry is to hold up no other.
        let schemas = &self.decoding.schemas;
        let Some(schemas) = schemas.at_hand(load.iter().map(|it| &it.batch)) else {
            return false;
        };
        let mut stopwatch = Stopwatch::start();
        let chunks = whole(load.iter().map(|it| self.cut(it, &schemas)), self.rows);
        self.decoded = stopwatch.done(Step::Decode);
        let Some(chunks) = chunks else {
            return false;
        };
        let began = Instant::now();
        match self.sink.write_together(&chunks).await {
            Ok(Some(counts)) => {
                self.succeeded();
                self.progress.committed(&chunks, &self.decoded, began);
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

    /// Decodes a batch and cuts it, by the schemas that are at hand.
    fn cut<'a>(&self, delivery: &'a Delivery, schemas: &Known) -> VecDeque<Chunk<'a>> {
        let retention = &self.decoding.retention;
        let now = Timestamp::now();
        let decoder = Decoder {
            topic: self.sink.topic(),
            partition: delivery.partition,
            now,
            kept_since: retention.kept_since(now),
            schemas,
        };
        cut(delivery, &decoder, self.rows)
    }

    async fn write(&mut self, delivery: &Delivery) -> Settled {
        let schemas = &self.decoding.schemas;
        let Some(schemas) = schemas.of(&delivery.batch, &delivery.epoch).await else {
            return Settled::LetGo;
        };
        let mut stopwatch = Stopwatch::start();
        let mut chunks = self.cut(delivery, &schemas);
        self.decoded = stopwatch.done(Step::Decode);
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
                Ok(written) => return self.written(written, &chunk, began),
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
        began: Instant,
    ) -> AfterChunk<'a> {
        self.succeeded();
        match written {
            Written::Now(counts) => {
                let chunks = std::slice::from_ref(chunk);
                self.progress.committed(chunks, &self.decoded, began);
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

#[cfg(test)]
mod tests;
