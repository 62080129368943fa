//! PostgreSQL: websites, rows, dead letters and offsets, each batch in one transaction.

mod days;
mod dead_letters;
mod offsets;
mod rows;
mod websites;

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use database::{DatabaseError, DatabaseSettings, PrepareError, Server};
use deadpool_postgres::{Object, Pool, Transaction};
use jiff::Timestamp;
use messages::Record;
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use self::{days::Days, websites::Websites};
use crate::{batch::Batch, decode::Refusal};

pub use offsets::{Counts, OffsetKey};

/// The longest that one attempt at anything may take, all its statements together.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// The database, as the consumer sees it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: Pool,
    server: Server,
    key: OffsetKey,
    websites: Websites,
    days: Days,
}

/// Decoded records of one partition, to be written in one transaction.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// The partition.
    pub partition: i32,
    /// The stored offset that it goes on from.
    pub from: i64,
    /// The stored offset that it leads to.
    pub to: i64,
    /// The records, in order.
    pub items: Vec<Item>,
    /// Where their bytes are.
    pub batch: &'a Batch,
}

/// A record, decoded.
#[derive(Debug)]
pub struct Item {
    /// Its place in the batch.
    pub index: usize,
    /// Its offset.
    pub offset: i64,
    /// What it says, or why it cannot become a row.
    pub content: Result<Record, Refusal>,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Now(Counts),
    /// It was stored before: the reply to our own commit was lost, or another consumer was faster.
    Before,
    /// The stored offset is neither where it begins nor where it ends.
    Elsewhere,
}

impl Chunk<'_> {
    /// Cuts it in two, where it holds more than one record.
    pub fn split(mut self) -> (Self, Option<Self>) {
        let middle = self.items.len() / 2;
        if middle == 0 {
            return (self, None);
        }
        let items = self.items.split_off(middle);
        let border = self.items.last().map_or(self.from, |item| item.offset + 1);
        let second = Self {
            from: border,
            items,
            ..self
        };
        self.to = border;
        (self, Some(second))
    }

    fn rows(&self) -> Vec<&Record> {
        let rows = self.items.iter();
        rows.filter_map(|item| item.content.as_ref().ok()).collect()
    }
}

impl Store {
    /// The store of one group's progress through one topic. Nothing is connected yet.
    pub fn new(settings: &DatabaseSettings, key: OffsetKey) -> anyhow::Result<Self> {
        let role = settings.connection.get_user().unwrap_or("the role");
        let inner = Inner {
            pool: database::make_pool(settings)?,
            server: Server {
                address: database::address(&settings.connection),
                role: role.to_owned(),
            },
            key,
            websites: Websites::default(),
            days: Days::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whose progress it keeps.
    pub fn key(&self) -> &OffsetKey {
        &self.inner.key
    }

    /// What an error means, for a person.
    pub fn explain(&self, error: &DatabaseError) -> String {
        error.explain(&self.inner.server)
    }

    /// Writes a chunk in one transaction, with the stored offset moved from its beginning to its
    /// end, or finds that this is not to be done.
    pub async fn write(&self, chunk: &Chunk<'_>) -> Result<Written, DatabaseError> {
        self.attempt(async |client| self.write_on(client, chunk).await)
            .await
    }

    /// Makes the partitions of today and of the time to come that records may speak of.
    pub async fn make_days_ahead(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let days = days::ahead(now);
        self.attempt(async |client| self.inner.days.ensure(client, &days).await)
            .await
    }

    /// Asks the server whether it is there.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.attempt(async |client| {
            client
                .batch_execute("SELECT 1")
                .await
                .map_err(DatabaseError::when("asking whether it is there"))
        })
        .await
    }

    /// Checks that the database is one for us, and brings its tables up to date.
    pub async fn prepare(&self) -> Result<(), PrepareError> {
        let client = self
            .inner
            .pool
            .get()
            .await
            .map_err(DatabaseError::Connect)?;
        // The lock ends with the connection, which therefore is not the pool's any more.
        let mut client = Object::take(client);
        timeout(ATTEMPT_TIMEOUT, database::prepare(&mut client))
            .await
            .unwrap_or(Err(DatabaseError::Timeout(ATTEMPT_TIMEOUT).into()))
    }

    /// Forgets what is known of websites and partitions, and checks the tables.
    pub async fn refresh(&self) -> Result<(), PrepareError> {
        self.forget_websites();
        self.inner.days.forget();
        self.prepare().await
    }

    /// Forgets what is known of websites: another consumer may have changed them since.
    pub fn forget_websites(&self) {
        self.inner.websites.forget();
    }

    async fn write_on(
        &self,
        client: &mut Object,
        chunk: &Chunk<'_>,
    ) -> Result<Written, DatabaseError> {
        let records = chunk.rows();
        let websites = &self.inner.websites;
        let known = websites.resolve(client, &records).await?;
        let days: Vec<_> = records.iter().map(|it| days::of(it.scheduled_at)).collect();
        self.inner.days.ensure(client, &days).await?;

        let transaction = begin(client).await?;
        let stored = offsets::lock(&transaction, &self.inner.key, chunk.partition).await?;
        if stored != Some(chunk.from) {
            let before = stored == Some(chunk.to);
            return Ok(if before {
                Written::Before
            } else {
                Written::Elsewhere
            });
        }
        let rows = rows::without_repeats(&records, &known);
        let counts = rows::insert(&transaction, &rows).await?;
        let changes = known.changes(&records);
        websites::update(&transaction, &changes).await?;
        dead_letters::insert(&transaction, &self.inner.key.topic, chunk).await?;
        let counts = counts.complete(chunk, records.len());
        offsets::advance(&transaction, &self.inner.key, chunk, counts).await?;
        transaction
            .commit()
            .await
            .map_err(DatabaseError::when("committing a batch"))?;
        websites.changed(&changes);
        Ok(Written::Now(counts))
    }

    /// Runs statements on a connection of the pool, within a time limit. A connection on which the
    /// limit passed, or which an error spoils, is not used again.
    async fn attempt<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut client = self
            .inner
            .pool
            .get()
            .await
            .map_err(DatabaseError::Connect)?;
        let result = timeout(ATTEMPT_TIMEOUT, work(&mut client))
            .await
            .unwrap_or(Err(DatabaseError::Timeout(ATTEMPT_TIMEOUT)));
        if result.as_ref().is_err_and(DatabaseError::spoils_connection) {
            drop(Object::take(client));
        }
        result
    }
}

/// Begins a transaction in which each statement sees what others committed before it, whatever the
/// database's own default is.
async fn begin(client: &mut Object) -> Result<Transaction<'_>, DatabaseError> {
    client
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted)
        .start()
        .await
        .map_err(DatabaseError::when("beginning a transaction"))
}

/// Brings the tables up to date, now or never: `consumer migrate`.
pub async fn migrate(store: &Store) -> anyhow::Result<()> {
    match store.prepare().await {
        Ok(()) => Ok(()),
        Err(PrepareError::Refused(refused)) => Err(refused.into()),
        Err(PrepareError::Database(error)) => {
            Err(anyhow!(store.explain(&error)).context("preparing the tables"))
        }
    }
}

#[cfg(test)]
mod tests;
