//! The store's file: opened, known again for as long as it is open, and made small when it may be.

use std::{
    fs::{Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use redb::{Builder, Database, WriteTransaction, backends::FileBackend};
use tracing::debug;

use super::{error::StoreError, folder::FILE_MODE};

/// Pages that are kept in memory.
const CACHE_BYTES: usize = 4 * 1024 * 1024;
/// A file that is larger than this, and than twice what the last time left of it, is made small once
/// nothing is spooled.
const COMPACTED_FROM_BYTES: u64 = 16 * 1024 * 1024;

/// A database that is open, and how to know its file again. What is written to a file that was removed
/// would be lost without a word.
pub(super) struct Opened {
    pub(super) database: Database,
    inode: (u64, u64),
    bytes: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// For the first time: it may be made, and every page of it is read and judged, so that nothing torn
    /// is ever worked with.
    First,
    /// After a failure: it must be the one that was there.
    Again,
}

impl Opened {
    pub(super) fn open(path: &Path, opening: Opening) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        builder.set_check_integrity_on_open(opening == Opening::First);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(opening == Opening::First)
            .truncate(false)
            .mode(FILE_MODE)
            .open(path)
            .map_err(of_file)?;
        let inode = inode(&file.metadata().map_err(of_file)?);
        let database = builder.create_with_backend(FileBackend::new(file)?)?;
        Ok(Self {
            database,
            inode,
            bytes: path.metadata().map_err(of_file)?.len(),
        })
    }

    /// Whether the file is still the one that was opened, and no shorter.
    pub(super) fn check(&self, file: &Path) -> Result<(), StoreError> {
        let metadata = file.metadata().map_err(of_file)?;
        if inode(&metadata) != self.inode {
            return Err(StoreError::Gone);
        }
        if metadata.len() < self.bytes {
            let story = "it is shorter than it was".to_owned();
            return Err(StoreError::Broken(redb::Error::Corrupted(story)));
        }
        Ok(())
    }

    /// Lets it go after a failure, with the room that was taken for what was not written: on a full
    /// disk, nothing smaller would find any.
    pub(super) fn fail(self, file: &Path) {
        let Self {
            database,
            inode: known,
            bytes,
        } = self;
        drop(database);
        let give_back = || {
            let file = OpenOptions::new().write(true).open(file)?;
            let metadata = file.metadata()?;
            if inode(&metadata) == known && metadata.len() > bytes {
                file.set_len(bytes)?;
            }
            io::Result::Ok(())
        };
        if let Err(error) = give_back() {
            debug!("The state's file keeps its length: {error}");
        }
    }

    /// Makes changes last.
    pub(super) fn commit(
        &mut self,
        writing: WriteTransaction,
        file: &Path,
    ) -> Result<(), StoreError> {
        writing.commit()?;
        self.bytes = file.metadata().map_err(of_file)?.len();
        Ok(())
    }

    /// Gives back what a spool took that is empty now. `small_bytes` is what that left the last time.
    pub(super) fn compact(&mut self, file: &Path, small_bytes: &mut u64) -> Result<(), StoreError> {
        if self.bytes <= COMPACTED_FROM_BYTES.max(*small_bytes * 2) {
            return Ok(());
        }
        let before = self.bytes;
        self.database.compact()?;
        self.bytes = file.metadata().map_err(of_file)?.len();
        *small_bytes = self.bytes;
        debug!(
            before,
            after = self.bytes,
            "The state's file was made small"
        );
        Ok(())
    }
}

fn inode(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn of_file(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::Gone,
        _ => redb::Error::Io(error).into(),
    }
}
