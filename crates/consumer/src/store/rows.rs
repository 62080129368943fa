//! Rows: one statement takes a whole chunk and settles repeats by itself.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::LazyLock,
    time::SystemTime,
};

use database::DatabaseError;
use deadpool_postgres::Transaction;
use messages::{OutcomeKind, Record};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    offsets::{Counts, count},
    websites::Known,
};
use crate::decode::system_time;

/// A record that is to become a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    website_id: i64,
    record: &'a Record,
}

/// The rows of a chunk, each check once.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    rows: Vec<Row<'a>>,
    /// Records among them in whose favour a missed one of the same chunk gave way.
    replaced: i64,
}

/// The columns that are written: name, type in PostgreSQL, type here, and where it comes from.
macro_rules! columns {
    ($($field:ident, $name:literal, $sql:literal, $type:ty, $value:expr;)*) => {
        /// A chunk's rows, column by column, as `unnest` takes them.
        #[derive(Default)]
        struct Columns<'a> {
            $($field: Vec<$type>,)*
        }

        impl<'a> Columns<'a> {
            const NAMES: &'static [&'static str] = &[$($name),*];
            const TYPES: &'static [&'static str] = &[$($sql),*];

            fn push(&mut self, row: Row<'a>) {
                $(self.$field.push(get(row, $value));)*
            }

            fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
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
    failure_reason, "failure_reason", "text", Option<&'static str>, |row| row.record.failure_reason.map(messages::FailureReason::as_str);
    failure_phase, "failure_phase", "text", Option<&'static str>, |row| row.record.failure_phase.map(messages::Phase::as_str);
    failure_detail, "failure_detail", "text", Option<&'a str>, |row| row.record.failure_detail.as_deref();
    matched, "match", "text", Option<&'static str>, |row| row.record.matched.map(messages::MatchKind::as_str);
    dns, "dns", "double precision", Option<f64>, |row| row.record.dns;
    connect, "connect", "double precision", Option<f64>, |row| row.record.connect;
    tls, "tls", "double precision", Option<f64>, |row| row.record.tls;
    first_byte, "first_byte", "double precision", Option<f64>, |row| row.record.first_byte;
    body, "body", "double precision", Option<f64>, |row| row.record.body;
    attempt, "attempt", "integer", Option<i32>, |row| row.record.attempt;
    remote_address, "remote_address", "text", Option<&'a str>, |row| row.record.remote_address.as_deref();
    http_version, "http_version", "text", Option<&'a str>, |row| row.record.http_version.as_deref();
    redirects, "redirects", "integer", Option<i32>, |row| row.record.redirects;
    body_bytes, "body_bytes", "bigint", Option<i64>, |row| row.record.body_bytes;
    body_truncated, "body_truncated", "boolean", Option<bool>, |row| row.record.body_truncated;
    certificate_not_after, "certificate_not_after", "timestamptz", Option<SystemTime>, |row| row.record.certificate_not_after.map(system_time);
    certificate_issuer, "certificate_issuer", "text", Option<&'a str>, |row| row.record.certificate_issuer.as_deref();
    certificate_subject, "certificate_subject", "text", Option<&'a str>, |row| row.record.certificate_subject.as_deref();
    schedule_lag, "schedule_lag", "double precision", Option<f64>, |row| row.record.schedule_lag;
    in_flight, "in_flight", "integer", Option<i32>, |row| row.record.in_flight;
    overloaded, "overloaded", "boolean", Option<bool>, |row| row.record.overloaded;
}

/// The columns that say which check a row is of; a row that gives way keeps them.
const KEY: [&str; 3] = ["website_id", "scheduled_at", "check_id"];

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO metrics ({names}) SELECT * FROM {rows} ON CONFLICT ({key}) DO NOTHING",
        names = names(),
        rows = unnest(),
        key = KEY.join(", "),
    )
});

fn names() -> String {
    let quoted: Vec<_> = Columns::NAMES
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    quoted.join(", ")
}

