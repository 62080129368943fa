//! What is done to the consumers' sessions, and what every new one meets.

use anyhow::{Result, ensure};

use super::scene::Scene;

const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'websites'";
const CANCEL: &str =
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'websites'";
/// More than the server has, by default.
const CONNECTIONS: usize = 110;

pub(super) async fn terminate(scene: &mut Scene<'_>) -> Result<()> {
    for _ in 0..3 {
        scene.wait_ms(0..200).await;
        scene.execute(TERMINATE).await?;
    }
    Ok(())
}

pub(super) async fn cancel(scene: &mut Scene<'_>) -> Result<()> {
    // One connection for all: to log in takes longer than most of what is to be cancelled.
    let client = scene.world.database.superuser().await?;
    for _ in 0..20 {
        scene.wait_ms(0..50).await;
        client.batch_execute(CANCEL).await?;
    }
    Ok(())
}

pub(super) async fn read_only(scene: &mut Scene<'_>) -> Result<()> {
    by_default(
        scene,
        "DATABASE websites",
        "default_transaction_read_only",
        "on",
    )
    .await
}

pub(super) async fn serializable(scene: &mut Scene<'_>) -> Result<()> {
    by_default(
        scene,
        "DATABASE websites",
        "default_transaction_isolation",
        "serializable",
    )
    .await
}

pub(super) async fn statement_timeout(scene: &mut Scene<'_>) -> Result<()> {
    by_default(scene, "ROLE websites", "statement_timeout", "1").await
}

/// Sessions that began meanwhile keep what they met: nobody ends them when it is over.
async fn by_default(scene: &mut Scene<'_>, whose: &str, name: &str, value: &str) -> Result<()> {
    scene
        .execute(&format!("ALTER {whose} SET {name} = '{value}'"))
        .await?;
    scene.execute(TERMINATE).await?;
    scene.wait_ms(500..3000).await;
    scene.execute(&format!("ALTER {whose} RESET {name}")).await
}

pub(super) async fn connection_limit(scene: &mut Scene<'_>) -> Result<()> {
    let limit = scene.random.u32(0..3);
    scene
        .execute(&format!("ALTER ROLE websites CONNECTION LIMIT {limit}"))
        .await?;
    scene.execute(TERMINATE).await?;
    scene.wait_ms(500..3000).await;
    scene
        .execute("ALTER ROLE websites CONNECTION LIMIT -1")
        .await
}

pub(super) async fn connections(scene: &mut Scene<'_>) -> Result<()> {
    let mut used = Vec::new();
    let database = scene.world.database.clone();
    scene.execute(TERMINATE).await?;
    for _ in 0..CONNECTIONS {
        used.extend(database.occupy().await);
    }
    ensure!(
        used.len() < CONNECTIONS,
        "the server took {CONNECTIONS} connections and is not full"
    );
    scene.wait_ms(500..3000).await;
    Ok(())
}
