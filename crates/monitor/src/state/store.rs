//! The store: what is written stays, as a whole or not at all, whenever the process or the machine
//! dies. Blocks while it works.

use std::{
    fmt,
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    backends::FileBackend,
};

use super::{
    changes::{Changes, Committed, Spooled, TargetId},
    cover::Cover,
    error::StoreError,
    folder::FILE_MODE,
    spool::{append, give_way, size},
    tables::{
        META, META_LOCATION, META_VERSION, SPOOL, TARGETS, VERSION, WATERMARKS, cover, timestamp,
        told,
    },
};

/// Pages that are kept in memory.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// A store that is open.
pub(crate) struct Store {
    file: PathBuf,
    /// `None` after a failure: what is open then takes nothing any more, and is opened anew.
    database: Option<Database>,
    spool_bytes_max: u64,
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
    /// Opens the store in this file, or makes one. With `check`, every page of it is read and judged,
    /// so that nothing torn is ever worked with.
    pub(super) fn open(
        file: PathBuf,
        spool_bytes_max: u64,
        lock: File,
    ) -> Result<Self, StoreError> {
        let database = open(&file, true)?;
        prepare(&database)?;
        Ok(Self {
            file,
            database: Some(database),
            spool_bytes_max,
            _lock: lock,
        })
    }

    /// What is known from before.
    pub(super) fn known(&self) -> Result<Known, StoreError> {
        let Some(database) = &self.database else {
            return Ok(Known::default());
        };
        let reading = database.begin_read()?;
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
        if outcome.is_err() {
            self.database = None;
        }
        outcome
    }

    /// Forgets what another location's monitor left, except its results.
    pub(super) fn begin_location(&mut self, location: &str) -> Result<(), StoreError> {
        let writing = self.database()?.begin_write()?;
        writing.delete_table(TARGETS)?;
        writing.delete_table(WATERMARKS)?;
        writing.open_table(TARGETS)?;
        writing.open_table(WATERMARKS)?;
        writing.open_table(META)?.insert(META_LOCATION, location)?;
        Ok(writing.commit()?)
    }

    /// Results from a serial on, and how it ended: as many as fit into `bytes_max`, at least one.
    pub(crate) fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Spooled>, StoreError> {
        let outcome = self.read_spool(from, bytes_max);
        if outcome.is_err() {
            self.database = None;
        }
        outcome
    }

    fn read_spool(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Spooled>, StoreError> {
        let spool = self.database()?.begin_read()?.open_table(SPOOL)?;
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
        let mut writing = self.database()?.begin_write()?;
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
        writing.commit()?;
        Ok(committed)
    }

    fn database(&mut self) -> Result<&Database, StoreError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open(&self.file, false)?,
        };
        Ok(self.database.insert(database))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Store({})", self.file.display())
    }
}

fn open(file: &Path, check: bool) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_check_integrity_on_open(check);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(file)
        .map_err(redb::Error::Io)?;
    Ok(builder.create_with_backend(FileBackend::new(file)?)?)
}

/// Makes the tables, where they are missing.
fn prepare(database: &Database) -> Result<(), StoreError> {
    let mut writing = database.begin_write()?;
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
    Ok(writing.commit()?)
}
