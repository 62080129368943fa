//! Spans of one trace that are told together.

use opentelemetry::{
    InstrumentationScope,
    trace::{SpanContext, SpanId, TraceFlags, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::{place::Place, span::Span};

/// Who made the spans.
const SCOPE: &str = "websites-monitor";

/// Spans of one trace that are told together, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub(super) spans: Vec<SpanData>,
}

impl Trace {
    /// Adds the span that is at this place, a child of `parent` where it has one.
    pub fn add(&mut self, place: Place, parent: Option<Place>, span: Span) {
        let scope = InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION"));
        self.spans.push(SpanData {
            span_context: SpanContext::new(
                place.trace,
                place.span,
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: parent.map_or(SpanId::INVALID, |parent| parent.span),
            parent_span_is_remote: parent.is_some_and(|parent| parent.is_remote),
            span_kind: span.role.into(),
            name: span.name.into(),
            start_time: span.begin,
            end_time: span.end,
            attributes: span.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: span.status,
            instrumentation_scope: scope.build(),
        });
    }
}
