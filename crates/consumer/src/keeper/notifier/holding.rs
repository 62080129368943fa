//! What is held back for now, or not told at all. Nothing is forgotten by that: who is down when the
//! time of holding back is over is told then.

use std::time::{Duration, SystemTime};

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

/// How often a website goes down or up within an hour until it flaps: three incidents.
const FLAPPING_CHANGES_MIN: i64 = 6;
/// How long a flapping website's incident is open before it is told by itself.
const FLAPPING_HOLD_SECONDS: f64 = 600.0;

/// What begins or began in a maintenance window waits for the window's end.
const HOLD_IN_MAINTENANCE: Statement = Statement::new(
    "holding back what is in maintenance",
    "UPDATE outbox SET not_before = span.until FROM (\
    SELECT outbox.id, max(ends_at) AS until FROM outbox \
    JOIN maintenance_spans AS spans ON spans.website_id = outbox.website_id \
    WHERE alert_id IS NULL AND withheld IS NULL AND not_before <= now() \
    AND kind IN ('down', 'reminder', 'certificate', 'burn') \
    AND starts_at <= now() AND ends_at > now() GROUP BY outbox.id) AS span \
    WHERE outbox.id = span.id",
);
/// What began and ended within a window is nobody's business.
const WITHHOLD_MAINTENANCE: Statement = Statement::new(
    "withholding what was maintenance",
    "UPDATE outbox SET withheld = 'over before the maintenance ended' FROM incidents \
    WHERE incidents.id = outbox.incident_id AND outbox.alert_id IS NULL AND outbox.withheld IS NULL \
    AND outbox.kind = 'down' AND incidents.closed_at IS NOT NULL \
    AND EXISTS (SELECT FROM maintenance_spans AS spans WHERE spans.website_id = outbox.website_id \
    AND spans.starts_at <= incidents.started_at AND spans.ends_at >= incidents.ended_at)",
);
/// Of whom nobody heard that it was down, nobody hears that it is up.
const WITHHOLD_ENDS: Statement = Statement::new(
    "withholding ends of what was withheld",
    "UPDATE outbox SET withheld = 'its beginning was not told' FROM outbox AS beginning \
    WHERE outbox.kind IN ('up', 'reminder') AND outbox.alert_id IS NULL AND outbox.withheld IS NULL \
    AND beginning.kind = 'down' AND beginning.receiver = outbox.receiver \
    AND beginning.incident_id = outbox.incident_id AND beginning.withheld IS NOT NULL",
);
/// A reminder of what is over by now.
const WITHHOLD_REMINDERS: Statement = Statement::new(
    "withholding reminders of what is over",
    "UPDATE outbox SET withheld = 'over by now' FROM incidents \
    WHERE incidents.id = outbox.incident_id AND outbox.kind = 'reminder' \
    AND outbox.alert_id IS NULL AND outbox.withheld IS NULL AND incidents.closed_at IS NOT NULL",
);
/// Since when the rows have to be looked through for those that left the targets, if any waits.
const REMINDED: Statement = Statement::new(
    "looking for reminders",
    "SELECT min(opened_at) FROM outbox JOIN incidents ON incidents.id = outbox.incident_id \
    WHERE outbox.kind = 'reminder' AND alert_id IS NULL AND withheld IS NULL",
);
/// A website that no targets name any more stays as it was, and nobody looks whether it is.
const WITHHOLD_RETIRED: Statement = Statement::new(
    "withholding reminders of websites that left the targets",
    "UPDATE outbox SET withheld = 'no targets name it any more' \
    WHERE kind = 'reminder' AND alert_id IS NULL AND withheld IS NULL \
    AND (SELECT failure_reason FROM metrics WHERE metrics.website_id = outbox.website_id \
    AND scheduled_at >= $1 AND scheduled_at <= $2 ORDER BY scheduled_at DESC LIMIT 1) = 'target_removed'",
);
/// A record may be due a day ahead of now.
const AHEAD: Duration = Duration::from_hours(24);
/// Websites of which something waits, and that flap: by the times of their own checks, so that a
/// backlog says what it would have said live. Each step by itself, by an index: when all websites go down at once,
/// the server takes what waits for a row or two, and would go through all of it for each website again.
const FLAPPING: Statement = Statement::new(
    "looking for websites that flap",
    "WITH waiting AS MATERIALIZED (\
    SELECT DISTINCT website_id FROM outbox WHERE alert_id IS NULL AND withheld IS NULL \
    AND not_before <= now() AND kind = 'down'), \
    newest AS MATERIALIZED (SELECT website_id, at FROM waiting CROSS JOIN LATERAL (\
    SELECT max(coalesce(closed_at, opened_at)) AS at FROM incidents \
    WHERE incidents.website_id = waiting.website_id AND started_at > now() - interval '1 year') AS last) \
    SELECT website_id, changes, began FROM newest CROSS JOIN LATERAL (\
    SELECT count(*) FILTER (WHERE opened_at > at - interval '1 hour') \
    + count(*) FILTER (WHERE closed_at > at - interval '1 hour') AS changes, \
    min(started_at) AS began FROM incidents WHERE incidents.website_id = newest.website_id \
    AND started_at > at - interval '1 day' AND coalesce(closed_at, opened_at) > at - interval '1 hour'\
    ) AS counted WHERE changes >= $1",
);
/// Who flaps is told to flap, at most once an hour.
const TELL_FLAPPING: Statement = Statement::new(
    "telling who flaps",
    "INSERT INTO outbox (receiver, kind, subject, website_id, content) \
    SELECT receiver, 'flapping', 'website ' || website_id || ' flapping since incident ' || first_id, \
    website_id, jsonb_build_object('kind', 'flapping', \
    'key', 'website ' || website_id || ' flapping', \
    'what', 'flapping: ' || ($2::bigint[])[place] || ' changes in an hour', 'since', ($3::timestamptz[])[place]) \
    FROM (SELECT receiver, website_id, min(incident_id) AS first_id, array_position($1, website_id) AS place \
    FROM outbox WHERE website_id = ANY ($1::bigint[]) AND kind = 'down' AND alert_id IS NULL \
    AND withheld IS NULL AND not_before <= now() GROUP BY receiver, website_id) AS waiting \
    WHERE NOT EXISTS (SELECT FROM outbox AS told WHERE told.kind = 'flapping' \
    AND told.receiver = waiting.receiver AND told.website_id = waiting.website_id \
    AND told.created_at > now() - interval '1 hour') \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);
/// Its incidents are told only once one of them lasts.
const WITHHOLD_FLAPPING: Statement = Statement::new(
    "withholding what flaps",
    "UPDATE outbox SET withheld = 'flapping' FROM incidents \
    WHERE outbox.website_id = ANY ($1::bigint[]) AND outbox.kind = 'down' \
    AND outbox.alert_id IS NULL AND outbox.withheld IS NULL AND outbox.not_before <= now() \
    AND incidents.id = outbox.incident_id AND incidents.closed_at IS NOT NULL",
);
const HOLD_FLAPPING: Statement = Statement::new(
    "holding back what flaps",
    "UPDATE outbox SET not_before = created_at + $2 * interval '1 second' \
    WHERE website_id = ANY ($1::bigint[]) AND kind = 'down' \
    AND alert_id IS NULL AND withheld IS NULL AND not_before <= now() \
    AND created_at > now() - $2 * interval '1 second'",
);

/// Holds back and withholds, before anything is told.
pub(super) async fn hold(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    HOLD_IN_MAINTENANCE.execute(transaction, &[]).await?;
    WITHHOLD_MAINTENANCE.execute(transaction, &[]).await?;
    WITHHOLD_REMINDERS.execute(transaction, &[]).await?;
    withhold_retired(transaction).await?;
    hold_flapping(transaction).await?;
    WITHHOLD_ENDS.execute(transaction, &[]).await?;
    Ok(())
}

async fn withhold_retired(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    let reminded = REMINDED.query_one(transaction, &[]).await?;
    let Some(since) = reminded.get::<_, Option<SystemTime>>(0) else {
        return Ok(());
    };
    // With both times in sight, the server plans for the partitions that lie between, and not for all.
    let until = SystemTime::now() + AHEAD;
    WITHHOLD_RETIRED
        .execute_once(transaction, &[&since, &until])
        .await?;
    Ok(())
}

async fn hold_flapping(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    let rows = FLAPPING
        .query(transaction, &[&FLAPPING_CHANGES_MIN])
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let websites: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let changes: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    let began: Vec<SystemTime> = rows.iter().map(|row| row.get(2)).collect();
    // The list in sight, the server hashes it.
    TELL_FLAPPING
        .execute_once(transaction, &[&websites, &changes, &began])
        .await?;
    WITHHOLD_FLAPPING
        .execute_once(transaction, &[&websites])
        .await?;
    HOLD_FLAPPING
        .execute_once(transaction, &[&websites, &FLAPPING_HOLD_SECONDS])
        .await?;
    Ok(())
}
