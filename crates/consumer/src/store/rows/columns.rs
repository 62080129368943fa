//! What of a record stands in which column of `metrics`.

use std::time::SystemTime;

use database::system_time;
use messages::{OutcomeKind, Witness, Word};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::store::row::Row;

/// The columns that are written: name, type in PostgreSQL, type here, and where it comes from.
macro_rules! columns {
    ($($field:ident, $name:literal, $sql:literal, $type:ty, $value:expr;)*) => {
        /// A chunk's rows, column by column, as `unnest` takes them.
        #[derive(Default)]
        pub(super) struct Columns<'a> {
            $($field: Vec<$type>,)*
        }

        impl<'a> Columns<'a> {
            pub(super) const NAMES: &'static [&'static str] = &[$($name),*];
            pub(super) const TYPES: &'static [&'static str] = &[$($sql),*];

            /// The columns of these rows, in their order.
            pub(super) fn of<'r>(rows: impl Iterator<Item = &'r Row<'a>>) -> Self
            where
                'a: 'r,
            {
                let mut columns = Self::default();
                rows.for_each(|row| columns.push(*row));
                columns
            }

            fn push(&mut self, row: Row<'a>) {
                $(self.$field.push(get(row, $value));)*
            }

            pub(super) fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$field as &(dyn ToSql + Sync)),*]
            }
        }
    };
}

/// Gives the closures above their argument's type.
fn get<'a, T>(row: Row<'a>, value: impl Fn(Row<'a>) -> T) -> T {
    value(row)
}

columns! {
    website_id, "website_id", "bigint", i64, |row| row.website_id;
    scheduled_at, "scheduled_at", "timestamptz", SystemTime, |row| system_time(row.record.scheduled_at);
    check_id, "check_id", "uuid", Uuid, |row| row.record.check_id;
    error_code, "error_code", "integer", i32, |row| row.record.error_code;
    response_time, "response_time", "double precision", f64, |row| row.record.response_time;
    matched_text, "matched_text", "text", &'a str, |row| row.record.matched_text.as_str();
    location, "location", "text", &'a str, |row| row.record.location.as_str();
    outcome, "outcome", "text", Option<&'static str>, |row| row.record.outcome.map(OutcomeKind::as_str);
    schema_version, "schema_version", "integer", Option<i32>, |row| row.record.schema_version;
    started_at, "started_at", "timestamptz", Option<SystemTime>, |row| row.record.started_at.map(system_time);
    interval, "interval", "double precision", Option<f64>, |row| row.record.interval;
    failure_reason, "failure_reason", "text", Option<&'a str>, |row| row.record.failure.reason.as_ref().map(Word::as_str);
    failure_phase, "failure_phase", "text", Option<&'a str>, |row| row.record.failure.phase.as_ref().map(Word::as_str);
    failure_detail, "failure_detail", "text", Option<&'a str>, |row| row.record.failure.detail.as_deref();
    matched, "match", "text", Option<&'a str>, |row| row.record.matched.as_ref().map(Word::as_str);
    dns, "dns", "double precision", Option<f64>, |row| row.record.timings.dns;
    connect, "connect", "double precision", Option<f64>, |row| row.record.timings.connect;
    tls, "tls", "double precision", Option<f64>, |row| row.record.timings.tls;
    first_byte, "first_byte", "double precision", Option<f64>, |row| row.record.timings.first_byte;
    body, "body", "double precision", Option<f64>, |row| row.record.timings.body;
    attempt, "attempt", "integer", Option<i32>, |row| row.record.attempt;
    remote_address, "remote_address", "text", Option<&'a str>, |row| row.record.remote_address.as_deref();
    http_version, "http_version", "text", Option<&'a str>, |row| row.record.http_version.as_deref();
    tls_version, "tls_version", "text", Option<&'a str>, |row| row.record.tls_version.as_deref();
    redirects, "redirects", "integer", Option<i32>, |row| row.record.redirects;
    body_bytes, "body_bytes", "bigint", Option<i64>, |row| row.record.body_bytes;
    body_truncated, "body_truncated", "boolean", Option<bool>, |row| row.record.body_truncated;
    certificate_not_after, "certificate_not_after", "timestamptz", Option<SystemTime>, |row| row.record.certificate.not_after.map(system_time);
    certificate_issuer, "certificate_issuer", "text", Option<&'a str>, |row| row.record.certificate.issuer.as_deref();
    certificate_subject, "certificate_subject", "text", Option<&'a str>, |row| row.record.certificate.subject.as_deref();
    schedule_lag, "schedule_lag", "double precision", Option<f64>, |row| row.record.self_doubt.schedule_lag;
    in_flight, "in_flight", "integer", Option<i32>, |row| row.record.self_doubt.in_flight;
    overloaded, "overloaded", "boolean", Option<bool>, |row| row.record.self_doubt.overloaded;
    witness, "witness", "text", Option<&'static str>, |row| row.record.self_doubt.witness.map(Witness::as_str);
}
