//! What waits in the outbox.

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use messages::Masked;
use notify::{News, Site};
use tokio_postgres::Row;
use uuid::Uuid;

/// Rows that one round makes alerts of; the next round takes the next.
const ROWS_MAX: i64 = 5000;

/// An end is told once its beginning was, or together with it; what else hangs on its beginning is
/// settled before.
const PENDING: Statement = Statement::new(
    "reading what is to be told",
    "SELECT outbox.id, outbox.receiver, outbox.kind, outbox.subject, outbox.content::text, \
    extract(epoch FROM now() - outbox.created_at)::double precision, \
    outbox.incident_id, incidents.started_at, incidents.ended_at, incidents.last_good_at, \
    incidents.error_code, incidents.failure_reason, incidents.failure_phase, \
    incidents.failure_detail, incidents.remote_address, \
    websites.url, websites.target ->> 'name', websites.target ->> 'group', \
    told.content::text, \
    (SELECT count(*) FROM outbox AS beside JOIN incidents ON incidents.id = beside.incident_id \
    WHERE beside.alert_id = told.id AND beside.kind = 'down' AND incidents.closed_at IS NULL), \
    gen_random_uuid() \
    FROM outbox LEFT JOIN incidents ON incidents.id = outbox.incident_id \
    LEFT JOIN websites ON websites.id = coalesce(outbox.website_id, incidents.website_id) \
    LEFT JOIN outbox AS beginning ON outbox.kind = 'up' AND beginning.kind = 'down' \
    AND beginning.receiver = outbox.receiver AND beginning.subject = outbox.subject \
    LEFT JOIN alerts AS told ON told.id = beginning.alert_id \
    WHERE outbox.alert_id IS NULL AND outbox.withheld IS NULL AND outbox.not_before <= now() \
    AND outbox.receiver = ANY($1) ORDER BY outbox.id LIMIT $2",
);

/// A row of the outbox that may be told now.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: i64,
    /// The id of the alert whose first row this is, if it is.
    pub(super) alert_id: Uuid,
    pub(super) receiver: String,
    pub(super) kind: String,
    pub(super) subject: String,
    /// How long ago it was written, in seconds.
    pub(super) age: f64,
    /// What is not of an incident.
    pub(super) news: Option<News>,
    pub(super) incident: Option<Incident>,
    /// The website, where it is of one.
    pub(super) site: Option<Site>,
    /// Of an end: how its beginning was told.
    pub(super) told: Option<Told>,
}

/// What is known of an incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Incident {
    pub(super) id: i64,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) last_good_at: Option<Timestamp>,
    pub(super) error_code: i32,
    pub(super) reason: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) remote_address: Option<String>,
}

/// How a beginning was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) news: News,
    /// Incidents of the same alert that are still open.
    pub(super) open: i64,
}

/// Reads what may be told to these receivers now.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    receivers: &[&str],
) -> Result<Vec<Pending>, DatabaseError> {
    let rows = PENDING.query(transaction, &[&receivers, &ROWS_MAX]).await?;
    Ok(rows.iter().map(pending).collect())
}

fn pending(row: &Row) -> Pending {
    let url: Option<String> = row.get(15);
    let incident = row.get::<_, Option<i64>>(6).map(|id| incident(row, id));
    let site = url.map(|url| {
        let url = Masked(&url).to_string();
        Site {
            name: row.get::<_, Option<String>>(16).unwrap_or(url.clone()),
            url,
            group: row.get(17),
            incident: incident.as_ref().map(|incident| incident.id),
            since: incident.as_ref().and_then(|incident| incident.started_at),
            until: incident.as_ref().and_then(|incident| incident.ended_at),
        }
    });
    let told = news(row, 18).map(|news| Told {
        news,
        open: row.get::<_, Option<i64>>(19).unwrap_or(0),
    });
    Pending {
        id: row.get(0),
        alert_id: row.get(20),
        receiver: row.get(1),
        kind: row.get(2),
        subject: row.get(3),
        news: news(row, 4),
        age: row.get(5),
        incident,
        site,
        told,
    }
}

fn incident(row: &Row, id: i64) -> Incident {
    Incident {
        id,
        started_at: time(row, 7),
        ended_at: time(row, 8),
        last_good_at: time(row, 9),
        error_code: row.get::<_, Option<i32>>(10).unwrap_or(0),
        reason: row.get(11),
        phase: row.get(12),
        detail: row.get(13),
        remote_address: row.get(14),
    }
}

/// News as they are stored. A newer consumer may write more than we know, and that is left out.
fn news(row: &Row, column: usize) -> Option<News> {
    let text: Option<String> = row.get(column);
    serde_json::from_str(&text?).ok()
}

fn time(row: &Row, column: usize) -> Option<Timestamp> {
    let time: Option<std::time::SystemTime> = row.get(column);
    // PostgreSQL's infinities are no times; no column here has one.
    Timestamp::try_from(time?).ok()
}
