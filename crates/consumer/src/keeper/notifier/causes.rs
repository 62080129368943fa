//! Causes that were told a while ago and are not over: websites that fail for the same one join it.

use std::time::Duration;

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;
use uuid::Uuid;

/// How long after it was first told a cause is young: later, the same one is told anew.
const YOUNG: Duration = Duration::from_hours(1);

/// An alert is its cause's first one where it follows none.
const OPEN: Statement = Statement::new(
    "reading causes that are told and not over",
    "SELECT first.receiver, first.id, first.content ->> 'key', first.content ->> 'what', \
    first.content ->> 'address', \
    extract(epoch FROM now() - max(told.created_at))::double precision, \
    sum((told.content ->> 'sites_count')::bigint)::bigint \
    FROM alerts AS first JOIN alerts AS told ON told.id = first.id OR told.first_id = first.id \
    WHERE first.kind = 'down' AND first.first_id IS NULL AND first.receiver = ANY($1) \
    AND first.created_at > now() - $2 * interval '1 second' \
    GROUP BY first.id HAVING bool_or(EXISTS (SELECT FROM outbox \
    JOIN incidents ON incidents.id = outbox.incident_id \
    WHERE outbox.alert_id = told.id AND outbox.kind = 'down' AND closed_at IS NULL))",
);

/// A cause that was told to a receiver, and for which websites are still down.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) receiver: String,
    /// Its first alert, and that one's key.
    pub(super) first_id: Uuid,
    pub(super) key: String,
    /// Why, in a few words, and the address.
    pub(super) what: String,
    pub(super) address: Option<String>,
    /// How long ago it was last told, in seconds.
    pub(super) age: f64,
    /// Websites that were told of it so far.
    pub(super) told: i64,
}

/// Reads the young causes of these receivers.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    receivers: &[&str],
) -> Result<Vec<Cause>, DatabaseError> {
    let rows = OPEN
        .query(transaction, &[&receivers, &YOUNG.as_secs_f64()])
        .await?;
    let causes = rows.iter().map(|row| Cause {
        receiver: row.get(0),
        first_id: row.get(1),
        key: row.get::<_, Option<String>>(2).unwrap_or_default(),
        what: row.get::<_, Option<String>>(3).unwrap_or_default(),
        address: row.get(4),
        age: row.get(5),
        told: row.get::<_, Option<i64>>(6).unwrap_or(0),
    });
    Ok(causes.collect())
}
