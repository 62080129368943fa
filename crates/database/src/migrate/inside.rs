//! Migrations inside a transaction that does more than they do.

use deadpool_postgres::Transaction;
use refinery::{Migration, Runner};
use refinery_core::traits::r#async::{AsyncMigrate, AsyncQuery, AsyncTransaction};
use tokio_postgres::Error;

/// A transaction as the runner sees a database: it begins and commits none of its own.
struct Inside<'a>(&'a Transaction<'a>);

/// Makes all tables where there are none yet, and notes it, as a part of the transaction.
pub(super) async fn make_tables(
    transaction: &Transaction<'_>,
    runner: &Runner,
) -> Result<(), refinery::Error> {
    runner.run_async(&mut Inside(transaction)).await?;
    Ok(())
}

impl AsyncTransaction for Inside<'_> {
    type Error = Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        queries: T,
    ) -> Result<usize, Error> {
        let mut count = 0;
        for query in queries {
            self.0.batch_execute(query).await?;
            count += 1;
        }
        Ok(count)
    }
}

impl AsyncQuery<Vec<Migration>> for Inside<'_> {
    /// The runner asks which migrations are applied: none, where there was no history.
    async fn query<'a>(&'a mut self, _: &'a str) -> Result<Vec<Migration>, Error> {
        Ok(Vec::new())
    }
}

impl AsyncMigrate for Inside<'_> {}
