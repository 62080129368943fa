//! Gathers and delivers, again and again. A receiver that hangs or refuses is busy by itself: the others
//! are served meanwhile.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use database::{Database, DatabaseError};
use notify::Receivers;
use tokio::{
    task::{Id, JoinSet},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    delivery::{Unsent, deliver, lease, unsent},
    gather::gather,
    reminders::remind,
};
use crate::{alerts::AlertSettings, numbers};

/// How often it is looked for what is to be told.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is looked for incidents that last.
const REMINDERS_INTERVAL: Duration = Duration::from_secs(30);
/// How soon after something went wrong with PostgreSQL.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// A delivery's end: how long the receiver wants to be left alone.
type Delivered = Result<Option<Duration>, DatabaseError>;

/// Tells what there is to tell, until `stop`. A delivery that is under way then is given up, and made
/// again by whoever lives once its lease is over.
pub(crate) async fn notify(database: Database, settings: AlertSettings, stop: CancellationToken) {
    if settings.receivers.iter().next().is_none() {
        return stop.cancelled().await;
    }
    let mut notifier = Notifier {
        database,
        receivers: settings.receivers.clone(),
        settings,
        deliveries: JoinSet::new(),
        busy: HashMap::new(),
        quiet: BTreeMap::new(),
        reminded_at: None,
        said: None,
    };
    loop {
        let Some(round) = stop.run_until_cancelled(notifier.round()).await else {
            return;
        };
        let pause = notifier.judge(round);
        if stop
            .run_until_cancelled(notifier.rest(pause))
            .await
            .is_none()
        {
            return;
        }
    }
}

struct Notifier {
    database: Database,
    settings: AlertSettings,
    receivers: Arc<Receivers>,
    /// One a receiver at most.
    deliveries: JoinSet<Delivered>,
    /// Whose each is.
    busy: HashMap<Id, String>,
    /// Receivers that want to be left alone, and until when.
    quiet: BTreeMap<String, Instant>,
    reminded_at: Option<Instant>,
    /// What went wrong with PostgreSQL, said once.
    said: Option<String>,
}

impl Notifier {
    async fn round(&mut self) -> Result<(), DatabaseError> {
        if self
            .reminded_at
            .is_none_or(|at| at.elapsed() >= REMINDERS_INTERVAL)
        {
            remind(&self.database, &self.receivers).await?;
            self.reminded_at = Some(Instant::now());
        }
        gather(&self.database, &self.settings).await?;
        self.begin_deliveries().await?;
        self.count(&unsent(&self.database).await?);
        Ok(())
    }

    fn count(&self, unsent: &[Unsent]) {
        let count: i64 = unsent.iter().map(|it| it.count).sum();
        // Far fewer than a float counts exactly.
        #[expect(clippy::cast_precision_loss)]
        numbers::ALERTS_PENDING.gauge().set(count as f64);
        let seconds = unsent.iter().map(|it| it.seconds).fold(0.0, f64::max);
        numbers::ALERTS_PENDING_SECONDS.gauge().set(seconds);
        for receiver in self.receivers.iter() {
            let name = &receiver.name;
            let refused = unsent.iter().find(|it| it.receiver == *name);
            let attempts = refused.map_or(0, |it| it.attempts);
            let gauge = numbers::ALERTS_REFUSED.gauge_of(name.clone());
            gauge.set(f64::from(attempts));
        }
    }

    async fn begin_deliveries(&mut self) -> Result<(), DatabaseError> {
        let now = Instant::now();
        self.quiet.retain(|_, until| *until > now);
        let names = self.receivers.iter().map(|receiver| receiver.name.as_str());
        let idle: Vec<_> = names
            .filter(|name| !self.is_busy(name) && !self.quiet.contains_key(*name))
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        for leased in lease(&self.database, &idle).await? {
            let (database, receivers) = (self.database.clone(), self.receivers.clone());
            let name = leased.receiver.clone();
            let delivery = self.deliveries.spawn(async move {
                match receivers.named(&leased.receiver) {
                    Some(receiver) => deliver(&database, receiver, leased).await,
                    // Only what is there is leased.
                    None => Ok(None),
                }
            });
            self.busy.insert(delivery.id(), name);
        }
        Ok(())
    }

    fn is_busy(&self, name: &str) -> bool {
        self.busy.values().any(|busy| busy == name)
    }

    /// Waits for the next round; where a delivery ends, its receiver's next one begins at once.
    async fn rest(&mut self, pause: Duration) {
        let pause = sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return,
                Some(ended) = self.deliveries.join_next_with_id() => {
                    // One that broke off is made again by whoever lives once its lease is over.
                    let (id, delivered) = ended.unwrap_or_else(|error| (error.id(), Ok(None)));
                    let name = self.busy.remove(&id);
                    if let (Some(name), Ok(Some(wait))) = (name, &delivered) {
                        self.quiet.insert(name, Instant::now() + *wait);
                    }
                    let next = match delivered {
                        Ok(_) => self.begin_deliveries().await,
                        Err(error) => Err(error),
                    };
                    if next.is_err() {
                        self.judge(next);
                        return;
                    }
                }
            }
        }
    }

    /// Says what went wrong, once, and how long to wait.
    fn judge(&mut self, outcome: Result<(), DatabaseError>) -> Duration {
        match outcome {
            Ok(()) => {
                self.said = None;
                ROUND_INTERVAL
            }
            Err(error) => {
                let story = self.database.explain(&error);
                if self.said.as_ref() != Some(&story) {
                    warn!("Alerts wait, which lie in PostgreSQL; trying again: {story}");
                    self.said = Some(story);
                }
                RETRY_INTERVAL
            }
        }
    }
}
