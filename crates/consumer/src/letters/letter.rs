//! A dead letter as it is stored, and which are meant.

use std::time::SystemTime;

use clap::Args;
use database::{Database, DatabaseError, Statement, system_time};
use jiff::Timestamp;
use tokio_postgres::Row;

/// Letters that are in memory at once: a value can be a megabyte.
const PAGE: i64 = 50;

const LAST: Statement = Statement::new(
    "reading the last dead letter's id",
    "SELECT coalesce(max(id), 0) FROM dead_letters",
);
const READ: Statement = Statement::new(
    "reading dead letters",
    "SELECT id, topic, partition, \"offset\", record_timestamp, key, value, reason, error, created_at \
    FROM dead_letters WHERE (cardinality($1::bigint[]) = 0 OR id = ANY ($1)) \
    AND ($2::text IS NULL OR reason = $2) AND ($3::timestamptz IS NULL OR created_at >= $3) \
    AND id > $4 AND id <= $5 ORDER BY id LIMIT $6",
);
const REMOVE: Statement = Statement::new(
    "removing dead letters",
    "DELETE FROM dead_letters WHERE (cardinality($1::bigint[]) = 0 OR id = ANY ($1)) \
    AND ($2::text IS NULL OR reason = $2) AND ($3::timestamptz IS NULL OR created_at >= $3)",
);

/// Which dead letters are meant: those of which all is true; all of them where nothing is said.
#[derive(Args, Clone, Debug, Default)]
pub struct LetterFilter {
    /// Only this one; may stand several times.
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<i64>,
    /// Only those with this reason.
    #[arg(long)]
    pub reason: Option<String>,
    /// Only those stored since then, as 2026-11-25T03:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Timestamp>,
}

/// A dead letter.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) id: i64,
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) reason: String,
    pub(super) error: String,
    pub(super) created_at: Option<Timestamp>,
}

/// Letters in the order of their ids, some at a time, up to the last one that there is now.
pub(super) struct Letters<'a> {
    database: &'a Database,
    filter: &'a LetterFilter,
    after: i64,
    last: i64,
}

impl LetterFilter {
    /// Whether all letters are meant.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.reason.is_none() && self.since.is_none()
    }

    /// Removes the letters, and says how many there were.
    pub(super) async fn remove(&self, database: &Database) -> Result<u64, DatabaseError> {
        let since = self.since.map(system_time);
        database
            .attempt(async |client| {
                REMOVE
                    .execute(client, &[&self.ids, &self.reason, &since])
                    .await
            })
            .await
    }
}

impl<'a> Letters<'a> {
    pub(super) async fn new(
        database: &'a Database,
        filter: &'a LetterFilter,
    ) -> Result<Self, DatabaseError> {
        let last = database
            .attempt(async |client| Ok(LAST.query_one(client, &[]).await?.get(0)))
            .await?;
        Ok(Self {
            database,
            filter,
            after: i64::MIN,
            last,
        })
    }

    /// The next ones; none at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<Letter>, DatabaseError> {
        let LetterFilter { ids, reason, since } = self.filter;
        let since = since.map(system_time);
        let rows = self
            .database
            .attempt(async |client| {
                READ.query(
                    client,
                    &[ids, reason, &since, &self.after, &self.last, &PAGE],
                )
                .await
            })
            .await?;
        let letters: Vec<_> = rows.iter().map(Letter::of).collect();
        self.after = letters.last().map_or(self.last, |letter| letter.id);
        Ok(letters)
    }
}

impl Letter {
    fn of(row: &Row) -> Self {
        let time = |column| {
            let time: Option<SystemTime> = row.get(column);
            time.and_then(|time| Timestamp::try_from(time).ok())
        };
        Self {
            id: row.get(0),
            topic: row.get(1),
            partition: row.get(2),
            offset: row.get(3),
            timestamp: time(4),
            key: row.get(5),
            value: row.get(6),
            reason: row.get(7),
            error: row.get(8),
            created_at: time(9),
        }
    }
}
