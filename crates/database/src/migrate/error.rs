//! Why the tables are not ready.

use service::command_line::BadInput;
use thiserror::Error;

use crate::{errors::DatabaseError, pool::Database};

/// Why the tables are not ready.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// This is not a database for us: somebody has to change a setting.
    #[error(transparent)]
    Refused(#[from] BadInput),
    /// Not now: it can be tried again.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl PrepareError {
    /// What it means, for a person.
    pub fn explain(&self, database: &Database) -> String {
        match self {
            Self::Refused(refused) => refused.to_string(),
            Self::Database(error) => database.explain(error),
        }
    }
}
