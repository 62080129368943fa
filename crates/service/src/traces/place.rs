//! Whose child a span is.

use opentelemetry::{
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, SpanId, TraceContextExt, TraceId},
};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{IdGenerator, RandomIdGenerator},
};

/// A span by which others are known to belong together, in this process or in the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// Whether another process tells of it.
    pub(super) is_remote: bool,
}

impl Place {
    /// The name of the header that says it (W3C Trace Context).
    pub const HEADER: &'static str = "traceparent";

    /// One of our own.
    pub fn new(trace: [u8; 16], span: u64) -> Self {
        Self {
            trace: TraceId::from_bytes(trace),
            span: span.into(),
            is_remote: false,
        }
    }

    /// Another one of the same trace, of our own.
    #[must_use]
    pub fn another(self) -> Self {
        Self {
            span: RandomIdGenerator::default().new_span_id(),
            is_remote: false,
            ..self
        }
    }

    /// What the header says, where it says that the trace is told; `None` where it says anything else.
    pub fn from_header(value: &[u8]) -> Option<Self> {
        let value = Header(str::from_utf8(value).ok()?);
        let context = TraceContextPropagator::new().extract(&value);
        let span = context.span();
        let parent: &SpanContext = span.span_context();
        let is_told = parent.is_valid() && parent.is_sampled();
        is_told.then(|| Self {
            trace: parent.trace_id(),
            span: parent.span_id(),
            is_remote: true,
        })
    }

    /// The header's value, of a trace that is told.
    pub fn header(self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }
}

/// The one header, for the library to read.
struct Header<'a>(&'a str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == Place::HEADER).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![Place::HEADER]
    }
}
