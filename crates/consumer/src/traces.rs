//! Traces of checks, from Kafka to the row: they go on from what the record's header says.

use std::{
    ops::Range,
    time::{Instant, SystemTime},
};

use rdkafka::Message;
use service::{
    health::Health,
    traces::{self, Exporter, Role, Span, Trace, TraceNumbers, TraceSettings, Tracer},
};

use crate::{
    arrival::Arrival,
    numbers,
    store::{Chunk, Item, OffsetKey},
};

/// What becomes of spans.
const NUMBERS: TraceNumbers = TraceNumbers {
    told: numbers::SPANS_TOLD,
    dropped: numbers::SPANS_DROPPED,
};

/// Whom traces are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    tracer: Tracer,
    topic: String,
    group: String,
}

/// When a transaction's records were decoded, and when it was written.
#[derive(Clone, Debug)]
struct Times {
    decoded: Range<SystemTime>,
    written: Range<SystemTime>,
    /// The records of the transaction.
    records: i64,
}

impl Traces {
    /// Tells of what this group stores of the topic, and who brings that to the collector.
    pub(crate) fn start(
        settings: Option<&TraceSettings>,
        key: &OffsetKey,
        health: &Health,
    ) -> anyhow::Result<(Self, Exporter)> {
        let (tracer, exporter) = traces::start(settings, "consumer", NUMBERS, health)?;
        let teller = Self {
            tracer,
            topic: key.topic.clone(),
            group: key.group.clone(),
        };
        Ok((teller, exporter))
    }

    /// A record that came, where a trace is told of it.
    pub(crate) fn arrival(&self, message: &impl Message) -> Option<Arrival> {
        if !self.tracer.is_on() {
            return None;
        }
        Arrival::of(message)
    }

    /// These chunks were stored by a transaction that began then and has just ended.
    pub(crate) fn committed(&self, chunks: &[Chunk<'_>], decoded: &Range<Instant>, began: Instant) {
        if !self.tracer.is_on() {
            return;
        }
        let (now, clock) = (Instant::now(), SystemTime::now());
        // The clock's time of what was measured on another that never steps.
        let at = |instant: Instant| clock - now.duration_since(instant);
        let records = chunks.iter().map(|chunk| chunk.items.len()).sum::<usize>();
        let times = Times {
            decoded: at(decoded.start)..at(decoded.end),
            written: at(began)..clock,
            records: i64::try_from(records).unwrap_or(i64::MAX),
        };
        for chunk in chunks {
            for arrival in chunk.batch.arrivals(chunk.from..chunk.to) {
                let items = &chunk.items;
                let item = items.binary_search_by_key(&arrival.offset, |item| item.offset);
                if let Ok(item) = item {
                    let trace = self.trace(arrival, &times, &items[item], chunk.partition);
                    self.tracer.tell(trace);
                }
            }
        }
    }

    fn trace(&self, arrival: &Arrival, times: &Times, item: &Item, partition: i32) -> Trace {
        let Arrival { from, read_at, .. } = *arrival;
        // The clock that gave the timestamp may be ahead of ours.
        let sent_at = arrival
            .sent_at
            .map_or(read_at, |sent_at| sent_at.min(read_at));
        let Times {
            decoded, written, ..
        } = times;
        let mut trace = Trace::default();
        let consume = from.another();
        let reason = item.content.as_ref().err().map(|refusal| refusal.reason);
        let whole = Span::new("consume", sent_at, written.end)
            .role(Role::Consumer)
            .with("messaging.system", Some("kafka"))
            .with("messaging.destination.name", Some(self.topic.clone()))
            .with(
                "messaging.destination.partition.id",
                Some(partition.to_string()),
            )
            .with("messaging.kafka.offset", Some(item.offset))
            .with("messaging.consumer.group.name", Some(self.group.clone()))
            .failed(reason);
        trace.add(consume, Some(from), whole);
        let mut child = |span: Span| trace.add(from.another(), Some(consume), span);
        child(Span::new("read", sent_at, read_at));
        child(Span::new("wait", read_at, decoded.start));
        child(Span::new("decode", decoded.start, decoded.end));
        let commit = Span::new("commit", written.start, written.end)
            .role(Role::Client)
            .with("db.system.name", Some("postgresql"))
            .with("db.operation.batch.size", Some(times.records));
        child(commit);
        trace
    }
}
