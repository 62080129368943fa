//! How it goes: numbers for Prometheus, and a line in the log every ten seconds while it stores.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use service::telemetry::Metric;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    heard::Heard,
    numbers,
    store::{Chunk, Counts, Refusal},
    traces::Traces,
};

/// How often the log says how it goes.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(10);

/// How it goes, shared by all stages: those who work note it, the summary and whoever drains read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    state: Arc<Mutex<State>>,
    /// From where something is heard, and up to when.
    pub(crate) heard: Heard,
    /// Who is told what became of single records.
    pub(crate) traces: Traces,
}

#[derive(Debug)]
struct State {
    /// What was stored since the start.
    stored: Counts,
    /// What of it the log has said, and when.
    said: Counts,
    said_at: Instant,
    /// Records in the topic that are not stored yet, for each partition that is ours.
    lag: BTreeMap<i32, i64>,
    /// Records that were read and not stored yet.
    read: i64,
    /// Dead letters of each reason since the last summary.
    reasons: BTreeMap<&'static str, i64>,
}

/// How far a partition is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lag {
    /// Records in the topic that are not stored yet.
    pub(crate) records: i64,
    /// When the first of them was made, milliseconds since 1970; none where nothing waits.
    pub(crate) since_ms: Option<i64>,
}

/// What one summary says.
#[derive(Debug, PartialEq)]
struct Summary {
    /// What was stored since the last one.
    stored: Counts,
    /// To one decimal: the few rows of a small set of websites must not read as none.
    rows_per_second: f64,
    lag_records: i64,
    reasons: BTreeMap<&'static str, i64>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            stored: Counts::default(),
            said: Counts::default(),
            said_at: Instant::now(),
            lag: BTreeMap::new(),
            read: 0,
            reasons: BTreeMap::new(),
        }
    }
}

impl State {
    /// What is to be said now, if anything.
    fn summary(&mut self, now: Instant) -> Option<Summary> {
        let took = now.duration_since(std::mem::replace(&mut self.said_at, now));
        let (stored, said) = (self.stored, std::mem::replace(&mut self.said, self.stored));
        if stored == said {
            return None;
        }
        let stored = Counts {
            rows: stored.rows - said.rows,
            duplicates: stored.duplicates - said.duplicates,
            replaced: stored.replaced - said.replaced,
            dead_letters: stored.dead_letters - said.dead_letters,
            expired: stored.expired - said.expired,
            gaps: stored.gaps - said.gaps,
        };
        Some(Summary {
            stored,
            rows_per_second: rate(stored.rows, took),
            lag_records: self.lag.values().sum(),
            reasons: std::mem::take(&mut self.reasons),
        })
    }
}

/// How many a second, to one decimal. After less than a second nothing is scaled up: three rows in
/// a millisecond are no 3,000 a second.
fn rate(rows: i64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number for a person")]
    let rows = rows as f64;
    (rows / took.as_secs_f64().max(1.0) * 10.0).round() / 10.0
}

/// How long ago a record was made. Never negative: the clock that made it may be ahead of ours.
fn seconds_since(made_ms: i64, now_ms: i64) -> f64 {
    let age_ms = now_ms.saturating_sub(made_ms).max(0);
    Duration::from_millis(age_ms.unsigned_abs()).as_secs_f64()
}

impl Progress {
    /// Tells `traces` of single records, too.
    pub(crate) fn new(traces: Traces) -> Self {
        Self {
            traces,
            ..Self::default()
        }
    }

