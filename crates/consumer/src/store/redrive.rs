//! A dead letter's record, stored as if it had come just now.

use database::{DatabaseError, begin, commit};
use jiff::Timestamp;

use super::{
    certificates,
    chunk::{Chunk, Counts},
    dead_letters, dirty, incidents, rows, websites,
    writer::BatchWriter,
};

impl BatchWriter {
    /// Stores the record of a dead letter, and removes the letter in the same transaction. `None`: the
    /// letter is not there any more, and nothing happens.
    pub async fn redrive(
        &self,
        letter: i64,
        chunk: &Chunk<'_>,
    ) -> Result<Option<Counts>, DatabaseError> {
        self.database
            .attempt(async |client| {
                let mut work = self.look_up(client, std::slice::from_ref(chunk)).await?;
                let transaction = begin(client).await?;
                // Whoever else tries the same letter waits here, and then finds it gone.
                if !dead_letters::remove(&transaction, letter).await? {
                    return Ok(None);
                }
                let standings = incidents::visit(&transaction, &work, &self.rules).await?;
                work.standings = vec![standings];
                rows::settle(&transaction, &mut work).await?;
                certificates::confirm(&transaction, &work, Timestamp::now()).await?;
                websites::store_changes(&transaction, &mut work).await?;
                dirty::mark(&transaction, &work.stored).await?;
                incidents::decide(&transaction, &mut work, &self.rules).await?;
                let counts = work.counts().into_iter().sum();
                commit(transaction, "committing a dead letter's row").await?;
                self.websites.changed(&work.changes);
                incidents::tell(&work.happened);
                Ok(Some(counts))
            })
            .await
    }
}
