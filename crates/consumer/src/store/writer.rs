//! The writer: a chunk becomes rows, dead letters and a moved offset in one transaction, or nothing
//! of it happens.

use std::sync::Arc;

use database::{Database, DatabaseError, PrepareError, begin, commit};
use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;
use messages::Record;

use super::{
    account,
    certificates::{self, Certificates},
    chunk::{Chunk, Counts, Written},
    days::{self, Days},
    dead_letters, dirty,
    incidents::{self, Memories},
    mending,
    offsets::{OffsetKey, Offsets},
    repeats::Repeats,
    rows,
    way::Way,
    websites::{self, Websites},
    work::Work,
};
use crate::{
    incidents::Rules,
    numbers,
    step::{Step, Stopwatch},
};

/// Writes one group's progress through one topic. Its clones share what is known of the database.
#[derive(Clone, Debug)]
pub struct BatchWriter {
    database: Database,
    offsets: Offsets,
    websites: Arc<Websites>,
    certificates: Arc<Certificates>,
    days: Arc<Days>,
    repeats: Arc<Repeats>,
    memories: Arc<Memories>,
    rules: Rules,
}

/// Times that a chunk is looked up anew since websites moved from partition to partition meanwhile.
const LOOK_UPS_MAX: u32 = 10;

impl BatchWriter {
    /// A writer that knows nothing yet.
    pub fn new(database: Database, key: OffsetKey) -> Self {
        Self {
            offsets: Offsets::new(database.clone(), key),
            database,
            websites: Arc::default(),
            certificates: Arc::default(),
            days: Arc::default(),
            repeats: Arc::default(),
            memories: Arc::default(),
            rules: Rules::default(),
        }
    }

    /// The same writer, which decides incidents by these rules.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Where it writes.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// How far each partition is stored.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// Writes a chunk in one transaction, with the stored offset moved from its beginning to its
    /// end, or finds that this is not to be done.
    pub async fn write(&self, chunk: &Chunk<'_>) -> Result<Written, DatabaseError> {
        self.database
            .attempt(async |client| self.write_on(client, chunk).await)
            .await
    }

    /// Stores the record of a dead letter, and removes the letter in the same transaction. `None`: the
    /// letter is not there any more, and nothing happens.
    pub async fn redrive(
        &self,
        letter: i64,
        chunk: &Chunk<'_>,
    ) -> Result<Option<Counts>, DatabaseError> {
        self.database
            .attempt(async |client| {
                let mut work = self.look_up(client, chunk).await?;
                let transaction = begin(client).await?;
                // Whoever else tries the same letter waits here, and then finds it gone.
                if !dead_letters::remove(&transaction, letter).await? {
                    return Ok(None);
                }
                let standings = incidents::visit(&transaction, &work, &self.rules).await?;
                work.standings = Some(standings);
                rows::settle(&transaction, &mut work).await?;
                certificates::confirm(&transaction, &work, Timestamp::now()).await?;
                websites::store_changes(&transaction, &mut work).await?;
                dirty::mark(&transaction, &work.stored).await?;
                incidents::decide(&transaction, &mut work, &self.rules).await?;
                let counts = work.counts();
                commit(transaction, "committing a dead letter's row").await?;
                self.websites.changed(&work.changes);
                incidents::tell(&work.happened);
                Ok(Some(counts))
            })
            .await
    }

    /// Makes the partitions of today and of the time to come that records may speak of.
    pub async fn make_days_ahead(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let days = days::ahead(now);
        self.database
            .attempt(async |client| self.days.ensure(client, &days).await)
            .await
    }

    /// Forgets what is known of websites and partitions, checks the tables, and mends what keeps
    /// them from being written.
    pub async fn refresh(&self) -> Result<(), PrepareError> {
        self.forget();
        self.days.forget();
        database::prepare(&self.database).await?;
        self.database.attempt(mending::mend).await?;
        Ok(())
    }

    /// Forgets what is known of websites and certificates: another consumer may have changed them
    /// since, or a backup was restored.
    pub fn forget(&self) {
        self.websites.forget();
        self.certificates.forget();
        self.memories.forget();
    }

    async fn write_on(
        &self,
        client: &mut Object,
        chunk: &Chunk<'_>,
    ) -> Result<Written, DatabaseError> {
        for _ in 0..LOOK_UPS_MAX {
            let mut stopwatch = Stopwatch::start();
            let mut work = self.look_up(client, chunk).await?;
            let key = self.offsets.key();
            let recalled =
                incidents::recall(client, &self.memories, key, &work, &self.rules).await?;
            work.standings = Some(recalled);
            stopwatch.done(Step::LookUp);
            if let Some(written) = self.write_work(client, &mut work).await? {
                return Ok(written);
            }
        }
        Err(DatabaseError::Stale(
            "websites moved from partition to partition",
        ))
    }