    /// These chunks were stored in one transaction, decoded and begun then.
    pub(crate) fn committed(&self, chunks: &[Chunk<'_>], decoded: &Range<Instant>, began: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 records")]
        let records = chunks.iter().map(|it| it.items.len()).sum::<usize>() as f64;
        numbers::BATCH_ROWS.histogram().record(records);
        let took = began.elapsed().as_secs_f64();
        numbers::BATCHES.histogram().record(took);
        self.traces.committed(chunks, decoded, began);
    }

    /// A chunk was stored.
    pub(crate) fn stored(&self, chunk: &Chunk<'_>, counts: Counts) {
        let count = |metric: Metric, count: i64| {
            metric
                .counter()
                .increment(u64::try_from(count).unwrap_or_default());
        };
        count(numbers::ROWS, counts.rows);
        count(numbers::DUPLICATES, counts.duplicates);
        count(numbers::REPLACED, counts.replaced);
        count(numbers::EXPIRED, counts.expired);
        count(numbers::GAPS, counts.gaps);
        let freshness = numbers::FRESHNESS.histogram();
        let now_ms = Timestamp::now().as_millisecond();
        for item in &chunk.items {
            let record = chunk.batch.get(item.index);
            if let Some(made_ms) = record.and_then(|record| record.timestamp_ms) {
                freshness.record(seconds_since(made_ms, now_ms));
            }
        }
        self.heard.stored(chunk, now_ms);
        let mut state = self.lock();
        state.stored.rows += counts.rows;
        state.stored.duplicates += counts.duplicates;
        state.stored.replaced += counts.replaced;
        state.stored.dead_letters += counts.dead_letters;
        state.stored.expired += counts.expired;
        state.stored.gaps += counts.gaps;
        for refusal in chunk
            .items
            .iter()
            .filter_map(|item| item.content.as_ref().err())
            .filter(|refusal| !refusal.is_expired())
        {
            let Refusal { reason, .. } = refusal;
            numbers::DEAD_LETTERS.counter_of(*reason).increment(1);
            *state.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Records were removed by the topic's retention before they were read.
    #[expect(clippy::unused_self, reason = "as the others, which keep more")]
    pub(crate) fn lost(&self, offsets: i64) {
        numbers::LOST
            .counter()
            .increment(u64::try_from(offsets).unwrap_or_default());
    }

    /// Records were read.
    pub(crate) fn read(&self, records: usize) {
        self.lock().read += i64::try_from(records).unwrap_or(i64::MAX);
    }

    /// Records that were read are done with: stored or let go.
    pub(crate) fn settled(&self, records: usize) {
        self.lock().read -= i64::try_from(records).unwrap_or(i64::MAX);
    }

    /// Records that were read and not stored yet.
    pub(crate) fn unsettled(&self) -> i64 {
        self.lock().read
    }

    /// How far a partition is behind; `None` when it is not ours any more.
    pub(crate) fn lag(&self, partition: i32, lag: Option<Lag>) {
        let Lag { records, since_ms } = lag.unwrap_or_default();
        let label = partition.to_string();
        let mut state = self.lock();
        #[expect(clippy::cast_precision_loss, reason = "a number for a graph")]
        let shown = records as f64;
        numbers::LAG_RECORDS.gauge_of(label.clone()).set(shown);
        let now_ms = Timestamp::now().as_millisecond();
        let age = since_ms.map_or(0.0, |since_ms| seconds_since(since_ms, now_ms));
        numbers::LAG_SECONDS.gauge_of(label).set(age);
        if lag.is_some() {
            self.heard.measured(partition, since_ms, Instant::now());
            state.lag.insert(partition, records);
        } else {
            self.heard.forget(partition);
            state.lag.remove(&partition);
        }
    }

    /// Says every ten seconds how it goes, until `stop`.
    pub(crate) async fn summarise(self, stop: CancellationToken) {
        let pause = || stop.run_until_cancelled(tokio::time::sleep(SUMMARY_INTERVAL));
        while pause().await.is_some() {
            self.say();
        }
        // The last summary stands before the last word.
        self.say();
    }

    /// Says what was stored since the last time; nothing when nothing was.
    pub(crate) fn say(&self) {
        let Some(summary) = self.lock().summary(Instant::now()) else {
            return;
        };
        let Summary { stored, .. } = summary;
        info!(
            rows = stored.rows,
            rows_per_second = summary.rows_per_second,
            duplicates = some(stored.duplicates),
            replaced = some(stored.replaced),
            dead_letters = some(stored.dead_letters),
            expired = some(stored.expired),
            gaps = some(stored.gaps),
            lag_records = summary.lag_records,
            "Stored",
        );
        if !summary.reasons.is_empty() {
            let reasons: Vec<_> = summary
                .reasons
                .iter()
                .map(|(reason, count)| format!("{count} × {reason}"))
                .collect();
            warn!(
                "Records that could not become rows are in dead_letters: {}",
                reasons.join(", ")
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A count that a line needs not name where it is nought.
fn some(count: i64) -> Option<i64> {
    (count != 0).then_some(count)
}

#[cfg(test)]
mod tests;
