//! Who brings spans to the collector.

use std::{future::pending, sync::Arc, time::Duration};

use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    collector::Collector,
    queue::{Outlet, TRACES_MAX, TraceNumbers},
};
use crate::health::Remark;

/// How long traces gather, so that a request holds many.
const GATHER_TIME: Duration = Duration::from_secs(1);
/// Traces in one request.
const REQUEST_TRACES_MAX: usize = TRACES_MAX / 4;
/// What telling the last ones may take once the service has ended: nobody waits longer for it.
const LAST_TIMEOUT: Duration = Duration::from_millis(150);
/// How often what goes on is said at most, also in other words: two collectors behind one name, or two limits that
/// end at once, each have their own.
const SAID_INTERVAL: Duration = Duration::from_mins(1);

/// Brings spans to the collector until the service has ended.
#[derive(Debug, Default)]
pub struct Exporter {
    /// `None` where no traces are told.
    pub(super) work: Option<Work>,
}

#[derive(Debug)]
pub(super) struct Work {
    pub(super) outlet: Outlet,
    pub(super) exporter: SpanExporter,
    pub(super) collector: Arc<Collector>,
    pub(super) numbers: TraceNumbers,
    /// What is wrong is said at `/readyz`, and keeps nobody from working.
    pub(super) remark: Remark,
    /// What was last said to be wrong.
    pub(super) trouble: Option<String>,
    pub(super) trouble_said: Said,
    /// That spans find no room.
    pub(super) overflow_said: Said,
}

/// When something was last said.
#[derive(Debug, Default)]
pub(super) struct Said(Option<Instant>);

impl Said {
    /// Whether it is to be said now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self
            .0
            .is_none_or(|at| now.duration_since(at) >= SAID_INTERVAL);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

impl Exporter {
    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        match self.work {
            Some(work) => work.run(stop).await,
            None => stop.cancelled().await,
        }
    }
}

impl Work {
    async fn run(mut self, stop: CancellationToken) {
        loop {
            let mut traces = Vec::new();
            stop.run_until_cancelled(self.gather(&mut traces)).await;
            let is_over = stop.is_cancelled();
            if is_over {
                while let Ok(trace) = self.outlet.traces.try_recv() {
                    traces.push(trace);
                }
            }
            self.tell(traces.into_iter().flatten().collect(), &stop)
                .await;
            self.say_overflow();
            if is_over {
                return;
            }
        }
    }

    /// Waits for some traces, and a moment for more.
    async fn gather(&mut self, traces: &mut Vec<Vec<SpanData>>) {
        let outlet = &mut self.outlet.traces;
        if outlet.recv_many(traces, REQUEST_TRACES_MAX).await == 0 {
            // Nobody will leave any more; the end comes by itself.
            return pending().await;
        }
        let more = REQUEST_TRACES_MAX - traces.len();
        if more > 0 {
            sleep(GATHER_TIME).await;
            while traces.len() < REQUEST_TRACES_MAX
                && let Ok(trace) = outlet.try_recv()
            {
                traces.push(trace);
            }
        }
    }

    async fn tell(&mut self, spans: Vec<SpanData>, stop: &CancellationToken) {
        if spans.is_empty() {
            return;
        }
        let count = spans.len() as u64;
        let over = async {
            stop.cancelled().await;
            sleep(LAST_TIMEOUT).await;
        };
        let outcome = tokio::select! {
            outcome = self.exporter.export(spans) => outcome.map_err(|error| error.to_string()),
            () = over => Err("the service has ended".to_owned()),
        };
        match outcome {
            Ok(()) => self.told(count),
            Err(error) => {
                let trouble = self.collector.take_trouble().unwrap_or(error);
                self.failed(count, trouble);
            }
        }
    }

    fn told(&mut self, count: u64) {
        self.numbers.told.counter().increment(count);
        if self.trouble.take().is_some() {
            self.trouble_said = Said::default();
            self.remark.clear();
            info!("Traces are told again");
        }
    }

    fn failed(&mut self, count: u64, trouble: String) {
        self.numbers.dropped.counter().increment(count);
        self.remark.set(format!("not told: {trouble}"));
        if self.trouble.as_ref() != Some(&trouble) && self.trouble_said.is_due(Instant::now()) {
            warn!("Traces are not told, and their spans are dropped: {trouble}");
            self.trouble = Some(trouble);
        }
    }

    /// Says it once a minute at most: it goes on for as long as more comes than is taken.
    fn say_overflow(&mut self) {
        let count = self.outlet.overflow();
        if count == 0 {
            return;
        }
        self.numbers.dropped.counter().increment(count);
        if self.overflow_said.is_due(Instant::now()) {
            warn!(
                "{count} spans were dropped, since more come than the collector takes; fewer are made \
                 with a lower OTEL_TRACES_SAMPLER_ARG of the monitor"
            );
        }
    }
}
