//! The folder of the state: made where it is missing, and locked.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Urls may carry credentials, so what is kept of them is for its owner alone.
const FOLDER_MODE: u32 = 0o700;
pub(super) const FILE_MODE: u32 = 0o600;
const LOCK_FILE: &str = "lock";

/// Why a folder cannot be had.
#[derive(Debug)]
pub(super) enum Unusable {
    /// Another process has it.
    Taken,
    /// The system says no.
    Failed(io::Error),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Makes the folder where it is missing, and takes it. It is ours until the file is dropped, or the
/// process is gone, however it went.
pub(super) fn take(folder: &Path) -> Result<File, Unusable> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)?;
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(folder.join(LOCK_FILE))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Unusable::Taken),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
