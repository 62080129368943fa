//! A database of a test's own, with a writer on it, and records to write.

use database::{Action, DatabaseError, begin};
use jiff::Timestamp;
use messages::{OutcomeKind, Record};
use tokio_postgres::{Client, NoTls};

use crate::{
    batch::{Batch, RawRecord},
    store::{
        chunk::{Chunk, Counts, Item, Refusal, Written},
        row::Fate,
        rows,
        writer::BatchWriter,
    },
    testing::{self, record, writer},
};

pub(super) const PARTITION: i32 = 3;

/// A database of a test's own, and a writer on it.
pub(super) struct Fixture {
    pub(super) uri: String,
    pub(super) writer: BatchWriter,
    pub(super) client: Client,
}

impl Fixture {
    /// With the tables made, and a partition that begins at 0.
    pub(super) async fn prepared() -> Self {
        let fixture = Self::empty().await;
        database::prepare(fixture.writer.database()).await.unwrap();
        fixture
            .writer
            .offsets()
            .begin_partition(PARTITION, 0)
            .await
            .unwrap();
        fixture
    }

    /// With nothing in it.
    pub(super) async fn empty() -> Self {
        let uri = testing::database().await;
        Self {
            writer: writer(&uri),
            client: connect(&uri).await,
            uri,
        }
    }

    /// Runs statements that only the server's superuser may run.
    pub(super) async fn execute_as_superuser(&self, statements: &str) {
        let client = connect(&testing::as_superuser(&self.uri)).await;
        client.batch_execute(statements).await.unwrap();
    }

    /// Writes a record in vain, and hands back what is to be done and what a person is told.
    pub(super) async fn fail(&self, from: i64, content: Content) -> (Action, String) {
        let error = self.write(from, vec![content]).await.unwrap_err();
        (error.action(), self.writer.database().explain(&error))
    }

    pub(super) async fn execute(&self, statements: &str) {
        self.client.batch_execute(statements).await.unwrap();
    }

    /// Settings of the database, each `NAME = VALUE`, for the connections that come.
    pub(super) async fn set(&self, settings: &[&str]) {
        let name: String = self.value("SELECT current_database()::text").await;
        for setting in settings {
            let statement = format!("ALTER DATABASE \"{name}\" SET {setting}");
            self.execute(&statement).await;
        }
    }

    pub(super) async fn value<T: tokio_postgres::types::FromSqlOwned>(&self, query: &str) -> T {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Writes records that follow each other.
    pub(super) async fn write(
        &self,
        from: i64,
        records: Vec<Content>,
    ) -> Result<Written, DatabaseError> {
        let to = from + i64::try_from(records.len()).unwrap();
        self.write_to(from, to, records).await
    }

    pub(super) async fn write_to(
        &self,
        from: i64,
        to: i64,
        records: Vec<Content>,
    ) -> Result<Written, DatabaseError> {
        let mut batch = Batch::default();
        let items = items(from, records, &mut batch);
        let chunk = Chunk {
            partition: PARTITION,
            from,
            to,
            items,
            batch: &batch,
        };
        self.writer.write(&chunk).await
    }

    /// What would become of records, in a transaction that is given up.
    pub(super) async fn fates(&self, records: Vec<Content>) -> Vec<Fate> {
        let mut batch = Batch::default();
        let chunk = Chunk {
            partition: PARTITION,
            from: 0,
            to: i64::try_from(records.len()).unwrap(),
            items: items(0, records, &mut batch),
            batch: &batch,
        };
        let fates = self.writer.database().attempt(async |client| {
            let mut work = self
                .writer
                .look_up(client, std::slice::from_ref(&chunk))
                .await?;
            let transaction = begin(client).await?;
            rows::settle(&transaction, &mut work).await?;
            Ok(work.stored.iter().map(|it| it.fate).collect())
        });
        fates.await.unwrap()
    }
}

pub(super) type Content = Result<Record, Refusal>;

/// Records that follow each other, with their bytes in a batch.
pub(super) fn items(from: i64, records: Vec<Content>, batch: &mut Batch) -> Vec<Item> {
    let records = records.into_iter().zip(from..).enumerate();
    let items = records.map(|(index, (content, offset))| {
        batch.push(RawRecord {
            offset,
            timestamp_ms: Some(1_764_000_000_000),
            key: None,
            value: Some(b"value"),
        });
        Item {
            index,
            offset,
            content,
        }
    });
    items.collect()
}

async fn connect(uri: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a list of these holds refusals as well"
)]
pub(super) fn up(number: u8) -> Content {
    Ok(record(number, OutcomeKind::Up))
}

pub(super) fn refused() -> Content {
    Err(Refusal::new("not_json", "no JSON"))
}

pub(super) fn counts(rows: i64, duplicates: i64, replaced: i64) -> Counts {
    Counts {
        rows,
        duplicates,
        replaced,
        ..Counts::default()
    }
}