    /// Writes what is looked up, the fastest way that its repeats allow. `None`: what was looked up is
    /// not so any more, and nothing happened.
    async fn write_work(
        &self,
        client: &mut Object,
        work: &mut Work<'_>,
    ) -> Result<Option<Written>, DatabaseError> {
        let mut way = if self.repeats.are_expected(work.chunk.partition) {
            Way::Sift
        } else {
            Way::Copy
        };
        loop {
            let done = self.transact(client, work, way).await;
            // The transaction is void where it failed, and nothing of the chunk is stored.
            if let Some(next) = done.as_ref().err().and_then(|error| way.after(error)) {
                way = next;
                work.plan()?;
                continue;
            }
            if way != Way::Copy && matches!(done, Ok(Some(Written::Now(_)))) {
                numbers::SETTLED_BATCHES.counter().increment(1);
            }
            return done;
        }
    }

    /// The transaction of a chunk: all of it happens, or nothing.
    async fn transact(
        &self,
        client: &mut Object,
        work: &mut Work<'_>,
        way: Way,
    ) -> Result<Option<Written>, DatabaseError> {
        let chunk = work.chunk;
        let mut stopwatch = Stopwatch::start();
        let transaction = begin(client).await?;
        let version = match way {
            // What becomes of its records is known, so one statement is lock and move.
            Way::Copy => account::enter(&self.offsets, &transaction, work).await?,
            Way::Sift | Way::Settle => {
                let locked = self.offsets.lock(&transaction, chunk.partition).await?;
                let ours = locked.filter(|it| it.next_offset == chunk.from);
                ours.map(|it| it.states_version)
            }
        };
        stopwatch.done(Step::Lock);
        let Some(version) = version else {
            return self.not_ours(&transaction, chunk).await.map(Some);
        };
        if !work.standings.as_ref().is_some_and(|it| it.hold(version)) {
            return Ok(None);
        }
        let counts = self.take_steps(&transaction, work, way).await?;
        let mut stopwatch = Stopwatch::start();
        commit(transaction, "committing a batch").await?;
        stopwatch.done(Step::Commit);
        self.websites.changed(&work.changes);
        self.memories
            .keep(chunk.partition, work.standings.take(), chunk.to);
        incidents::tell(&work.happened);
        Ok(Some(Written::Now(counts)))
    }

    /// Why a chunk is not to be written: the stored offset is not where it begins.
    async fn not_ours(
        &self,
        transaction: &Transaction<'_>,
        chunk: &Chunk<'_>,
    ) -> Result<Written, DatabaseError> {
        let stored = self.offsets.lock(transaction, chunk.partition).await?;
        if stored.is_some_and(|it| it.next_offset == chunk.to) {
            return Ok(Written::Before);
        }
        // Should a backup have been restored, ids may be others' now.
        self.forget();
        Ok(Written::Elsewhere)
    }

    /// What has to be there before the transaction begins: the records' websites, certificates and
    /// partitions. They are made in transactions of their own, so that nobody waits for them as long
    /// as a batch takes.
    pub(super) async fn look_up<'a>(
        &'a self,
        client: &mut Object,
        chunk: &'a Chunk<'a>,
    ) -> Result<Work<'a>, DatabaseError> {
        let records: Vec<&Record> = chunk.records().collect();
        let websites = self.websites.resolve(client, &records).await?;
        let days = days::of_all(records.iter().map(|it| it.scheduled_at));
        self.days.ensure(client, &days).await?;
        let certificates = self.certificates.resolve(client, &records).await?;
        Work::new(chunk, records, websites, certificates)
    }

    /// What a batch's transaction does, one step after the other, once the stored offset is locked;
    /// with the last it has moved. Each step sees what those before it found; whoever goes by what
    /// became of the records stands after `rows`.
    async fn take_steps(
        &self,
        transaction: &Transaction<'_>,
        work: &mut Work<'_>,
        way: Way,
    ) -> Result<Counts, DatabaseError> {
        let mut stopwatch = Stopwatch::start();
        match way {
            Way::Copy => {
                rows::copy(transaction, work).await?;
                stopwatch.done(Step::Copy);
            }
            Way::Sift | Way::Settle => {
                let has_repeats = match way {
                    Way::Sift => rows::sift(transaction, work).await?,
                    _ => rows::settle(transaction, work).await?,
                };
                stopwatch.done(Step::Settle);
                self.repeats.were_met(work.chunk.partition, has_repeats);
            }
        }
        certificates::confirm(transaction, work, Timestamp::now()).await?;
        stopwatch.done(Step::Certificates);
        websites::store_changes(transaction, work).await?;
        stopwatch.done(Step::Websites);
        incidents::decide(transaction, work, &self.rules).await?;
        stopwatch.done(Step::Incidents);
        dead_letters::store(transaction, &self.offsets.key().topic, work.chunk).await?;
        stopwatch.done(Step::DeadLetters);
        if way != Way::Copy {
            let version = account::enter(&self.offsets, transaction, work).await?;
            version.ok_or(DatabaseError::Stale("a stored offset moved under its lock"))?;
        }
        stopwatch.done(Step::Advance);
        Ok(work.counts())
    }
}
