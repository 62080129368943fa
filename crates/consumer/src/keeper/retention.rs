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
    store::{BatchWriter, expiry},
};

/// How often it is looked for what is past its time.
const ROUND_INTERVAL: Duration = Duration::from_mins(10);
/// How often roll-ups of hours are looked through.
const HOURS_INTERVAL: Duration = Duration::from_hours(6);
/// How soon it is tried again where something was in the way: a reader, mostly, or days that are still to
/// be counted.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Looks every few minutes, until `stop`.
pub(crate) async fn expire(writer: BatchWriter, retention: Retention, stop: CancellationToken) {
    // Said once, not every half minute of a long backup.
    let mut said = None;
    let mut hours_at = None;
    loop {
        let round = stop.run_until_cancelled(look(&writer, retention, &mut hours_at));
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

/// Lets go of what is past its time, and says how many days stay until they are counted.
async fn look(
    writer: &BatchWriter,
    retention: Retention,
    hours_at: &mut Option<Instant>,
) -> Result<u32, DatabaseError> {
    let is_due = |at: &Instant| at.elapsed() >= HOURS_INTERVAL;
    if hours_at.as_ref().is_none_or(is_due) {
        let removed = expiry::remove_hours(writer.database(), retention.hours_days).await?;
        say(removed, "roll-ups of hours that are kept no longer");
        *hours_at = Some(Instant::now());
    }
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
