//! How a chunk's rows are stored, and what to try where that fails.

use database::DatabaseError;
use tokio_postgres::error::SqlState;

/// How a chunk's rows are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As fast as can be, if no check has its row already.
    Copy,
    /// Nearly so, where some have their row, if none gets it meanwhile.
    Sift,
    /// Whatever checks have their row.
    Settle,
}

impl Way {
    /// The way to go where this one failed by what another takes: a check that has its row; or
    /// row-level security, under which PostgreSQL copies nothing. Each way is gone once.
    pub(super) fn after(self, error: &DatabaseError) -> Option<Self> {
        let code = error.code()?;
        let is_repeat = *code == SqlState::UNIQUE_VIOLATION && error.is_constraint();
        match self {
            Self::Copy if is_repeat => Some(Self::Sift),
            Self::Sift if is_repeat => Some(Self::Settle),
            Self::Copy | Self::Sift if *code == SqlState::FEATURE_NOT_SUPPORTED => {
                Some(Self::Settle)
            }
            Self::Copy | Self::Sift | Self::Settle => None,
        }
    }
}
