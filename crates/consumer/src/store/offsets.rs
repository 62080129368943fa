//! The stored offsets: the one truth about how far each partition is read, with an account of what
//! its offsets became. For each partition,
//! `next_offset - start_offset = rows + duplicates + replaced + dead_letters + expired + gaps + lost`.

use std::{collections::BTreeMap, sync::Arc};

use database::{Database, DatabaseError, Parameters, Statement, begin, commit};
use deadpool_postgres::{GenericClient, Transaction};

use super::chunk::{Chunk, Counts};

const LOCK: Statement = Statement::new(
    "locking a stored offset",
    "SELECT next_offset, states_version FROM offsets \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 FOR NO KEY UPDATE",
);
const ADVANCE: Statement = Statement::new(
    "moving stored offsets",
    "UPDATE offsets SET next_offset = moved.until, rows = offsets.rows + moved.rows, \
    duplicates = offsets.duplicates + moved.duplicates, replaced = offsets.replaced + moved.replaced, \
    dead_letters = offsets.dead_letters + moved.dead_letters, expired = offsets.expired + moved.expired, \
    gaps = offsets.gaps + moved.gaps, updated_at = now() \
    FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], \
    $9::bigint[], $10::bigint[], $11::bigint[]) AS moved (partition, since, until, rows, duplicates, \
    replaced, dead_letters, expired, gaps) \
    WHERE consumer_group = $1 AND topic = $2 AND offsets.partition = moved.partition \
    AND next_offset = moved.since RETURNING offsets.partition, states_version",
);
const READ_ALL: Statement = Statement::new(
    "reading stored offsets",
    "SELECT partition, next_offset FROM offsets WHERE consumer_group = $1 AND topic = $2",
);
const BEGIN: Statement = Statement::new(
    "storing where a partition begins",
    "INSERT INTO offsets (consumer_group, topic, partition, start_offset, next_offset) \
    VALUES ($1, $2, $3, $4, $4) ON CONFLICT (consumer_group, topic, partition) DO NOTHING",
);
/// One consumer at a time begins a group. Any number will do that nobody else uses: `wm_group` in
/// ASCII.
const BEGIN_LOCK_KEY: i64 = 0x776d_5f67_726f_7570;
const BEGIN_LOCK: Statement = Statement::new(
    "waiting for another consumer that begins a group",
    "SELECT pg_advisory_xact_lock($1)",
);
const BEGIN_GROUP: Statement = Statement::new(
    "storing where a group begins",
    "INSERT INTO offsets (consumer_group, topic, partition, start_offset, next_offset) \
    SELECT $1, $2, partition, at, at FROM unnest($3::integer[], $4::bigint[]) \
    AS begun (partition, at) \
    WHERE NOT EXISTS (SELECT FROM offsets WHERE consumer_group = $1 AND topic = $2)",
);
const SKIP: Statement = Statement::new(
    "moving a stored offset over lost records",
    "UPDATE offsets SET next_offset = $5, lost = lost + ($5 - $4), updated_at = now() \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4",
);
const BEGIN_ANEW: Statement = Statement::new(
    "beginning the account of a partition anew",
    "UPDATE offsets SET start_offset = $5, next_offset = $5, rows = 0, \
    duplicates = 0, replaced = 0, dead_letters = 0, expired = 0, gaps = 0, lost = 0, updated_at = now() \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4",
);

/// Whose progress, through what.
#[derive(Clone, Debug)]
pub struct OffsetKey {
    /// The consumer group: another one reads the topic for a purpose of its own.
    pub group: String,
    /// The topic whose partitions are counted.
    pub topic: String,
}

/// The stored offsets of one group and topic.
#[derive(Clone, Debug)]
pub struct Offsets {
    database: Database,
    key: Arc<OffsetKey>,
}

/// What a locked row says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locked {
    /// The first offset that is not stored yet.
    pub(super) next_offset: i64,
    /// How often others wrote states of websites that are at home in the partition.
    pub(super) states_version: i64,
}

impl Offsets {
    /// The stored offsets of one group and topic.
    pub(super) fn new(database: Database, key: OffsetKey) -> Self {
        Self {
            database,
            key: Arc::new(key),
        }
    }

    /// Whose progress they are.
    pub fn key(&self) -> &OffsetKey {
        &self.key
    }

    /// The first offset that is not stored yet, of each partition that has begun.
    pub async fn stored_offsets(&self) -> Result<BTreeMap<i32, i64>, DatabaseError> {
        let OffsetKey { group, topic } = self.key();
        self.database
            .attempt(async |client| {
                let rows = READ_ALL.query(client, &[group, topic]).await?;
                Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
            })
            .await
    }

