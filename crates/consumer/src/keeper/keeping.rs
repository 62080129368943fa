//! All that the keeper does, side by side.

use service::health::Health;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    accounts::{self, Accounts},
    burns, locations, maintenance, notices, notifier, partitions, retention, rollups,
    telling::Names,
};
use crate::{
    alerts::AlertSettings, heard::Heard, retention::Retention, store::BatchWriter, trouble::Trouble,
};

/// What looks after PostgreSQL.
pub(crate) struct Keeping {
    pub(crate) writer: BatchWriter,
    pub(crate) trouble: Trouble,
    /// How long things stay.
    pub(crate) retention: Retention,
    /// Who is told of what is found.
    pub(crate) alerts: AlertSettings,
    /// From where something is heard.
    pub(crate) heard: Heard,
    /// Whether Kafka and PostgreSQL can be used: else nobody is silent.
    pub(crate) health: Health,
    /// Who is told that all checks are accounted for.
    pub(crate) accounts: Accounts,
}

impl Keeping {
    /// Keeps what is there; nothing is, before the database is prepared.
    pub(crate) async fn run(
        self,
        ready: oneshot::Receiver<()>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        match stop.run_until_cancelled(ready).await {
            Some(Ok(())) => Box::pin(self.keep(&stop)).await,
            _ => stop.cancelled().await,
        }
        Ok(())
    }

    async fn keep(self, stop: &CancellationToken) {
        let Self {
            writer,
            trouble,
            retention,
            alerts,
            heard,
            health,
            accounts,
        } = self;
        let database = writer.database().clone();
        let names = Names {
            all: alerts.receivers.names(),
            defaults: alerts.receivers.default_names(),
        };
        let slos = alerts.group_slos.clone();
        let locations = locations::Watch {
            database: database.clone(),
            key: writer.offsets().key().clone(),
            heard,
            health,
            names: names.clone(),
        };
        tokio::join!(
            locations.run(stop.clone()),
            retention::expire(writer.clone(), retention, names.all.clone(), stop.clone()),
            rollups::count(database.clone(), stop.clone()),
            maintenance::plan_ahead(database.clone(), stop.clone()),
            accounts::prove(database.clone(), accounts, stop.clone()),
            burns::watch_budgets(database.clone(), slos, names.clone(), stop.clone()),
            notices::look_around(database.clone(), names, stop.clone()),
            notifier::notify(database, alerts, stop.clone()),
            partitions::keep(writer, trouble, stop.clone()),
        );
    }
}
