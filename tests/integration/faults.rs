//! Servers that go away and come back, and a consumer killed at random moments: nothing is lost,
//! nothing is stored twice.

use std::{fs, time::Duration};

use devstack::{Kafka, KafkaOptions, Postgres, PostgresOptions, Server};

use crate::support::{
    Answer, Database, Service, ServiceSettings, Site, Topic, eventually, original_record,
};

const RECORDS: u32 = 60_000;
/// Kills at this many different moments.
const KILLS: u32 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_consumer_loses_and_repeats_nothing() {
    let values: Vec<Vec<u8>> = (0..RECORDS as usize).map(original_record).collect();
    let (topic, database) = (Topic::create(4).await, Database::create().await);
    topic.write(values.iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database).set("BATCH_ROWS_MAX", 100);
    for kill in 1..=KILLS {
        let mut consumer = Service::start("consumer", &[], &settings);
        // Each kill comes a little later into the work than the one before; where it falls within
        // a transaction is up to the machine.
        let wanted = RECORDS * kill / (KILLS + 4);
        database
            .await_true(&format!("SELECT count(*) >= {wanted} FROM metrics"))
            .await;
        consumer.kill();
    }
    let mut consumer = Service::start("consumer", &[], &settings);
    database
        .await_true(&format!("SELECT sum(next_offset) = {RECORDS} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(i64::from(RECORDS)).await;
    let distinct = "SELECT count(DISTINCT matched_text) FROM metrics";
    assert_eq!(database.value::<i64>(distinct).await, i64::from(RECORDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_away_frozen_and_killed_loses_and_repeats_nothing() {
    let mut postgres = Postgres::throwaway(PostgresOptions::default())
        .await
        .unwrap();
    let values: Vec<Vec<u8>> = (0..RECORDS as usize).map(original_record).collect();
    let (topic, database) = (Topic::create(4).await, Database::create_on(&postgres).await);
    topic.write(values.iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database).set("BATCH_ROWS_MAX", 100);
    postgres.stop().await.unwrap();
    let mut consumer = Service::start("consumer", &[], &settings);
    consumer.await_line(&["PostgreSQL", "refused"]).await;
    postgres.start().await.unwrap();
    database.await_rows(1).await;
    postgres.kill().await.unwrap();
    consumer.await_line(&["retry"]).await;
    postgres.start().await.unwrap();
    database.await_rows(i64::from(RECORDS) / 4).await;
    postgres.pause().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    postgres.resume().unwrap();
    database.await_rows(i64::from(RECORDS) / 2).await;
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    database
        .await_true(&format!("SELECT sum(next_offset) = {RECORDS} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(i64::from(RECORDS)).await;
    assert_eq!(
        database
            .value::<i64>("SELECT count(*) FROM dead_letters")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_away_at_start_and_later_loses_no_check() {
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let (topic, database) = (Topic::create_on(&kafka, 1).await, Database::create().await);
    kafka.stop().await.unwrap();
    let mut monitor = Service::start("monitor", &[], &ServiceSettings::monitor(&topic, &targets));
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    eventually("checks go on without Kafka", async || {
        (site.requests() >= 3).then_some(())
    })
    .await;
    kafka.start().await.unwrap();
    database.await_rows(4).await;
    kafka.kill().await.unwrap();
    let before = site.requests();
    eventually("checks go on again", async || {
        (site.requests() >= before + 3).then_some(())
    })
    .await;
    kafka.start().await.unwrap();
    let seen = i64::try_from(site.requests()).unwrap();
    database.await_rows(seen + 1).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let published = topic.ends()[0].1;
    database
        .await_true(&format!("SELECT next_offset = {published} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(published).await;
    let silence = "SELECT count(*) FROM (SELECT scheduled_at - lag(scheduled_at) OVER (ORDER BY scheduled_at) AS step FROM metrics) AS steps WHERE step <> interval '1 second'";
    assert_eq!(
        database.value::<i64>(silence).await,
        0,
        "each due second has its row"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_catches_up_by_itself() {
    let values: Vec<Vec<u8>> = (0..2_000).map(original_record).collect();
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    topic.write(values[..1_000].iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    database
        .await_true("SELECT sum(next_offset) = 1000 FROM offsets")
        .await;
    // What a restore does: rows and offsets of a moment ago, under the running consumer.
    database
        .execute(
            "BEGIN; CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT count(*) AS rows FROM metrics; \
             DELETE FROM metrics; DELETE FROM websites; \
             UPDATE offsets SET next_offset = 0, rows = 0; COMMIT",
        )
        .await;
    topic.write(values[1_000..].iter().map(Vec::as_slice));
    database
        .await_true("SELECT sum(next_offset) = 2000 FROM offsets")
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(2_000).await;
    let distinct = "SELECT count(DISTINCT matched_text) FROM metrics";
    assert_eq!(database.value::<i64>(distinct).await, 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_read_from_its_start() {
    let kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let values: Vec<Vec<u8>> = (0..500).map(original_record).collect();
    let (topic, database) = (Topic::create_on(&kafka, 1).await, Database::create().await);
    topic.write(values.iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(500).await;
    assert_eq!(consumer.terminate().await, Some(0));
    kafka.delete_topic(&topic.name).await.unwrap();
    eventually("the topic can be made again", async || {
        kafka.create_topic(&topic.name, 1).await.ok()
    })
    .await;
    topic.write(values[..100].iter().map(Vec::as_slice));
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(600).await;
    consumer.await_line(&["made anew"]).await;
    assert_eq!(consumer.terminate().await, Some(0));
    assert_eq!(
        database
            .value::<i64>("SELECT next_offset FROM offsets")
            .await,
        100
    );
}
