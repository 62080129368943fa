//! A record as read, and what else there is to know of it.

use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    failure::{FailureReason, Phase},
    result::{MatchKind, OutcomeKind},
};

/// Where a record stands in Kafka; what it lacks itself is taken from here.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, milliseconds since 1970; `None` where the broker gave none.
    pub timestamp_ms: Option<i64>,
}

/// A record as read. What was absent or null is `""` or `None`; texts hold no NUL (it became
/// U+FFFD, since PostgreSQL stores none). Odd combinations stand as they came.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the record's; see the contract in the README"
)]
pub struct Record {
    pub url: String,
    pub error_code: i32,
    /// Seconds.
    pub response_time: f64,
    pub regex_pattern: String,
    pub matched_text: String,
    pub schema_version: Option<i32>,
    pub check_id: Uuid,
    pub location: String,
    pub scheduled_at: Timestamp,
    pub started_at: Option<Timestamp>,
    /// Seconds.
    pub interval: Option<f64>,
    pub outcome: Option<OutcomeKind>,
    pub failure_reason: Option<FailureReason>,
    pub failure_phase: Option<Phase>,
    pub failure_detail: Option<String>,
    pub matched: Option<MatchKind>,
    /// Seconds, as the other four phases.
    pub dns: Option<f64>,
    pub connect: Option<f64>,
    pub tls: Option<f64>,
    pub first_byte: Option<f64>,
    pub body: Option<f64>,
    pub attempt: Option<i32>,
    pub remote_address: Option<String>,
    pub http_version: Option<String>,
    pub redirects: Option<i32>,
    pub body_bytes: Option<i64>,
    pub body_truncated: Option<bool>,
    pub certificate_not_after: Option<Timestamp>,
    pub certificate_issuer: Option<String>,
    pub certificate_subject: Option<String>,
    /// Seconds.
    pub schedule_lag: Option<f64>,
    pub in_flight: Option<i32>,
    pub overloaded: Option<bool>,
}

/// Why a record cannot be read. Quotes no more of it than a field's name and a short value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// A tombstone, or no bytes at all.
    #[error("the record has no value")]
    Empty,
    /// Not JSON, or JSON that is no object.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// A required field is absent or null.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// A field holds what it may not hold.
    #[error("field `{field}`: {problem}")]
    Invalid {
        /// The field, as a path.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A record of the original that has no Kafka timestamp has no time at all.
    #[error("the record has neither `scheduled_at` nor a Kafka timestamp")]
    NoTime,
}

impl ReadError {
    /// A short name of the kind, for counting.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotJson(_) => "not_json",
            Self::Missing(_) => "missing_field",
            Self::Invalid { .. } => "invalid_field",
            Self::NoTime => "no_time",
        }
    }
}
