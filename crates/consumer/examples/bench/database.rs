//! A database of one run's own.

use ::database::{DatabaseSettings, Passwords, TlsSettings};
use anyhow::Context;
use devstack::Server;
use tokio_postgres::{Client, NoTls};

use crate::Servers;

pub(crate) struct Database {
    uri: String,
    client: Client,
}

impl Database {
    pub(crate) async fn create(servers: &Servers, name: &str) -> anyhow::Result<Self> {
        let uri = servers.postgres.create_database(name).await?;
        let client = connect(&uri).await?;
        Ok(Self { uri, client })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the tables, before any consumer does.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        let settings = DatabaseSettings {
            connection: self.uri.parse()?,
            tls: TlsSettings::Off,
            connections_max: 1,
            application_name: "bench",
            passwords: Passwords::default(),
        };
        ::database::migrate(&::database::Database::new(&settings)?).await?;
        Ok(())
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        connect(&self.uri).await
    }

    /// Records that are stored; none while there are no tables.
    pub(crate) async fn stored(&self) -> i64 {
        let sql = "SELECT coalesce(sum(next_offset), 0)::bigint FROM offsets";
        let row = self.client.query_one(sql, &[]).await;
        row.map_or(0, |row| row.get(0))
    }

    /// The only value of the only row.
    pub(crate) async fn count(&self, sql: &str) -> anyhow::Result<i64> {
        let row = self.client.query_one(sql, &[]).await;
        Ok(row.with_context(|| sql.to_owned())?.get(0))
    }
}

/// Writes what is still to be written, so that no run pays for the one before.
pub(crate) async fn checkpoint(servers: &Servers) -> anyhow::Result<()> {
    let superuser = connect(&servers.postgres.superuser_uri()).await?;
    superuser.batch_execute("CHECKPOINT").await?;
    Ok(())
}

/// Has the server do while nobody measures what else one of those who are compared would pay for by chance:
/// vacuum what an earlier run has left, and make files for its log.
pub(crate) async fn be_fair(servers: &Servers) -> anyhow::Result<()> {
    const LOG_MIB: u32 = 1024;
    let superuser = connect(&servers.postgres.superuser_uri()).await?;
    for statement in [
        "ALTER SYSTEM SET autovacuum = off".to_owned(),
        format!("ALTER SYSTEM SET min_wal_size = '{LOG_MIB}MB'"),
        format!("ALTER SYSTEM SET max_wal_size = '{}MB'", 4 * LOG_MIB),
        "SELECT pg_reload_conf()".to_owned(),
        format!(
            "SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1048576)) \
             FROM generate_series(1, {LOG_MIB})"
        ),
        "CHECKPOINT".to_owned(),
    ] {
        superuser.batch_execute(&statement).await?;
    }
    Ok(())
}

/// Has the server keep when each transaction was committed, from now on.
pub(crate) async fn keep_commit_times(servers: &mut Servers) -> anyhow::Result<()> {
    let superuser = connect(&servers.postgres.superuser_uri()).await?;
    superuser
        .batch_execute("ALTER SYSTEM SET track_commit_timestamp = on")
        .await?;
    drop(superuser);
    servers.postgres.stop().await?;
    servers.postgres.start().await
}

pub(crate) async fn connect(uri: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
