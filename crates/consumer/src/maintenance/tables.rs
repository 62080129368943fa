//! What the tables say of windows, and what is written of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use database::{DatabaseError, Statement, system_time};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use messages::Maintenance;

use super::planned::{Site, Span, When, Whose, Window};

const NOW: Statement = Statement::new("asking for the time", "SELECT now()");
/// Those that any window asks for.
const SITES: Statement = Statement::new(
    "reading websites and their windows",
    "SELECT id, target ->> 'maintenance', target ->> 'group', \
        CASE jsonb_typeof(target -> 'tags') WHEN 'array' \
        THEN ARRAY(SELECT jsonb_array_elements_text(target -> 'tags')) ELSE '{}' END \
    FROM websites WHERE target ->> 'maintenance' <> '' \
        OR EXISTS (SELECT FROM maintenance WHERE removed_at IS NULL)",
);
const WINDOWS: Statement = Statement::new(
    "reading maintenance windows",
    "SELECT website_id, website_group, tag, starts_at, ends_at, schedule, note FROM maintenance \
    WHERE removed_at IS NULL AND (ends_at IS NULL OR ends_at > $1) ORDER BY id",
);
const SPANS: Statement = Statement::new(
    "reading planned maintenance",
    "SELECT website_id, starts_at, ends_at, note FROM maintenance_spans WHERE ends_at > $1",
);
const REMOVE: Statement = Statement::new(
    "removing planned maintenance",
    "DELETE FROM maintenance_spans USING unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) \
    AS gone (website_id, starts_at, ends_at) WHERE maintenance_spans.website_id = gone.website_id \
    AND maintenance_spans.starts_at = gone.starts_at AND maintenance_spans.ends_at = gone.ends_at",
);
const ADD: Statement = Statement::new(
    "storing planned maintenance",
    "INSERT INTO maintenance_spans (website_id, starts_at, ends_at, note) \
    SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::text[]) \
    ON CONFLICT DO NOTHING",
);
/// Of these spans, the hours that are past or under way.
const MARK: Statement = Statement::new(
    "marking hours to be counted",
    "INSERT INTO dirty_hours (hour, website_ids) SELECT hour, array_agg(DISTINCT website_id) \
    FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS changed (website_id, starts_at, ends_at) \
    CROSS JOIN LATERAL generate_series(date_trunc('hour', starts_at, 'UTC'), least(ends_at, now()), \
        interval '1 hour') AS hour GROUP BY hour",
);

/// The database's time.
pub(super) async fn now(transaction: &Transaction<'_>) -> Result<Timestamp, DatabaseError> {
    let row = NOW.query_one(transaction, &[]).await?;
    Ok(timestamp(row.get(0)))
}

/// The websites that windows ask for.
pub(super) async fn sites(transaction: &Transaction<'_>) -> Result<Vec<Site>, DatabaseError> {
    let rows = SITES.query(transaction, &[]).await?;
    let sites = rows.iter().map(|row| Site {
        id: row.get(0),
        own: row.get(1),
        group: row.get(2),
        tags: row.get(3),
    });
    Ok(sites.collect())
}

/// The windows that people added and that are not over. A schedule that cannot be read was not
/// written by us.
pub(super) async fn windows(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> Result<Vec<Window>, DatabaseError> {
    let rows = WINDOWS.query(transaction, &[&system_time(now)]).await?;
    let windows = rows.iter().filter_map(|row| {
        let whose = match (row.get(0), row.get(1), row.get(2)) {
            (Some(id), _, _) => Whose::Website(id),
            (_, Some(group), _) => Whose::Group(group),
            (_, _, Some(tag)) => Whose::Tag(tag),
            (None, None, None) => Whose::Everybody,
        };
        let times: (Option<SystemTime>, Option<SystemTime>) = (row.get(3), row.get(4));
        let when = match (row.get::<_, Option<&str>>(5), times) {
            (Some(schedule), _) => When::Again(Maintenance::parse(schedule).ok()?),
            (None, (Some(start), Some(end))) => When::Once(timestamp(start), timestamp(end)),
            (None, _) => return None,
        };
        let note = row.get(6);
        Some(Window { whose, when, note })
    });
    Ok(windows.collect())
}

/// The spans that end after that time.
pub(super) async fn spans(
    transaction: &Transaction<'_>,
    since: Timestamp,
) -> Result<BTreeMap<Span, String>, DatabaseError> {
    let rows = SPANS.query(transaction, &[&system_time(since)]).await?;
    let spans = rows.iter().map(|row| {
        let span = Span {
            website_id: row.get(0),
            start: timestamp(row.get(1)),
            end: timestamp(row.get(2)),
        };
        (span, row.get(3))
    });
    Ok(spans.collect())
}

/// Removes spans, and has their hours counted anew.
pub(super) async fn remove(
    transaction: &Transaction<'_>,
    spans: &BTreeSet<Span>,
) -> Result<(), DatabaseError> {
    if spans.is_empty() {
        return Ok(());
    }
    let (ids, starts, ends) = lists(spans.iter());
    REMOVE.execute(transaction, &[&ids, &starts, &ends]).await?;
    MARK.execute(transaction, &[&ids, &starts, &ends]).await?;
    Ok(())
}

/// Stores spans with their notes, and has their hours counted anew.
pub(super) async fn add(
    transaction: &Transaction<'_>,
    spans: &BTreeMap<Span, String>,
) -> Result<(), DatabaseError> {
    if spans.is_empty() {
        return Ok(());
    }
    let (ids, starts, ends) = lists(spans.keys());
    let notes: Vec<&str> = spans.values().map(String::as_str).collect();
    ADD.execute(transaction, &[&ids, &starts, &ends, &notes])
        .await?;
    MARK.execute(transaction, &[&ids, &starts, &ends]).await?;
    Ok(())
}

fn lists<'a>(
    spans: impl Iterator<Item = &'a Span> + Clone,
) -> (Vec<i64>, Vec<SystemTime>, Vec<SystemTime>) {
    (
        spans.clone().map(|span| span.website_id).collect(),
        spans.clone().map(|span| system_time(span.start)).collect(),
        spans.map(|span| system_time(span.end)).collect(),
    )
}

/// A time that the database says.
fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}
