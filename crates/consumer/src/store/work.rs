//! A chunk on its way into the tables: what the steps of its transaction know, and hand on.

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
    pub(super) chunk: &'a Chunk<'a>,
    /// The records that can become rows, in order.
    pub(super) records: Vec<&'a Record>,
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
    /// How its websites stand: recalled before the transaction, and as of its end once it is decided.
    pub(super) standings: Option<Standings>,
    /// What its results made of its websites. To be told once it is committed.
    pub(super) happened: Vec<Happened<'a>>,
}

impl<'a> Work<'a> {
    /// The work on a chunk before any step.
    pub(super) fn new(
        chunk: &'a Chunk<'a>,
        records: Vec<&'a Record>,
        websites: Known<'a>,
        certificates: Vec<Option<i32>>,
    ) -> Result<Self, DatabaseError> {
        let mut work = Self {
            chunk,
            records,
            websites,
            certificates,
            checks: Vec::new(),
            stored: Vec::new(),
            changes: Vec::new(),
            standings: None,
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

    /// What the chunk's offsets became: each exactly one thing, so that they add up.
    pub(super) fn counts(&self) -> Counts {
        let fates = |fate| count(self.stored.iter().filter(|it| it.fate == fate).count());
        let (records, items) = (count(self.records.len()), count(self.chunk.items.len()));
        let refusals = self.chunk.items.iter();
        let refusals = refusals.filter_map(|item| item.content.as_ref().err());
        let expired = count(refusals.filter(|it| it.is_expired()).count());
        Counts {
            rows: fates(Fate::New),
            replaced: fates(Fate::Replaced),
            duplicates: fates(Fate::Repeat),
            dead_letters: items - records - expired,
            expired,
            gaps: self.chunk.to - self.chunk.from - items,
        }
    }
}
