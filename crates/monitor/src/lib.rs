//! Checks websites at every interval and publishes what it saw to Kafka.
//!
//! Data flows one way:
//!
//! - [`settings`]: what the environment says.
//! - [`targets`]: the file of websites to check, with their [`pattern`]s, read again when it changed; or
//!   [`fleet`]: the topic of them, which monitors share.
//! - [`schedule`]: when each is due.
//! - [`prober`]: makes the probes that are due, within bounds; a [`probe`] is one look at one site.
//! - [`publish`]: to Kafka, in order, until it says that it has each result.
//! - [`state`]: what must outlive a crash.
//!
//! Beside it, `latest` keeps each target's newest result for Prometheus, and `report` tells people.

pub mod check;
pub mod fleet;
pub mod numbers;
pub mod pattern;
pub mod probe;
pub mod prober;
pub mod publish;
pub mod schedule;
pub mod settings;
pub mod state;
pub mod targets;

mod clock;
mod latest;
mod listing;
mod masked;
mod provider;
mod report;
#[cfg(test)]
mod testing;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use service::{
    attendants::Attendants,
    blackbox,
    command_line::BadInput,
    health::Health,
    http,
    renewal::Renewal,
    signals::Orders,
    stages::{Drain, Stages, infallible},
    telemetry::Metrics,
    traces::Exporter,
};
use tokio::{sync::mpsc, task::spawn_blocking};
use tracing::{info, warn};

pub use crate::listing::{Style, print_targets};
use crate::{
    fleet::Outlets,
    latest::Listed,
    prober::{Checker, Listeners},
    provider::Provider,
    publish::{Kept, Lists, Publisher, Traces},
    schedule::Feed,
    settings::Settings,
    state::{Place, StateSettings, Unopened},
    targets::{Change, Target},
};

/// Parts of a reload that the schedule has not taken up.
const CHANGES_MAX: usize = 1;
/// Checks that came due and that the prober, which only has to take them, has not seen.
const DUE_MAX: usize = 64;
/// Results that the publisher, which lets them gather for a moment, has not taken: what comes of some
/// thousand checks a second while it takes up a new list of targets.
const RESULTS_MAX: usize = 1024;
/// Files that the process needs beside those of its probes.
const FILES_BESIDE_PROBES: u64 = 64;
/// Of the time to drain, what those probes may use to begin that waited for their turn.
const WAITING_SHARE: f64 = 0.25;
/// What all probes may use; the rest is for publishing what they found.
const PROBES_SHARE: f64 = 0.75;
/// What the publisher may take to count what it gave up, and to let go of Kafka's client: the service
/// is out within 10 s, by its default, also when Kafka hangs.
const GIVE_UP_GRACE: Duration = Duration::from_millis(1500);

