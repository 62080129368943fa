//! From the rows of an answer to what they hold.

use database::DatabaseError;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

/// A row of an answer: a kind, and a thing of that kind.
pub(super) struct Thing<'a> {
    pub(super) kind: &'a str,
    json: &'a str,
}

impl<'a> Thing<'a> {
    /// The row, whose columns are these two.
    pub(super) fn of(row: &'a Row) -> Self {
        Self {
            kind: row.get(0),
            json: row.get(1),
        }
    }

    /// What it is. Only a statement that does not fit its types can make this fail.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, DatabaseError> {
        serde_json::from_str(self.json).map_err(|error| {
            tracing::error!(
                kind = self.kind,
                "What PostgreSQL answers is not understood: {error}"
            );
            DatabaseError::Stale("what PostgreSQL answers is not understood")
        })
    }

    /// All of a kind.
    pub(super) fn all<T: DeserializeOwned>(
        things: &[Self],
        kind: &str,
    ) -> Result<Vec<T>, DatabaseError> {
        let of_kind = things.iter().filter(|thing| thing.kind == kind);
        of_kind.map(Self::read).collect()
    }

    /// The only one of a kind.
    pub(super) fn only<T: DeserializeOwned>(
        things: &[Self],
        kind: &str,
    ) -> Result<T, DatabaseError> {
        let mut all = Self::all(things, kind)?;
        all.pop()
            .ok_or(DatabaseError::Stale("a page's answer lacks a part"))
    }
}
