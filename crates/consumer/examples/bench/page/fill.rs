//! What the page shows: a thousand websites, a week of their results, their roll-ups.

use std::time::Instant;

use tokio::task::JoinSet;

use crate::{Servers, database::connect};

const TABLES: &str = include_str!("tables.sql");
const RESULTS: &str = include_str!("results.sql");
/// A week of checks a minute: with a thousand websites 10.08 million results.
const MINUTES: u32 = 7 * 24 * 60;
/// Minutes that one statement fills, and how many run at once.
const CHUNK_MINUTES: u32 = 360;
const WRITERS: u32 = 2;

/// Fills a database whose tables are there.
pub(super) async fn fill(servers: &Servers, name: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    connect(&servers.postgres.uri_of(name))
        .await?
        .batch_execute(TABLES)
        .await?;
    // Only a superuser may leave out the look at each website.
    let server = servers.postgres.superuser_uri();
    let uri = format!("{}/{name}", server.trim_end_matches("/postgres"));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let client = connect(&uri).await?;
        writers.spawn(async move {
            for chunk in (number..MINUTES / CHUNK_MINUTES).step_by(WRITERS as usize) {
                let from = MINUTES - chunk * CHUNK_MINUTES;
                let statement = RESULTS
                    .replace("{from}", &from.to_string())
                    .replace("{to}", &(from - CHUNK_MINUTES).to_string());
                client.batch_execute(&statement).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    println!("page: filled in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
