//! Samples in the text format that Prometheus reads.

use std::fmt::{self, Write};

use crate::telemetry::Metric;

/// Writes the samples of one metric.
pub(super) struct Samples<'a> {
    text: String,
    name: &'a str,
    /// The labels of the website whose samples come next, as they are written.
    labels: String,
}

impl<'a> Samples<'a> {
    /// Says what the metric is.
    pub(super) fn of(metric: &'a Metric) -> Self {
        let (name, help, kind) = (metric.name, metric.help, metric.kind.as_str());
        Self {
            text: format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
            name,
            labels: String::new(),
        }
    }

    /// The samples that come next bear these labels, those left out that say nothing.
    pub(super) fn label(&mut self, labels: [(&str, Option<&str>); 2]) {
        self.labels.clear();
        for (name, value) in labels {
            if let Some(value) = value {
                push_label(&mut self.labels, name, value);
            }
        }
    }

    /// A sample.
    pub(super) fn push(&mut self, value: f64) {
        self.push_of(&[], value);
    }

    /// A sample with labels of its own.
    pub(super) fn push_of(&mut self, own: &[(&str, &str)], value: f64) {
        let mut labels = self.labels.clone();
        for (name, value) in own {
            push_label(&mut labels, name, value);
        }
        let braces = if labels.is_empty() {
            labels
        } else {
            format!("{{{labels}}}")
        };
        // Writing to a String does not fail.
        writeln!(self.text, "{}{braces} {value}", self.name).unwrap_or_default();
    }

    /// All that was written.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

fn push_label(labels: &mut String, name: &str, value: &str) {
    let comma = if labels.is_empty() { "" } else { "," };
    // Writing to a String does not fail.
    write!(labels, "{comma}{name}=\"{}\"", Escaped(value)).unwrap_or_default();
}

/// A label's value: names and tags are people's, and may hold anything.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '\\' => formatter.write_str("\\\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str("\\n")?,
                char => formatter.write_char(char)?,
            }
        }
        Ok(())
    }
}
