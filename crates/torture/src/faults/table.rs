//! What is done to tables.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::scene::Scene;
use crate::stream::CONTESTED_TEXT;

/// What a lock lasts at least: some batches.
const LOCK_MS: std::ops::Range<u64> = 300..3000;
/// Tables whose columns change.
const COLUMNS_OF: [&str; 9] = [
    "metrics",
    "offsets",
    "websites",
    "dead_letters",
    "homes",
    "states",
    "incidents",
    "outbox",
    "alerts",
];
/// Tables with ids of their own.
const IDS_OF: [&str; 6] = [
    "websites",
    "dead_letters",
    "certificates",
    "metrics",
    "incidents",
    "outbox",
];

pub(super) async fn lock_metrics(scene: &mut Scene<'_>) -> Result<()> {
    lock(scene, "LOCK TABLE metrics IN ACCESS EXCLUSIVE MODE").await
}

pub(super) async fn lock_websites(scene: &mut Scene<'_>) -> Result<()> {
    lock(scene, "LOCK TABLE websites IN SHARE ROW EXCLUSIVE MODE").await
}

pub(super) async fn lock_offsets(scene: &mut Scene<'_>) -> Result<()> {
    lock(scene, "SELECT FROM offsets FOR UPDATE").await
}

pub(super) async fn lock_incidents(scene: &mut Scene<'_>) -> Result<()> {
    lock(
        scene,
        "LOCK TABLE states, incidents, outbox IN ACCESS EXCLUSIVE MODE",
    )
    .await
}

async fn lock(scene: &mut Scene<'_>, statement: &str) -> Result<()> {
    let wait = scene.random.u64(LOCK_MS);
    let held = format!("BEGIN; {statement}; SELECT pg_sleep({wait} / 1000.0); COMMIT");
    scene.execute(&held).await
}

pub(super) async fn revoke(scene: &mut Scene<'_>) -> Result<()> {
    scene
        .execute("REVOKE INSERT ON metrics FROM websites")
        .await?;
    scene.wait_ms(500..3000).await;
    scene.execute("GRANT INSERT ON metrics TO websites").await
}

/// Whose incidents cannot be stored waits with them: nobody's record is to blame.
pub(super) async fn refuse_incidents(scene: &mut Scene<'_>) -> Result<()> {
    let table = scene.random.choice(["states", "incidents", "outbox"]);
    let table = table.unwrap_or("states");
    scene
        .execute(&format!(
            "CREATE OR REPLACE FUNCTION torture_row() RETURNS trigger LANGUAGE plpgsql \
            AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$; \
            CREATE TRIGGER torture BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW \
            EXECUTE FUNCTION torture_row()"
        ))
        .await?;
    scene.wait_ms(500..2000).await;
    scene
        .execute(&format!("DROP TRIGGER torture ON {table}"))
        .await
}

/// Rows of one kind are refused for a while, by one partition as by another.
pub(super) async fn refuse(scene: &mut Scene<'_>) -> Result<()> {
    scene
        .execute(&format!(
            "ALTER TABLE metrics ADD CONSTRAINT torture CHECK (matched_text <> '{CONTESTED_TEXT}') \
            NOT VALID"
        ))
        .await?;
    scene.wait_ms(1000..3000).await;
    scene
        .execute("ALTER TABLE metrics DROP CONSTRAINT torture")
        .await
}

/// Statements that were prepared before have become void.
pub(super) async fn columns(scene: &mut Scene<'_>) -> Result<()> {
    for table in COLUMNS_OF {
        scene
            .execute(&format!("ALTER TABLE {table} ADD COLUMN torture text"))
            .await?;
    }
    scene.wait_ms(200..1500).await;
    for table in COLUMNS_OF {
        scene
            .execute(&format!("ALTER TABLE {table} DROP COLUMN torture"))
            .await?;
    }
    Ok(())
}

pub(super) async fn event_trigger(scene: &mut Scene<'_>) -> Result<()> {
    scene
        .execute(
            "CREATE OR REPLACE FUNCTION torture() RETURNS event_trigger LANGUAGE plpgsql \
            AS $$ BEGIN RAISE EXCEPTION 'no tables today'; END $$; \
            CREATE EVENT TRIGGER torture ON ddl_command_start WHEN TAG IN ('CREATE TABLE') \
            EXECUTE FUNCTION torture()",
        )
        .await?;
    scene.wait_ms(1000..4000).await;
    scene.execute("DROP EVENT TRIGGER torture").await
}

/// As a restore leaves them that forgot to set them.
pub(super) async fn sequences(scene: &mut Scene<'_>) -> Result<()> {
    for table in IDS_OF {
        scene
            .execute(&format!("ALTER TABLE {table} ALTER id RESTART WITH 1"))
            .await?;
    }
    Ok(())
}

/// As a restore of the offsets' table alone would: under the running consumers, records are to be
/// read again that have their rows. The account is set back with it.
pub(super) async fn rewind(scene: &mut Scene<'_>) -> Result<()> {
    let mut client = scene.world.database.superuser().await?;
    let transaction = client.transaction().await?;
    let begun = transaction
        .query(
            "SELECT partition, next_offset FROM offsets ORDER BY partition FOR UPDATE",
            &[],
        )
        .await?;
    let Some(row) = begun.get(scene.random.usize(0..begun.len().max(1))) else {
        return Ok(());
    };
    let (partition, end): (i32, i64) = (row.get(0), row.get(1));
    let lost = scene
        .world
        .history
        .lost
        .iter()
        .filter(|lost| lost.0 == partition);
    let readable = lost.map(|lost| lost.2).max().unwrap_or(0);
    let first = (end - scene.random.i64(1..2000)).max(readable);
    // A record that PostgreSQL refused would now become a row as well: not back over these.
    let refused = transaction
        .query_one(
            "SELECT max(\"offset\") FROM dead_letters \
            WHERE partition = $1 AND reason = 'refused_by_postgresql'",
            &[&partition],
        )
        .await?;
    let first = first.max(
        refused
            .get::<_, Option<i64>>(0)
            .map_or(0, |refused| refused + 1),
    );
    transaction
        .execute(
            "UPDATE offsets SET next_offset = $2, dead_letters = dead_letters - again.letters, \
            duplicates = duplicates - (next_offset - $2 - again.letters) \
            FROM (SELECT count(*) AS letters FROM dead_letters \
                WHERE partition = $1 AND \"offset\" >= $2) AS again \
            WHERE partition = $1",
            &[&partition, &first],
        )
        .await
        .context("setting an offset back")?;
    transaction.commit().await?;
    scene.world.history.reread.push((partition, first, end));
    sleep(Duration::from_millis(500)).await;
    Ok(())
}
