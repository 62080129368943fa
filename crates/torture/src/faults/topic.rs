//! What is done to the topic.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::{
    process::{end_all, start_all},
    scene::Scene,
};
use crate::stream::PARTITIONS;

/// Partitions are added up to so many.
const PARTITIONS_MAX: usize = 8;
const ATTEMPTS: u32 = 5;
const ATTEMPT_PAUSE: Duration = Duration::from_secs(1);
/// Records that are sent again.
const AGAIN: u64 = 300;

pub(super) async fn grow(scene: &mut Scene<'_>) -> Result<()> {
    let topic = &scene.world.topic;
    if topic.ends().await?.len() < PARTITIONS_MAX {
        persist(async || topic.grow().await).await?;
    }
    scene.wait_ms(1000..2000).await;
    Ok(())
}

/// While nobody reads, the topic's retention removes what is not stored yet, up to somewhere. Only in
/// partitions without complete websites.
pub(super) async fn remove(scene: &mut Scene<'_>) -> Result<()> {
    end_all(scene).await;
    scene.wait_ms(500..1000).await;
    let first = (PARTITIONS / 2) as i32;
    let partition = scene.random.i32(first..PARTITIONS as i32);
    let stored = scene
        .world
        .database
        .stored()
        .await?
        .get(&partition)
        .copied();
    let end = scene.world.topic.ends().await?.get(&partition).copied();
    if let (Some(stored), Some(end)) = (stored, end)
        && stored < end
    {
        let removed = stored + scene.random.i64(1..=(end - stored).min(50));
        let topic = &scene.world.topic;
        persist(async || topic.remove_before(partition, removed).await).await?;
        scene.world.history.lost.push((partition, stored, removed));
    }
    start_all(scene)
}

pub(super) async fn send_again(scene: &mut Scene<'_>) -> Result<()> {
    let from = scene.sent.saturating_sub(AGAIN);
    scene.publisher.send(from..scene.sent, Duration::ZERO).await
}

pub(super) async fn abort(scene: &mut Scene<'_>) -> Result<()> {
    persist(async || scene.world.topic.abort_transaction().await).await
}

/// A broker that was hurt a moment ago may need some attempts.
async fn persist(attempt: impl AsyncFn() -> Result<()>) -> Result<()> {
    for _ in 1..ATTEMPTS {
        if attempt().await.is_ok() {
            return Ok(());
        }
        sleep(ATTEMPT_PAUSE).await;
    }
    attempt().await
}
