//! What a number is: a service declares each once, and docs/metrics.md lists them.

use metrics::{
    Counter, Gauge, Histogram, Label, SharedString, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram,
};

/// A number that a service shows. A part that counts often keeps the handle: each of the functions
/// below looks it up.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, which ends in its unit: `_seconds`, `_rows`, `_total`.
    pub name: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// What tells its series apart. Its values are a closed list: one of a site's or a user's words
    /// would make series without bound.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

/// How a number behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows, until the next start.
    Counter,
    /// It comes and goes.
    Gauge,
    /// How often values fell into each range.
    Histogram,
}

impl MetricKind {
    /// Prometheus' word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Metric {
    /// Its handle.
    pub fn counter(&self) -> Counter {
        counter!(self.name)
    }

    /// The handle of one series.
    pub fn counter_of(&self, label: impl Into<SharedString>) -> Counter {
        counter!(self.name, self.label(label))
    }

    /// Its handle.
    pub fn gauge(&self) -> Gauge {
        gauge!(self.name)
    }

    /// The handle of one series.
    pub fn gauge_of(&self, label: impl Into<SharedString>) -> Gauge {
        gauge!(self.name, self.label(label))
    }

    /// Its handle.
    pub fn histogram(&self) -> Histogram {
        histogram!(self.name)
    }

    /// The handle of one series.
    pub fn histogram_of(&self, label: impl Into<SharedString>) -> Histogram {
        histogram!(self.name, self.label(label))
    }

    fn label(&self, value: impl Into<SharedString>) -> Vec<Label> {
        let name = self.labels.first();
        let label = name.map(|name| Label::new(*name, value));
        label.into_iter().collect()
    }

    /// Tells the recorder what it says.
    pub(super) fn describe(&self) {
        match self.kind {
            MetricKind::Counter => describe_counter!(self.name, self.help),
            MetricKind::Gauge => describe_gauge!(self.name, self.help),
            MetricKind::Histogram => describe_histogram!(self.name, self.help),
        }
    }
}

/// Declares a service's numbers, and `ALL` of them:
///
/// ```
/// service::metrics! {
///     /// Checks by outcome.
///     Counter CHECKS = "monitor_checks_total" by "outcome";
/// }
/// assert_eq!(ALL[0].help, "Checks by outcome.");
/// ```
#[macro_export]
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $kind:ident $constant:ident = $name:literal $(by $label:literal)?;)+) => {
        $(
            $(#[doc = $help])+
            pub const $constant: $crate::telemetry::Metric = $crate::telemetry::Metric {
                name: $name,
                kind: $crate::telemetry::MetricKind::$kind,
                labels: &[$($label)?],
                help: concat!($($help),+).trim_ascii(),
            };
        )+

        /// All of them.
        pub const ALL: &[$crate::telemetry::Metric] = &[$($constant),+];
    };
}
