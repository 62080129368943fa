//! Chunks on their way into the tables: what the steps of their transaction know, and hand on.

use std::ops::Range;

use database::DatabaseError;
use messages::Record;

use super::{
    checks::{self, Check},
    chunk::{Chunk, Counts, count},
    incidents::{standing::Standings, told::Happened},
    known::{Change, Known},
    row::{Fate, Row, Stored},
};

/// What the steps of one transaction share. Each reads what is there and adds what it is to find.
#[derive(Debug)]
pub(super) struct Work<'a> {
    /// Of as many partitions as they are: each moves a stored offset of its own.
    pub(super) chunks: &'a [Chunk<'a>],
    /// The records that can become rows, in order, one chunk's after the other's.
    pub(super) records: Vec<&'a Record>,
    /// Where each chunk's records end among these.
    ends: Vec<usize>,
    /// Their websites.
    pub(super) websites: Known<'a>,
    /// The ids of their certificates, in order.
    pub(super) certificates: Vec<Option<i32>>,
    /// The checks that these records are of.
    pub(super) checks: Vec<Check>,
    /// What became of these records, in order: before rows are stored, what becomes of them if none
    /// of the checks has its row yet.
    pub(super) stored: Vec<Stored<'a>>,
    /// What these records change of their websites: found when that is stored. To be noted once it
    /// is committed.
    pub(super) changes: Vec<Change<'a>>,
    /// How each chunk's websites stand: recalled before the transaction, and as of its end once it is
    /// decided.
    pub(super) standings: Vec<Standings>,
    /// What its results made of its websites. To be told once it is committed.
    pub(super) happened: Vec<Happened<'a>>,
}

impl<'a> Work<'a> {
    /// The work on chunks before any step.
    pub(super) fn new(
        chunks: &'a [Chunk<'a>],
        records: Vec<&'a Record>,
        websites: Known<'a>,
        certificates: Vec<Option<i32>>,
    ) -> Result<Self, DatabaseError> {
        let ends = chunks.iter().scan(0, |end, chunk| {
            *end += chunk.records().count();
            Some(*end)
        });
        let mut work = Self {
            chunks,
            records,
            ends: ends.collect(),
            websites,
            certificates,
            checks: Vec::new(),
            stored: Vec::new(),
            changes: Vec::new(),
            standings: Vec::new(),
            happened: Vec::new(),
        };
        work.plan()?;
        Ok(work)
    }

    /// Sets what becomes of the records if none of their checks has its row yet, which is nearly
    /// always so.
    pub(super) fn plan(&mut self) -> Result<(), DatabaseError> {
        (self.stored, self.checks) =
            checks::plan(&self.records, &self.websites, &self.certificates)?;
        Ok(())
    }

    /// The rows of the checks, one each.
    pub(super) fn rows(&self) -> Vec<Row<'a>> {
        let checks = self.checks.iter();
        checks.map(|check| self.stored[check.best].row).collect()
    }

    /// The places of one chunk's records among those of all.
    pub(super) fn places(&self, chunk: usize) -> Range<usize> {
        let end = |chunk: usize| self.ends.get(chunk).copied().unwrap_or_default();
        let start = chunk.checked_sub(1).map_or(0, end);
        start..end(chunk)
    }

    /// What each chunk's offsets became: each exactly one thing, so that they add up.
    pub(super) fn counts(&self) -> Vec<Counts> {
        let chunks = self.chunks.iter().enumerate();
        chunks
            .map(|(number, chunk)| chunk.counts(&self.stored[self.places(number)]))
            .collect()
    }
}

impl Chunk<'_> {
    /// What its offsets became, when that became of its records.
    fn counts(&self, stored: &[Stored<'_>]) -> Counts {
        let fates = |fate| count(stored.iter().filter(|it| it.fate == fate).count());
        let (records, items) = (count(stored.len()), count(self.items.len()));
        let refusals = self.items.iter();
        let refusals = refusals.filter_map(|item| item.content.as_ref().err());
        let expired = count(refusals.filter(|it| it.is_expired()).count());
        Counts {
            rows: fates(Fate::New),
            replaced: fates(Fate::Replaced),
            duplicates: fates(Fate::Repeat),
            dead_letters: items - records - expired,
            expired,
            gaps: self.to - self.from - items,
        }
    }
}
