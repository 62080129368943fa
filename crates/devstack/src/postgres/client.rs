//! What we ask a server ourselves.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio_postgres::{Client, NoTls};

/// How long a connection attempt may take on a busy machine; a server that is starting answers at once that it is.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// The role and the database that the services use.
pub(super) const ROLE: &str = "websites";

/// A connection within a time limit; its errors carry the whole chain of reasons.
pub(super) async fn connect(uri: &str) -> Result<Client> {
    let (client, connection) =
        tokio::time::timeout(ANSWER_MAX, tokio_postgres::connect(uri, NoTls))
            .await
            .context("waiting for the local PostgreSQL")?
            .context("connecting to the local PostgreSQL")?;
    // The task ends with the client; what broke the connection, the client's calls say.
    tokio::spawn(connection);
    Ok(client)
}

/// Makes an empty database, owned by the role that the client is connected as.
pub(super) async fn create_database(client: &Client, name: &str) -> Result<()> {
    client
        .batch_execute(&format!("CREATE DATABASE {}", quoted(name)))
        .await
        .with_context(|| format!("making the database {name}"))
}

/// Makes the services' role and database where they are missing.
pub(super) async fn make_role_once(superuser_uri: &str, password: &str) -> Result<()> {
    let client = connect(superuser_uri).await?;
    if !exists(&client, "SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE).await? {
        client
            .batch_execute(&format!(
                "CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'"
            ))
            .await
            .context("making the services' role")?;
    }
    if !has_database(&client, ROLE).await? {
        client
            .batch_execute(&format!("CREATE DATABASE {ROLE} OWNER {ROLE}"))
            .await
            .context("making the services' database")?;
    }
    Ok(())
}

/// Whether there is a database of this name.
pub(super) async fn has_database(client: &Client, name: &str) -> Result<bool> {
    exists(client, "SELECT 1 FROM pg_database WHERE datname = $1", name).await
}

async fn exists(client: &Client, query: &str, name: &str) -> Result<bool> {
    let row = client.query_opt(query, &[&name]).await;
    row.map(|row| row.is_some())
        .context("asking PostgreSQL what it holds")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
