//! A chunk's rows by one statement that settles repeats by itself: for chunks in which there are some.

use std::{collections::HashSet, sync::LazyLock};

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::columns::{Columns, NAMES, names, unnest};
use crate::store::{
    checks::{self, Check},
    row::{Fate, Row, Stored},
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

/// Which of these rows, by their places, are there by this very transaction: the others' checks had
/// theirs.
async fn find_new(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
) -> Result<HashSet<usize>, DatabaseError> {
    let sql = format!(
        "SELECT wanted.place FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[]) \
         WITH ORDINALITY AS wanted ({key}, place) JOIN metrics ON {same} \
         WHERE metrics.xmin = pg_current_xact_id()::xid AND {within}",
        key = KEY.join(", "),
        same = same("metrics", "wanted"),
        within = within("metrics", rows),
    );
    let columns = Columns::of(rows.iter());
    let key = &columns.parameters()[..KEY.len()];
    let statement = Statement::built("looking which rows are new", sql);
    Ok(places(&statement.query_once(transaction, key).await?))
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
/// some checks had their row.
pub(crate) async fn settle(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
) -> Result<bool, DatabaseError> {
    let mut has_repeats = false;
    let (mut stored, checks) = checks::plan(&work.records, &work.websites, &work.certificates)?;
    if !checks.is_empty() {
        let rows: Vec<_> = checks.iter().map(|check| stored[check.best].row).collect();
        let columns = Columns::of(rows.iter());
        let inserted = INSERT.execute(transaction, &columns.parameters()).await?;
        // Nearly always all of them: repeats are paid for only where there are some.
        if inserted < rows.len() as u64 {
            has_repeats = true;
            let new = match inserted {
                // Where a topic is read again, none is: there is nothing to look for.
                0 => HashSet::new(),
                _ => find_new(transaction, &rows).await?,
            };
            settle_repeats(transaction, &new, &rows, &checks, &mut stored).await?;
        }
    }
    work.stored = stored;
    Ok(has_repeats)
}

/// Finds what became of the checks that had a row already.
async fn settle_repeats(
    transaction: &Transaction<'_>,
    new: &HashSet<usize>,
    rows: &[Row<'_>],
    checks: &[Check],
    stored: &mut [Stored<'_>],
) -> Result<(), DatabaseError> {
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
    let columns = Columns::of(real_rows.iter());
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
