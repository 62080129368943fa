//! SIGTERM and SIGINT: what was begun is finished.

use std::{fs, time::Duration};

use rustix::process::Signal;

use crate::support::{
    Answer, Database, Service, ServiceSettings, Site, Topic, eventually, original_record,
    url_not_due_soon,
};

const SLOW: Duration = Duration::from_secs(2);
/// Of a target that is checked once while a test runs.
const INTERVAL: Duration = Duration::from_mins(10);
/// Enough to see what happens once in a few starts.
const STARTS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_told_to_stop_publishes_the_check_under_way() {
    let site = Site::start(Answer::page("well").later(SLOW)).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let url = url_not_due_soon(&site.url, INTERVAL);
    fs::write(&targets, format!("url\n{url}\n")).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("WEBSITES_CHECK_INTERVAL", INTERVAL.as_secs());
    let mut monitor = Service::start("monitor", &[], &settings);
    eventually("the site is asked", async || {
        (site.requests() == 1).then_some(())
    })
    .await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["outcome"], "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_ends_nothing_and_an_order_by_two_ways_is_one() {
    let site = Site::start(Answer::page("well").later(SLOW)).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let url = url_not_due_soon(&site.url, INTERVAL);
    fs::write(&targets, format!("url\n{url}\n")).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("WEBSITES_CHECK_INTERVAL", INTERVAL.as_secs());
    let mut monitor = Service::start("monitor", &[], &settings);
    eventually("the site is asked", async || {
        (site.requests() == 1).then_some(())
    })
    .await;
    monitor.signal(Signal::HUP);
    monitor.await_line(&["it says what it said before"]).await;
    // As `timeout` does: to its child, and to its whole group.
    monitor.signal(Signal::TERM);
    monitor.signal(Signal::TERM);
    monitor.signal(Signal::INT);
    assert_eq!(monitor.exit().await.code(), Some(0));
    assert_eq!(topic.read().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_outlasts_the_drain_is_missed_not_down() {
    let site = Site::start(Answer::page("well").later(Duration::from_mins(1))).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let url = url_not_due_soon(&site.url, INTERVAL);
    fs::write(&targets, format!("url\n{url}\n")).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("WEBSITES_CHECK_INTERVAL", INTERVAL.as_secs())
        .set("DRAIN_TIMEOUT", 2);
    let mut monitor = Service::start("monitor", &[], &settings);
    eventually("the site is asked", async || {
        (site.requests() == 1).then_some(())
    })
    .await;
    monitor.signal(Signal::INT);
    monitor.exit().await;
    let records = topic.read();
    assert_eq!(records.len(), 1, "never silence");
    assert_eq!(records[0]["outcome"], "missed");
    assert_eq!(records[0]["failure"]["reason"], "prober_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_kafka_never_took_are_counted_and_the_status_is_1() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let nobody = devstack::free_port().unwrap();
    let topic = Topic {
        name: "nowhere".into(),
        bootstrap: format!("127.0.0.1:{nobody}"),
    };
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("DRAIN_TIMEOUT", 1)
        // A file is no folder: there is no state.
        .set("STATE_DIR", targets.display());
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Going on without state"]).await;
    eventually("the site is asked", async || {
        (site.requests() >= 2).then_some(())
    })
    .await;
    let began = std::time::Instant::now();
    assert_eq!(monitor.terminate().await, Some(1));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    monitor.await_line(&["not published"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_told_to_stop_writes_all_that_it_has_read() {
    let values: Vec<Vec<u8>> = (0..30_000).map(original_record).collect();
    let (topic, database) = (Topic::create(4).await, Database::create().await);
    topic.write(values.iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(1).await;
    consumer.signal(Signal::INT);
    assert_eq!(consumer.exit().await.code(), Some(0));
    let log = consumer.log();
    let last = |what| log.iter().rposition(|line| line.contains(what)).unwrap();
    assert!(last("Stored") < last("Drained"), "the summary first");
    let stored = database
        .value::<i64>("SELECT sum(next_offset)::bigint FROM offsets")
        .await;
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM metrics").await,
        stored
    );
    assert_eq!(
        topic.committed(&topic.name),
        stored,
        "Kafka's hint is set to the same"
    );

    let mut again = Service::start("consumer", &[], &settings);
    database
        .await_true("SELECT sum(next_offset) = 30000 FROM offsets")
        .await;
    assert_eq!(again.terminate().await, Some(0));
    database.assert_accounts(30_000).await;
    assert_eq!(
        database
            .value::<i64>("SELECT sum(duplicates)::bigint FROM offsets")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_on_request_is_read_again() {
    let values: Vec<Vec<u8>> = (0..30_000).map(original_record).collect();
    let (topic, database) = (Topic::create(4).await, Database::create().await);
    topic.write(values.iter().map(Vec::as_slice));
    let settings = ServiceSettings::consumer(&topic, &database).set("DROP_MESSAGES_IF_ABORT", 1);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(1).await;
    assert_eq!(consumer.terminate().await, Some(0));
    let mut again = Service::start("consumer", &[], &settings);
    database
        .await_true("SELECT sum(next_offset) = 30000 FROM offsets")
        .await;
    assert_eq!(again.terminate().await, Some(0));
    database.assert_accounts(30_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_stopped_as_soon_as_it_is_ready_has_not_failed() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    // Its parts end in the same instant then, in an order that is left to chance.
    for _ in 0..STARTS {
        let mut consumer = Service::start("consumer", &[], &settings);
        consumer.await_line(&["Kafka: ready"]).await;
        assert_eq!(consumer.terminate().await, Some(0), "{:?}", consumer.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_never_answered_is_not_called_ready_at_the_end() {
    let topic = Topic::create(1).await;
    let database = Database::create().await;
    let nobody = devstack::free_port().unwrap();
    let settings = ServiceSettings::consumer(&topic, &database).set(
        "PG_URI",
        format!("postgresql://me@127.0.0.1:{nobody}/checks"),
    );
    let mut consumer = Service::start("consumer", &[], &settings);
    consumer.await_line(&["PostgreSQL: ", "retrying"]).await;
    assert_eq!(consumer.terminate().await, Some(0));
    let log = consumer.log();
    assert!(!log.iter().any(|it| it.contains("PostgreSQL: ready")));
}
