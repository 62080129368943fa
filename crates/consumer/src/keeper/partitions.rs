//! Sees that PostgreSQL is there also while nothing is to be stored, and makes the partitions of the
//! days to come.

use std::time::Duration;

use database::{Action, DatabaseError, PrepareError};
use jiff::Timestamp;
use service::backoff::Backoff;
use tokio_util::sync::CancellationToken;

use super::pause::pause;
use crate::{store::BatchWriter, trouble::Trouble};

/// How often the keeper looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Waits between attempts to prepare the database.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(3);

/// Prepares the database, however long it is away. `false` when `stop` came first.
///
/// # Errors
///
/// Only when it is no database for us.
pub(crate) async fn prepare(
    writer: &BatchWriter,
    trouble: &mut Trouble,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX);
    loop {
        match stop.run_until_cancelled(attempt(writer)).await {
            None => return Ok(false),
            Some(Ok(())) => {
                trouble.ended();
                return Ok(true);
            }
            Some(Err(PrepareError::Refused(refused))) => return Err(refused.into()),
            Some(Err(error)) => trouble.began(&error.explain(writer.database())),
        }
        if !backoff.wait(stop).await {
            return Ok(false);
        }
    }
}

async fn attempt(writer: &BatchWriter) -> Result<(), PrepareError> {
    database::prepare_at_start(writer.database()).await?;
    // Today's partition is there before the first record is.
    writer.make_days_ahead(Timestamp::now()).await?;
    Ok(())
}

/// Looks every few seconds, until `stop`.
pub(crate) async fn keep(writer: BatchWriter, mut trouble: Trouble, stop: CancellationToken) {
    while pause(LOOK_INTERVAL, &stop).await {
        let looked = async {
            writer.database().ping().await?;
            writer.check_key().await?;
            writer.make_days_ahead(Timestamp::now()).await
        };
        match stop.run_until_cancelled(looked).await {
            None => return,
            Some(Ok(())) => trouble.ended(),
            Some(Err(error)) => {
                trouble.began(&writer.database().explain(&error));
                mend(&writer, &error, &mut trouble).await;
            }
        }
    }
}

async fn mend(writer: &BatchWriter, error: &DatabaseError, trouble: &mut Trouble) {
    if error.action() != Action::Refresh {
        return;
    }
    if let Err(error) = writer.refresh().await {
        trouble.began(&error.explain(writer.database()));
    }
}
