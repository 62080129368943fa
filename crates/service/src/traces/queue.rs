//! What waits to be told.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::mpsc;

use crate::telemetry::Metric;

/// Traces that wait, of a dozen spans of some hundred bytes each. What comes when it is full is dropped, since
/// neither a check nor a row waits for it.
pub(super) const TRACES_MAX: usize = 1024;

/// The numbers that say what became of spans.
#[derive(Clone, Copy, Debug)]
pub struct TraceNumbers {
    /// Spans that the collector has.
    pub told: Metric,
    /// Spans that it will never have.
    pub dropped: Metric,
}

/// The end at which spans are left.
#[derive(Clone, Debug)]
pub(super) struct Inlet {
    traces: mpsc::Sender<Vec<SpanData>>,
    overflow: Arc<AtomicU64>,
}

/// The end at which they are taken.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) traces: mpsc::Receiver<Vec<SpanData>>,
    overflow: Arc<AtomicU64>,
}

pub(super) fn queue() -> (Inlet, Outlet) {
    let (sender, receiver) = mpsc::channel(TRACES_MAX);
    let overflow = Arc::new(AtomicU64::new(0));
    let inlet = Inlet {
        traces: sender,
        overflow: overflow.clone(),
    };
    let outlet = Outlet {
        traces: receiver,
        overflow,
    };
    (inlet, outlet)
}

impl Inlet {
    /// Leaves spans, or drops them where too many wait.
    pub(super) fn leave(&self, spans: Vec<SpanData>) {
        let count = spans.len() as u64;
        if self.traces.try_send(spans).is_err() {
            self.overflow.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl Outlet {
    /// Spans that found no room since this was last asked.
    pub(super) fn overflow(&self) -> u64 {
        self.overflow.swap(0, Ordering::Relaxed)
    }
}
