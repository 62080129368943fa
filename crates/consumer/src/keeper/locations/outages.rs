//! When a monitor's own network is out: half of its websites fail, and no witness answers. By the times of the
//! checks, since a monitor without a network mostly cannot reach Kafka either: what it saw comes later.

use std::time::{Duration, SystemTime};

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::{share::Share, words::Outage};
use crate::keeper::telling::{Names, Untold, tell, tell_ends};

/// Locations that are looked at in one round, at most.
const LOCATIONS_MAX: i64 = 100;
/// Checks that were due so soon after an outage's end belong to it: results of some websites come later.
const SLACK: Duration = Duration::from_mins(1);
/// Doubts that came to nothing for so long are forgotten.
const DOUBTS_KEPT: Duration = Duration::from_mins(10);

const DOUBTS: Statement = Statement::new(
    "reading doubted checks",
    "SELECT location, min(since), max(until), max(id), \
    max(created_at) < now() - $1 * interval '1 second' \
    FROM doubts GROUP BY location ORDER BY max(id) LIMIT $2",
);
const SETTLE: Statement = Statement::new(
    "removing doubts that are settled",
    "DELETE FROM doubts WHERE location = $1 AND id <= $2",
);
/// They belong to one that is open, or to one that is over, in which they were due: results of some websites come
/// later than those of others.
const EXTEND: Statement = Statement::new(
    "adding doubted checks to an outage",
    "UPDATE outages SET started_at = least(started_at, $2), doubted_at = greatest(doubted_at, $3), \
    ended_at = CASE WHEN ended_at IS NULL THEN NULL ELSE greatest(ended_at, $3) END \
    WHERE id = (SELECT id FROM outages WHERE location = $1 AND (ended_at IS NULL \
        OR $2 <= ended_at AND $3 >= started_at AND $3 <= ended_at + $4 * interval '1 second') \
        ORDER BY ended_at IS NULL DESC, started_at DESC LIMIT 1)",
);
const BEGIN: Statement = Statement::new(
    "storing that a monitor's network is out",
    "INSERT INTO outages (location, started_at, doubted_at, websites_failed, websites_checked) \
    VALUES ($1, $2, $3, $4, $5) RETURNING id, location, started_at, ended_at, websites_failed, websites_checked",
);
const OPEN: Statement = Statement::new(
    "reading outages of networks",
    "SELECT id, location, EXISTS (SELECT FROM locations WHERE locations.location = outages.location) \
    FROM outages WHERE ended_at IS NULL ORDER BY id LIMIT $1",
);
const END: Statement = Statement::new(
    "storing that a monitor's network is back",
    "UPDATE outages SET ended_at = doubted_at WHERE id = $1 \
    RETURNING id, location, started_at, ended_at, websites_failed, websites_checked",
);

/// Sees whose network is out and whose is back, writes what is to be told of it, and hands that back.
pub(super) async fn judge(
    transaction: &Transaction<'_>,
    names: &Names,
) -> Result<Vec<Outage>, DatabaseError> {
    let mut outages = begin(transaction).await?;
    let notices: Vec<_> = outages.iter().map(Outage::notice).collect();
    tell(transaction, &notices, names).await?;
    let ended = end(transaction).await?;
    let notices: Vec<_> = ended.iter().map(Outage::notice).collect();
    tell_ends(transaction, &notices, "network", Untold::Rewrite).await?;
    outages.extend(ended);
    Ok(outages)
}

async fn begin(transaction: &Transaction<'_>) -> Result<Vec<Outage>, DatabaseError> {
    let kept = DOUBTS_KEPT.as_secs_f64();
    let mut began = Vec::new();
    for row in DOUBTS.query(transaction, &[&kept, &LOCATIONS_MAX]).await? {
        let location: &str = row.get(0);
        let (since, until): (SystemTime, SystemTime) = (row.get(1), row.get(2));
        let (newest, is_old): (i64, bool) = (row.get(3), row.get(4));
        let slack = SLACK.as_secs_f64();
        let parameters: &Parameters<'_> = &[&location, &since, &until, &slack];
        let mut is_settled = EXTEND.execute(transaction, parameters).await? > 0;
        if !is_settled && let Some(share) = half(transaction, location, (since, until)).await? {
            let Share { failed, checked } = share;
            let parameters: &Parameters<'_> = &[&location, &since, &until, &failed, &checked];
            let row = BEGIN.query_one(transaction, parameters).await?;
            began.extend(outage(&row));
            is_settled = true;
        }
        if is_settled || is_old {
            SETTLE.execute(transaction, &[&location, &newest]).await?;
        }
    }
    Ok(began)
}

/// Whether half of a location's websites failed by the end of that time; or amid it, since by its end some are well
/// again.
async fn half(
    transaction: &Transaction<'_>,
    location: &str,
    (since, until): (SystemTime, SystemTime),
) -> Result<Option<Share>, DatabaseError> {
    let amid = since + until.duration_since(since).unwrap_or_default() / 2;
    for time in [until, amid] {
        let share = Share::at(transaction, location, time).await?;
        if share.is_half() {
            return Ok(Some(share));
        }
    }
    Ok(None)
}

async fn end(transaction: &Transaction<'_>) -> Result<Vec<Outage>, DatabaseError> {
    let mut ended = Vec::new();
    for row in OPEN.query(transaction, &[&LOCATIONS_MAX]).await? {
        let (id, location, is_expected): (i64, &str, bool) = (row.get(0), row.get(1), row.get(2));
        let share = Share::at(transaction, location, SystemTime::now()).await?;
        if is_expected && (share.checked == 0 || share.is_half()) {
            continue;
        }
        ended.extend(outage(&END.query_one(transaction, &[&id]).await?));
    }
    Ok(ended)
}

fn outage(row: &Row) -> Option<Outage> {
    let time = |at: SystemTime| Timestamp::try_from(at).ok();
    Some(Outage {
        id: row.get(0),
        location: row.get(1),
        started_at: time(row.get(2))?,
        ended_at: row.get::<_, Option<SystemTime>>(3).and_then(time),
        failed: row.get(4),
        checked: row.get(5),
    })
}
