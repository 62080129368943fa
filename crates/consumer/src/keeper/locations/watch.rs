//! Looks every few seconds.

use std::time::{Duration, Instant};

use database::{Database, DatabaseError, Statement, begin, commit};
use jiff::Timestamp;
use service::health::Health;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    notes, outages, silences,
    words::{Outage, Silence},
};
use crate::{
    heard::Heard,
    keeper::{pause::pause, telling::Names},
    numbers,
    store::OffsetKey,
};

/// How often it is looked.
const ROUND_INTERVAL: Duration = Duration::from_secs(5);
/// The lock under which one keeper looks. Any number will do that nobody else uses: `wm_locat` in ASCII.
const LOCK_KEY: i64 = 0x776d_5f6c_6f63_6174;

const LOCK: Statement = Statement::new(
    "waiting to look at locations",
    "SELECT pg_try_advisory_xact_lock($1)",
);
const COUNT: Statement = Statement::new(
    "counting what is not over",
    "SELECT (SELECT count(*) FROM silences WHERE ended_at IS NULL), \
    (SELECT count(*) FROM incidents WHERE closed_at IS NULL)",
);

/// Whoever watches locations.
pub(crate) struct Watch {
    pub(crate) database: Database,
    /// Of whom it is known up to when partitions are read.
    pub(crate) key: OffsetKey,
    pub(crate) heard: Heard,
    pub(crate) health: Health,
    pub(crate) names: Names,
}

impl Watch {
    /// Looks every few seconds, until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        // Said once, not every five seconds of an outage, of which others tell, too.
        let mut said = None;
        while pause(ROUND_INTERVAL, &stop).await {
            match stop.run_until_cancelled(self.round()).await {
                None => return,
                Some(Ok(())) => said = None,
                Some(Err(error)) => {
                    let story = self.database.explain(&error);
                    if said.as_ref() != Some(&story) {
                        warn!("Looking for silent locations again soon: {story}");
                        said = Some(story);
                    }
                }
            }
        }
    }

    /// Writes what was heard, and then judges it.
    pub(super) async fn round(&self) -> Result<(), DatabaseError> {
        self.note().await?;
        for what in self.judge().await? {
            info!("To be told: {what}");
        }
        self.count().await
    }

    async fn note(&self) -> Result<(), DatabaseError> {
        let sightings = self.heard.take();
        let until = if self.health.problems().is_empty() {
            let now_ms = Timestamp::now().as_millisecond();
            self.heard.read_until(Instant::now(), now_ms)
        } else {
            // Who cannot read knows of nobody that he is silent.
            Vec::new()
        };
        if sightings.is_empty() && until.is_empty() {
            return Ok(());
        }
        let noted = self.database.attempt(async |client| {
            let transaction = begin(client).await?;
            notes::heard(&transaction, &sightings).await?;
            notes::read(&transaction, &self.key, &until).await?;
            commit(transaction, "committing what was heard").await
        });
        let noted = noted.await;
        if noted.is_err() {
            self.heard.note(sightings);
        }
        noted
    }

    /// What is to be told, each in a line; nothing where another consumer is at it.
    async fn judge(&self) -> Result<Vec<String>, DatabaseError> {
        let judged = self.database.attempt(async |client| {
            let transaction = begin(client).await?;
            let lock = LOCK.query_one(&transaction, &[&LOCK_KEY]).await?;
            if !lock.get::<_, bool>(0) {
                return Ok(Vec::new());
            }
            let topic = (&self.key, self.heard.partitions());
            let silences = silences::judge(&transaction, topic, &self.names).await?;
            let outages = outages::judge(&transaction, &self.names).await?;
            commit(transaction, "committing what is to be told of locations").await?;
            let silences = silences.iter().map(Silence::what);
            Ok(silences.chain(outages.iter().map(Outage::what)).collect())
        });
        judged.await
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than a float counts exactly"
    )]
    async fn count(&self) -> Result<(), DatabaseError> {
        let counted = async |client: &mut _| COUNT.query_one(client, &[]).await;
        let row = self.database.attempt(counted).await?;
        let (silent, open): (i64, i64) = (row.get(0), row.get(1));
        numbers::SILENT_LOCATIONS.gauge().set(silent as f64);
        numbers::OPEN_INCIDENTS.gauge().set(open as f64);
        Ok(())
    }
}
