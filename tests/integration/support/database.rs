//! A database of a test's own, and what a test asks of it.

use devstack::Postgres;
use tokio_postgres::{Client, NoTls, Row, types::FromSqlOwned};

use super::{
    eventually,
    servers::{shared, unique_name},
};

/// An empty database; the consumer makes the tables.
pub(crate) struct Database {
    pub(crate) uri: String,
}

impl Database {
    /// One on the shared server.
    pub(crate) async fn create() -> Self {
        Self::create_on(&shared().await.postgres).await
    }

    /// One on a server of the test's own.
    pub(crate) async fn create_on(postgres: &Postgres) -> Self {
        let name = unique_name("websites");
        let uri = postgres
            .create_database(&name)
            .await
            .expect("the database is made");
        Self { uri }
    }

    /// A connection of its own for each question: tests stop and kill the server in between.
    pub(crate) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.uri, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) async fn execute(&self, statements: &str) {
        let client = self.connect().await.expect("the database answers");
        client
            .batch_execute(statements)
            .await
            .expect("the statements are right");
    }

    pub(crate) async fn rows(&self, query: &str) -> Vec<Row> {
        let client = self.connect().await.expect("the database answers");
        client
            .query(query, &[])
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// The only value of the only row.
    pub(crate) async fn value<T: FromSqlOwned>(&self, query: &str) -> T {
        self.rows(query).await[0].get(0)
    }

    /// The value, or `None` while the server is away or the tables are not there yet.
    pub(crate) async fn try_value<T: FromSqlOwned>(&self, query: &str) -> Option<T> {
        let client = self.connect().await.ok()?;
        client.query_one(query, &[]).await.ok()?.try_get(0).ok()
    }

    /// Waits until there are at least `count` rows in `metrics`.
    pub(crate) async fn await_rows(&self, count: i64) {
        self.await_true(&format!("SELECT count(*) >= {count} FROM metrics"))
            .await;
    }

    /// Waits until the query says true.
    pub(crate) async fn await_true(&self, query: &str) {
        eventually(query, || async {
            self.try_value::<bool>(query)
                .await
                .filter(|is_true| *is_true)
        })
        .await;
    }

    /// Fails unless each stored offset is accounted for, and each row was stored once.
    pub(crate) async fn assert_accounts(&self, records: i64) {
        let rows = self.rows(
            "SELECT sum(next_offset)::bigint, sum(rows)::bigint, sum(duplicates)::bigint, \
             sum(replaced)::bigint, sum(dead_letters)::bigint, sum(gaps)::bigint, \
             sum(lost)::bigint, (SELECT count(*) FROM metrics), (SELECT count(*) FROM dead_letters) FROM offsets",
        );
        let rows = rows.await;
        let count = |column| rows[0].get::<_, i64>(column);
        assert_eq!(count(0), records, "offsets reach the end of the topic");
        assert_eq!(
            (1..=6).map(count).sum::<i64>(),
            records,
            "counts account for every offset"
        );
        assert_eq!(count(1), count(7), "every row counted is there");
        assert_eq!(count(4), count(8), "every dead letter counted is there");
    }
}
