//! One check, by the service's own prober: what is shown is what would be published.

use std::sync::Arc;

use anyhow::Context;
use messages::CheckResult;
use service::health::Health;
use tokio::sync::mpsc;

use crate::{
    clock::now,
    latest::LatestResults,
    probe::{Notes, Story},
    prober::{Checker, Draining, Listeners},
    schedule::{Arrival, Due},
    settings::CheckSettings,
    targets::Target,
};

/// Makes the check as one that has just come due; and tells how it went.
pub(super) async fn check_once(
    mut settings: CheckSettings,
    target: Target,
) -> anyhow::Result<(CheckResult, Story)> {
    let notes = Notes::default();
    settings.prober.probe.notes = Some(notes.clone());
    let (due_sender, due) = mpsc::channel(1);
    let (result_sender, mut results) = mpsc::channel(1);
    let checker = Checker::new(
        settings.prober,
        settings.location,
        Listeners {
            results: result_sender,
            latest: LatestResults::default(),
            network: Health::default().remark("network"),
        },
        Draining::default(),
    )?;
    let only = Due {
        interval: target.own.interval.unwrap_or(settings.interval),
        target: Arc::new(target),
        scheduled_at: now(),
        arrival: Arrival::CameDue,
    };
    due_sender
        .send(only)
        .await
        .context("handing the check to the prober")?;
    // No more come: the prober ends with this one.
    drop(due_sender);
    checker.run(due).await?;
    let result = results.recv().await;
    let result = result.context("the prober made no result of the check")?;
    Ok((result, notes.take()))
}
