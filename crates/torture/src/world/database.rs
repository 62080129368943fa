//! The database, asked directly, not through the proxy.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result, ensure};
use devstack::Postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

/// The longest that a question may take.
const ANSWER_MAX: Duration = Duration::from_mins(5);
/// The longest that a place may take to be had, or refused.
const OCCUPY_MAX: Duration = Duration::from_secs(10);
/// What waits in the outbox, and the alerts that are not sent.
const UNTOLD: &str = "SELECT (SELECT count(*) FROM outbox AS entry WHERE alert_id IS NULL \
    AND withheld IS NULL AND not_before <= now() AND NOT (kind = 'up' AND EXISTS ( \
        SELECT FROM outbox AS beginning WHERE beginning.kind = 'down' \
        AND beginning.receiver = entry.receiver AND beginning.subject = entry.subject \
        AND beginning.not_before > now()))) \
    + (SELECT count(*) FROM alerts WHERE sent_at IS NULL)";
/// A receiver is given up after 10 s; who tries it has noted that some seconds later. Websites that join
/// a cause wait for each other until minutes after its last word: as if these had passed.
const HURRY: &str = "UPDATE alerts SET next_attempt_at = now() WHERE sent_at IS NULL \
    AND last_error IS NOT NULL AND next_attempt_at > now() + interval '60 seconds' \
    OR sent_at IS NULL AND next_attempt_at BETWEEN now() AND now() + interval '40 seconds'; \
    UPDATE alerts SET created_at = created_at - interval '10 minutes'";
const OTHERS: &str = "SELECT coalesce(string_agg(format('%s since %s s: %s', state, \
    extract(epoch FROM now() - xact_start)::integer, query), '; ' ORDER BY xact_start), 'nobody') \
    FROM pg_stat_activity WHERE xact_start < now() AND pid <> pg_backend_pid()";
/// What a client says first, after its length: the protocol's version 3.0, and who it is.
const STARTUP: &[u8] = b"\0\x03\0\0user\0websites\0database\0websites\0\0";
/// How the server's answer begins once it has given the connection a place.
const PASSWORD_PLEASE: u8 = b'R';
/// How often a statement is tried that others are in the way of, and the pause between.
const ATTEMPTS: u32 = 120;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);

/// The consumers' database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    uri: String,
    superuser_uri: String,
    pub(crate) port: u16,
}

impl Database {
    pub(crate) fn of(postgres: &Postgres) -> Result<Self> {
        let uri = postgres.uri();
        let (address, _) = uri.rsplit_once('/').context("no database in the address")?;
        let (_, port) = address.rsplit_once(':').context("no port in the address")?;
        let superuser = postgres.superuser_uri();
        let (superuser, _) = superuser.rsplit_once('/').context("no database")?;
        Ok(Self {
            port: port.parse()?,
            superuser_uri: format!("{superuser}/websites"),
            uri,
        })
    }

    /// Its address by way of another port.
    pub(crate) fn uri_by(&self, port: u16) -> String {
        self.uri
            .replace(&format!(":{}/", self.port), &format!(":{port}/"))
    }

    /// A connection of the consumers' role that stops short of logging in. It takes a place of the
    /// server's all the same, and a hundred logins would take a busy machine a minute.
    pub(crate) async fn occupy(&self) -> Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        let length = i32::try_from(size_of::<i32>() + STARTUP.len())?;
        stream.write_i32(length).await?;
        stream.write_all(STARTUP).await?;
        let answer = timeout(OCCUPY_MAX, stream.read_u8()).await??;
        ensure!(answer == PASSWORD_PLEASE, "the server has no place left");
        Ok(stream)
    }

    /// A connection as the superuser, who may write whatever the default is just now.
    pub(crate) async fn superuser(&self) -> Result<Client> {
        let client = connect(&self.superuser_uri).await?;
        client
            .batch_execute("SET default_transaction_read_only = off")
            .await?;
        Ok(client)
    }

    /// Executes statements as the superuser, again while others are in the way.
    pub(crate) async fn execute(&self, statements: &str) -> Result<()> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let done = self.try_execute(statements).await;
            if done.is_ok() {
                return Ok(());
            }
            if attempt == ATTEMPTS {
                let others = self.others().await.unwrap_or_default();
                return done.with_context(|| format!("executing {statements}; meanwhile {others}"));
            }
            sleep(ATTEMPT_PAUSE).await;
        }
    }

    /// What others do just now, and since when, in words.
    async fn others(&self) -> Result<String> {
        let row = self.superuser().await?.query_one(OTHERS, &[]).await?;
        Ok(row.get(0))
    }

    async fn try_execute(&self, statements: &str) -> Result<()> {
        let client = self.superuser().await?;
        client.batch_execute("SET lock_timeout = '2s'").await?;
        Ok(timeout(ANSWER_MAX, client.batch_execute(statements)).await??)
    }

    /// Makes the server note when each transaction was committed, once it has been started anew.
    pub(crate) async fn keep_times_of_commits(&self) -> Result<()> {
        let client = self.superuser().await?;
        let setting = "ALTER SYSTEM SET track_commit_timestamp = on";
        Ok(client.batch_execute(setting).await?)
    }

    /// How much is to be told now. What is leased by somebody who was killed is not waited for, once
    /// nobody can be at it any more.
    pub(crate) async fn untold(&self) -> Result<i64> {
        let client = self.superuser().await?;
        client.batch_execute(HURRY).await?;
        let untold = timeout(ANSWER_MAX, client.query_one(UNTOLD, &[])).await??;
        Ok(untold.get(0))
    }

    /// How far each partition is stored.
    pub(crate) async fn stored(&self) -> Result<BTreeMap<i32, i64>> {
        let client = self.superuser().await?;
        let query = "SELECT partition, next_offset FROM offsets";
        let rows = timeout(Duration::from_secs(5), client.query(query, &[])).await??;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

async fn connect(uri: &str) -> Result<Client> {
    let connecting = tokio_postgres::connect(uri, NoTls);
    let (client, connection) = timeout(Duration::from_secs(5), connecting).await??;
    tokio::spawn(connection);
    Ok(client)
}
