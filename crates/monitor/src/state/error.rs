//! What can go wrong with the store, by what is to be done about it.

use std::io;

use thiserror::Error;

use super::tables::VERSION;

/// Why the store did not do what it should.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// The disk is full, or fails: another time it may work.
    #[error("{0}")]
    Refused(redb::Error),
    /// What is on disk makes no sense: a torn file, or no store at all.
    #[error("{0}")]
    Broken(redb::Error),
    /// It was there, and is no more: the file or its folder was removed, or another put in its place.
    #[error("its file is gone")]
    Gone,
    /// It was written by a newer monitor.
    #[error("its version is {0}, and this monitor knows {VERSION}")]
    Newer(u64),
}

impl<Cause: Into<redb::Error>> From<Cause> for StoreError {
    fn from(error: Cause) -> Self {
        match error.into() {
            // The file is no store, or ends too early.
            redb::Error::Io(error) if is_nonsense(error.kind()) => {
                Self::Broken(redb::Error::Io(error))
            }
            error @ (redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::Backend(_)) => {
                Self::Refused(error)
            }
            error => Self::Broken(error),
        }
    }
}

fn is_nonsense(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}
