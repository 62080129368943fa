//! A website with its line in the overview.

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use crate::{share::Share, state::State, words};

/// A website with its line.
#[derive(Debug, Deserialize)]
pub(crate) struct Website {
    pub(crate) id: i64,
    pub(crate) url: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) group: String,
    pub(crate) tags: Vec<String>,
    pub(crate) state: State,
    /// When its newest result was due; and its newest that is a check made.
    pub(crate) heard_at: Option<Timestamp>,
    pub(crate) checked_at: Option<Timestamp>,
    /// Seconds.
    pub(crate) every: Option<f64>,
    /// The last day of which something is known, where no result came for more than a week.
    pub(crate) last_day: Option<Date>,
    pub(crate) locations_heard: Option<i64>,
    pub(crate) locations_down: Option<i64>,
    /// Who saw it last.
    pub(crate) location: Option<String>,
    pub(crate) response: Option<Response>,
    pub(crate) down_since: Option<Timestamp>,
    pub(crate) down: Option<Down>,
    pub(crate) incident_reason: Option<String>,
    pub(crate) incident_code: Option<i32>,
    pub(crate) maintenance_until: Option<Timestamp>,
    /// Where it is near.
    pub(crate) certificate_ends_at: Option<Timestamp>,
    pub(crate) days: Vec<Day>,
    pub(crate) hours: Vec<Hour>,
    /// From when to when, within the days shown.
    pub(crate) incidents: Vec<(Timestamp, Option<Timestamp>)>,
}

/// What a location says that sees it down.
#[derive(Debug, Deserialize)]
pub(crate) struct Down {
    pub(crate) location: String,
    pub(crate) reason: Option<String>,
    pub(crate) code: i32,
}

/// How long the last good check took, in seconds.
#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    pub(crate) time: f64,
    pub(crate) dns: Option<f64>,
    pub(crate) connect: Option<f64>,
    pub(crate) tls: Option<f64>,
    pub(crate) first_byte: Option<f64>,
    pub(crate) body: Option<f64>,
}

/// A day: its place among the 90, up, down, missed, slow, maintenance.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Day(
    pub(crate) i64,
    i64,
    i64,
    i64,
    pub(crate) i64,
    pub(crate) i64,
);

impl Day {
    /// What its checks came to.
    pub(crate) const fn share(self) -> Share {
        Share {
            up: self.1,
            down: self.2,
            missed: self.3,
        }
    }
}

/// An hour: its place among 25, up, down, the sum of response times.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Hour(
    pub(crate) i64,
    pub(crate) i64,
    pub(crate) i64,
    pub(crate) f64,
);

impl Hour {
    /// How long a good check of it took, in seconds, on average.
    pub(crate) fn mean(self) -> Option<f64> {
        mean(self.3, self.1)
    }
}

impl Website {
    /// What it is called.
    pub(crate) fn title(&self) -> String {
        words::title(self.name.as_deref(), self.url.as_deref())
    }

    /// Its address, where that is told and says something else than what it is called.
    pub(crate) fn address(&self) -> Option<String> {
        let address = words::address(self.url.as_deref()?);
        Some(address).filter(|address| *address != self.title())
    }

    /// How long a good check of its hours took, in seconds, on average.
    pub(crate) fn response_mean(&self) -> Option<f64> {
        let seconds = self.hours.iter().map(|hour| hour.3).sum();
        mean(seconds, self.hours.iter().map(|hour| hour.1).sum())
    }
}

impl Response {
    /// The phase that took longest, and its seconds.
    pub(crate) fn longest(&self) -> (&'static str, f64) {
        let phases = [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("first_byte", self.first_byte),
            ("body", self.body),
        ];
        let measured = phases
            .into_iter()
            .filter_map(|(name, time)| Some((name, time?)));
        let longest = measured.max_by(|one, other| one.1.total_cmp(&other.1));
        longest.unwrap_or(("answer", self.time))
    }
}

#[expect(clippy::cast_precision_loss, reason = "checks of a day are few")]
fn mean(seconds: f64, checks: i64) -> Option<f64> {
    (checks > 0).then(|| seconds / checks as f64)
}
