//! Checks websites at every interval and publishes what it saw to Kafka.
//!
//! Data flows one way:
//!
//! - [`settings`]: what the environment says.
//! - [`targets`]: the file of websites to check, with their [`pattern`]s.
//! - [`schedule`]: when each is due.
//! - [`prober`]: makes the probes that are due, within bounds; a [`probe`] is one look at one site.
//! - [`publish`]: to Kafka, in order, until it says that it has each result.

pub mod pattern;
pub mod probe;
pub mod prober;
pub mod publish;
pub mod schedule;
pub mod settings;
pub mod targets;

mod clock;
mod listing;
mod masked;
mod report;

use std::time::Duration;

use anyhow::{Context, anyhow};
use service::{command_line::BadInput, health::Health, http, kafka::Observer, telemetry::Metrics};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info, warn};

pub use crate::listing::print_targets;
use crate::{
    prober::{Checker, Identity},
    publish::Publisher,
    schedule::Schedule,
    settings::Settings,
    targets::{Targets, TargetsSettings},
};

/// Checks that came due and that the prober, which only has to take them, has not seen.
const DUE_MAX: usize = 64;
/// Results that the publisher, which only has to take them, has not seen.
const RESULTS_MAX: usize = 64;
/// Files that the process needs beside those of its probes.
const FILES_BESIDE_PROBES: u64 = 64;
/// Of the time to drain, what probes may use; the rest is for publishing what they found.
const PROBES_SHARE: f64 = 0.75;

/// Runs until `stop`, and then until what was begun is finished or the time to drain is over.
pub async fn run(
    settings: Settings,
    metrics: Metrics,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let targets = read_targets(&settings.targets)?;
    let listener = http::bind(settings.http_address).await?;
    raise_open_files(settings.prober.probes_max);
    let health = Health::default();
    let observer = Observer::new(health.condition("Kafka"), &settings.kafka);
    let drain = Drain::begin_at(stop.clone(), settings.drain_timeout);

    let (due_sender, due) = mpsc::channel(DUE_MAX);
    let (result_sender, results) = mpsc::channel(RESULTS_MAX);
    let TargetsSettings {
        interval, location, ..
    } = settings.targets;
    let schedule = Schedule::new(&targets.usable, interval, clock::now());
    let identity = Identity { location, interval };
    let checker = Checker::new(
        settings.prober,
        identity,
        result_sender,
        drain.probes.clone(),
    )?;
    let publisher = Publisher::new(
        &settings.publish,
        settings.kafka,
        observer,
        results,
        drain.publishing.clone(),
    );
    info!(
        targets = targets.usable.len(),
        interval_seconds = interval.as_secs_f64(),
        http = %settings.http_address,
        "Checking"
    );

    let mut stages = JoinSet::new();
    stages.spawn(publisher.run());
    stages.spawn(checker.run(due));
    let told = stop.clone();
    stages.spawn(async move {
        schedule::run(schedule, due_sender, told).await;
        Ok(())
    });
    let served = CancellationToken::new();
    let upkeep = tokio::spawn(metrics.clone().upkeep(served.clone()));
    let _upkeep = AbortOnDropHandle::new(upkeep);
    let serving = tokio::spawn(http::serve(listener, health, metrics, served));
    supervise(stages, AbortOnDropHandle::new(serving), &stop).await
}

/// Waits for every stage. Each ends because its input ended, the schedule because of `stop`: one
/// that ends before takes the service down with it, after the others have finished.
async fn supervise(
    mut stages: JoinSet<anyhow::Result<()>>,
    mut serving: AbortOnDropHandle<anyhow::Result<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    let mut serves = true;
    loop {
        let ended = tokio::select! {
            ended = stages.join_next() => match ended {
                Some(ended) => ended,
                None => return outcome,
            },
            ended = &mut serving, if serves => {
                serves = false;
                ended
            }
        };
        let failed = failure(ended).or_else(|| {
            (!stop.is_cancelled()).then(|| anyhow!("a part of the service ended by itself"))
        });
        let Some(failed) = failed else { continue };
        if !stop.is_cancelled() {
            error!("Stopping: {failed:#}");
            stop.cancel();
        }
        // The first failure is the cause of those that follow.
        outcome = outcome.and(Err(failed));
    }
}

fn failure(ended: Result<anyhow::Result<()>, JoinError>) -> Option<anyhow::Error> {
    let ended = ended.context("a part of the service broke, which is a defect");
    ended.and_then(|ended| ended).err()
}

fn read_targets(settings: &TargetsSettings) -> Result<Targets, BadInput> {
    let targets = Targets::read(settings)?;
    let file = settings.file.display();
    for warning in &targets.warnings {
        warn!("{file}: {warning}");
    }
    for bad in &targets.bad_rows {
        warn!("{file}:{bad}; the row is skipped");
    }
    targets.require_usable(&settings.file)?;
    Ok(targets)
}

/// Every probe needs a file descriptor, or a few.
fn raise_open_files(probes_max: usize) {
    let needed = FILES_BESIDE_PROBES + probes_max as u64;
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit >= needed => {}
        Ok(limit) => warn!(
            "{probes_max} probes at once (PROBES_MAX) need {needed} open files, and {limit} are \
             allowed (ulimit -n): checks beyond that will be missed"
        ),
        Err(error) => warn!("Raising the limit of open files: {error}"),
    }
}

/// Until when the stages may finish what was begun.
struct Drain {
    /// Then probes are given up.
    probes: CancellationToken,
    /// Then publishing is.
    publishing: CancellationToken,
    _clock: AbortOnDropHandle<()>,
}

impl Drain {
    fn begin_at(stop: CancellationToken, timeout: Duration) -> Self {
        let (probes, publishing) = (CancellationToken::new(), CancellationToken::new());
        let tokens = (probes.clone(), publishing.clone());
        let clock = tokio::spawn(async move {
            stop.cancelled().await;
            let for_probes = timeout.mul_f64(PROBES_SHARE);
            sleep(for_probes).await;
            tokens.0.cancel();
            sleep(timeout.saturating_sub(for_probes)).await;
            tokens.1.cancel();
        });
        Self {
            probes,
            publishing,
            _clock: AbortOnDropHandle::new(clock),
        }
    }
}
