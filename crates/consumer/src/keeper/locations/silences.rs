//! Which locations are silent: read without a pause for longer than three of their intervals, and nothing
//! came of them.

use std::time::SystemTime;

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::words::Silence;
use crate::{
    keeper::telling::{Names, Untold, tell, tell_ends},
    store::OffsetKey,
};

/// Up to when all partitions are read, if all of them are, and since when without a pause. A check may take
/// some time beside its three intervals, which the page grants as well. Nobody reads partitions that the topic has
/// no more, as one that was made anew with fewer.
const BEGIN: Statement = Statement::new(
    "looking for silent locations",
    "WITH reading AS (SELECT min(until) AS until, max(since) AS since \
        FROM offsets LEFT JOIN readings USING (consumer_group, topic, partition) \
        WHERE consumer_group = $1 AND topic = $2 AND partition < $4 HAVING bool_and(until IS NOT NULL)) \
    INSERT INTO silences (location, started_at) SELECT location, heard_at FROM locations, reading \
    WHERE until - greatest(heard_at, since) > (3 * \"interval\" + $3) * interval '1 second' \
    ON CONFLICT (location) WHERE ended_at IS NULL DO NOTHING RETURNING id",
);
const CHECK_MAX_SECONDS: f64 = 30.0;
/// What was made while nobody read it, as of a monitor that could not reach Kafka, does not end it before
/// newer records do.
const END: Statement = Statement::new(
    "looking for locations that are heard again",
    "UPDATE silences SET ended_at = heard_at FROM locations \
    WHERE locations.location = silences.location AND ended_at IS NULL AND heard_at > started_at \
    AND heard_at >= now() - (3 * \"interval\" + $1) * interval '1 second' RETURNING id",
);
/// A location that was stopped for good.
const FORGET: Statement = Statement::new(
    "forgetting locations that are silent for long",
    "WITH gone AS (DELETE FROM locations WHERE heard_at < now() - interval '7 days' RETURNING location) \
    UPDATE silences SET ended_at = now() FROM gone \
    WHERE silences.location = gone.location AND ended_at IS NULL RETURNING id",
);
const READ: Statement = Statement::new(
    "reading silences",
    "SELECT id, location, started_at, ended_at, \
    NOT EXISTS (SELECT FROM locations WHERE locations.location = silences.location) \
    FROM silences WHERE id = ANY ($1) ORDER BY id",
);
/// Sees who is silent and who is not any more, writes what is to be told of it, and hands that back.
pub(super) async fn judge(
    transaction: &Transaction<'_>,
    (key, partitions): (&OffsetKey, i32),
    names: &Names,
) -> Result<Vec<Silence>, DatabaseError> {
    let mut ended = ids(&FORGET.query(transaction, &[]).await?);
    ended.extend(ids(&END.query(transaction, &[&CHECK_MAX_SECONDS]).await?));
    let parameters: &Parameters<'_> = &[&key.group, &key.topic, &CHECK_MAX_SECONDS, &partitions];
    let began = ids(&BEGIN.query(transaction, parameters).await?);
    let mut silences = read(transaction, &ended).await?;
    let notices: Vec<_> = silences.iter().map(Silence::notice).collect();
    tell_ends(transaction, &notices, "silent", Untold::Withhold).await?;
    let new = read(transaction, &began).await?;
    let notices: Vec<_> = new.iter().map(Silence::notice).collect();
    tell(transaction, &notices, names).await?;
    silences.extend(new);
    Ok(silences)
}

async fn read(transaction: &Transaction<'_>, ids: &[i64]) -> Result<Vec<Silence>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = READ.query(transaction, &[&ids]).await?;
    Ok(rows.iter().filter_map(silence).collect())
}

fn silence(row: &Row) -> Option<Silence> {
    Some(Silence {
        id: row.get(0),
        location: row.get(1),
        started_at: Timestamp::try_from(row.get::<_, SystemTime>(2)).ok()?,
        ended_at: row
            .get::<_, Option<SystemTime>>(3)
            .and_then(|at| Timestamp::try_from(at).ok()),
        is_forgotten: row.get(4),
    })
}

fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.get(0)).collect()
}
