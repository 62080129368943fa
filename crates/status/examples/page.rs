//! Serves the status page of the database that `PG_URI` names on `127.0.0.1:8090`, without Kafka:
//! for whoever works on the page.

use anyhow::Context;
use database::{Database, DatabaseSettings};
use service::settings::Reader;
use status::{StatusPage, StatusSettings};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut reader = Reader::from_environment();
    let settings = StatusSettings::read(&mut reader);
    let database = DatabaseSettings::read(&mut reader, 1, "status page");
    let (settings, database) = reader.finish((settings, database))?;
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8090");
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("listening on {address}"))?;
    // Nobody proves here that all checks are accounted for.
    let (_, account) = watch::channel(None);
    let page = StatusPage::new(&settings, None, &Database::new(&database)?, account)?;
    tokio::spawn(page.lookout.run(CancellationToken::new()));
    axum::serve(listener, page.router).await?;
    Ok(())
}
