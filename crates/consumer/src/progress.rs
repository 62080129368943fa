//! How it goes: numbers for Prometheus, and a line in the log every ten seconds while it stores.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    decode::Refusal,
    store::{Chunk, Counts},
};

/// How often the log says how it goes.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(10);

/// How it goes, shared by all stages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    stored: Counts,
    /// Records in the topic that are not stored yet, for each partition that is ours.
    lag: BTreeMap<i32, i64>,
    /// Records that were read and not stored yet.
    read: i64,
    /// Dead letters of each reason since the last summary.
    reasons: BTreeMap<&'static str, i64>,
}

impl Progress {
    /// A chunk was stored.
    pub(crate) fn stored(&self, chunk: &Chunk<'_>, counts: Counts, took: Duration) {
        let count = |name, count: i64| {
            counter!(name).increment(u64::try_from(count).unwrap_or_default());
        };
        count("consumer_rows_total", counts.rows);
        count("consumer_duplicates_total", counts.duplicates);
        count("consumer_replaced_total", counts.replaced);
        count("consumer_gaps_total", counts.gaps);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch is far below 2^52 records"
        )]
        histogram!("consumer_batch_rows").record(chunk.items.len() as f64);
        histogram!("consumer_batch_seconds").record(took.as_secs_f64());
        let mut state = self.lock();
        state.stored.rows += counts.rows;
        state.stored.duplicates += counts.duplicates;
        state.stored.replaced += counts.replaced;
        state.stored.dead_letters += counts.dead_letters;
        state.stored.gaps += counts.gaps;
        for refusal in chunk
            .items
            .iter()
            .filter_map(|item| item.content.as_ref().err())
        {
            let Refusal { reason, .. } = refusal;
            counter!("consumer_dead_letters_total", "reason" => *reason).increment(1);
            *state.reasons.entry(reason).or_default() += 1;
        }
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
    pub(crate) fn lag(&self, partition: i32, lag: Option<i64>) {
        let gauge = gauge!("consumer_lag_records", "partition" => partition.to_string());
        let mut state = self.lock();
        #[expect(clippy::cast_precision_loss, reason = "a number for a graph")]
        gauge.set(lag.unwrap_or_default() as f64);
        match lag {
            Some(lag) => state.lag.insert(partition, lag),
            None => state.lag.remove(&partition),
        };
    }

    /// Says every ten seconds how it goes, until `stop`; nothing while nothing is stored.
    pub(crate) async fn summarise(self, stop: CancellationToken) {
        let mut said = (Instant::now(), Counts::default());
        while stop
            .run_until_cancelled(tokio::time::sleep(SUMMARY_INTERVAL))
            .await
            .is_some()
        {
            said = self.say(said);
        }
        self.say(said);
    }

    fn say(&self, (since, before): (Instant, Counts)) -> (Instant, Counts) {
        let now = Instant::now();
        let mut state = self.lock();
        let stored = state.stored;
        if stored == before {
            return (now, before);
        }
        let rows = stored.rows - before.rows;
        #[expect(clippy::cast_precision_loss, reason = "a number for a person")]
        let rows_per_second = (rows as f64 / now.duration_since(since).as_secs_f64()).round();
        info!(
            rows,
            rows_per_second,
            duplicates = stored.duplicates - before.duplicates,
            replaced = stored.replaced - before.replaced,
            dead_letters = stored.dead_letters - before.dead_letters,
            gaps = stored.gaps - before.gaps,
            lag_records = state.lag.values().sum::<i64>(),
            "Stored {rows} rows",
        );
        let reasons = std::mem::take(&mut state.reasons);
        if !reasons.is_empty() {
            let reasons: Vec<_> = reasons
                .iter()
                .map(|(reason, count)| format!("{count} × {reason}"))
                .collect();
            warn!(
                "Records that could not become rows are in dead_letters: {}",
                reasons.join(", ")
            );
        }
        (now, stored)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
