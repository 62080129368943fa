//! A server that has used up its transaction ids, and a network that swallows everything: waited for,
//! said, and nothing lost or stored twice.

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    process::Command,
    time::{Duration, Instant},
};

use devstack::{Postgres, PostgresOptions, Server};
use tokio_postgres::{Client, NoTls};

use crate::support::{Database, Service, ServiceSettings, Topic, original_record};

const RECORDS: usize = 1_000;
/// So many ids before the oldest one comes round again, PostgreSQL gives out no more.
const IDS_KEPT: i64 = 3_000_000;
/// Of transaction ids, one file of their fates holds so many.
const IDS_OF_FILE: i64 = 1 << 20;
const FILE_BYTES: usize = 256 * 1024;
/// A dead network is noticed within this.
const NOTICED_MAX: Duration = Duration::from_secs(30);

/// A consumer that has stored a first part of the records.
struct Scene {
    postgres: Postgres,
    database: Database,
    topic: Topic,
    consumer: Service,
}

impl Scene {
    async fn start() -> Self {
        let postgres = Postgres::throwaway(PostgresOptions::default())
            .await
            .unwrap();
        let (topic, database) = (Topic::create(2).await, Database::create_on(&postgres).await);
        let settings = ServiceSettings::consumer(&topic, &database);
        let consumer = Service::start("consumer", &[], &settings);
        let scene = Self {
            postgres,
            database,
            topic,
            consumer,
        };
        scene.write(0);
        scene.database.await_rows(RECORDS as i64).await;
        scene
    }

    /// Writes the next records.
    fn write(&self, part: usize) {
        let numbers = part * RECORDS..(part + 1) * RECORDS;
        let values: Vec<_> = numbers.map(original_record).collect();
        self.topic.write(values.iter().map(Vec::as_slice));
    }

    async fn superuser(&self) -> Client {
        let uri = self.postgres.superuser_uri();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Everything is stored, once, and no good record is a dead letter.
    async fn end(mut self) {
        self.database.await_rows(2 * RECORDS as i64).await;
        assert_eq!(self.consumer.terminate().await, Some(0));
        self.database.assert_accounts(2 * RECORDS as i64).await;
        let letters = "SELECT count(*) FROM dead_letters";
        assert_eq!(self.database.value::<i64>(letters).await, 0);
        let distinct = "SELECT count(DISTINCT matched_text) FROM metrics";
        assert_eq!(
            self.database.value::<i64>(distinct).await,
            2 * RECORDS as i64
        );
    }
}

/// Brings a stopped server to where it gives out no more transaction ids.
fn use_up_ids(postgres: &Postgres, oldest: i64) {
    let next = oldest + i64::from(i32::MAX) - IDS_KEPT + 1_000;
    let owner = fs::metadata(postgres.data()).unwrap();
    let (user, group) = (owner.uid(), owner.gid());
    // Nobody has used the ids between, so none of their fates is written.
    let file = postgres
        .data()
        .join("pg_xact")
        .join(format!("{:04X}", next / IDS_OF_FILE));
    fs::write(&file, vec![0; FILE_BYTES]).unwrap();
    std::os::unix::fs::chown(&file, Some(user), Some(group)).unwrap();
    let reset = Command::new(postgres.program("pg_resetwal"))
        .args(["-u", &oldest.to_string(), "-x", &next.to_string()])
        .arg(postgres.data())
        .current_dir("/")
        .uid(user)
        .gid(group)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&reset.stderr);
    assert!(reset.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_transaction_ids_is_named_and_waited_for() {
    let mut scene = Scene::start().await;
    let client = scene.superuser().await;
    // It would mend itself while we look: for now it may do so for one database only.
    let patient = "ALTER SYSTEM SET autovacuum_naptime = '1h'";
    client.batch_execute(patient).await.unwrap();
    let oldest = "SELECT min(datfrozenxid::text::bigint) FROM pg_database";
    let oldest = client.query_one(oldest, &[]).await.unwrap().get(0);
    drop(client);
    scene.postgres.stop().await.unwrap();
    use_up_ids(&scene.postgres, oldest);
    scene.postgres.start().await.unwrap();
    scene.write(1);
    scene
        .consumer
        .await_line(&["has no transaction ids left", "VACUUM"])
        .await;
    let no_ids = ["503", "no transaction ids left"];
    scene.consumer.await_answer("/readyz", &no_ids).await;
    let stored = "SELECT count(*) FROM metrics";
    assert_eq!(scene.database.value::<i64>(stored).await, RECORDS as i64);

    let client = scene.superuser().await;
    for statement in [
        "ALTER SYSTEM SET autovacuum_naptime = '1s'",
        "SELECT pg_reload_conf()",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    scene.end().await;
}

/// Takes everything that is sent to a port of this machine, and drops it. Until this is dropped.
struct BlackHole {
    port: String,
}

impl BlackHole {
    /// `None`: we may not, or there is no program to do it by.
    fn at(port: u16) -> Option<Self> {
        let hole = Self {
            port: port.to_string(),
        };
        hole.rule("--insert").then_some(hole)
    }

    fn rule(&self, change: &str) -> bool {
        let mut command = Command::new("iptables");
        command
            .args([
                "--wait",
                change,
                "INPUT",
                "--in-interface",
                "lo",
                "--protocol",
                "tcp",
            ])
            .args(["--destination-port", &self.port, "--jump", "DROP"]);
        command.output().is_ok_and(|it| it.status.success())
    }
}

impl Drop for BlackHole {
    fn drop(&mut self) {
        self.rule("--delete");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_is_noticed_within_30_s() {
    let scene = Scene::start().await;
    let Some(hole) = BlackHole::at(scene.postgres.port()) else {
        println!("skipped: only root may drop packets, by iptables");
        return;
    };
    let swallowed = Instant::now();
    scene.write(1);
    scene.consumer.await_line(&["retry", "PostgreSQL"]).await;
    let noticed = swallowed.elapsed();
    assert!(noticed < NOTICED_MAX, "noticed after {noticed:?}");
    scene.consumer.await_answer("/readyz", &["503"]).await;
    drop(hole);
    scene.end().await;
}
