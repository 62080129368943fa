//! What a service says of itself: its log and its numbers.

mod log;
mod metric;
mod numbers;
mod prefixed;
mod text;

pub use self::{
    log::{LogFormat, LogSettings, REPETITIONS},
    metric::{Metric, MetricKind},
    numbers::Metrics,
};
