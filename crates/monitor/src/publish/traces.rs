//! Traces of checks, from the due time to Kafka's acknowledgement. All that is told stands in the record, so
//! nothing is measured for it, and results that waited on disk are told of like others.

mod sampling;
mod spans;

use std::time::SystemTime;

use messages::{Origin, Record};
use service::{
    health::Health,
    traces::{self, Exporter, TraceNumbers, TraceSettings, Tracer},
};

pub use self::sampling::Sampling;
use self::spans::{place, spans};
use super::entry::Entry;
use crate::numbers;

/// What becomes of spans.
const NUMBERS: TraceNumbers = TraceNumbers {
    told: numbers::SPANS_TOLD,
    dropped: numbers::SPANS_DROPPED,
};

/// Whom traces are told, and of which checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    tracer: Tracer,
    sampling: Sampling,
    topic: String,
}

impl Traces {
    /// Tells of a share of the checks that go to this topic, and who brings that to the collector.
    pub(crate) fn start(
        settings: Option<&TraceSettings>,
        sampling: Sampling,
        topic: &str,
        health: &Health,
    ) -> anyhow::Result<(Self, Exporter)> {
        let (tracer, exporter) = traces::start(settings, "monitor", NUMBERS, health)?;
        let teller = Self {
            tracer,
            sampling,
            topic: topic.to_owned(),
        };
        Ok((teller, exporter))
    }

    /// What the consumer is told of its record's trace, where one is told.
    pub(super) fn header(&self, entry: &Entry) -> Option<String> {
        let record = self.told(entry)?;
        Some(place(&record).header())
    }

    /// Kafka has it: its trace is told, as far as the monitor knows it.
    pub(super) fn acknowledged(&self, entry: &Entry) {
        let Some(record) = self.told(entry) else {
            return;
        };
        let now = SystemTime::now();
        let came_at = now - entry.came_at.elapsed();
        self.tracer.tell(spans(&record, &self.topic, came_at, now));
    }

    /// The record of an entry of which a trace is told.
    fn told(&self, entry: &Entry) -> Option<Record> {
        if !self.tracer.is_on() {
            return None;
        }
        // A record of ours says all of itself: where it will stand is not asked.
        let nowhere = Origin {
            topic: "",
            partition: 0,
            offset: 0,
            timestamp_ms: None,
        };
        let record = Record::read(&entry.record, &nowhere).ok()?;
        self.sampling.takes(record.check_id).then_some(record)
    }
}
