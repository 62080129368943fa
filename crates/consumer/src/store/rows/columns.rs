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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use serde_json::{Map, Value};

    use super::Columns;

    /// A record in which no field is null.
    const WHOLE: &str = include_str!("../../../../../tests/golden/ours/whole.json");
    /// Fields that belong to the website: `websites` keeps them, or will.
    const OF_THE_WEBSITE: [&str; 3] = ["url", "regex_pattern", "target"];
    /// Columns of `metrics` that PostgreSQL fills in.
    const OF_THE_TABLE: [&str; 2] = ["id", "created_at"];

    /// The column in which a field of the record belongs, by the contract's names.
    fn columns_of(field: &str, value: &Value) -> Vec<String> {
        let inner = value.as_object().map(Map::keys);
        match (field, inner) {
            ("timings" | "prober", Some(keys)) => keys.cloned().collect(),
            (_, Some(keys)) => keys.map(|key| format!("{field}_{key}")).collect(),
            (_, None) => vec![field.to_owned()],
        }
    }

    fn written() -> BTreeSet<String> {
        Columns::NAMES.iter().map(|name| (*name).into()).collect()
    }

    #[test]
    fn every_field_of_the_record_has_its_column() {
        let whole: Map<String, Value> = serde_json::from_str(WHOLE).unwrap();
        let fields = whole
            .iter()
            .filter(|(field, _)| !OF_THE_WEBSITE.contains(&field.as_str()))
            .flat_map(|(field, value)| columns_of(field, value));
        let due: BTreeSet<_> = fields.chain(["website_id".to_owned()]).collect();
        let missing: Vec<_> = due.difference(&written()).cloned().collect();
        assert!(missing.is_empty(), "no column takes {missing:?}");
        let idle: Vec<_> = written().difference(&due).cloned().collect();
        assert!(idle.is_empty(), "no field of the record is for {idle:?}");
    }

    #[test]
    fn every_column_is_in_the_migrations() {
        let mut declared = BTreeSet::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        for file in fs::read_dir(folder).unwrap() {
            let sql = fs::read_to_string(file.unwrap().path()).unwrap();
            let (created, added) = (
                body(&sql, "CREATE TABLE metrics ("),
                body(&sql, "ALTER TABLE metrics\n"),
            );
            let lines = created.lines().chain(added.lines()).map(str::trim);
            let columns = lines.filter_map(|line| {
                let line = line.strip_prefix("ADD COLUMN ").unwrap_or(line);
                let name = line.split(' ').next()?.trim_matches('"');
                let is_column = name.starts_with(|char: char| char.is_ascii_lowercase());
                is_column.then(|| name.to_owned())
            });
            declared.extend(columns);
        }
        let filled: BTreeSet<_> = declared
            .into_iter()
            .filter(|name| !OF_THE_TABLE.contains(&name.as_str()))
            .collect();
        let undeclared: Vec<_> = written().difference(&filled).cloned().collect();
        assert!(undeclared.is_empty(), "no migration makes {undeclared:?}");
        let idle: Vec<_> = filled.difference(&written()).cloned().collect();
        assert!(idle.is_empty(), "nothing is ever written to {idle:?}");
    }

    /// What follows in a statement that begins so; `""` where there is none.
    fn body<'a>(sql: &'a str, beginning: &str) -> &'a str {
        let rest = sql.split_once(beginning).map_or("", |(_, rest)| rest);
        rest.split(";\n").next().unwrap_or_default()
    }
}
