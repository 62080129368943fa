//! What tests against a real PostgreSQL have in common: a database for each, and a writer on it.

use std::sync::atomic::{AtomicU32, Ordering};

use database::{Database, DatabaseSettings, Passwords, TlsSettings};
use devstack::{Postgres, PostgresOptions};
use messages::{Origin, OutcomeKind, Record};
use tokio::sync::{Mutex, OnceCell};

use crate::store::{BatchWriter, OffsetKey};

/// The topic that the records are said to be of.
pub(crate) const TOPIC: &str = "checks";
/// When their checks were due.
const DUE: &str = "2026-11-25T03:12:00Z";

static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
static TURN: Mutex<()> = Mutex::const_new(());
static NAMES: AtomicU32 = AtomicU32::new(0);

/// The `PG_URI` of an empty database that no other test uses.
pub(crate) async fn database() -> String {
    let postgres = POSTGRES
        .get_or_init(|| async {
            let started = Postgres::throwaway(PostgresOptions::default()).await;
            started.expect("PostgreSQL starts")
        })
        .await;
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{number}");
    // One after the other, since each copies the same template.
    let _turn = TURN.lock().await;
    let made = postgres.create_database(&name).await;
    made.expect("the database is made")
}

/// The same database, as the server's superuser.
pub(crate) fn as_superuser(uri: &str) -> String {
    let server = POSTGRES.get().expect("a database was made").superuser_uri();
    let (server, _) = server.rsplit_once('/').expect("a path");
    let (_, name) = uri.rsplit_once('/').expect("a path");
    format!("{server}/{name}")
}

/// A writer on a database.
pub(crate) fn writer(uri: &str) -> BatchWriter {
    let settings = DatabaseSettings {
        connection: uri.parse().unwrap(),
        passwords: Passwords::default(),
        tls: TlsSettings::Off,
        connections_max: 5,
        application_name: "tests",
    };
    writer_on(Database::new(&settings).unwrap())
}

/// Another writer on it.
pub(crate) fn writer_on(database: Database) -> BatchWriter {
    let key = OffsetKey {
        group: "group".into(),
        topic: TOPIC.into(),
    };
    BatchWriter::new(database, key)
}

/// A record's value; the same number is the same check.
pub(crate) fn value(number: u8, outcome: OutcomeKind) -> String {
    format!(
        r#"{{"url":"http://a/","error_code":200,"response_time":0.5,"regex_pattern":"old",
        "schema_version":1,"check_id":"00000000-0000-5000-8000-000000000{number:03}",
        "scheduled_at":"{DUE}","outcome":"{}"}}"#,
        outcome.as_str()
    )
}

/// A record as read.
pub(crate) fn record(number: u8, outcome: OutcomeKind) -> Record {
    let origin = Origin {
        topic: TOPIC,
        partition: 0,
        offset: 0,
        timestamp_ms: None,
    };
    Record::read(value(number, outcome).as_bytes(), &origin).unwrap()
}
