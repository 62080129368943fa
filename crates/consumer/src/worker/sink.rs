//! Where a worker's chunks go: PostgreSQL, seen through the little that a worker asks of it, so that
//! its decisions can be tried without one.

use database::{Action, DatabaseError};

use crate::store::{BatchWriter, Chunk, Counts, Written};

/// How often what is known is read anew for one chunk, before a constraint that still fails is
/// taken for the record's fault.
const REFRESHES_MAX: u32 = 3;

/// Takes chunks, each in one transaction.
pub(crate) trait Sink: Send + Sync + 'static {
    /// The topic that the chunks are of.
    fn topic(&self) -> &str;

    /// Stores a chunk and moves the stored offset with it, or neither.
    fn write(&self, chunk: &Chunk<'_>) -> impl Future<Output = Result<Written, WriteError>> + Send;

    /// Stores chunks of several partitions, each with its stored offset, or nothing of it. `None`: each is
    /// to be tried by itself.
    fn write_together(
        &self,
        chunks: &[Chunk<'_>],
    ) -> impl Future<Output = Result<Option<Vec<Counts>>, WriteError>> + Send;

    /// Reads anew what is known of the tables. The error is the story.
    fn refresh(&self) -> impl Future<Output = Result<(), String>> + Send;
}

/// Why a chunk was not stored.
#[derive(Clone, Debug)]
pub(crate) struct WriteError {
    /// What to do about it.
    pub(crate) action: Action,
    /// A constraint was violated, which can be a record's fault.
    pub(crate) is_constraint: bool,
    /// The whole story, for the log, `/readyz` and the dead letter.
    pub(crate) story: String,
}

impl WriteError {
    fn of(writer: &BatchWriter, error: &DatabaseError) -> Self {
        Self {
            action: error.action(),
            is_constraint: error.is_constraint(),
            story: writer.database().explain(error),
        }
    }

    /// Whether the server, or the way to it, is to blame, and nothing that was written.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self.action, Action::Reconnect | Action::RetrySmaller)
    }

    /// What to do, when what is known was read anew so many times for this chunk.
    pub(super) fn action_after(&self, refreshes: u32) -> Action {
        match self.action {
            Action::Refresh if refreshes >= REFRESHES_MAX && self.is_constraint => Action::Isolate,
            action => action,
        }
    }
}

impl Sink for BatchWriter {
    fn topic(&self) -> &str {
        &self.offsets().key().topic
    }

    async fn write(&self, chunk: &Chunk<'_>) -> Result<Written, WriteError> {
        let written = Self::write(self, chunk).await;
        written.map_err(|error| WriteError::of(self, &error))
    }

    async fn write_together(
        &self,
        chunks: &[Chunk<'_>],
    ) -> Result<Option<Vec<Counts>>, WriteError> {
        let written = Self::write_together(self, chunks).await;
        written.map_err(|error| WriteError::of(self, &error))
    }

    async fn refresh(&self) -> Result<(), String> {
        let refreshed = Self::refresh(self).await;
        refreshed.map_err(|error| error.explain(self.database()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(action: Action, is_constraint: bool) -> WriteError {
        WriteError {
            action,
            is_constraint,
            story: String::new(),
        }
    }

    #[test]
    fn a_record_is_blamed_for_a_constraint_only_after_what_is_known_was_read_anew() {
        let foreign_key = error(Action::Refresh, true);
        assert_eq!(foreign_key.action_after(0), Action::Refresh);
        assert_eq!(foreign_key.action_after(REFRESHES_MAX), Action::Isolate);
    }

    #[test]
    fn a_table_that_is_away_is_no_records_fault_however_long() {
        let no_table = error(Action::Refresh, false);
        assert_eq!(no_table.action_after(u32::MAX), Action::Refresh);
        let outage = error(Action::Reconnect, true);
        assert_eq!(outage.action_after(u32::MAX), Action::Reconnect);
    }
}
