//! What waits in the outbox.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

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
/// settled before. A reminder is no end, and speaks of its incident's beginning. What somebody withholds at this moment is passed over.
const PENDING: Statement = Statement::new(
    "reading what is to be told",
    "SELECT outbox.id, outbox.receiver, outbox.kind, outbox.subject, outbox.content::text, \
    extract(epoch FROM now() - outbox.created_at)::double precision, \
    outbox.incident_id, incidents.started_at, incidents.ended_at, incidents.last_good_at, \
    incidents.error_code, incidents.failure_reason, incidents.failure_phase, \
    incidents.failure_detail, incidents.remote_address, \
    websites.url, websites.target ->> 'name', websites.target ->> 'group', \
    told.id, coalesce(told.first_id, told.id), gen_random_uuid(), \
    ended.kind IS NOT NULL AND outbox.kind <> 'reminder' \
    FROM outbox LEFT JOIN incidents ON incidents.id = outbox.incident_id \
    LEFT JOIN websites ON websites.id = coalesce(outbox.website_id, incidents.website_id) \
    LEFT JOIN (VALUES ('up', 'down'), ('burn_over', 'burn'), ('heard', 'silent'), \
    ('network_over', 'network'), ('reminder', 'down')) AS ended (by_kind, kind) ON ended.by_kind = outbox.kind \
    LEFT JOIN outbox AS beginning ON beginning.kind = ended.kind AND beginning.receiver = outbox.receiver \
    AND beginning.subject = CASE outbox.kind WHEN 'reminder' THEN 'incident ' || outbox.incident_id ELSE outbox.subject END \
    LEFT JOIN alerts AS told ON told.id = beginning.alert_id \
    WHERE outbox.alert_id IS NULL AND outbox.withheld IS NULL AND outbox.not_before <= now() \
    AND outbox.receiver = ANY($1) ORDER BY outbox.id LIMIT $2 FOR NO KEY UPDATE OF outbox SKIP LOCKED",
);
/// Where it has the alert that told the beginning.
const TOLD_ID: usize = 18;
/// Each once, however many rows it has told: it may name a thousand websites.
const TOLD: Statement = Statement::new(
    "reading what was told before",
    "SELECT id, content::text FROM alerts WHERE id = ANY($1)",
);
/// Of what was told together, by its first alert: how much has no end yet.
const OPEN: Statement = Statement::new(
    "counting what is not over of what was told",
    "SELECT coalesce(told.first_id, told.id), count(*) FROM alerts AS told \
    JOIN outbox AS beginning ON beginning.alert_id = told.id \
    JOIN (VALUES ('up', 'down'), ('burn_over', 'burn'), ('heard', 'silent'), \
    ('network_over', 'network')) AS ended (by_kind, kind) ON ended.kind = beginning.kind \
    WHERE (told.id = ANY($1) OR told.first_id = ANY($1)) AND NOT EXISTS (SELECT FROM outbox AS its_end \
    WHERE its_end.receiver = beginning.receiver AND its_end.subject = beginning.subject \
    AND its_end.kind = ended.by_kind) GROUP BY 1",
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
    /// It ends what another row began.
    pub(super) is_end: bool,
    /// Of an end, and of a reminder: how its beginning was told.
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
    pub(super) alert_id: Uuid,
    /// The first alert of its cause.
    pub(super) first_id: Uuid,
    pub(super) news: Arc<News>,
    /// How much that was told with it is not over.
    pub(super) open: i64,
}

/// Reads what may be told to these receivers now.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    receivers: &[&str],
) -> Result<Vec<Pending>, DatabaseError> {
    let rows = PENDING.query(transaction, &[&receivers, &ROWS_MAX]).await?;
    let told = read_told(transaction, &rows).await?;
    let mut pending: Vec<_> = rows.iter().map(|row| read_row(row, &told)).collect();
    let told = pending.iter().filter_map(|row| row.told.as_ref());
    let firsts: BTreeSet<Uuid> = told.map(|told| told.first_id).collect();
    if firsts.is_empty() {
        return Ok(pending);
    }
    let firsts: Vec<_> = firsts.into_iter().collect();
    let open = OPEN.query(transaction, &[&firsts]).await?;
    let open: HashMap<Uuid, i64> = open.iter().map(|row| (row.get(0), row.get(1))).collect();
    for told in pending.iter_mut().filter_map(|row| row.told.as_mut()) {
        told.open = open.get(&told.first_id).copied().unwrap_or(0);
    }
    Ok(pending)
}

/// What was told of that which these rows end, by its alerts.
async fn read_told(
    transaction: &Transaction<'_>,
    rows: &[Row],
) -> Result<HashMap<Uuid, Arc<News>>, DatabaseError> {
    let alerts: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.get(TOLD_ID)).collect();
    if alerts.is_empty() {
        return Ok(HashMap::new());
    }
    let alerts: Vec<_> = alerts.into_iter().collect();
    let rows = TOLD.query(transaction, &[&alerts]).await?;
    let told = rows
        .iter()
        .filter_map(|row| Some((row.get(0), Arc::new(news(row, 1)?))));
    Ok(told.collect())
}

fn read_row(row: &Row, told: &HashMap<Uuid, Arc<News>>) -> Pending {
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
    let alert_id: Option<Uuid> = row.get(TOLD_ID);
    let told = alert_id.and_then(|alert_id| {
        Some(Told {
            alert_id,
            first_id: row.get(19),
            news: Arc::clone(told.get(&alert_id)?),
            open: 0,
        })
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
        is_end: row.get(21),
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
