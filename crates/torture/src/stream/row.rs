//! A row, as it has to be and as it is.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::settings::Settings;

/// A value, told from another as PostgreSQL can tell them.
trait Same {
    fn same(&self, other: &Self) -> bool;
}

impl Same for f64 {
    /// Durations are stored as `real`.
    fn same(&self, other: &Self) -> bool {
        (*self as f32).to_bits() == (*other as f32).to_bits()
    }
}

impl<T: Same> Same for Option<T> {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.same(other),
            (None, None) => true,
            _ => false,
        }
    }
}

macro_rules! exact {
    ($($type:ty)*) => { $(impl Same for $type {
        fn same(&self, other: &Self) -> bool {
            self == other
        }
    })* };
}

exact!(i32 i64 bool String Uuid);

fn column<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, index: &mut usize) -> T {
    *index += 1;
    row.get(*index - 1)
}

/// The columns of the view `results`: name, type, and how it is read.
macro_rules! row {
    ($($name:ident: $type:ty = $sql:literal,)*) => {
        /// A row of `results`. Times are microseconds since 1970, durations seconds.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Row { $(pub(crate) $name: $type,)* }

        /// What `Row::read` reads, as SELECT takes it.
        pub(crate) const COLUMNS: &[&str] = &[$($sql),*];

        impl Row {
            /// A row that was selected by `COLUMNS`.
            pub(crate) fn read(row: &tokio_postgres::Row) -> Self {
                let mut index = 0;
                Self { $($name: column(row, &mut index),)* }
            }

            /// In what another row differs from what has to be.
            pub(crate) fn differences(&self, found: &Self) -> Vec<String> {
                let mut differences = Vec::new();
                $(if !self.$name.same(&found.$name) {
                    let name = stringify!($name);
                    differences.push(format!("{name} is {:?}, not {:?}", found.$name, self.$name));
                })*
                differences
            }
        }
    };
}

row! {
    url: String = "url",
    check_id: Uuid = "check_id",
    scheduled_at: i64 = "(extract(epoch FROM scheduled_at) * 1000000)::bigint",
    location: String = "location",
    error_code: i32 = "error_code",
    response_time: f64 = "response_time::float8",
    matched_text: String = "coalesce(matched_text, '<null>')",
    schema_version: Option<i32> = "schema_version",
    started_at: Option<i64> = "(extract(epoch FROM started_at) * 1000000)::bigint",
    interval: Option<f64> = "\"interval\"::float8",
    outcome: Option<String> = "outcome",
    failure_reason: Option<String> = "failure_reason",
    failure_phase: Option<String> = "failure_phase",
    failure_detail: Option<String> = "failure_detail",
    matched: Option<String> = "\"match\"",
    dns: Option<f64> = "dns::float8",
    connect: Option<f64> = "connect::float8",
    tls: Option<f64> = "tls::float8",
    first_byte: Option<f64> = "first_byte::float8",
    body: Option<f64> = "body::float8",
    attempt: Option<i32> = "attempt",
    remote_address: Option<String> = "remote_address",
    http_version: Option<String> = "http_version",
    tls_version: Option<String> = "tls_version",
    redirects: Option<i32> = "redirects",
    body_bytes: Option<i64> = "body_bytes",
    body_truncated: Option<bool> = "body_truncated",
    not_after: Option<i64> = "(extract(epoch FROM certificate_not_after) * 1000000)::bigint",
    issuer: Option<String> = "certificate_issuer",
    subject: Option<String> = "certificate_subject",
    schedule_lag: Option<f64> = "schedule_lag::float8",
    in_flight: Option<i32> = "in_flight",
    overloaded: Option<bool> = "overloaded",
    witness: Option<String> = "witness",
}

fn time(micros: i64) -> Value {
    Timestamp::from_microsecond(micros).map_or(Value::Null, |time| time.to_string().into())
}

impl Row {
    /// The record that has to become this row. What cannot be stored and has to become U+FFFD, is
    /// sent as NUL.
    pub(super) fn to_json(&self, settings: &Settings) -> Vec<u8> {
        let nul = |text: &String| text.replace('\u{fffd}', "\0");
        let mut record = json!({
            "url": self.url, "error_code": self.error_code, "response_time": self.response_time,
            "regex_pattern": settings.regexp, "matched_text": nul(&self.matched_text),
            "schema_version": self.schema_version, "check_id": self.check_id,
            "location": self.location, "scheduled_at": time(self.scheduled_at),
            "started_at": self.started_at.map(time), "interval": self.interval,
            "outcome": self.outcome, "match": self.matched, "attempt": self.attempt,
            "remote_address": self.remote_address, "http_version": self.http_version,
            "tls_version": self.tls_version, "redirects": self.redirects,
            "body_bytes": self.body_bytes, "body_truncated": self.body_truncated,
            "target": settings.target,
            "timings": {
                "dns": self.dns, "connect": self.connect, "tls": self.tls,
                "first_byte": self.first_byte, "body": self.body,
            },
            "prober": {
                "schedule_lag": self.schedule_lag, "in_flight": self.in_flight,
                "overloaded": self.overloaded, "witness": self.witness,
            },
            "a field of a newer version": [1, {"x": null}],
        });
        if self.failure_reason.is_some() {
            record["failure"] = json!({
                "reason": self.failure_reason, "phase": self.failure_phase,
                "detail": self.failure_detail.as_ref().map(nul),
            });
        }
        if self.issuer.is_some() {
            record["certificate"] = json!({
                "not_after": self.not_after.map(time), "issuer": self.issuer,
                "subject": self.subject,
            });
        }
        let absent: Map<String, Value> = record
            .as_object()
            .into_iter()
            .flatten()
            // What has no value is null in one record and absent in another.
            .filter(|(_, value)| !value.is_null() || self.scheduled_at % 2 == 0)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Value::Object(absent).to_string().into_bytes()
    }
}
