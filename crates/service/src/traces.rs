//! What is told of checks to a collector of traces (OpenTelemetry). Spans are made afterwards, from times
//! that are known anyway, of those checks alone of which a trace is told.
//!
//! - `settings`: whether, and whom. `tracer`: where spans are left. `exporter`: who brings them there.
//! - `place`: whose child a span is, also across the topic. `trace`, `span`: what is told.

mod collector;
mod exporter;
mod place;
mod queue;
mod settings;
mod span;
mod start;
mod trace;
mod tracer;

pub use exporter::Exporter;
pub use place::Place;
pub use queue::TraceNumbers;
pub use settings::TraceSettings;
pub use span::{Role, Span};
pub use start::start;
pub use trace::Trace;
pub use tracer::Tracer;

#[cfg(test)]
mod tests;
