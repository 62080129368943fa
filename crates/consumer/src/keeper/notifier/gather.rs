//! Makes alerts of what waits in the outbox, in one transaction.

use database::{Database, DatabaseError, Parameters, Statement, begin, commit};
use deadpool_postgres::Transaction;

use super::{
    causes,
    compose::{Gathered, compose},
    holding, pending,
};
use crate::alerts::AlertSettings;

/// One consumer gathers at a time: two would tell one cause in two alerts.
const TURN: Statement = Statement::new(
    "asking for the turn to gather",
    "SELECT pg_try_advisory_xact_lock(hashtextextended('websites-monitor outbox', 0))",
);
/// Nearly always nothing waits, and then this is all.
const WAITING: Statement = Statement::new(
    "looking whether something is to be told",
    "SELECT EXISTS (SELECT FROM outbox \
    WHERE alert_id IS NULL AND withheld IS NULL AND not_before <= now() AND receiver = ANY($1))",
);
/// Each is a little later than the one before, so that they are told in this order.
const STORE: Statement = Statement::new(
    "storing an alert",
    "INSERT INTO alerts (id, receiver, kind, content, first_id, created_at) \
    VALUES ($1, $2, $3, $4::text::jsonb, $5, clock_timestamp())",
);
const TOLD: Statement = Statement::new(
    "noting what an alert tells",
    "UPDATE outbox SET alert_id = $1 WHERE id = ANY($2)",
);
const CAUSE: Statement = Statement::new(
    "noting what has one cause",
    "UPDATE incidents SET cause_id = $1 WHERE id = ANY($2) AND cause_id IS NULL",
);

/// Makes alerts of what waits, and says of how many.
pub(super) async fn gather(
    database: &Database,
    settings: &AlertSettings,
) -> Result<usize, DatabaseError> {
    let receivers = settings.receivers.iter();
    let receivers: Vec<_> = receivers.map(|receiver| receiver.name.as_str()).collect();
    database
        .attempt(async |client| {
            let waiting = WAITING.query_one(client, &[&receivers]).await?;
            if !waiting.get::<_, bool>(0) {
                return Ok(0);
            }
            let transaction = begin(client).await?;
            if !TURN.query_one(&transaction, &[]).await?.get::<_, bool>(0) {
                return Ok(0);
            }
            holding::hold(&transaction).await?;
            let pending = pending::read(&transaction, &receivers).await?;
            let causes = causes::read(&transaction, &receivers).await?;
            let wait = settings.group_wait.as_secs_f64();
            let gathered = compose(pending, &causes, wait, settings.status_url.as_deref());
            let count = gathered.len();
            for alert in gathered {
                store(&transaction, alert).await?;
            }
            commit(transaction, "storing alerts").await?;
            Ok(count)
        })
        .await
}

async fn store(transaction: &Transaction<'_>, gathered: Gathered) -> Result<(), DatabaseError> {
    let Gathered {
        receiver,
        alert,
        rows,
        incidents,
        first_id,
    } = gathered;
    let (id, kind) = (alert.id, &alert.news.kind);
    // It consists of texts, numbers and times: there is nothing that JSON cannot hold.
    let content = serde_json::to_string(&alert).unwrap_or_default();
    let parameters: &Parameters<'_> = &[&id, &receiver, kind, &content, &first_id];
    STORE.execute(transaction, parameters).await?;
    TOLD.execute(transaction, &[&id, &rows]).await?;
    let key = alert.news.key.strip_prefix("incident ");
    let joined = key.filter(|_| first_id.is_some());
    let joined = joined.and_then(|id| id.parse::<i64>().ok());
    if let Some(first) = joined.or_else(|| incidents.iter().min().copied()) {
        CAUSE.execute(transaction, &[&first, &incidents]).await?;
    }
    Ok(())
}
