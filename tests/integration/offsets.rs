//! Where partitions begin, and what is gone of them before it was read.

use std::process::Command;

use crate::support::{
    Database, Service, ServiceSettings, Topic, eventually, original_record, shared,
};

const OLD: i32 = 2;
const GROWN: i32 = 4;
const RECORDS: i64 = 100;

fn values() -> Vec<Vec<u8>> {
    (0..usize::try_from(RECORDS).unwrap())
        .map(original_record)
        .collect()
}

fn write(topic: &Topic, partition: i32) {
    topic.write_to(Some(partition), values().iter().map(Vec::as_slice));
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_added_later_are_read_from_their_beginning_also_with_latest() {
    let (topic, database) = (Topic::create(OLD).await, Database::create().await);
    write(&topic, 0);
    let settings = ServiceSettings::consumer(&topic, &database).set("AUTO_OFFSET_RESET", "latest");
    let mut consumer = Service::start("consumer", &[], &settings);
    let begun = format!("SELECT count(*) = {OLD} AND sum(start_offset) = {RECORDS} FROM offsets");
    database.await_true(&begun).await;
    // While it runs, and filled before it can have noticed.
    topic.grow(usize::try_from(GROWN - 1).unwrap()).await;
    eventually("the new partition takes records", async || {
        (topic.ends().len() == usize::try_from(GROWN - 1).unwrap()).then_some(())
    })
    .await;
    write(&topic, GROWN - 2);
    database.await_rows(RECORDS).await;
    assert_eq!(consumer.terminate().await, Some(0));
    // While it is stopped.
    topic.grow(usize::try_from(GROWN).unwrap()).await;
    eventually("the new partition takes records", async || {
        (topic.ends().len() == usize::try_from(GROWN).unwrap()).then_some(())
    })
    .await;
    write(&topic, GROWN - 1);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(2 * RECORDS).await;
    assert_eq!(consumer.terminate().await, Some(0));
    let old = "SELECT sum(rows)::bigint FROM offsets WHERE partition < 2";
    assert_eq!(
        database.value::<i64>(old).await,
        0,
        "what was there before is not read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_removed_before_they_were_read_are_counted_as_lost() {
    const REMOVED: i64 = 40;
    for reset in ["earliest", "latest"] {
        let (topic, database) = (Topic::create(1).await, Database::create().await);
        write(&topic, 0);
        let settings = ServiceSettings::consumer(&topic, &database).set("AUTO_OFFSET_RESET", reset);
        let mut consumer = Service::start("consumer", &[], &settings);
        database
            .await_true("SELECT count(*) = 1 AND bool_and(next_offset = 100) FROM offsets")
            .await;
        assert_eq!(consumer.terminate().await, Some(0));
        write(&topic, 0);
        topic.remove_before(0, RECORDS + REMOVED).await;
        let mut consumer = Service::start(
            "consumer",
            &[],
            &settings.clone().set("HTTP_LISTEN", "127.0.0.1:0"),
        );
        database
            .await_true("SELECT next_offset = 200 FROM offsets")
            .await;
        consumer
            .await_line(&["RECORDS ARE LOST", "100 to 140"])
            .await;
        let lost = format!("consumer_lost_total {REMOVED}");
        consumer.await_answer("/metrics", &[&lost]).await;
        assert_eq!(consumer.terminate().await, Some(0));
        let account = "SELECT lost = 40 AND gaps = 0 AND next_offset - start_offset = \
                       rows + duplicates + replaced + dead_letters + gaps + lost FROM offsets";
        assert!(database.value::<bool>(account).await, "{reset}");
        let (code, report, said) = Service::run("consumer", &["verify"], &settings).await;
        assert_eq!(code, Some(0), "{report}{said}");
        assert!(report.contains(&format!("{REMOVED} lost")), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_group_reads_all_again_and_stores_nothing_twice() {
    let (topic, database) = (Topic::create(OLD).await, Database::create().await);
    let value = |number: i64| {
        format!(
            r#"{{"url":"http://a/","error_code":200,"response_time":0.5,"schema_version":1,"check_id":"00000000-0000-5000-8000-{number:012}","scheduled_at":"2026-11-25T03:12:00Z"}}"#
        )
    };
    let values: Vec<_> = (0..RECORDS).map(value).collect();
    topic.write(values.iter().map(String::as_bytes));
    let settings = ServiceSettings::consumer(&topic, &database);
    for group in ["first", "second"] {
        let settings = settings
            .clone()
            .set("CONSUMER_GROUP", format!("{}-{group}", topic.name));
        let mut consumer = Service::start("consumer", &[], &settings);
        let stored = format!(
            "SELECT sum(next_offset) = {RECORDS} FROM offsets WHERE consumer_group LIKE '%{group}'"
        );
        database.await_true(&stored).await;
        assert_eq!(consumer.terminate().await, Some(0));
    }
    let again = "SELECT sum(duplicates)::bigint FROM offsets WHERE consumer_group LIKE '%second'";
    assert_eq!(database.value::<i64>(again).await, RECORDS);
    let rows = "SELECT count(*) FROM metrics";
    assert_eq!(database.value::<i64>(rows).await, RECORDS);
}

/// Runs one of PostgreSQL's own programs to its end.
async fn run(program: &str, arguments: &[&str]) {
    let mut command = Command::new(shared().await.postgres.program(program));
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_restored_elsewhere_goes_on_from_where_it_stood() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    write(&topic, 0);
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    database.await_rows(RECORDS).await;
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.sql").display().to_string();
    run("pg_dump", &["--dbname", &database.uri, "--file", &dump]).await;
    // What the dump does not know of is committed to Kafka.
    topic.write_to(Some(0), values().iter().map(Vec::as_slice));
    database.await_rows(2 * RECORDS).await;
    assert_eq!(consumer.terminate().await, Some(0));
    assert_eq!(topic.committed(&topic.name), 2 * RECORDS);

    let restored = Database::create().await;
    let stop = ["--set", "ON_ERROR_STOP=1", "--quiet"];
    let file = ["--dbname", &restored.uri, "--file", &dump];
    run("psql", &[&stop[..], &file[..]].concat()).await;
    let settings = ServiceSettings::consumer(&topic, &restored);
    let mut consumer = Service::start("consumer", &[], &settings);
    restored.await_rows(2 * RECORDS).await;
    assert_eq!(consumer.terminate().await, Some(0));
    restored.assert_accounts(2 * RECORDS).await;
    let (code, report, said) = Service::run("consumer", &["verify"], &settings).await;
    assert_eq!(code, Some(0), "{report}{said}");
}
