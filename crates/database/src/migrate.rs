//! The tables: checked and brought up to date at start, by one consumer at a time.

mod error;
mod inside;
mod sessions;
mod takeover;

use std::time::Duration;

use anyhow::anyhow;
use deadpool_postgres::ClientWrapper;
use refinery::{Runner, error::Kind};
use service::command_line::BadInput;
use tokio::time::timeout;
use tracing::info;

pub use self::error::PrepareError;
use crate::{
    errors::DatabaseError,
    pool::{ATTEMPT_TIMEOUT, Database},
    statement::named,
};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// The table in which applied migrations are noted.
const HISTORY: &str = "websites_monitor_migrations";
/// The lock under which tables are made. Any number will do that nobody else uses: `wm_sql` in
/// ASCII.
const LOCK_KEY: i64 = 0x776d_5f73_716c;
/// The longest that the migrations may take, which may write every row anew.
const MIGRATION_TIMEOUT: Duration = Duration::from_hours(6);
/// Whether the history, and whether any of our tables is there; and the database's encoding.
const LOOK: &str = "SELECT to_regclass($1) IS NOT NULL, \
    coalesce(to_regclass('websites'), to_regclass('metrics'), to_regclass('offsets'), \
    to_regclass('dead_letters')) IS NOT NULL, \
    (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database())";

/// Brings the tables up to date, now or never: for a person who waits for the outcome.
pub async fn migrate(database: &Database) -> anyhow::Result<()> {
    match prepare_at_start(database).await {
        Ok(()) => Ok(()),
        Err(PrepareError::Refused(refused)) => Err(refused.into()),
        Err(PrepareError::Database(error)) => {
            Err(anyhow!(database.explain(&error)).context("preparing the tables"))
        }
    }
}

/// Sees also that each connection has a session of its own, which no more changes later.
pub async fn prepare_at_start(database: &Database) -> Result<(), PrepareError> {
    let client = database.detached().await?;
    sessions::check(&client, database).await?;
    prepare_on(client).await
}

/// Checks that the database is one for us, and brings its tables up to date, one process at a time.
pub async fn prepare(database: &Database) -> Result<(), PrepareError> {
    // The lock that others wait for ends with the connection, which therefore is not the pool's
    // any more, also when nobody waits for us to the end.
    prepare_on(database.detached().await?).await
}

async fn prepare_on(mut client: ClientWrapper) -> Result<(), PrepareError> {
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    match within(ATTEMPT_TIMEOUT, look(&mut client, &runner)).await? {
        Tables::Current => return Ok(()),
        Tables::None => info!("Making the tables"),
        Tables::Originals => {
            within(MIGRATION_TIMEOUT, takeover::take_over(&mut client, &runner)).await?;
            return Ok(());
        }
        Tables::Older => info!("Bringing the tables up to date; with many rows this takes minutes"),
    }
    within(MIGRATION_TIMEOUT, run(&mut client, &runner)).await?;
    info!("The tables are up to date");
    Ok(())
}

/// What the database has of ours.
enum Tables {
    None,
    /// Those of the Python original, to be taken over.
    Originals,
    /// Those of an older version.
    Older,
    /// All: then no right to make tables is needed.
    Current,
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, PrepareError>>,
) -> Result<T, PrepareError> {
    let done = timeout(limit, work).await;
    done.unwrap_or(Err(DatabaseError::Timeout(limit).into()))
}

/// What is there. If something is to be done, nobody else does it meanwhile.
async fn look(client: &mut ClientWrapper, runner: &Runner) -> Result<Tables, PrepareError> {
    lock(client).await?;
    if check(client).await? {
        return Ok(Tables::Originals);
    }
    compare(client, runner).await
}

async fn run(client: &mut ClientWrapper, runner: &Runner) -> Result<(), PrepareError> {
    runner.run_async(&mut **client).await.map_err(failed)?;
    Ok(())
}

async fn lock(client: &ClientWrapper) -> Result<(), DatabaseError> {
    let lock = client.execute("SELECT pg_advisory_lock($1)", &[&LOCK_KEY]);
    named("waiting for another consumer that makes the tables", lock).await?;
    Ok(())
}

/// Whether what is there is the original's. What is nobody's that we know, is refused.
async fn check(client: &ClientWrapper) -> Result<bool, PrepareError> {
    let row = named(
        "looking at the database",
        client.query_one(LOOK, &[&HISTORY]),
    )
    .await?;
    let (history, tables, encoding): (bool, bool, String) = (row.get(0), row.get(1), row.get(2));
    if encoding != "UTF8" {
        return Err(BadInput::new(format!(
            "PG_URI: the database's encoding is {encoding}, which cannot hold every text; create \
             one with ENCODING 'UTF8'"
        ))
        .into());
    }
    if history || !tables {
        return Ok(false);
    }
    if takeover::is_for_us(client).await? {
        return Ok(true);
    }
    Err(BadInput::new(
        "PG_URI: the database holds tables (websites, metrics, offsets or dead_letters) that are \
         neither ours nor the original's: give the consumer a database of its own",
    )
    .into())
}

async fn compare(client: &mut ClientWrapper, runner: &Runner) -> Result<Tables, PrepareError> {
    let row = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&HISTORY]);
    let row = named("looking for applied migrations", row).await?;
    if !row.get::<_, bool>(0) {
        return Ok(Tables::None);
    }
    let applied = runner
        .get_applied_migrations_async(&mut **client)
        .await
        .map_err(failed)?;
    let ours = runner.get_migrations();
    let newest = ours.iter().map(refinery::Migration::version).max();
    if let Some(newer) = applied.iter().find(|it| Some(it.version()) > newest) {
        return Err(BadInput::new(format!(
            "the database was brought up to date by a newer consumer (migration {newer}); run that \
             version"
        ))
        .into());
    }
    let is_current = ours.iter().all(|migration| applied.contains(migration));
    Ok(if is_current {
        Tables::Current
    } else {
        Tables::Older
    })
}

fn failed(error: refinery::Error) -> PrepareError {
    match error.kind() {
        Kind::DivergentVersion(..) | Kind::MissingVersion(_) => BadInput::new(format!(
            "the database's tables were made by another version of the consumer: {error}"
        ))
        .into(),
        _ => DatabaseError::Migrate(error).into(),
    }
}
