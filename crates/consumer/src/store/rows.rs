//! Rows: one statement takes a whole chunk and settles repeats by itself.

use std::{collections::HashSet, sync::LazyLock, time::SystemTime};

use database::{DatabaseError, Statement, system_time};
use deadpool_postgres::Transaction;
use messages::{OutcomeKind, Word};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    checks::{self, Check},
    row::{Fate, Row, Stored},
    work::Work,
};

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
    redirects, "redirects", "integer", Option<i32>, |row| row.record.redirects;
    body_bytes, "body_bytes", "bigint", Option<i64>, |row| row.record.body_bytes;
    body_truncated, "body_truncated", "boolean", Option<bool>, |row| row.record.body_truncated;
    certificate_not_after, "certificate_not_after", "timestamptz", Option<SystemTime>, |row| row.record.certificate.not_after.map(system_time);
    certificate_issuer, "certificate_issuer", "text", Option<&'a str>, |row| row.record.certificate.issuer.as_deref();
    certificate_subject, "certificate_subject", "text", Option<&'a str>, |row| row.record.certificate.subject.as_deref();
    schedule_lag, "schedule_lag", "double precision", Option<f64>, |row| row.record.self_doubt.schedule_lag;
    in_flight, "in_flight", "integer", Option<i32>, |row| row.record.self_doubt.in_flight;
    overloaded, "overloaded", "boolean", Option<bool>, |row| row.record.self_doubt.overloaded;
}

/// The columns that say which check a row is of; a row that gives way keeps them.
const KEY: [&str; 3] = ["website_id", "scheduled_at", "check_id"];

static INSERT: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!(
        "INSERT INTO metrics ({names}) SELECT * FROM {rows} ON CONFLICT ({key}) DO NOTHING",
        names = names(),
        rows = unnest(),
        key = KEY.join(", "),
    );
    Statement::built("storing rows", sql)
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

/// Lets missed rows give way to the results given, and tells which did. The bounds stand in the
/// text, so that only the partitions between them are planned for and locked.
fn replace(rows: &[Row<'_>]) -> Statement {
    let set: Vec<_> = Columns::NAMES
        .iter()
        .filter(|name| !KEY.contains(name))
        .map(|name| format!("\"{name}\" = newer.\"{name}\""))
        .collect();
    let sql = format!(
        "UPDATE metrics AS older SET {set}, created_at = now() \
         FROM {rows} WITH ORDINALITY AS newer ({names}, place) \
         WHERE {same} AND older.outcome = 'missed' AND {within} RETURNING newer.place",
        set = set.join(", "),
        rows = unnest(),
        names = names(),
        same = same("older", "newer"),
        within = within("older", rows),
    );
    Statement::built("replacing missed results", sql)
}

/// Which of the rows given are there by this very transaction: the others' checks had theirs.
fn find_new(rows: &[Row<'_>]) -> Statement {
    let sql = format!(
        "SELECT wanted.place FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[]) \
         WITH ORDINALITY AS wanted ({key}, place) JOIN metrics ON {same} \
         WHERE metrics.xmin = pg_current_xact_id()::xid AND {within}",
        key = KEY.join(", "),
        same = same("metrics", "wanted"),
        within = within("metrics", rows),
    );
    Statement::built("looking which rows are new", sql)
}

fn same(one: &str, other: &str) -> String {
    let same: Vec<_> = KEY
        .iter()
        .map(|name| format!("{one}.{name} = {other}.{name}"))
        .collect();
    same.join(" AND ")
}

/// That a row of the table lies between the first and the last of these, in time.
fn within(table: &str, rows: &[Row<'_>]) -> String {
    let times = || rows.iter().map(|row| row.record.scheduled_at);
    let (from, to) = (
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default(),
    );
    format!("{table}.scheduled_at BETWEEN '{from:.6}' AND '{to:.6}'")
}

/// Stores the rows that are not there yet, and lets missed ones that are there give way.
pub(super) async fn store(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
) -> Result<(), DatabaseError> {
    let (mut stored, checks) = checks::plan(&work.records, &work.websites)?;
    if !checks.is_empty() {
        let rows: Vec<_> = checks.iter().map(|check| stored[check.best].row).collect();
        let columns = columns_of(rows.iter());
        let inserted = INSERT.execute(transaction, &columns.parameters()).await?;
        // Nearly always all of them: repeats are paid for only where there are some.
        if inserted < rows.len() as u64 {
            settle_repeats(transaction, &rows, &checks, &mut stored).await?;
        }
    }
    work.stored = stored;
    Ok(())
}

/// Finds what became of the checks that had a row already.
async fn settle_repeats(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
    checks: &[Check],
    stored: &mut [Stored<'_>],
) -> Result<(), DatabaseError> {
    let columns = columns_of(rows.iter());
    let key = &columns.parameters()[..KEY.len()];
    let new = places(&find_new(rows).query_once(transaction, key).await?);
    let old: Vec<_> = (0..rows.len())
        .filter(|place| !new.contains(place))
        .collect();
    let real: Vec<_> = old
        .iter()
        .copied()
        .filter(|place| !rows[*place].is_missed())
        .collect();
    let real_rows: Vec<_> = real.iter().map(|place| rows[*place]).collect();
    for place in old {
        stored[checks[place].first].fate = Fate::Repeat;
        stored[checks[place].best].fate = Fate::Repeat;
    }
    if real_rows.is_empty() {
        return Ok(());
    }
    let columns = columns_of(real_rows.iter());
    let replace = replace(&real_rows);
    let replaced = replace
        .query_once(transaction, &columns.parameters())
        .await?;
    for place in places(&replaced) {
        stored[checks[real[place]].best].fate = Fate::Replaced;
    }
    Ok(())
}

/// The places that a statement tells of, which counts from one.
fn places(rows: &[tokio_postgres::Row]) -> HashSet<usize> {
    let places = rows.iter().map(|row| row.get::<_, i64>(0) - 1);
    places
        .filter_map(|place| usize::try_from(place).ok())
        .collect()
}

fn columns_of<'r, 'a: 'r>(rows: impl Iterator<Item = &'r Row<'a>>) -> Columns<'a> {
    let mut columns = Columns::default();
    rows.for_each(|row| columns.push(*row));
    columns
}
