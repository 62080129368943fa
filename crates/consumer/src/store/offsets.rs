//! The stored offsets: the one truth about how far each partition is read, with an account of what
//! its offsets became. For each partition,
//! `next_offset - start_offset = rows + duplicates + replaced + dead_letters + gaps`.

use std::collections::BTreeMap;

use database::DatabaseError;
use deadpool_postgres::Transaction;

use super::{Chunk, Store};

const LOCK: &str = "SELECT next_offset FROM offsets \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 FOR NO KEY UPDATE";
const ADVANCE: &str = "UPDATE offsets SET next_offset = $5, rows = rows + $6, \
    duplicates = duplicates + $7, replaced = replaced + $8, dead_letters = dead_letters + $9, \
    gaps = gaps + $10, updated_at = now() \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4";
const READ: &str = "SELECT next_offset FROM offsets \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3";
const READ_ALL: &str =
    "SELECT partition, next_offset FROM offsets WHERE consumer_group = $1 AND topic = $2";
const BEGIN: &str = "INSERT INTO offsets (consumer_group, topic, partition, start_offset, next_offset) \
    VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";
const SKIP: &str = "UPDATE offsets SET next_offset = $5, gaps = gaps + ($5 - $4), updated_at = now() \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4";
const BEGIN_ANEW: &str = "UPDATE offsets SET start_offset = $5, next_offset = $5, rows = 0, \
    duplicates = 0, replaced = 0, dead_letters = 0, gaps = 0, updated_at = now() \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4";

/// Whose progress, through what.
#[derive(Clone, Debug)]
pub struct OffsetKey {
    /// The consumer group.
    pub group: String,
    /// The topic.
    pub topic: String,
}

/// What the offsets of a chunk became.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: i64,
    /// Records of checks that had their row.
    pub duplicates: i64,
    /// Records in whose favour a missed one gave way.
    pub replaced: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// Offsets without a record.
    pub gaps: i64,
}

impl Counts {
    /// Adds what the rows alone do not show: every record that is no new row and replaced none was
    /// a duplicate.
    pub(super) fn complete(self, chunk: &Chunk<'_>, readable: usize) -> Self {
        let records = count(chunk.items.len());
        let readable = count(readable);
        Self {
            duplicates: readable - self.rows - self.replaced,
            dead_letters: records - readable,
            gaps: chunk.to - chunk.from - records,
            ..self
        }
    }
}

/// A number of things in memory, as PostgreSQL counts.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// The first offset of a partition that is not stored yet, if anything is known of it.
    pub async fn stored_offset(&self, partition: i32) -> Result<Option<i64>, DatabaseError> {
        let key = self.key();
        self.attempt(async |client| {
            let row = async {
                let statement = client.prepare_cached(READ).await?;
                client
                    .query_opt(&statement, &[&key.group, &key.topic, &partition])
                    .await
            };
            let row = row
                .await
                .map_err(DatabaseError::when("reading a stored offset"))?;
            Ok(row.map(|row| row.get(0)))
        })
        .await
    }

    /// The stored offsets of all partitions.
    pub async fn stored_offsets(&self) -> Result<BTreeMap<i32, i64>, DatabaseError> {
        let key = self.key();
        self.attempt(async |client| {
            let rows = async {
                let statement = client.prepare_cached(READ_ALL).await?;
                client.query(&statement, &[&key.group, &key.topic]).await
            };
            let rows = rows
                .await
                .map_err(DatabaseError::when("reading stored offsets"))?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
        .await
    }

    /// Notes where a partition begins of which nothing is known, unless somebody was faster.
    pub async fn begin_partition(&self, partition: i32, at: i64) -> Result<(), DatabaseError> {
        let key = self.key();
        self.attempt(async |client| {
            client
                .execute(BEGIN, &[&key.group, &key.topic, &partition, &at])
                .await
                .map_err(DatabaseError::when("storing where a partition begins"))?;
            Ok(())
        })
        .await
    }

    /// Counts records that are gone from the topic as gaps. Nothing happens where the stored offset
    /// is no longer `from`.
    pub async fn skip_lost(&self, partition: i32, from: i64, to: i64) -> Result<(), DatabaseError> {
        self.jump(SKIP, partition, (from, to)).await
    }

    /// Starts the account of a partition anew, for a topic that took an older one's place. Nothing
    /// happens where the stored offset is no longer `from`.
    pub async fn begin_anew(
        &self,
        partition: i32,
        from: i64,
        at: i64,
    ) -> Result<(), DatabaseError> {
        self.jump(BEGIN_ANEW, partition, (from, at)).await
    }

    async fn jump(
        &self,
        statement: &str,
        partition: i32,
        (from, to): (i64, i64),
    ) -> Result<(), DatabaseError> {
        let key = self.key();
        self.attempt(async |client| {
            client
                .execute(statement, &[&key.group, &key.topic, &partition, &from, &to])
                .await
                .map_err(DatabaseError::when("moving a stored offset"))?;
            Ok(())
        })
        .await
    }
}

/// The stored offset, which nobody else can move until the transaction ends.
pub(super) async fn lock(
    transaction: &Transaction<'_>,
    key: &OffsetKey,
    partition: i32,
) -> Result<Option<i64>, DatabaseError> {
    let row = async {
        let statement = transaction.prepare_cached(LOCK).await?;
        transaction
            .query_opt(&statement, &[&key.group, &key.topic, &partition])
            .await
    };
    let row = row
        .await
        .map_err(DatabaseError::when("locking a stored offset"))?;
    Ok(row.map(|row| row.get(0)))
}

/// Moves the stored offset from the chunk's beginning to its end. The lock makes sure that it can.
pub(super) async fn advance(
    transaction: &Transaction<'_>,
    key: &OffsetKey,
    chunk: &Chunk<'_>,
    counts: Counts,
) -> Result<(), DatabaseError> {
    let moved = async {
        let statement = transaction.prepare_cached(ADVANCE).await?;
        transaction
            .execute(
                &statement,
                &[
                    &key.group,
                    &key.topic,
                    &chunk.partition,
                    &chunk.from,
                    &chunk.to,
                    &counts.rows,
                    &counts.duplicates,
                    &counts.replaced,
                    &counts.dead_letters,
                    &counts.gaps,
                ],
            )
            .await
    };
    match moved
        .await
        .map_err(DatabaseError::when("moving a stored offset"))?
    {
        1 => Ok(()),
        _ => Err(DatabaseError::Stale("a stored offset moved under its lock")),
    }
}
