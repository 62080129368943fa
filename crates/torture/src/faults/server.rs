//! What is done to the servers.

use anyhow::{Context, Result};
use devstack::{Server, send};
use rustix::process::{Pid, Signal};

use super::scene::Scene;

const START_ATTEMPTS: u32 = 10;

pub(super) async fn kill_postgres(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.postgres.kill().await?;
    scene.wait_ms(0..2000).await;
    start_postgres(scene).await
}

/// A machine that does much else answers late: it is asked again.
async fn start_postgres(scene: &mut Scene<'_>) -> Result<()> {
    for _ in 1..START_ATTEMPTS {
        if scene.world.postgres.start().await.is_ok() {
            return Ok(());
        }
    }
    scene.world.postgres.start().await
}

/// Immediate shutdown: each backend ends at once, nothing is written.
pub(super) async fn quit_postgres(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    let pid = scene
        .world
        .postgres
        .pid()
        .context("PostgreSQL is not there")?;
    let pid = Pid::from_raw(i32::try_from(pid)?).context("no pid")?;
    send(pid, Signal::QUIT)?;
    scene.wait_ms(1000..3000).await;
    // Where it takes longer, it is waited for.
    scene.world.postgres.stop().await?;
    start_postgres(scene).await
}

pub(super) async fn restart_postgres(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.postgres.stop().await?;
    start_postgres(scene).await
}

pub(super) async fn freeze_postgres(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.postgres.pause()?;
    scene.wait_ms(500..5000).await;
    scene.world.postgres.resume()
}

pub(super) async fn kill_kafka(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.kafka.kill().await?;
    scene.wait_ms(0..2000).await;
    scene.world.kafka.start().await
}

pub(super) async fn restart_kafka(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.kafka.stop().await?;
    scene.world.kafka.start().await
}

pub(super) async fn freeze_kafka(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    scene.world.kafka.pause()?;
    scene.wait_ms(500..5000).await;
    scene.world.kafka.resume()
}
