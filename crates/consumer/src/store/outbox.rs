//! What is to be told, written by the transaction that decided it. Who delivers it gathers what has one
//! cause; here each receiver has a row for each thing that happened.

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::Transaction;

const DOWN: Statement = Statement::new(
    "storing that incidents began",
    "INSERT INTO outbox (receiver, kind, subject, incident_id, website_id) \
    SELECT receiver, 'down', 'incident ' || id, id, incidents.website_id \
    FROM unnest($1::text[], $2::bigint[]) AS told (receiver, incident_id) \
    JOIN incidents ON id = incident_id \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);
/// Whoever is told that it began is told that it ended, whatever was chosen meanwhile.
const UP: Statement = Statement::new(
    "storing that incidents ended",
    "INSERT INTO outbox (receiver, kind, subject, incident_id, website_id) \
    SELECT receiver, 'up', subject, incident_id, website_id \
    FROM outbox WHERE incident_id = ANY($1) AND kind = 'down' \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);

/// Tells receivers that incidents began, each of its own.
pub(super) async fn tell_down(
    transaction: &Transaction<'_>,
    told: &[(&str, i64)],
) -> Result<(), DatabaseError> {
    if told.is_empty() {
        return Ok(());
    }
    let receivers: Vec<&str> = told.iter().map(|it| it.0).collect();
    let incidents: Vec<i64> = told.iter().map(|it| it.1).collect();
    let parameters: &Parameters<'_> = &[&receivers, &incidents];
    DOWN.execute(transaction, parameters).await?;
    Ok(())
}

/// Tells that incidents ended.
pub(super) async fn tell_up(
    transaction: &Transaction<'_>,
    incidents: &[i64],
) -> Result<(), DatabaseError> {
    if !incidents.is_empty() {
        UP.execute(transaction, &[&incidents]).await?;
    }
    Ok(())
}
