//! The store: what is written stays, as a whole or not at all, whenever the process or the machine
//! dies. Blocks while it works.

use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata};

use super::{
    changes::{Changes, Committed, Spooled, TargetId},
    cover::Cover,
    error::StoreError,
    file::{Opened, Opening},
    spool::{append, give_way, size},
    tables::{
        META, META_LOCATION, META_VERSION, SPOOL, TARGETS, VERSION, WATERMARKS, cover, timestamp,
        told,
    },
};

/// A store that is open.
pub(crate) struct Store {
    file: PathBuf,
    /// `None` after a failure: what is open then takes nothing any more, and is opened anew.
    opened: Option<Opened>,
    spool_bytes_max: u64,
    /// What the file took when it was last made small.
    small_bytes: u64,
    /// Keeps others out for as long as this is there.
    _lock: File,
}

/// What a store knows when it is opened.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) location: Option<String>,
    pub(super) targets: Vec<(TargetId, Cover, Timestamp)>,
    /// The serials that are spooled, from the first to the last.
    pub(super) serials: Option<(u64, u64)>,
    pub(super) results: u64,
}

impl Store {
    /// Opens the store in this file, or makes one.
    pub(super) fn open(
        file: PathBuf,
        spool_bytes_max: u64,
        lock: File,
    ) -> Result<Self, StoreError> {
        let mut opened = Opened::open(&file, Opening::First)?;
        prepare(&mut opened, &file)?;
        Ok(Self {
            file,
            opened: Some(opened),
            spool_bytes_max,
            small_bytes: 0,
            _lock: lock,
        })
    }

    /// What is known from before.
    pub(super) fn known(&self) -> Result<Known, StoreError> {
        let Some(opened) = &self.opened else {
            return Ok(Known::default());
        };
        let reading = opened.database.begin_read()?;
        let spool = reading.open_table(SPOOL)?;
        let serial = |entry: Option<(redb::AccessGuard<'_, u64>, _)>| entry.map(|it| it.0.value());
        let serials = serial(spool.first()?).zip(serial(spool.last()?));
        let meta = reading.open_table(META)?;
        let location = meta.get(META_LOCATION)?.map(|it| it.value().to_owned());
        let watermarks = reading.open_table(WATERMARKS)?;
        let mut targets = Vec::new();
        for row in reading.open_table(TARGETS)?.iter()? {
            let (id, row) = row?;
            let Some(watermark) = watermarks.get(id.value())? else {
                continue;
            };
            targets.push((id.value(), cover(row.value()), timestamp(watermark.value())));
        }
        Ok(Known {
            location,
            targets,
            serials,
            results: spool.len()?,
        })
    }

    /// Writes changes. Where that fails nothing is written, and it may be tried again.
    pub(crate) fn commit(&mut self, changes: &Changes) -> Result<Committed, StoreError> {
        let outcome = self.write(changes);
        let is_empty = matches!(&outcome, Ok(committed) if committed.results == 0);
        if outcome.is_err() || is_empty && self.compact().is_err() {
            self.fail();
        }
        outcome
    }

    /// Forgets what another location's monitor left, except its results.
    pub(super) fn begin_location(&mut self, location: &str) -> Result<(), StoreError> {
        let opened = self.opened()?;
        let writing = opened.database.begin_write()?;
        writing.delete_table(TARGETS)?;
        writing.delete_table(WATERMARKS)?;
        writing.open_table(TARGETS)?;
        writing.open_table(WATERMARKS)?;
        writing.open_table(META)?.insert(META_LOCATION, location)?;
        self.finish(writing)
    }

    /// Results from a serial on, and how it ended: as many as fit into `bytes_max`, at least one.
    pub(crate) fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Spooled>, StoreError> {
        let outcome = self.read_spool(from, bytes_max);
        if outcome.is_err() {
            self.fail();
        }
        outcome
    }

    fn read_spool(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Spooled>, StoreError> {
        let spool = self.opened()?.database.begin_read()?.open_table(SPOOL)?;
        let mut results = Vec::new();
        let mut bytes = 0;
        for row in spool.range(from..)? {
            let (serial, row) = row?;
            let (url, scheduled_at, _, record) = row.value();
            bytes += url.len() + record.len();
            if bytes > bytes_max && !results.is_empty() {
                break;
            }
            results.push(Spooled {
                serial: serial.value(),
                url: url.to_owned(),
                scheduled_at: timestamp(scheduled_at),
                record: record.to_owned(),
            });
        }
        Ok(results)
    }

    fn write(&mut self, changes: &Changes) -> Result<Committed, StoreError> {
        let spool_bytes_max = self.spool_bytes_max;
        let mut writing = self.opened()?.database.begin_write()?;
        // After a crash the store is there again at once, however large it is.
        writing.set_quick_repair(true);
        let committed = {
            let mut spool = writing.open_table(SPOOL)?;
            for serial in &changes.settled {
                spool.remove(serial)?;
            }
            append(&mut spool, &changes.spooled)?;
            let gave_way = give_way(&mut spool, spool_bytes_max)?;
            let oldest = spool.first()?.map(|(_, row)| timestamp(row.value().1));
            let (results, bytes) = (spool.len()?, size(&spool)?);
            let mut watermarks = writing.open_table(WATERMARKS)?;
            for (id, time) in &changes.watermarks {
                watermarks.insert(id, time.as_microsecond())?;
            }
            let mut targets = writing.open_table(TARGETS)?;
            for id in &changes.uncovered {
                targets.remove(id)?;
                watermarks.remove(id)?;
            }
            for (id, cover) in &changes.covered {
                let told = told(cover);
                let interval = u64::try_from(cover.interval.as_micros()).unwrap_or(u64::MAX);
                targets.insert(id, (&*cover.url, interval, &*cover.regexp, &*told))?;
            }
            Committed {
                results,
                bytes,
                oldest,
                gave_way,
            }
        };
        self.finish(writing)?;
        Ok(committed)
    }

    fn finish(&mut self, writing: redb::WriteTransaction) -> Result<(), StoreError> {
        let opened = self.opened.as_mut().ok_or(StoreError::Gone)?;
        opened.commit(writing, &self.file)
    }

    fn fail(&mut self) {
        if let Some(opened) = self.opened.take() {
            opened.fail(&self.file);
        }
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        match &mut self.opened {
            Some(opened) => opened.compact(&self.file, &mut self.small_bytes),
            None => Ok(()),
        }
    }

    fn opened(&mut self) -> Result<&Opened, StoreError> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => Opened::open(&self.file, Opening::Again)?,
        };
        opened.check(&self.file)?;
        Ok(self.opened.insert(opened))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Store({})", self.file.display())
    }
}

/// Makes the tables, where they are missing.
fn prepare(opened: &mut Opened, file: &Path) -> Result<(), StoreError> {
    let mut writing = opened.database.begin_write()?;
    writing.set_quick_repair(true);
    {
        let mut meta = writing.open_table(META)?;
        let version = meta.get(META_VERSION)?.map(|it| it.value().parse());
        match version {
            None => {
                meta.insert(META_VERSION, VERSION.to_string().as_str())?;
            }
            Some(Ok(VERSION)) => {}
            Some(version) => return Err(StoreError::Newer(version.unwrap_or(u64::MAX))),
        }
    }
    writing.open_table(SPOOL)?;
    writing.open_table(TARGETS)?;
    writing.open_table(WATERMARKS)?;
    opened.commit(writing, file)
}
