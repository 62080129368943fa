//! What a restore, or somebody's change of the database, leaves so that nothing can be stored, and
//! what the tables' owner can mend: done when a statement failed by it, never by the way.

use database::{DatabaseError, PrepareError, Statement, begin, commit};
use deadpool_postgres::Object;
use tracing::info;

use super::writer::BatchWriter;

/// The tables whose ids are unique. (Those of `metrics` are only numbers.)
const TABLES: [&str; 12] = [
    "websites",
    "certificates",
    "dead_letters",
    "incidents",
    "outbox",
    "burns",
    "dirty_hours",
    "dirty_days",
    "maintenance",
    "doubts",
    "silences",
    "outages",
];
const MENDING_SEQUENCE: &str = "setting a sequence behind its table's last id";
const MENDING_IDENTITY: &str = "giving a partition its replica identity";

/// Whoever waits for a lock on a table holds up everybody who comes after him.
const LOCK_BRIEFLY: Statement = Statement::new(
    "waiting to mend a table",
    "SET LOCAL lock_timeout = '500ms'",
);
/// The statements that give partitions of `metrics` a replica identity, where somebody publishes
/// updates. Without one, rows of a published table cannot be changed.
const FIND_UNIDENTIFIED: Statement = Statement::new(
    "looking for partitions without replica identity",
    "SELECT format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', part.oid::regclass, \
    key.relname) FROM pg_constraint \
    JOIN pg_inherits AS keys ON keys.inhparent = conindid \
    JOIN pg_index ON indexrelid = keys.inhrelid \
    JOIN pg_class AS key ON key.oid = indexrelid \
    JOIN pg_class AS part ON part.oid = indrelid \
    WHERE conrelid = 'metrics'::regclass AND contype = 'u' AND part.relreplident = 'd' \
    AND EXISTS (SELECT FROM pg_publication WHERE pubupdate)",
);

const KEY: Statement = Statement::new(
    "looking for the key of metrics",
    "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'metrics'::regclass \
    AND conname = 'metrics_check_key')",
);

impl BatchWriter {
    /// Looks whether the key is there by which a check has one row: what is copied in is no repeat only as long as
    /// it is.
    pub async fn check_key(&self) -> Result<(), DatabaseError> {
        let row = self
            .database
            .attempt(async |client| KEY.query_one(client, &[]).await);
        if row.await?.get(0) {
            return Ok(());
        }
        Err(DatabaseError::Keyless(
            "metrics has lost its unique key, so results that come again are stored twice; delete the \
             repeats, and ALTER TABLE metrics ADD CONSTRAINT metrics_check_key UNIQUE (website_id, \
             scheduled_at, check_id)",
        ))
    }

    /// Forgets what is known of websites and partitions, checks the tables, and mends what keeps
    /// them from being written.
    pub async fn refresh(&self) -> Result<(), PrepareError> {
        self.forget();
        self.days.forget();
        database::prepare(&self.database).await?;
        self.database.attempt(mend).await?;
        Ok(())
    }
}

/// Mends what is to be mended. Each mending is a short transaction of its own.
async fn mend(client: &mut Object) -> Result<(), DatabaseError> {
    for table in TABLES {
        mend_sequence(client, table).await?;
    }
    let alterations = FIND_UNIDENTIFIED.query(client, &[]).await?;
    for alteration in alterations {
        let sql: String = alteration.get(0);
        alone(client, MENDING_IDENTITY, &sql).await?;
        info!("Mended the database: {sql}");
    }
    Ok(())
}

/// Sets a sequence to the last id of its table, where it stands before it.
async fn mend_sequence(client: &mut Object, table: &str) -> Result<(), DatabaseError> {
    let behind = format!(
        "FROM (SELECT pg_get_serial_sequence('{table}', 'id')::regclass AS sequence, \
         max(id) AS last FROM {table}) AS ids \
         WHERE last > coalesce(pg_sequence_last_value(sequence), 0)"
    );
    let find = Statement::built(
        "looking for a sequence behind its table",
        format!("SELECT {behind}"),
    );
    if find.query_once(client, &[]).await?.is_empty() {
        return Ok(());
    }
    // Nobody takes an id meanwhile: the sequence must not be set back.
    let sql = format!(
        "LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE; SELECT setval(sequence, last) {behind}"
    );
    alone(client, MENDING_SEQUENCE, &sql).await?;
    info!("Mended the database: the sequence of {table}.id stood behind the table's last id");
    Ok(())
}

async fn alone(client: &mut Object, doing: &'static str, sql: &str) -> Result<(), DatabaseError> {
    let transaction = begin(client).await?;
    LOCK_BRIEFLY.run(&transaction).await?;
    Statement::built(doing, sql.to_owned())
        .run(&transaction)
        .await?;
    commit(transaction, doing).await
}
