//! Writes spans of maintenance ahead, so that whoever asks whether a time is within one finds it there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use database::{Database, DatabaseError, begin, commit};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pause::pause;
use crate::maintenance::{Turn, plan};

/// How often it is looked for windows that are new or gone, also those of targets.
const ROUND_INTERVAL: Duration = Duration::from_mins(1);
/// Texts that are remembered as told, at most.
const TOLD_MAX: usize = 1000;

/// Looks every minute, until `stop`.
pub(crate) async fn plan_ahead(database: Database, stop: CancellationToken) {
    let mut told = BTreeSet::new();
    loop {
        match stop.run_until_cancelled(round(&database)).await {
            None => return,
            Some(Ok(unread)) => {
                for (text, problem) in unread {
                    if told.len() < TOLD_MAX && told.insert(text.clone()) {
                        warn!("A target's maintenance, {text:?}, is not planned: it {problem}");
                    }
                }
            }
            // What is planned stands days ahead, and the keeper's ping tells of an outage.
            Some(Err(error)) => warn!(
                "Planning maintenance again in a minute: {}",
                database.explain(&error)
            ),
        }
        if !pause(ROUND_INTERVAL, &stop).await {
            return;
        }
    }
}

async fn round(database: &Database) -> Result<BTreeMap<String, String>, DatabaseError> {
    database
        .attempt(async |client| {
            let transaction = begin(client).await?;
            let unread = plan(&transaction, Turn::Left).await?;
            commit(transaction, "committing planned maintenance").await?;
            Ok(unread)
        })
        .await
}
