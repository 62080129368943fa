//! Stores every published result in PostgreSQL, exactly once.
//!
//! ```text
//! Kafka → source → bounded queue → workers → store → PostgreSQL
//! ```
//!
//! - [`settings`]: what the environment says.
//! - `source`: a thread that reads the topic and groups records by partition.
//! - [`batch`]: what goes from there to the workers.
//! - `worker`: decodes batches and writes them, however long it takes.
//! - [`schemas`]: of Avro records, fetched before a batch is decoded.
//! - [`decode`]: from bytes to a record, or to the reason why not.
//! - [`store`]: websites, rows, dead letters and offsets in PostgreSQL.
//! - [`incidents`]: when a website is down, decided from its results.
//! - `keeper`: sees that PostgreSQL is there, makes partitions of days to come, and lets go of what is
//!   kept no longer (`retention`).
//! - `alerts`: who is told of incidents.
//! - `heard`: from where something is heard. `progress`, `trouble`: how it goes, and what is wrong. [`numbers`], `step`: what is measured.
//! - `traces`: what became of single records. `status`: how it stands. `verify`: proves that nothing is lost; `letters`: shows dead letters, and tries them
//!   again. `maintenance`: when websites are worked on.

mod alerts;
mod arrival;
pub mod batch;
pub mod decode;
mod fates;
mod heard;
pub mod incidents;
mod keeper;
mod letters;
mod maintenance;
pub mod numbers;
mod progress;
mod retention;
pub mod schemas;
pub mod settings;
mod source;
mod status;
mod step;
pub mod store;
#[cfg(test)]
mod testing;
mod traces;
mod trouble;
mod verify;
mod worker;

use std::time::Duration;

use ::status::StatusPage;
use anyhow::{anyhow, bail};
use database::Database;
use service::{
    attendants::Attendants,
    health::Health,
    http,
    kafka::{KafkaSettings, Missing, Observer, await_topic},
    renewal::Renewal,
    signals::Orders,
    stages::{Drain, Stages, infallible},
    telemetry::Metrics,
    traces::Exporter,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::{
    alerts::AlertSettings,
    batch::Load,
    keeper::{Accounts, Keeping},
    progress::Progress,
    retention::Retention,
    schemas::Schemas,
    settings::{MigrateSettings, Settings},
    source::Parts,
    store::{BatchWriter, OffsetKey},
    traces::Traces,
    trouble::Troubles,
    worker::{Decoding, Queue, Worker},
};
pub use self::{
    alerts::{AlertTestSettings, alert_test},
    letters::{LetterFilter, list, redrive, remove, show},
    maintenance::{
        AddOptions as MaintenanceOptions, add as add_maintenance, list as list_maintenance,
        remove as remove_maintenance,
    },
    status::status,
    verify::{VerifyOptions, verify},
};

/// How long leaving the group may take once everything is stored: it is a courtesy.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the service until the order to stop, and then until what was read is stored.
pub async fn run(settings: Settings, metrics: Metrics, orders: Orders) -> anyhow::Result<()> {
    let health = Health::default();
    let listener = http::bind(settings.http_address).await?;
    info!("HTTP on http://{}", listener.local_addr()?);
    let drain = Drain {
        timeout: settings.drain_timeout,
        grace: CLOSE_TIMEOUT,
    };
    // There is no file that could be read again.
    drop(orders.reload);
    let mut stages = Stages::new(orders.stop, drain);
    let give_up = stages.deadline(1.0);
    let observer = Observer::new(health.condition("Kafka"), &settings.kafka);
    let mut pem_files = settings.kafka.pem_files();
    pem_files.extend(settings.database.pem_files());
    let renewal = Renewal::new(pem_files);
    let (shared, exporter) = Shared::new(&settings, &health)?;
    let address = settings.alerts.status_url.as_deref();
    let (told, known) = Accounts::channel(&settings.status.public_tags);
    let page = StatusPage::new(&settings.status, address, shared.writer.database(), known)?;

    let (ready_sender, ready) = oneshot::channel();
    let workers = start_workers(&mut stages, &settings, &shared, &give_up);
    let reading = Reading {
        parts: Parts {
            settings: settings.source,
            batch: settings.batch,
            writer: shared.writer.clone(),
            troubles: shared.troubles.clone(),
            progress: shared.progress.clone(),
            workers,
            stop: stages.stop(),
            drop_on_stop: settings.drop_on_stop,
        },
        kafka: settings.kafka,
        schemas: shared.schemas.clone(),
        observer,
        ready: ready_sender,
        give_up,
    };
    stages.stage("the source", reading.run());

    let keeping = shared.keeping(settings.retention, settings.alerts, health.clone(), told);
    stages.background("the keeper", |stop| keeping.run(ready, stop));
    let progress = shared.progress;
    stages.background("the summary", |stop| infallible(progress.summarise(stop)));
    stages.background("the reminder", |stop| {
        infallible(keeper::remind(health.clone(), stop))
    });
    Attendants {
        listener,
        renewal,
        exporter,
        health,
        metrics,
    }
    .start(&mut stages, page.router);
    stages.background("the lookout", |stop| infallible(page.lookout.run(stop)));
    stages.run().await
}

/// What the source, the workers and the keeper have in common.
struct Shared {
    writer: BatchWriter,
    troubles: Troubles,
    progress: Progress,
    schemas: Schemas,
}

impl Shared {
    /// Nothing is connected yet.
    fn new(settings: &Settings, health: &Health) -> anyhow::Result<(Self, Exporter)> {
        let key = OffsetKey {
            group: settings.source.group.clone(),
            topic: settings.kafka.topic.clone(),
        };
        let (traces, exporter) = Traces::start(settings.traces.as_ref(), &key, health)?;
        let writer = BatchWriter::new(Database::new(&settings.database)?, key);
        let shared = Self {
            writer: writer.with_rules(settings.rules.clone()),
            troubles: Troubles::new(health.condition("PostgreSQL")),
            progress: Progress::new(traces),
            schemas: Schemas::new(settings.registry.as_ref(), health)?,
        };
        Ok((shared, exporter))
    }
}

impl Shared {
    /// What looks after what they write to.
    fn keeping(
        &self,
        retention: Retention,
        alerts: AlertSettings,
        health: Health,
        accounts: Accounts,
    ) -> Keeping {
        Keeping {
            trouble: self.troubles.of("keeper"),
            writer: self.writer.clone(),
            retention,
            alerts,
            heard: self.progress.heard.clone(),
            health,
            accounts,
        }
    }
}

fn start_workers(
    stages: &mut Stages,
    settings: &Settings,
    shared: &Shared,
    give_up: &CancellationToken,
) -> mpsc::Sender<Load> {
    let (sender, queue) = Queue::new();
    for number in 0..settings.workers {
        let worker = Worker::new(
            shared.writer.clone(),
            shared.progress.clone(),
            shared.troubles.of(format!("worker {number}")),
            settings.batch.rows_max,
            Decoding {
                retention: settings.retention,
                schemas: shared.schemas.clone(),
            },
        );
        let working = Box::pin(worker.run(queue.clone()));
        let give_up = give_up.clone();
        stages.stage(format!("worker {number}"), async move {
            // What it had in hand when the time was over, the source accounts for.
            give_up.run_until_cancelled(working).await;
            Ok(())
        });
    }
    sender
}

/// Brings the database's tables up to date, and that is all.
pub async fn migrate(settings: MigrateSettings) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    database::migrate(&database).await?;
    info!("The tables are up to date");
    Ok(())
}

