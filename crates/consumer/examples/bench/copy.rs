//! What PostgreSQL can do at all: binary COPY of the same rows, and what the original did.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use devstack::Server;
use futures_util::{SinkExt, TryStreamExt, future::try_join_all};
use tokio_postgres::Client;

use crate::{
    Servers,
    consumer::Cost,
    database::{self, Database},
    usage,
};

/// Records that are stored one by one: enough to know how long each takes.
const ONE_BY_ONE: i64 = 5000;
/// Websites are shared out among so many pieces, as a topic's partitions share them out.
const PIECES: usize = 2;

/// The rows as COPY gives and takes them, in pieces.
pub(crate) struct Rows {
    columns: String,
    pieces: Vec<Vec<Bytes>>,
}

impl Rows {
    /// Takes the rows out of the tables, which are empty afterwards.
    pub(crate) async fn take(database: &Database) -> anyhow::Result<Self> {
        let client = database.client();
        // Those that the consumer writes: PostgreSQL fills in the others.
        let sql = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) \
                   FROM pg_attribute WHERE attrelid = 'metrics'::regclass AND attnum > 0 \
                   AND NOT attisdropped AND attname NOT IN ('id', 'created_at')";
        let columns: String = client.query_one(sql, &[]).await?.get(0);
        let mut pieces = Vec::new();
        for piece in 0..PIECES {
            let sql = format!(
                "COPY (SELECT {columns} FROM metrics WHERE website_id % {PIECES} = {piece} \
                 ORDER BY scheduled_at, website_id) TO STDOUT (FORMAT binary)"
            );
            let stream = client.copy_out(&sql).await?;
            pieces.push(stream.try_collect().await?);
        }
        client.batch_execute("TRUNCATE metrics").await?;
        Ok(Self { columns, pieces })
    }

    /// Puts them back by so many connections at the same time, and empties the tables again.
    pub(crate) async fn put(
        &self,
        servers: &mut Servers,
        database: &Database,
        connections: usize,
    ) -> anyhow::Result<Cost> {
        database::checkpoint(servers).await?;
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(database.connect().await?);
        }
        let postgres = servers.postgres.pid().context("PostgreSQL is gone")?;
        let (before, began) = (usage::of_family(postgres)?, Instant::now());
        let share = self.pieces.len() / connections;
        let shares = clients.iter().zip(self.pieces.chunks(share));
        try_join_all(shares.map(async |(client, pieces)| self.copy(client, pieces).await)).await?;
        let (took, used) = (began.elapsed(), usage::of_family(postgres)?.since(before));
        let cost = Cost {
            took,
            consumer: Duration::ZERO,
            postgres: used.all,
            helpers: used.helpers,
        };
        database.client().batch_execute("TRUNCATE metrics").await?;
        Ok(cost)
    }

    async fn copy(&self, client: &Client, pieces: &[Vec<Bytes>]) -> anyhow::Result<()> {
        let sql = format!("COPY metrics ({}) FROM STDIN (FORMAT binary)", self.columns);
        for piece in pieces {
            let mut sink = pin!(client.copy_in(&sql).await?);
            for bytes in piece {
                sink.feed(bytes.clone()).await?;
            }
            sink.finish().await?;
        }
        Ok(())
    }
}

/// Rows a second, when each is looked up, inserted and committed by itself.
pub(crate) async fn one_by_one(database: &Database) -> anyhow::Result<f64> {
    let client = database.client();
    let find = client.prepare("SELECT id FROM websites WHERE url = $1");
    let insert = client.prepare(
        "INSERT INTO metrics (website_id, error_code, response_time, matched_text, scheduled_at, \
         check_id) VALUES ($1, 200, 0.1, 'All systems operational', now(), gen_random_uuid())",
    );
    let (find, insert) = (find.await?, insert.await?);
    let urls = client.query("SELECT url FROM websites", &[]).await?;
    let began = Instant::now();
    for (_, url) in (0..ONE_BY_ONE).zip(urls.iter().cycle()) {
        client.batch_execute("BEGIN").await?;
        let website = client
            .query_one(&find, &[&url.get::<_, &str>(0)])
            .await?
            .get::<_, i64>(0);
        client.execute(&insert, &[&website]).await?;
        client.batch_execute("COMMIT").await?;
    }
    client.batch_execute("TRUNCATE metrics").await?;
    let cost = Cost {
        took: began.elapsed(),
        ..Cost::default()
    };
    Ok(cost.rate(5000.0))
}
