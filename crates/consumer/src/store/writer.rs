//! The writer: chunks become rows, dead letters and moved offsets in one transaction, or nothing of it
//! happens.

use std::sync::Arc;

use database::{Database, DatabaseError, begin, commit};
use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;
use messages::Record;

use super::{
    account,
    certificates::{self, Certificates},
    chunk::{Chunk, Counts, Written},
    days::{self, Days},
    dead_letters,
    incidents::{self, Memories},
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
    pub(super) database: Database,
    offsets: Offsets,
    pub(super) websites: Arc<Websites>,
    certificates: Arc<Certificates>,
    pub(super) days: Arc<Days>,
    repeats: Arc<Repeats>,
    memories: Arc<Memories>,
    pub(super) rules: Rules,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Stored,
    /// A stored offset is not where its chunk begins, and nothing happened.
    NotOurs,
    /// What was looked up is not so any more, and nothing happened.
    Outdated,
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

    /// Writes chunks of several partitions in one transaction, with the stored offset of each moved: all
    /// of it happens, or nothing. `None`: nothing did, since one of them is not to be written, or not as
    /// it was looked up. What is to be done about it, each chunk tells by itself.
    pub async fn write_together(
        &self,
        chunks: &[Chunk<'_>],
    ) -> Result<Option<Vec<Counts>>, DatabaseError> {
        self.database
            .attempt(async |client| {
                let mut work = self.prepare(client, chunks).await?;
                let done = self.write_work(client, &mut work).await?;
                Ok((done == Done::Stored).then(|| work.counts()))
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
            let mut work = self.prepare(client, std::slice::from_ref(chunk)).await?;
            match self.write_work(client, &mut work).await? {
                Done::Stored => return Ok(Written::Now(work.counts().into_iter().sum())),
                Done::NotOurs => return self.not_ours(client, chunk).await,
                Done::Outdated => {}
            }
        }
        Err(DatabaseError::Stale(
            "websites moved from partition to partition",
        ))
    }

    /// All that has to be known before the transaction begins.
    async fn prepare<'a>(
        &'a self,
        client: &mut Object,
        chunks: &'a [Chunk<'a>],
    ) -> Result<Work<'a>, DatabaseError> {
        let mut stopwatch = Stopwatch::start();
        let mut work = self.look_up(client, chunks).await?;
        let key = self.offsets.key();
        work.standings = incidents::recall(client, &self.memories, key, &work, &self.rules).await?;
        stopwatch.done(Step::LookUp);
        Ok(work)
    }

    /// Writes what is looked up, the fastest way that its repeats allow.
    async fn write_work(
        &self,
        client: &mut Object,
        work: &mut Work<'_>,
    ) -> Result<Done, DatabaseError> {
        let mut partitions = work.chunks.iter().map(|chunk| chunk.partition);
        let mut way = if partitions.any(|it| self.repeats.are_expected(it)) {
            Way::Sift
        } else {
            Way::Copy
        };
        loop {
            let done = self.transact(client, work, way).await;
            // The transaction is void where it failed, and nothing of the chunks is stored.
            if let Some(next) = done.as_ref().err().and_then(|error| way.after(error)) {
                way = next;
                work.plan()?;
                continue;
            }
            if way != Way::Copy && matches!(done, Ok(Done::Stored)) {
                numbers::SETTLED_BATCHES.counter().increment(1);
            }
            return done;
        }
    }

    /// The transaction of chunks: all of it happens, or nothing.
    async fn transact(
        &self,
        client: &mut Object,
        work: &mut Work<'_>,
        way: Way,
    ) -> Result<Done, DatabaseError> {
        let mut stopwatch = Stopwatch::start();
        let transaction = begin(client).await?;
        let versions = match way {
            // What becomes of their records is known, so one statement is lock and move.
            Way::Copy => account::enter(&self.offsets, &transaction, work).await?,
            Way::Sift | Way::Settle => account::lock(&self.offsets, &transaction, work).await?,
        };
        stopwatch.done(Step::Lock);
        let Some(versions) = versions else {
            return Ok(Done::NotOurs);
        };
        let mut recalled = work.standings.iter().zip(&versions);
        if !recalled.all(|(standings, version)| standings.hold(*version)) {
            return Ok(Done::Outdated);
        }
        self.take_steps(&transaction, work, way).await?;
        let mut stopwatch = Stopwatch::start();
        commit(transaction, "committing a batch").await?;
        stopwatch.done(Step::Commit);
        self.websites.changed(&work.changes);
        let standings = std::mem::take(&mut work.standings).into_iter();
        for (chunk, standings) in work.chunks.iter().zip(standings) {
            self.memories.keep(chunk.partition, standings, chunk.to);
        }
        incidents::tell(&work.happened);
        Ok(Done::Stored)
    }

    /// Why a chunk is not to be written: the stored offset is not where it begins.
    async fn not_ours(&self, client: &Object, chunk: &Chunk<'_>) -> Result<Written, DatabaseError> {
        let stored = self.offsets.lock(client, chunk.partition).await?;
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
        chunks: &'a [Chunk<'a>],
    ) -> Result<Work<'a>, DatabaseError> {
        let records: Vec<&Record> = chunks.iter().flat_map(Chunk::records).collect();
        let websites = self.websites.resolve(client, &records).await?;
        let days = days::of_all(records.iter().map(|it| it.scheduled_at));
        self.days.ensure(client, &days).await?;
        let certificates = self.certificates.resolve(client, &records).await?;
        Work::new(chunks, records, websites, certificates)
    }

    /// What the transaction does, one step after the other, once the stored offsets are locked;
    /// with the last they have moved. Each step sees what those before it found; whoever goes by what
    /// became of the records stands after `rows`.
    async fn take_steps(
        &self,
        transaction: &Transaction<'_>,
        work: &mut Work<'_>,
        way: Way,
    ) -> Result<(), DatabaseError> {
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
                for chunk in work.chunks {
                    self.repeats.were_met(chunk.partition, has_repeats);
                }
            }
        }
        certificates::confirm(transaction, work, Timestamp::now()).await?;
        stopwatch.done(Step::Certificates);
        websites::store_changes(transaction, work).await?;
        stopwatch.done(Step::Websites);
        incidents::decide(transaction, work, &self.rules).await?;
        stopwatch.done(Step::Incidents);
        for chunk in work.chunks {
            dead_letters::store(transaction, &self.offsets.key().topic, chunk).await?;
        }
        stopwatch.done(Step::DeadLetters);
        if way != Way::Copy {
            let versions = account::enter(&self.offsets, transaction, work).await?;
            versions.ok_or(DatabaseError::Stale("a stored offset moved under its lock"))?;
        }
        stopwatch.done(Step::Advance);
        Ok(())
    }
}
