//! The takeover of the Python original's database: its tables make room for ours, and its rows go
//! over, all in one transaction. Killed at any moment, nothing of it happened.

mod days;
mod objects;
mod remains;
mod rows;
mod values;

use deadpool_postgres::{ClientWrapper, Transaction};
use refinery::Runner;
use tracing::{info, warn};

use self::values::Amount;
use super::{error::PrepareError, inside};
use crate::{
    errors::DatabaseError,
    statement::{Statement, named},
};

/// Its tables are locked for as long as it takes: whoever writes them waits, and then finds ours. No
/// statement is cut short; a lock is not waited for longer than by anybody else.
const BEGIN: Statement = Statement::new(
    "locking the original's tables",
    "SET LOCAL statement_timeout = 0; \
    LOCK TABLE websites, metrics IN ACCESS EXCLUSIVE MODE",
);
/// Ours are made beside them, where everybody found theirs. What belongs to them is renamed along,
/// or names would collide.
const MAKE_ROOM: Statement = Statement::new(
    "renaming the original's tables",
    "ALTER TABLE websites RENAME TO original_websites;
    ALTER TABLE metrics RENAME TO original_metrics;
    DO $$
    DECLARE
        tables oid[] := ARRAY['original_websites'::regclass, 'original_metrics'::regclass];
        relation record;
    BEGIN
        FOR relation IN
            SELECT oid::regclass AS name, relname FROM pg_class
            WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY (tables))
                OR relkind = 'S' AND oid IN (SELECT objid FROM pg_depend
                    WHERE refobjid = ANY (tables) AND deptype = 'a')
        LOOP
            EXECUTE format('ALTER TABLE %s RENAME TO %I', relation.name,
                left('original_' || relation.relname, 63));
        END LOOP;
        PERFORM set_config('search_path', quote_ident(nspname), true) FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = tables[1];
    END $$",
);
const OTHERS: Statement = Statement::new(
    "looking for others in the database",
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
    AND application_name <> current_setting('application_name')",
);
/// The original counted nothing: what its rows came to is to be counted.
const MARK: Statement = Statement::new(
    "marking what is to be counted",
    "DO $$ BEGIN PERFORM mark_all_hours(); END $$",
);
/// Without CASCADE: what hangs on them and was not seen before ends it all, and nothing is lost.
const END: Statement = Statement::new(
    "dropping the original's tables",
    "DROP TABLE original_metrics; DROP TABLE original_websites",
);

/// What a person is told first.
fn announce(amount: &Amount, others: i64) {
    info!(
        "The database holds the original's tables: taking over {} websites and {} rows; \
         created_at is read in the database's time zone, {}",
        amount.websites, amount.rows, amount.time_zone
    );
    if amount.rows_without_time > 0 {
        warn!(
            "{} rows have no created_at: they get that of the row before them",
            amount.rows_without_time
        );
    }
    if others > 0 {
        warn!(
            "{others} other connections to the database: if the original's consumer is among them, \
             stop it; what it wants to store waits until the takeover is done"
        );
    }
}

/// Whether the tables, which are not ours, are the original's.
pub(super) async fn is_for_us(client: &ClientWrapper) -> Result<bool, DatabaseError> {
    objects::are_the_originals(client).await
}

/// Takes the original's database over.
pub(super) async fn take_over(
    client: &mut ClientWrapper,
    runner: &Runner,
) -> Result<(), PrepareError> {
    let begun = named("beginning the takeover", client.transaction()).await;
    let transaction = begun?;
    BEGIN.run(&transaction).await?;
    objects::check(&transaction).await?;
    let amount = values::check(&transaction).await?;
    let others = OTHERS.query_once(&transaction, &[]).await?;
    announce(&amount, others.first().map_or(0, |row| row.get(0)));
    move_over(&transaction, runner, &amount).await?;
    let committed = transaction.commit();
    named("committing the takeover", committed).await?;
    info!("The original's rows are taken over");
    Ok(())
}

async fn move_over(
    transaction: &Transaction<'_>,
    runner: &Runner,
    amount: &Amount,
) -> Result<(), DatabaseError> {
    MAKE_ROOM.run(transaction).await?;
    let made = inside::make_tables(transaction, runner).await;
    made.map_err(DatabaseError::Migrate)?;
    rows::fill_in_times(transaction, amount).await?;
    days::make(transaction).await?;
    rows::copy(transaction, amount).await?;
    MARK.run(transaction).await?;
    remains::carry_over(transaction).await?;
    END.run(transaction).await
}
