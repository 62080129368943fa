//! A check with all that it found.

use jiff::Timestamp;
use serde::Deserialize;

use crate::words;

/// A row of `metrics`, as a person looks at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Check {
    pub(crate) id: String,
    pub(crate) due_at: Timestamp,
    pub(crate) location: String,
    /// `None`: the original's, which its code tells.
    pub(crate) outcome: Option<String>,
    pub(crate) error_code: i32,
    /// Seconds, as the phases.
    pub(crate) response_time: f64,
    pub(crate) dns: Option<f64>,
    pub(crate) connect: Option<f64>,
    pub(crate) tls: Option<f64>,
    pub(crate) first_byte: Option<f64>,
    pub(crate) body: Option<f64>,
    pub(crate) address: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) phase: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) http_version: Option<String>,
    pub(crate) tls_version: Option<String>,
    /// The prober was overloaded, or its own network out: it says nothing of the site.
    pub(crate) is_doubted: bool,
    pub(crate) certificate_ends_at: Option<Timestamp>,
}

/// What a check came to, as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Seen {
    Up,
    Down,
    /// Nobody looked, or could not be believed.
    Missed,
}

impl Check {
    /// What it came to.
    pub(crate) fn seen(&self) -> Seen {
        match self.outcome.as_deref() {
            Some("missed" | "skipped") => Seen::Missed,
            _ if self.is_doubted => Seen::Missed,
            Some("up") => Seen::Up,
            None if (100..400).contains(&self.error_code) => Seen::Up,
            _ => Seen::Down,
        }
    }

    /// The phases in their order, with their keys.
    pub(crate) const fn phases(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("first_byte", self.first_byte),
            ("body", self.body),
        ]
    }

    /// Why, where it was not good: "connect timed out"; "connection broke off, body".
    pub(crate) fn why(&self) -> Option<String> {
        if self.seen() == Seen::Up {
            return None;
        }
        if self.is_doubted {
            return Some("the prober's own trouble".to_owned());
        }
        let reason = match (&self.reason, self.seen()) {
            (None, Seen::Missed) => return self.detail.clone(),
            (reason, _) => words::reason(reason.as_deref(), self.error_code),
        };
        let phase = words::phase_beside(self.reason.as_deref(), self.phase.as_deref());
        Some(match phase {
            Some(phase) => format!("{reason}, {phase}"),
            None => reason,
        })
    }
}
