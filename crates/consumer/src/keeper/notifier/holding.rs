//! What is held back for now, or not told at all. Nothing is forgotten by that: who is down when the
//! time of holding back is over is told then.

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
/// Websites of which something waits, and that flap: by the times of their own checks, so that a
/// backlog says what it would have said live.
const FLAPPING: &str = "WITH waiting AS (\
    SELECT DISTINCT website_id FROM outbox WHERE alert_id IS NULL AND withheld IS NULL \
    AND not_before <= now() AND kind = 'down'), \
    newest AS (SELECT website_id, max(coalesce(closed_at, opened_at)) AS at \
    FROM incidents JOIN waiting USING (website_id) \
    WHERE started_at > now() - interval '1 year' GROUP BY website_id), \
    flapping AS (SELECT website_id, changes, began FROM newest CROSS JOIN LATERAL (\
    SELECT count(*) FILTER (WHERE opened_at > at - interval '1 hour') \
    + count(*) FILTER (WHERE closed_at > at - interval '1 hour') AS changes, \
    min(started_at) AS began FROM incidents WHERE incidents.website_id = newest.website_id \
    AND started_at > at - interval '1 day' AND coalesce(closed_at, opened_at) > at - interval '1 hour'\
    ) AS counted WHERE changes >= $1)";

/// Who flaps is told to flap, at most once an hour; and its incidents only once one of them lasts.
#[derive(Debug)]
struct Flapping {
    tell: Statement,
    withhold: Statement,
    hold: Statement,
}

impl Flapping {
    fn new() -> Self {
        let tell = "INSERT INTO outbox (receiver, kind, subject, website_id, content) \
            SELECT DISTINCT ON (waiting.receiver, flapping.website_id) waiting.receiver, 'flapping', \
            'website ' || flapping.website_id || ' flapping since incident ' || waiting.incident_id, \
            flapping.website_id, jsonb_build_object('kind', 'flapping', \
            'key', 'website ' || flapping.website_id || ' flapping', \
            'what', 'flapping: ' || changes || ' changes in an hour', 'since', began) \
            FROM flapping JOIN outbox AS waiting ON waiting.website_id = flapping.website_id \
            AND waiting.kind = 'down' AND waiting.alert_id IS NULL AND waiting.withheld IS NULL \
            AND waiting.not_before <= now() \
            WHERE NOT EXISTS (SELECT FROM outbox AS told WHERE told.kind = 'flapping' \
            AND told.receiver = waiting.receiver AND told.website_id = flapping.website_id \
            AND told.created_at > now() - interval '1 hour') \
            ORDER BY waiting.receiver, flapping.website_id, waiting.incident_id \
            ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING";
        let withhold = "UPDATE outbox SET withheld = 'flapping' FROM flapping, incidents \
            WHERE outbox.website_id = flapping.website_id AND outbox.kind = 'down' \
            AND outbox.alert_id IS NULL AND outbox.withheld IS NULL AND outbox.not_before <= now() \
            AND incidents.id = outbox.incident_id AND incidents.closed_at IS NOT NULL";
        let hold = "UPDATE outbox SET not_before = created_at + $2 * interval '1 second' \
            FROM flapping WHERE outbox.website_id = flapping.website_id AND outbox.kind = 'down' \
            AND outbox.alert_id IS NULL AND outbox.withheld IS NULL AND outbox.not_before <= now() \
            AND created_at > now() - $2 * interval '1 second'";
        let built = |doing, statement| Statement::built(doing, format!("{FLAPPING} {statement}"));
        Self {
            tell: built("telling who flaps", tell),
            withhold: built("withholding what flaps", withhold),
            hold: built("holding back what flaps", hold),
        }
    }
}

/// Holds back and withholds, before anything is told.
pub(super) async fn hold(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    HOLD_IN_MAINTENANCE.execute(transaction, &[]).await?;
    WITHHOLD_MAINTENANCE.execute(transaction, &[]).await?;
    WITHHOLD_REMINDERS.execute(transaction, &[]).await?;
    let flapping = Flapping::new();
    let (many, seconds) = (FLAPPING_CHANGES_MIN, FLAPPING_HOLD_SECONDS);
    flapping.tell.execute(transaction, &[&many]).await?;
    flapping.withhold.execute(transaction, &[&many]).await?;
    flapping
        .hold
        .execute(transaction, &[&many, &seconds])
        .await?;
    WITHHOLD_ENDS.execute(transaction, &[]).await?;
    Ok(())
}
