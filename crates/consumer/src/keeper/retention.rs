//! Retention: days past it are dropped, and what else is kept no longer goes, off the way of records.
//! Whatever stands in the way is said, and tried again later: none of it is a reason not to be ready.

use std::time::Duration;

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
/// How soon it is tried again where something was in the way: a reader, mostly.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Looks every few minutes, until `stop`.
pub(crate) async fn expire(writer: BatchWriter, retention: Retention, stop: CancellationToken) {
    // Said once, not every half minute of a long backup.
    let mut said = None;
    loop {
        let round = stop.run_until_cancelled(look(&writer, retention));
        let pause_time = match round.await {
            None => return,
            Some(Ok(())) => {
                said = None;
                ROUND_INTERVAL
            }
            Some(Err(error)) => {
                let story = writer.database().explain(&error);
                if said.as_ref() != Some(&story) {
                    warn!("What is past its time stays for now; trying again: {story}");
                    said = Some(story);
                }
                RETRY_INTERVAL
            }
        };
        if !pause(pause_time, &stop).await {
            return;
        }
    }
}

async fn look(writer: &BatchWriter, retention: Retention) -> Result<(), DatabaseError> {
    let dropped = drop_days(writer.database(), retention).await;
    remove_others(writer, retention).await?;
    dropped
}

/// Drops the days past retention. One that cannot be dropped does not keep the others.
async fn drop_days(database: &Database, retention: Retention) -> Result<(), DatabaseError> {
    let Some(kept_since) = retention.kept_since(Timestamp::now()) else {
        return Ok(());
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
    if uncounted > 0 {
        info!("{uncounted} days past their time stay until the roll-ups have counted them");
    }
    outcome
}

async fn remove_others(writer: &BatchWriter, retention: Retention) -> Result<(), DatabaseError> {
    let database = writer.database();
    let say = |count: u64, what: &str| {
        if count > 0 {
            info!("Removed {count} {what}");
        }
    };
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