/// The first stage: reads the topic, once there is something to write to.
struct Reading {
    parts: Parts,
    kafka: KafkaSettings,
    schemas: Schemas,
    observer: Observer,
    /// Told when the database is prepared.
    ready: oneshot::Sender<()>,
    /// Then what is read and not stored is given up.
    give_up: CancellationToken,
}

impl Reading {
    /// Ends when all that was read is stored. The workers' input closes then, and they end, too.
    async fn run(self) -> anyhow::Result<()> {
        let Parts {
            writer,
            troubles,
            stop,
            progress,
            ..
        } = &self.parts;
        if !keeper::prepare(writer, &mut troubles.of("start"), stop).await? {
            return Ok(());
        }
        // The keeper outlives this stage.
        self.ready.send(()).ok();
        let client_id = &self.parts.settings.client_id;
        let (kafka, observer) = (&self.kafka, &self.observer);
        if !await_topic(kafka, client_id, observer, Missing::Make, stop).await? {
            return Ok(());
        }
        self.schemas.check(&self.kafka.topic).await?;
        let progress = progress.clone();
        let source = source::start(self.parts, &self.kafka, self.observer)?;
        match self.give_up.run_until_cancelled(source.drained).await {
            Some(Ok(drained)) => drained?,
            Some(Err(_)) => return Err(anyhow!("the thread that reads Kafka failed")),
            None => bail!(
                "gave up draining: {} records were read and not stored; the next start reads them \
                 again",
                progress.unsettled()
            ),
        }
        if timeout(CLOSE_TIMEOUT, source.closed).await.is_err() {
            warn!("Kafka did not answer when the group was left; it will notice by itself");
        }
        Ok(())
    }
}
