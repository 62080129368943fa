//! Stores every published result in PostgreSQL, exactly once.
//!
//! ```text
//! Kafka → source → bounded queue, one a worker → workers → store → PostgreSQL
//! ```
//!
//! - [`settings`]: what the environment says.
//! - `source`: a thread that reads the topic and groups records by partition.
//! - [`batch`]: what goes from there to the workers.
//! - `worker`: decodes batches and writes them, however long it takes.
//! - [`decode`]: from bytes to a record, or to the reason why not.
//! - [`store`]: websites, rows, dead letters and offsets in PostgreSQL.
//! - `keeper`: sees that PostgreSQL is there, makes partitions of days to come.
//! - `progress`, `trouble`: how it goes, and what is wrong.

pub mod batch;
pub mod decode;
mod keeper;
mod progress;
pub mod settings;
mod source;
pub mod store;
#[cfg(test)]
mod testing;
mod trouble;
mod worker;

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use service::{
    health::Health,
    http,
    kafka::{Observer, await_topic},
    telemetry::Metrics,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::{
    batch::Delivery,
    progress::Progress,
    settings::{MigrateSettings, Settings},
    source::{Parts, Running},
    store::{OffsetKey, Store},
    trouble::Troubles,
    worker::Worker,
};

/// Batches that wait for one worker, of all its partitions.
const QUEUE_BATCHES_MAX: usize = 2;
/// How long leaving the group may take once everything is stored: it is a courtesy.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the service until `stop`, and then until what was read is stored.
pub async fn run(
    settings: Settings,
    metrics: Metrics,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let health = Health::default();
    // Servants of the stages, which end when these are through.
    let servants_stop = CancellationToken::new();
    let _end_servants = servants_stop.clone().drop_guard();
    let listener = http::bind(settings.http_address).await?;
    info!("HTTP on http://{}", listener.local_addr()?);
    let mut servants = JoinSet::new();
    servants.spawn(metrics.clone().upkeep(servants_stop.clone()));
    servants.spawn(keeper::remind(health.clone(), servants_stop.clone()));
    let serve = http::serve(listener, health.clone(), metrics, servants_stop.clone());
    servants.spawn(async move {
        if let Err(error) = serve.await {
            warn!("HTTP ended: {error:#}");
        }
    });

    let key = OffsetKey {
        group: settings.source.group.clone(),
        topic: settings.kafka.topic.clone(),
    };
    let store = Store::new(&settings.database, key)?;
    let troubles = Troubles::new(health.condition("PostgreSQL"));
    let observer = Observer::new(health.condition("Kafka"), &settings.kafka);
    if !keeper::prepare(&store, &mut troubles.of("start"), &stop).await? {
        return Ok(());
    }
    let client_id = &settings.source.client_id;
    if !await_topic(&settings.kafka, client_id, &observer, &stop).await? {
        return Ok(());
    }
    let progress = Progress::default();
    servants.spawn(keeper::keep(
        store.clone(),
        troubles.of("keeper"),
        servants_stop.clone(),
    ));
    servants.spawn(progress.clone().summarise(servants_stop.clone()));
    let stages = Stages {
        settings,
        store,
        troubles,
        progress,
        observer,
    };
    let outcome = stages.run(&stop).await;
    servants_stop.cancel();
    timeout(CLOSE_TIMEOUT, servants.join_all()).await.ok();
    outcome
}

/// Brings the database's tables up to date, and that is all.
pub async fn migrate(settings: MigrateSettings) -> anyhow::Result<()> {
    let nothing = OffsetKey {
        group: String::new(),
        topic: String::new(),
    };
    let store = Store::new(&settings.database, nothing)?;
    store::migrate(&store).await?;
    info!("The tables are up to date");
    Ok(())
}

/// What the stages need.
struct Stages {
    settings: Settings,
    store: Store,
    troubles: Troubles,
    progress: Progress,
    observer: Observer,
}

impl Stages {
    async fn run(self, stop: &CancellationToken) -> anyhow::Result<()> {
        let (senders, mut workers) = self.start_workers();
        let parts = Parts {
            settings: self.settings.source.clone(),
            batch: self.settings.batch,
            store: self.store.clone(),
            troubles: self.troubles.clone(),
            progress: self.progress.clone(),
            workers: senders,
            stop: stop.clone(),
            drop_on_stop: self.settings.drop_on_stop,
        };
        let mut source = source::start(parts, &self.settings.kafka, self.observer.clone())?;
        until_told(&mut source.drained, &mut workers, stop).await?;
        self.drain(source, workers).await
    }

    fn start_workers(&self) -> (Vec<mpsc::Sender<Delivery>>, JoinSet<()>) {
        let mut senders = Vec::new();
        let mut workers = JoinSet::new();
        for number in 0..self.settings.workers {
            let (sender, deliveries) = mpsc::channel(QUEUE_BATCHES_MAX);
            senders.push(sender);
            let worker = Worker {
                store: self.store.clone(),
                progress: self.progress.clone(),
                trouble: self.troubles.of(format!("worker {number}")),
                rows: self.settings.batch.rows_max,
                rows_max: self.settings.batch.rows_max,
            };
            workers.spawn(worker.run(deliveries));
        }
        (senders, workers)
    }

    /// The source has been told. It ends when all it has read is stored, and with it, their input
    /// closed, the workers.
    async fn drain(self, mut source: Running, mut workers: JoinSet<()>) -> anyhow::Result<()> {
        let drained = async {
            // It may have been quicker than the look at the stop.
            if !source.drained.is_terminated() {
                ended((&mut source.drained).await)?;
            }
            while let Some(worker) = workers.join_next().await {
                worker.context("a worker failed")?;
            }
            anyhow::Ok(())
        };
        let limit = self.settings.drain_timeout;
        let drained = timeout(limit, drained).await;
        // The last summary stands before the last word.
        self.progress.say();
        match drained {
            Ok(drained) => drained?,
            Err(_) => bail!(
                "gave up draining after {} s: {} records were read and not stored; the next start \
                 reads them again",
                limit.as_secs_f64(),
                self.progress.unsettled()
            ),
        }
        if timeout(CLOSE_TIMEOUT, source.closed).await.is_err() {
            warn!("Kafka did not answer when the group was left; it will notice by itself");
        }
        info!("Drained");
        Ok(())
    }
}

/// Returns once the service is told to stop. What ends before that ends by a fault.
async fn until_told(
    drained: &mut oneshot::Receiver<anyhow::Result<()>>,
    workers: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    tokio::select! {
        () = stop.cancelled() => {}
        drained = drained => ended(drained)?,
        Some(worker) = workers.join_next() => worker.context("a worker failed")?,
    }
    // Asked again, whatever was seen first: where there is nothing to drain, the source and the
    // workers end within the same instant as they are told to.
    if stop.is_cancelled() {
        return Ok(());
    }
    bail!("reading Kafka, or storing what was read, ended by itself")
}

/// How the source ended.
fn ended<E>(drained: Result<anyhow::Result<()>, E>) -> anyhow::Result<()> {
    drained.unwrap_or_else(|_| Err(anyhow!("the thread that reads Kafka failed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As often as a choice between two that are both due has to be made to be seen both ways.
    const STARTS: usize = 100;

    #[tokio::test]
    async fn a_stop_right_after_the_start_is_no_fault_of_those_who_end_at_once() {
        for _ in 0..STARTS {
            let stop = CancellationToken::new();
            let (source, mut drained) = oneshot::channel();
            let mut workers = JoinSet::new();
            workers.spawn(async {});
            tokio::task::yield_now().await;
            stop.cancel();
            source.send(Ok(())).unwrap();
            until_told(&mut drained, &mut workers, &stop).await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_ends_by_itself_has_failed() {
        let stop = CancellationToken::new();
        let (_source, mut drained) = oneshot::channel();
        let mut workers = JoinSet::new();
        workers.spawn(async {});
        assert!(until_told(&mut drained, &mut workers, &stop).await.is_err());
        let (source, mut drained) = oneshot::channel();
        source
            .send(Err(anyhow!("the Kafka client gave up")))
            .unwrap();
        let failed = until_told(&mut drained, &mut JoinSet::new(), &stop).await;
        assert_eq!(failed.unwrap_err().to_string(), "the Kafka client gave up");
    }
}