    /// Notes where a partition begins of which nothing is known, unless somebody was faster.
    pub async fn begin_partition(&self, partition: i32, at: i64) -> Result<(), DatabaseError> {
        let OffsetKey { group, topic } = self.key();
        self.database
            .attempt(async |client| {
                let parameters: &Parameters<'_> = &[group, topic, &partition, &at];
                BEGIN.execute(client, parameters).await?;
                Ok(())
            })
            .await
    }

    /// Notes where all partitions begin that a topic has, unless somebody was faster. Partitions
    /// that it gets later are known by that they are not among them.
    pub async fn begin_group(&self, begun: &BTreeMap<i32, i64>) -> Result<(), DatabaseError> {
        let OffsetKey { group, topic } = self.key();
        let (partitions, offsets): (Vec<i32>, Vec<i64>) = begun
            .iter()
            .map(|(&partition, &at)| (partition, at))
            .unzip();
        self.database
            .attempt(async |client| {
                let transaction = begin(client).await?;
                BEGIN_LOCK.execute(&transaction, &[&BEGIN_LOCK_KEY]).await?;
                let parameters: &Parameters<'_> = &[group, topic, &partitions, &offsets];
                BEGIN_GROUP.execute(&transaction, parameters).await?;
                commit(transaction, "storing where a group begins").await
            })
            .await
    }

    /// Counts records that are gone from the topic as lost. `false`: the stored offset is no longer
    /// `from`, and nothing happens.
    pub async fn skip_lost(
        &self,
        partition: i32,
        from: i64,
        to: i64,
    ) -> Result<bool, DatabaseError> {
        self.jump(&SKIP, partition, (from, to)).await
    }

    /// Starts the account of a partition anew, for a topic that took an older one's place. Nothing
    /// happens where the stored offset is no longer `from`.
    pub async fn begin_anew(
        &self,
        partition: i32,
        from: i64,
        at: i64,
    ) -> Result<(), DatabaseError> {
        self.jump(&BEGIN_ANEW, partition, (from, at)).await?;
        Ok(())
    }

    async fn jump(
        &self,
        statement: &Statement,
        partition: i32,
        (from, to): (i64, i64),
    ) -> Result<bool, DatabaseError> {
        let OffsetKey { group, topic } = self.key();
        self.database
            .attempt(async |client| {
                let parameters: &Parameters<'_> = &[group, topic, &partition, &from, &to];
                Ok(statement.execute(client, parameters).await? > 0)
            })
            .await
    }

    /// The stored offset, which nobody else can move until the transaction ends, where there is one.
    pub(super) async fn lock(
        &self,
        client: &impl GenericClient,
        partition: i32,
    ) -> Result<Option<Locked>, DatabaseError> {
        let OffsetKey { group, topic } = self.key();
        let parameters: &Parameters<'_> = &[group, topic, &partition];
        let row = LOCK.query_opt(client, parameters).await?;
        Ok(row.map(|row| Locked {
            next_offset: row.get(0),
            states_version: row.get(1),
        }))
    }

    /// Moves the stored offset of each chunk's partition from its beginning to its end, and hands back the
    /// versions of the partitions' states, in the chunks' order. `None`: one of them is not where its
    /// chunk begins, and the transaction is to be given up. Nobody else can move them until it ends.
    pub(super) async fn advance(
        &self,
        transaction: &Transaction<'_>,
        chunks: &[Chunk<'_>],
        counts: &[Counts],
    ) -> Result<Option<Vec<i64>>, DatabaseError> {
        let of = |field: fn(&Counts) -> i64| counts.iter().map(field).collect::<Vec<i64>>();
        let partitions: Vec<i32> = chunks.iter().map(|chunk| chunk.partition).collect();
        let since: Vec<i64> = chunks.iter().map(|chunk| chunk.from).collect();
        let until: Vec<i64> = chunks.iter().map(|chunk| chunk.to).collect();
        let parameters: &Parameters<'_> = &[
            &self.key.group,
            &self.key.topic,
            &partitions,
            &since,
            &until,
            &of(|it| it.rows),
            &of(|it| it.duplicates),
            &of(|it| it.replaced),
            &of(|it| it.dead_letters),
            &of(|it| it.expired),
            &of(|it| it.gaps),
        ];
        let rows = ADVANCE.query(transaction, parameters).await?;
        let moved: BTreeMap<i32, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        if moved.len() != chunks.len() {
            return Ok(None);
        }
        let versions = partitions.iter().map(|it| moved.get(it).copied());
        Ok(versions.collect())
    }
}
