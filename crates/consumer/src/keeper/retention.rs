//! Retention: days past it are dropped, and what else is kept no longer goes, off the way of records.
//! Whatever stands in the way is said, and tried again later: none of it is a reason not to be ready.

use std::time::{Duration, Instant};

use database::{Database, DatabaseError};
use jiff::Timestamp;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pause::pause;
use crate::{
    retention::Retention,
    store::{BatchWriter, expiry, forget},
};

/// How often it is looked for what is past its time.
const ROUND_INTERVAL: Duration = Duration::from_mins(10);
/// How often roll-ups of hours, and what was told, are looked through.
const LONG_INTERVAL: Duration = Duration::from_hours(6);
/// How soon it is tried again where something was in the way: a reader, mostly, or days that are still to
/// be counted.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Looks every few minutes, until `stop`. The receivers are those that can be told.
pub(crate) async fn expire(
    writer: BatchWriter,
    retention: Retention,
    receivers: Vec<String>,
    stop: CancellationToken,
) {
    // Said once, not every half minute of a long backup.
    let mut said = None;
    let mut looked_through_at: Option<Instant> = None;
    loop {
        let round = round(&writer, retention, &receivers, &mut looked_through_at);
        let round = stop.run_until_cancelled(round);
        let in_the_way = match round.await {
            None => return,
            Some(Ok(0)) => None,
            Some(Ok(days)) => Some(format!(
                "{days} days are to be counted for the roll-ups first"
            )),
            Some(Err(error)) => Some(writer.database().explain(&error)),
        };
        let pause_time = match &in_the_way {
            None => ROUND_INTERVAL,
            Some(story) => {
                if said != in_the_way {
                    warn!("What is past its time stays for now; trying again: {story}");
                }
                RETRY_INTERVAL
            }
        };
        said = in_the_way;
        if !pause(pause_time, &stop).await {
            return;
        }
    }
}

/// Lets go of what is past its time, and says how many days stay until they are counted. What takes long is
/// looked through when it was not for some time.
async fn round(
    writer: &BatchWriter,
    retention: Retention,
    receivers: &[String],
    looked_through_at: &mut Option<Instant>,
) -> Result<u32, DatabaseError> {
    // First, since a disk fills with days: whatever keeps us from the rest keeps none of them.
    let days = look(writer, retention).await?;
    if looked_through_at.is_none_or(|at| at.elapsed() >= LONG_INTERVAL) {
        look_through(writer.database(), retention, receivers).await?;
        *looked_through_at = Some(Instant::now());
    }
    Ok(days)
}

/// Lets go of what has to be looked for among much that stays.
async fn look_through(
    database: &Database,
    retention: Retention,
    receivers: &[String],
) -> Result<(), DatabaseError> {
    let removed = expiry::remove_hours(database, retention.hours_days).await?;
    say(removed, "roll-ups of hours that are kept no longer");
    let forgotten = forget::forget(database, retention.told_days, receivers).await?;
    say(
        forgotten.rows,
        "rows of alerts that are long over, and of what they told",
    );
    if forgotten.untold > 0 {
        let count = forgotten.untold;
        warn!("{count} of them were never told: ALERTS_FILE names their receivers no more");
    }
    Ok(())
}

/// Lets go of what is past its time, and says how many days stay until they are counted.
async fn look(writer: &BatchWriter, retention: Retention) -> Result<u32, DatabaseError> {
    let dropped = drop_days(writer.database(), retention).await;
    remove_others(writer, retention).await?;
    dropped
}

/// Drops the days past retention. One that cannot be dropped does not keep the others.
async fn drop_days(database: &Database, retention: Retention) -> Result<u32, DatabaseError> {
    let Some(kept_since) = retention.kept_since(Timestamp::now()) else {
        return Ok(0);
    };
    let (mut outcome, mut uncounted) = (Ok(()), 0);
    for partition in expiry::expired_partitions(database, kept_since).await? {
        match expiry::drop_partition(database, &partition).await {
            Ok(true) => info!("Dropped {}, whose rows are kept no longer", partition.name),
            Ok(false) => uncounted += 1,
            // Whoever is in the way is so for all days: each try holds writers up for a moment.
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => return Err(error),
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome.map(|()| uncounted)
}

async fn remove_others(writer: &BatchWriter, retention: Retention) -> Result<(), DatabaseError> {
    let database = writer.database();
    let removed = expiry::remove_certificates(database).await?;
    say(removed, "certificates that no row names any more");
    if retention.rows_days > 0 {
        let removed = expiry::remove_spans(database).await?;
        say(
            removed,
            "spans of maintenance in which no rows are any more",
        );
    }
    let removed = expiry::remove_letters(database, retention.letters_days).await?;
    say(removed, "dead letters that are kept no longer");
    let removed = expiry::remove_offsets(database, writer.offsets().key()).await?;
    say(
        removed,
        "offsets of groups that have been silent for a year",
    );
    Ok(())
}

fn say(count: u64, what: &str) {
    if count > 0 {
        info!("Removed {count} {what}");
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::NoTls;

    use super::*;
    use crate::testing;

    /// A day long past its time; whether it is there.
    const EXPIRED_DAY: &str = "CREATE TABLE expired_day PARTITION OF metrics \
        FOR VALUES FROM ('2001-01-01+00') TO ('2001-01-02+00')";
    const IS_THERE: &str = "SELECT to_regclass('expired_day') IS NOT NULL";

    #[tokio::test]
    async fn days_go_although_what_was_told_cannot_be_looked_through() {
        let retention = Retention {
            rows_days: 2,
            hours_days: 30,
            told_days: 30,
            ..Retention::default()
        };
        for (table, doing) in [
            ("hours", "removing roll-ups of hours"),
            ("outbox", "removing what was told"),
            ("alerts", "removing what was told"),
        ] {
            let uri = testing::database().await;
            let writer = testing::writer(&uri);
            database::prepare(writer.database()).await.unwrap();
            let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
            tokio::spawn(connection);
            let hidden = format!("{EXPIRED_DAY}; ALTER TABLE {table} RENAME TO hidden");
            client.batch_execute(&hidden).await.unwrap();

            let mut looked_through_at = None;
            let round = round(&writer, retention, &[], &mut looked_through_at).await;
            let story = writer.database().explain(&round.unwrap_err());
            assert!(story.contains(doing), "{table}: {story}");
            assert_eq!(looked_through_at, None, "{table}: it is tried again soon");
            let is_there: bool = client.query_one(IS_THERE, &[]).await.unwrap().get(0);
            assert!(!is_there, "the day stays where {table} is not there");
        }
    }
}
