//! A chunk's rows where some of their checks have a row already: the others are copied, or all are
//! written by one statement that settles repeats by itself.

use std::{collections::HashMap, sync::LazyLock};

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::{
    columns::{Columns, NAMES, names, unnest},
    copy::copy_rows,
};
use crate::store::{
    row::{Fate, Row},
    work::Work,
};

/// The columns that say which check a row is of; a row that gives way keeps them.
const KEY: [&str; 3] = ["website_id", "scheduled_at", "check_id"];

static INSERT: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!(
        "INSERT INTO metrics ({names}) SELECT * FROM {rows} ON CONFLICT ({key}) DO NOTHING",
        names = names(),
        rows = unnest(),
        key = KEY.join(", "),
    );
    Statement::built("storing rows", sql).carrying_records()
});

/// Lets missed rows give way to the results given, and tells which did. The bounds stand in the
/// text, so that only the partitions between them are planned for and locked.
fn replace(rows: &[Row<'_>]) -> Statement {
    let set: Vec<_> = NAMES
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
    Statement::built("replacing missed results", sql).carrying_records()
}

/// What is there of a check.
struct Found {
    /// By this very transaction.
    is_ours: bool,
    /// It is said to be missed.
    is_missed: bool,
}

/// What is there of these rows' checks, by the rows' places. LIMIT keeps the look for each apart, by
/// the index: the planner would join, and read a whole day for each batch.
async fn find(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
) -> Result<HashMap<usize, Found>, DatabaseError> {
    let sql = format!(
        "SELECT wanted.place, found.is_ours, found.is_missed \
         FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[]) \
         WITH ORDINALITY AS wanted ({key}, place) CROSS JOIN LATERAL ( \
         SELECT metrics.xmin = pg_current_xact_id()::xid AS is_ours, \
         metrics.outcome IS NOT DISTINCT FROM 'missed' AS is_missed \
         FROM metrics WHERE {same} AND {within} LIMIT 1) AS found",
        key = KEY.join(", "),
        same = same("metrics", "wanted"),
        within = within("metrics", rows),
    );
    let columns = Columns::of(rows.iter());
    let key = &columns.parameters()[..KEY.len()];
    let statement = Statement::built("looking which rows are there", sql);
    let found = statement.query_once(transaction, key).await?;
    let found = found.iter().filter_map(|row| {
        let found = Found {
            is_ours: row.get(1),
            is_missed: row.get(2),
        };
        Some((place(row)?, found))
    });
    Ok(found.collect())
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

/// Stores the rows that are not there yet, and lets missed ones that are there give way. `true`:
/// some checks had their row. Looks first which, and copies the others: should one get its row
/// meanwhile, COPY fails.
pub(crate) async fn sift(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
) -> Result<bool, DatabaseError> {
    let rows = work.rows();
    let found = match &*rows {
        [] => HashMap::new(),
        rows => find(transaction, rows).await?,
    };
    let places = 0..rows.len();
    let new = places.filter(|place| !found.contains_key(place));
    copy_rows(transaction, new.map(|place| rows[place]).collect()).await?;
    settle_repeats(transaction, &found, &rows, work).await?;
    Ok(!found.is_empty())
}

/// The same by a statement that takes whatever it meets.
pub(crate) async fn settle(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
) -> Result<bool, DatabaseError> {
    let mut has_repeats = false;
    let rows = work.rows();
    if !rows.is_empty() {
        let columns = Columns::of(rows.iter());
        let inserted = INSERT.execute(transaction, &columns.parameters()).await?;
        // Nearly always all of them: repeats are paid for only where there are some.
        if inserted < rows.len() as u64 {
            has_repeats = true;
            let mut found = find(transaction, &rows).await?;
            let there = found.len();
            found.retain(|_, found| !found.is_ours);
            if there < rows.len() {
                return Err(DatabaseError::Swallowed("rows"));
            }
            settle_repeats(transaction, &found, &rows, work).await?;
        }
    }
    Ok(has_repeats)
}

/// Notes what became of the checks that had a row already: missed ones give way to results.
async fn settle_repeats(
    transaction: &Transaction<'_>,
    old: &HashMap<usize, Found>,
    rows: &[Row<'_>],
    work: &mut Work<'_>,
) -> Result<(), DatabaseError> {
    let Work { checks, stored, .. } = work;
    let mut replacing = Vec::new();
    for (&place, found) in old {
        stored[checks[place].first].fate = Fate::Repeat;
        stored[checks[place].best].fate = Fate::Repeat;
        if found.is_missed && !rows[place].is_missed() {
            replacing.push(place);
        }
    }
    if replacing.is_empty() {
        return Ok(());
    }
    let newer: Vec<_> = replacing.iter().map(|place| rows[*place]).collect();
    let columns = Columns::of(newer.iter());
    let replace = replace(&newer);
    let replaced = replace
        .query_once(transaction, &columns.parameters())
        .await?;
    for place in replaced.iter().filter_map(place) {
        stored[checks[replacing[place]].best].fate = Fate::Replaced;
    }
    Ok(())
}

/// The place that a row tells of, which counts from one.
fn place(row: &tokio_postgres::Row) -> Option<usize> {
    usize::try_from(row.get::<_, i64>(0) - 1).ok()
}