/// Runs until the order to stop, and then until what was begun is finished or the time to drain is
/// over.
pub async fn run(settings: Settings, metrics: Metrics, orders: Orders) -> anyhow::Result<()> {
    let health = Health::default();
    let (traces, exporter) = traces(&settings, &health)?;
    let mut stages = Stages::new(orders.stop, drain(settings.drain_timeout));
    let (due_sender, due) = mpsc::channel(DUE_MAX);
    let (result_sender, results) = mpsc::channel(RESULTS_MAX);
    let (change_sender, changes) = mpsc::channel(CHANGES_MAX);
    let outlets = Outlets {
        changes: change_sender,
        missed: result_sender.clone(),
    };
    let mut provider = Provider::start(&settings, outlets, &health, stages.stop())?;
    let listener = http::bind(settings.http_address).await?;
    let http_address = listener.local_addr()?;
    raise_open_files(settings.prober.probes_max);
    let (interval, location) = (settings.targets.interval, settings.targets.location);
    let listed = Listed::new(provider.lists(), location.clone());
    let latest = listed.results();
    let attendants = Attendants {
        listener,
        renewal: Renewal::new(settings.kafka.pem_files()),
        exporter,
        health: health.clone(),
        metrics,
    };
    let mut attendants = Some((attendants, blackbox::router(listed)));
    if provider.waits() {
        // Who asks meanwhile is told what is waited for.
        attend(&mut attendants, &mut stages);
    }
    let Some(targets) = stages.stop().run_until_cancelled(provider.targets()).await else {
        return stages.run().await;
    };
    let feed = feed(targets, changes, interval);
    let lists = lists(&provider, interval);
    let kept = keep(settings.state, lists, &location, feed.since).await?;
    let listeners = Listeners {
        results: result_sender,
        latest,
        network: health.remark("network"),
    };
    let end = end_of_probes(&mut stages);
    let checker = Checker::new(settings.prober, location, listeners, end)?;
    let end = end_of_publishing(&mut stages);
    let (publishing, kafka) = (&settings.publish, settings.kafka);
    let publisher = Publisher::new(publishing, kafka, health.clone(), results, end)?
        .with_state(publishing, kept, &health)
        .with_traces(traces);
    say_checking(&feed, http_address);
    attend(&mut attendants, &mut stages);

    let scheduling = schedule::run(feed, due_sender, health.given("clock"), stages.stop());
    provider.stage(&mut stages, orders.reload, &health);
    stages.stage("the schedule", infallible(scheduling));
    stages.stage("the prober", checker.run(due));
    stages.stage("the publisher", publisher.run());
    stages.run().await
}

/// Starts what serves the stages, once.
fn attend(attendants: &mut Option<(Attendants, http::Router)>, stages: &mut Stages) {
    if let Some((attendants, pages)) = attendants.take() {
        attendants.start(stages, pages);
    }
}

/// What has to be accounted for, and where.
fn lists(provider: &Provider, interval: Duration) -> Lists {
    Lists {
        targets: provider.lists(),
        interval,
        ledger: provider.ledger(),
    }
}

/// Whom traces are told, and who brings them there.
fn traces(settings: &Settings, health: &Health) -> anyhow::Result<(Traces, Exporter)> {
    let (collector, topic) = (settings.traces.as_ref(), &settings.kafka.topic);
    Traces::start(collector, settings.sampling, topic, health)
}

/// What is scheduled, from now on.
fn feed(
    targets: Vec<Arc<Target>>,
    changes: mpsc::Receiver<Vec<Change>>,
    interval: Duration,
) -> Feed {
    Feed {
        since: clock::now(),
        targets,
        changes,
        interval,
    }
}

fn say_checking(feed: &Feed, http_address: SocketAddr) {
    info!(
        targets = feed.targets.len(),
        interval_seconds = feed.interval.as_secs_f64(),
        http = %http_address,
        "Checking"
    );
}

fn end_of_probes(stages: &mut Stages) -> prober::Draining {
    prober::Draining {
        beginning_over: stages.deadline(WAITING_SHARE),
        over: stages.deadline(PROBES_SHARE),
    }
}

fn end_of_publishing(stages: &mut Stages) -> publish::Draining {
    publish::Draining {
        begun: stages.stop(),
        over: stages.deadline(1.0),
    }
}

fn drain(timeout: Duration) -> Drain {
    Drain {
        timeout,
        grace: GIVE_UP_GRACE,
    }
}

/// Takes up the state where the last monitor left it, off the tasks: that blocks. Only a folder that
/// another monitor has is a reason not to start: without state, a monitor still checks and publishes.
async fn keep(
    settings: StateSettings,
    lists: Lists,
    location: &str,
    since: Timestamp,
) -> anyhow::Result<Kept> {
    let place = Place {
        settings,
        location: location.to_owned(),
        since,
    };
    let (there, covers) = (place.clone(), lists.covers());
    let resumed = match spawn_blocking(move || there.open(covers)).await? {
        Err(taken @ Unopened::Taken(_)) => return Err(BadInput::new(taken.to_string()).into()),
        resumed => resumed,
    };
    Ok(Kept {
        place,
        resumed,
        lists,
    })
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