fn unnest() -> String {
    let arrays: Vec<_> = Columns::TYPES
        .iter()
        .zip(1..)
        .map(|(sql, number)| format!("${number}::{sql}[]"))
        .collect();
    format!("unnest({})", arrays.join(", "))
}

/// Lets missed rows give way to the results given. The bounds stand in the text, so that only the
/// partitions between them are planned for and locked.
fn replace(from: jiff::Timestamp, to: jiff::Timestamp) -> String {
    let set: Vec<_> = Columns::NAMES
        .iter()
        .filter(|name| !KEY.contains(name))
        .map(|name| format!("\"{name}\" = newer.\"{name}\""))
        .collect();
    let same: Vec<_> = KEY
        .iter()
        .map(|name| format!("older.{name} = newer.{name}"))
        .collect();
    format!(
        "UPDATE metrics AS older SET {set}, created_at = now() FROM {rows} AS newer ({names}) \
         WHERE {same} AND older.outcome = 'missed' \
         AND older.scheduled_at BETWEEN '{from:.6}' AND '{to:.6}'",
        set = set.join(", "),
        rows = unnest(),
        names = names(),
        same = same.join(" AND "),
    )
}

fn is_missed(record: &Record) -> bool {
    record.outcome == Some(OutcomeKind::Missed)
}

/// The rows of these records, each check once: the first that is not missed, or the first. One
/// statement must not hold a check twice.
pub(super) fn without_repeats<'a>(records: &[&'a Record], known: &Known<'_>) -> Rows<'a> {
    let mut places = HashMap::with_capacity(records.len());
    let mut rows: Vec<Row<'a>> = Vec::with_capacity(records.len());
    let mut replaced = 0;
    for &record in records {
        // Every url was resolved.
        let Some(website_id) = known.id(&record.url) else {
            continue;
        };
        let row = Row { website_id, record };
        // Finer than a microsecond, PostgreSQL does not see.
        let due = record.scheduled_at.as_microsecond();
        match places.entry((website_id, due, record.check_id)) {
            Entry::Vacant(entry) => {
                entry.insert(rows.len());
                rows.push(row);
            }
            Entry::Occupied(entry) => {
                let first = &mut rows[*entry.get()];
                if is_missed(first.record) && !is_missed(record) {
                    *first = row;
                    replaced += 1;
                }
            }
        }
    }
    Rows { rows, replaced }
}

/// Stores the rows that are not there yet, and lets missed ones that are there give way.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    rows: &Rows<'_>,
) -> Result<Counts, DatabaseError> {
    let mut counts = Counts {
        replaced: rows.replaced,
        ..Counts::default()
    };
    if rows.rows.is_empty() {
        return Ok(counts);
    }
    let inserted = async {
        let columns = columns_of(rows.rows.iter());
        let statement = transaction.prepare_cached(&INSERT).await?;
        transaction.execute(&statement, &columns.parameters()).await
    };
    let inserted = inserted
        .await
        .map_err(DatabaseError::when("storing rows"))?;
    counts.rows = i64::try_from(inserted).unwrap_or(i64::MAX);
    if counts.rows < count(rows.rows.len()) {
        counts.replaced += replace_missed(transaction, &rows.rows).await?;
    }
    Ok(counts)
}

async fn replace_missed(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
) -> Result<i64, DatabaseError> {
    let real = || rows.iter().filter(|row| !is_missed(row.record));
    let times = || real().map(|row| row.record.scheduled_at);
    let (Some(from), Some(to)) = (times().min(), times().max()) else {
        return Ok(0);
    };
    let columns = columns_of(real());
    let replaced = transaction
        .execute(&replace(from, to), &columns.parameters())
        .await
        .map_err(DatabaseError::when("replacing missed results"))?;
    Ok(i64::try_from(replaced).unwrap_or(i64::MAX))
}

fn columns_of<'r, 'a: 'r>(rows: impl Iterator<Item = &'r Row<'a>>) -> Columns<'a> {
    let mut columns = Columns::default();
    rows.for_each(|row| columns.push(*row));
    columns
}
