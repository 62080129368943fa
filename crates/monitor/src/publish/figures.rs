//! How publishing goes, in numbers.

use std::{fmt, time::Duration};

use metrics::{Counter, Gauge, Histogram};
use rdkafka::types::RDKafkaErrorCode;

use crate::numbers;

/// The numbers that change with each result: no handle is looked up for each.
pub(super) struct Figures {
    published: Counter,
    publishing: Histogram,
    unpublished: Gauge,
}

impl Figures {
    pub(super) fn new() -> Self {
        Self {
            published: numbers::PUBLISHED.counter(),
            publishing: numbers::PUBLISHING.histogram(),
            unpublished: numbers::UNPUBLISHED.gauge(),
        }
    }

    /// Kafka has acknowledged a result.
    pub(super) fn published(&self) {
        self.published.increment(1);
    }

    /// So long after it came.
    pub(super) fn took(&self, time: Duration) {
        self.publishing.record(time);
    }

    /// So many wait in memory.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) fn unpublished(&self, results: usize) {
        self.unpublished.set(results as f64);
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Figures").finish_non_exhaustive()
    }
}

/// Something was not delivered.
pub(super) fn count_failure(code: RDKafkaErrorCode) {
    let failures = numbers::PUBLISH_FAILURES.counter_of(format!("{code:?}"));
    failures.increment(1);
}
