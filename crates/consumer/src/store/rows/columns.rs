//! What of a record stands in which column of `metrics`.

use std::{error::Error, time::SystemTime};

use bytes::BytesMut;
use database::system_time;
use messages::{OutcomeKind, Record, Witness, Word};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::field::put;
use crate::store::row::Row;

/// The columns that are written: name, type in PostgreSQL, type here, and where it comes from.
macro_rules! columns {
    ($($field:ident, $name:literal, $sql:ident, $type:ty, $value:expr;)*) => {
        pub(super) const NAMES: &[&str] = &[$($name),*];
        const TYPES: &[Type] = &[$(Type::$sql),*];

        /// A chunk's rows, column by column, as `unnest` takes them.
        #[derive(Default)]
        pub(super) struct Columns<'a> {
            $($field: Vec<$type>,)*
        }

        impl<'a> Columns<'a> {
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

        /// Appends the fields of a row, in the columns' order, as COPY takes them.
        pub(super) fn put_all<'a>(
            row: Row<'a>,
            bytes: &mut BytesMut,
        ) -> Result<(), Box<dyn Error + Sync + Send>> {
            $(put::<$type>(&get(row, $value), &Type::$sql, bytes)?;)*
            Ok(())
        }
    };
}

/// The columns, as a statement lists them.
pub(super) fn names() -> String {
    let quoted: Vec<_> = NAMES.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

/// The columns' lists as a table, as a statement takes it.
pub(super) fn unnest() -> String {
    let lists = TYPES.iter().zip(1..);
    let lists: Vec<_> = lists
        .map(|(sql, number)| format!("${number}::{}[]", sql.name()))
        .collect();
    format!("unnest({})", lists.join(", "))
}

/// Gives the closures above their argument's type.
fn get<'a, T>(row: Row<'a>, value: impl Fn(Row<'a>) -> T) -> T {
    value(row)
}

columns! {
    website_id, "website_id", INT8, i64, |row| row.website_id;
    scheduled_at, "scheduled_at", TIMESTAMPTZ, SystemTime, |row| system_time(row.record.scheduled_at);
    check_id, "check_id", UUID, Uuid, |row| row.record.check_id;
    started_at, "started_at", TIMESTAMPTZ, Option<SystemTime>, |row| row.record.started_at.map(system_time);
    body_bytes, "body_bytes", INT8, Option<i64>, |row| row.record.body_bytes;
    error_code, "error_code", INT4, i32, |row| row.record.error_code;
    certificate_id, "certificate_id", INT4, Option<i32>, |row| row.certificate_id;
    schema_version, "schema_version", INT4, Option<i32>, |row| row.record.schema_version;
    attempt, "attempt", INT4, Option<i32>, |row| row.record.attempt;
    redirects, "redirects", INT4, Option<i32>, |row| row.record.redirects;
    in_flight, "in_flight", INT4, Option<i32>, |row| row.record.self_doubt.in_flight;
    response_time, "response_time", FLOAT4, f32, |row| real(row.record.response_time);
    interval, "interval", FLOAT4, Option<f32>, |row| row.record.interval.map(real);
    dns, "dns", FLOAT4, Option<f32>, |row| row.record.timings.dns.map(real);
    connect, "connect", FLOAT4, Option<f32>, |row| row.record.timings.connect.map(real);
    tls, "tls", FLOAT4, Option<f32>, |row| row.record.timings.tls.map(real);
    first_byte, "first_byte", FLOAT4, Option<f32>, |row| row.record.timings.first_byte.map(real);
    body, "body", FLOAT4, Option<f32>, |row| row.record.timings.body.map(real);
    schedule_lag, "schedule_lag", FLOAT4, Option<f32>, |row| untold_lag(row.record);
    body_truncated, "body_truncated", BOOL, Option<bool>, |row| row.record.body_truncated;
    overloaded, "overloaded", BOOL, Option<bool>, |row| row.record.self_doubt.overloaded;
    location, "location", TEXT, &'a str, |row| row.record.location.as_str();
    outcome, "outcome", TEXT, Option<&'static str>, |row| row.record.outcome.map(OutcomeKind::as_str);
    matched, "match", TEXT, Option<&'a str>, |row| row.record.matched.as_ref().map(Word::as_str);
    matched_text, "matched_text", TEXT, &'a str, |row| row.record.matched_text.as_str();
    remote_address, "remote_address", TEXT, Option<&'a str>, |row| row.record.remote_address.as_deref();
    http_version, "http_version", TEXT, Option<&'a str>, |row| row.record.http_version.as_deref();
    tls_version, "tls_version", TEXT, Option<&'a str>, |row| row.record.tls_version.as_deref();
    failure_reason, "failure_reason", TEXT, Option<&'a str>, |row| row.record.failure.reason.as_ref().map(Word::as_str);
    failure_phase, "failure_phase", TEXT, Option<&'a str>, |row| row.record.failure.phase.as_ref().map(Word::as_str);
    failure_detail, "failure_detail", TEXT, Option<&'a str>, |row| row.record.failure.detail.as_deref();
    witness, "witness", TEXT, Option<&'static str>, |row| row.record.self_doubt.witness.map(Witness::as_str);
}

/// Seconds as PostgreSQL's `real`. The decoder refuses what that cannot hold.
#[expect(
    clippy::cast_possible_truncation,
    reason = "six digits are more than a clock knows"
)]
fn real(seconds: f64) -> f32 {
    seconds as f32
}

/// The record's `schedule_lag`, where it is another than the two times say: then it is stored.
fn untold_lag(record: &Record) -> Option<f32> {
    let lag = real(record.self_doubt.schedule_lag?);
    let told = record.started_at.map(|started_at| {
        let lag = started_at.duration_since(record.scheduled_at);
        real(lag.as_secs_f64())
    });
    Some(lag).filter(|lag| told.is_none_or(|told| told.to_bits() != lag.to_bits()))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use serde_json::{Map, Value};

    use super::NAMES;

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
            ("certificate", _) => vec!["certificate_id".to_owned()],
            (_, Some(keys)) => keys.map(|key| format!("{field}_{key}")).collect(),
            (_, None) => vec![field.to_owned()],
        }
    }

    fn written() -> BTreeSet<String> {
        NAMES.iter().map(|name| (*name).into()).collect()
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
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        // The newest that makes the table says all its columns, but for those that are added since.
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let mut declared = BTreeSet::new();
        for file in files {
            let sql = fs::read_to_string(file).unwrap();
            let created = columns_in(body(&sql, "CREATE TABLE metrics ("));
            if !created.is_empty() {
                declared = created;
            }
            declared.extend(columns_in(body(&sql, "ALTER TABLE metrics\n")));
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

    /// The columns that lines of SQL declare.
    fn columns_in(sql: &str) -> BTreeSet<String> {
        let lines = sql.lines().map(str::trim);
        let columns = lines.filter_map(|line| {
            let line = line.strip_prefix("ADD COLUMN ").unwrap_or(line);
            let name = line.split(' ').next()?.trim_matches('"');
            let is_column = name.starts_with(|char: char| char.is_ascii_lowercase());
            is_column.then(|| name.to_owned())
        });
        columns.collect()
    }

    /// What follows in a statement that begins so; `""` where there is none.
    fn body<'a>(sql: &'a str, beginning: &str) -> &'a str {
        let rest = sql.split_once(beginning).map_or("", |(_, rest)| rest);
        rest.split(";\n").next().unwrap_or_default()
    }
}
