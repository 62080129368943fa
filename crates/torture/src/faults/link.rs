//! What is done to the links between consumers and servers.

use std::time::Duration;

use anyhow::Result;

use super::scene::Scene;
use crate::proxy::{Mode, Proxy, Trap};

/// How long a trap waits for somebody to step into it.
const TRAP_WAIT: Duration = Duration::from_secs(3);

fn postgres<'w>(scene: &'w Scene<'_>) -> &'w Proxy {
    &scene.world.postgres_proxy
}

fn kafka<'w>(scene: &'w Scene<'_>) -> &'w Proxy {
    &scene.world.kafka_proxy
}

type Which = for<'a, 'w> fn(&'w Scene<'a>) -> &'w Proxy;

pub(super) async fn postgres_cut(scene: &mut Scene<'_>) -> Result<()> {
    cut(scene, postgres).await
}

pub(super) async fn kafka_cut(scene: &mut Scene<'_>) -> Result<()> {
    cut(scene, kafka).await
}

pub(super) async fn postgres_late(scene: &mut Scene<'_>) -> Result<()> {
    late(scene, postgres).await
}

pub(super) async fn kafka_late(scene: &mut Scene<'_>) -> Result<()> {
    late(scene, kafka).await
}

pub(super) async fn postgres_stalled(scene: &mut Scene<'_>) -> Result<()> {
    hold(scene, postgres, Mode::Stall).await
}

pub(super) async fn kafka_stalled(scene: &mut Scene<'_>) -> Result<()> {
    hold(scene, kafka, Mode::Stall).await
}

pub(super) async fn postgres_narrow(scene: &mut Scene<'_>) -> Result<()> {
    hold(scene, postgres, Mode::Narrow(1000)).await
}

pub(super) async fn kafka_narrow(scene: &mut Scene<'_>) -> Result<()> {
    hold(scene, kafka, Mode::Narrow(1000)).await
}

pub(super) async fn postgres_refused(scene: &mut Scene<'_>) -> Result<()> {
    postgres(scene).cut();
    hold(scene, postgres, Mode::Refuse).await
}

pub(super) async fn kafka_refused(scene: &mut Scene<'_>) -> Result<()> {
    kafka(scene).cut();
    hold(scene, kafka, Mode::Refuse).await
}

pub(super) async fn postgres_half(scene: &mut Scene<'_>) -> Result<()> {
    postgres(scene).trap(Trap::HalfClose, TRAP_WAIT).await;
    Ok(())
}

pub(super) async fn kafka_half(scene: &mut Scene<'_>) -> Result<()> {
    kafka(scene).trap(Trap::HalfClose, TRAP_WAIT).await;
    Ok(())
}

pub(super) async fn postgres_bytes(scene: &mut Scene<'_>) -> Result<()> {
    for _ in 0..3 {
        let bytes = scene.random.usize(1..5000);
        postgres(scene)
            .trap(Trap::AfterBytes(bytes), TRAP_WAIT)
            .await;
    }
    Ok(())
}

pub(super) async fn kafka_bytes(scene: &mut Scene<'_>) -> Result<()> {
    let bytes = scene.random.usize(1..500_000);
    kafka(scene).trap(Trap::AfterBytes(bytes), TRAP_WAIT).await;
    Ok(())
}

pub(super) async fn commit_lost(scene: &mut Scene<'_>) -> Result<()> {
    trap_commits(scene, Trap::BeforeCommit).await
}

pub(super) async fn reply_lost(scene: &mut Scene<'_>) -> Result<()> {
    trap_commits(scene, Trap::AfterCommit).await
}

/// Three times: a COMMIT may also be that of a table's making.
async fn trap_commits(scene: &mut Scene<'_>, trap: Trap) -> Result<()> {
    for _ in 0..3 {
        postgres(scene).trap(trap, TRAP_WAIT).await;
    }
    Ok(())
}

async fn cut(scene: &mut Scene<'_>, which: Which) -> Result<()> {
    for _ in 0..3 {
        scene.wait_ms(0..200).await;
        which(scene).cut();
    }
    Ok(())
}

async fn late(scene: &mut Scene<'_>, which: Which) -> Result<()> {
    let delay = Duration::from_millis(scene.random.u64(20..300));
    hold(scene, which, Mode::Delay(delay)).await
}

async fn hold(scene: &mut Scene<'_>, which: Which, mode: Mode) -> Result<()> {
    scene.wait_ms(0..200).await;
    which(scene).set(mode);
    scene.wait_ms(1000..5000).await;
    which(scene).set(Mode::Pass);
    Ok(())
}
