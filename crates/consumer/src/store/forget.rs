//! What was told is forgotten some time after it is over: rows of the outbox, alerts, and what they spoke of.
//! Incidents stay, as days do.

use std::sync::LazyLock;

use database::{Database, DatabaseError, Parameters, Statement};

/// Rows of the outbox that one step looks at, and rows of the others that it removes.
const STEP_ROWS: i64 = 1000;
/// Steps of one round: what is left, the next one removes.
const STEPS_MAX: u64 = 1000;

/// From when on everything is kept.
const SINCE: &str = "now() - $1::integer * interval '1 day'";
/// Somebody who is still there has not heard it. The joined alert is what a row was told in.
const WAITS: &str = "(withheld IS NULL AND sent_at IS NULL AND outbox.receiver = ANY ($2::text[]))";

/// The next rows by their ids, of which all go that speak of the same: by an index each, since most stay. Of an
/// incident this is known by its own times, of all else by the rows'. By the newest word on a website's
/// certificate it is known that it was told: it stays. The walk ends where rows are younger.
static OUTBOX: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!(
        "WITH looked AS MATERIALIZED ( \
            SELECT * FROM outbox WHERE id > $3 ORDER BY id LIMIT $4 \
        ), open (subject) AS MATERIALIZED ( \
            SELECT 'burn ' || id FROM burns WHERE ended_at IS NULL \
            UNION ALL SELECT 'silence ' || id FROM silences WHERE ended_at IS NULL \
            UNION ALL SELECT 'outage ' || id FROM outages WHERE ended_at IS NULL \
        ), past_incidents AS MATERIALIZED ( \
            SELECT id FROM incidents WHERE id IN (SELECT incident_id FROM looked) \
            AND closed_at IS NOT NULL AND updated_at < {SINCE} \
            AND NOT EXISTS (SELECT FROM outbox LEFT JOIN alerts ON alerts.id = alert_id \
                WHERE outbox.incident_id = incidents.id AND {WAITS}) \
        ), past_others AS MATERIALIZED ( \
            SELECT DISTINCT subject FROM looked WHERE incident_id IS NULL \
            AND subject NOT IN (SELECT subject FROM open) \
            AND NOT EXISTS (SELECT FROM outbox LEFT JOIN alerts ON alerts.id = alert_id \
                WHERE outbox.subject = looked.subject AND outbox.incident_id IS NULL \
                AND ({WAITS} OR outbox.created_at >= {SINCE})) \
            AND NOT (kind = 'certificate' AND NOT EXISTS (SELECT FROM outbox AS newer \
                WHERE newer.website_id = looked.website_id AND newer.kind = 'certificate' \
                AND newer.id > looked.id AND newer.subject <> looked.subject)) \
        ), gone AS ( \
            DELETE FROM outbox WHERE incident_id IN (SELECT id FROM past_incidents) \
            RETURNING alert_id IS NULL AND withheld IS NULL AS is_untold \
        ), others_gone AS ( \
            DELETE FROM outbox WHERE incident_id IS NULL AND subject IN (SELECT subject FROM past_others) \
            RETURNING alert_id IS NULL AND withheld IS NULL AS is_untold \
        ) SELECT (SELECT max(id) FROM looked HAVING bool_and(created_at < {SINCE})), \
            count(*), count(*) FILTER (WHERE is_untold) \
        FROM (SELECT * FROM gone UNION ALL SELECT * FROM others_gone) AS gone"
    );
    Statement::built("removing what was told and is long over", sql)
});
/// One whose websites others joined stays until those are gone.
static ALERTS: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!(
        "WITH gone AS (DELETE FROM alerts WHERE id IN ( \
            SELECT id FROM alerts WHERE created_at < {SINCE} \
            AND (sent_at < {SINCE} OR sent_at IS NULL AND receiver <> ALL ($2::text[])) \
            AND NOT EXISTS (SELECT FROM outbox WHERE alert_id = alerts.id) \
            AND NOT EXISTS (SELECT FROM alerts AS joined WHERE joined.first_id = alerts.id) \
            ORDER BY created_at LIMIT $3) RETURNING sent_at) \
        SELECT count(*), count(*) FILTER (WHERE sent_at IS NULL) FROM gone"
    );
    Statement::built("removing alerts that are long over", sql)
});
/// What alerts speak of besides incidents.
static THINGS: LazyLock<[Statement; 3]> = LazyLock::new(|| {
    [
        ("burns", "started_at", "removing burns long over"),
        ("silences", "created_at", "removing silences long over"),
        ("outages", "created_at", "removing outages long over"),
    ]
    .map(|(table, seen_at, doing)| {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} \
            WHERE {seen_at} < {SINCE} AND ended_at < {SINCE} ORDER BY id LIMIT $2)"
        );
        Statement::built(doing, sql)
    })
});

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    /// Rows of the outbox, alerts, and what they spoke of.
    pub(crate) rows: u64,
    /// Of these, what nobody had heard: its receivers are none any more.
    pub(crate) untold: u64,
}

/// Removes what was told, or has nobody left to hear it, and has been over for so many days (0: nothing). The
/// receivers are those that there are.
pub(crate) async fn forget(
    database: &Database,
    days: u16,
    receivers: &[String],
) -> Result<Forgotten, DatabaseError> {
    let mut forgotten = Forgotten::default();
    if days == 0 {
        return Ok(forgotten);
    }
    let days = i32::from(days);
    let mut next = Some(0);
    for _ in 0..STEPS_MAX {
        let Some(last) = next else { break };
        let parameters: &Parameters<'_> = &[&days, &receivers, &last, &STEP_ROWS];
        let step = database.attempt(async |client| OUTBOX.query_one(client, parameters).await);
        let row = step.await?;
        next = row.get::<_, Option<i64>>(0);
        forgotten.add(row.get(1), row.get(2));
    }
    for _ in 0..STEPS_MAX {
        let parameters: &Parameters<'_> = &[&days, &receivers, &STEP_ROWS];
        let step = database.attempt(async |client| ALERTS.query_one(client, parameters).await);
        let row = step.await?;
        forgotten.add(row.get(0), row.get(1));
        if row.get::<_, i64>(0) == 0 {
            break;
        }
    }
    for things in THINGS.iter() {
        let parameters: &Parameters<'_> = &[&days, &STEP_ROWS];
        let step = database.attempt(async |client| things.execute(client, parameters).await);
        forgotten.rows += step.await?;
    }
    Ok(forgotten)
}

impl Forgotten {
    fn add(&mut self, rows: i64, untold: i64) {
        let count = |count| u64::try_from(count).unwrap_or(0);
        self.rows += count(rows);
        self.untold += count(untold);
    }
}
