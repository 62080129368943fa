//! What must outlive a crash: a monitor killed at any moment, without Kafka, on a disk that is full.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use devstack::{Kafka, KafkaOptions, Server, SmallDisk};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually};

const TARGETS: usize = 20;
/// Requests of the site between two kills: unlike each other, and unlike a whole second's.
const KILL_AFTER: [usize; 6] = [3, 27, 61, 8, 45, 90];

/// Without a monitor.
const AWAY: Duration = Duration::from_millis(2_500);

fn write_targets(folder: &Path, site: &Site) -> std::path::PathBuf {
    let urls = (0..TARGETS).map(|number| format!("{}{number}", site.url));
    let rows: Vec<_> = ["url".into()].into_iter().chain(urls).collect();
    let file = folder.join("urls.csv");
    fs::write(&file, rows.join("\n")).unwrap();
    file
}

fn nowhere() -> Topic {
    let nobody = devstack::free_port().unwrap();
    Topic {
        name: "nowhere".into(),
        bootstrap: format!("127.0.0.1:{nobody}"),
    }
}

async fn await_requests(site: &Site, more: usize) {
    let before = site.requests();
    eventually("the site is asked", async || {
        (site.requests() >= before + more).then_some(())
    })
    .await;
}

/// The due times of each target, each with the outcomes of its records.
fn by_target(records: &[Value]) -> BTreeMap<String, BTreeMap<Timestamp, BTreeSet<String>>> {
    let mut targets = BTreeMap::<String, BTreeMap<_, BTreeSet<_>>>::new();
    for record in records {
        let url = record["url"].as_str().unwrap().to_owned();
        let due: Timestamp = record["scheduled_at"].as_str().unwrap().parse().unwrap();
        let outcome = record["outcome"].as_str().unwrap().to_owned();
        let checks = targets.entry(url).or_default();
        checks.entry(due).or_default().insert(outcome);
    }
    targets
}

fn assert_each_second_has_its_result(records: &[Value]) {
    let targets = by_target(records);
    assert_eq!(targets.len(), TARGETS);
    for (url, checks) in targets {
        let due: Vec<_> = checks.keys().collect();
        for pair in due.windows(2) {
            let step = pair[1].duration_since(*pair[0]);
            assert_eq!(step.as_millis(), 1_000, "{url} after {}", pair[0]);
        }
        for (due, outcomes) in &checks {
            let real = outcomes.iter().filter(|it| *it != "missed").count();
            assert!(real <= 1, "{url} {due}: {outcomes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_killed_again_and_again_without_kafka_owes_no_check() {
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = write_targets(folder.path(), &site);
    let topic = Topic::create_on(&kafka, 1).await;
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("STATE_DIR", folder.path().join("state").display());
    kafka.stop().await.unwrap();
    for requests in KILL_AFTER {
        let mut monitor = Service::start("monitor", &[], &settings);
        await_requests(&site, requests).await;
        monitor.kill();
    }
    // Some checks of each target are due while nobody is there.
    tokio::time::sleep(AWAY).await;
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["told as missed"]).await;
    await_requests(&site, 2 * TARGETS).await;
    kafka.start().await.unwrap();
    monitor.await_line(&["Kafka: ready"]).await;
    await_requests(&site, 2 * TARGETS).await;
    // With Kafka there, too.
    monitor.kill();
    let mut monitor = Service::start("monitor", &[], &settings);
    await_requests(&site, 3 * TARGETS).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    assert_each_second_has_its_result(&records);
    let real = records.iter().filter(|it| it["outcome"] == "up").count();
    assert!(real > 200, "most were made: {real} of {}", records.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_again_after_kills_stands_once_in_the_table_and_as_it_was_seen() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = write_targets(folder.path(), &site);
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("STATE_DIR", folder.path().join("state").display());
    for requests in KILL_AFTER {
        let mut monitor = Service::start("monitor", &[], &settings);
        await_requests(&site, requests).await;
        monitor.kill();
    }
    let mut monitor = Service::start("monitor", &[], &settings);
    await_requests(&site, 2 * TARGETS).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    assert_each_second_has_its_result(&records);
    // Watermarks are written every ten seconds: what was published since is told as missed, too.
    let mut seen = by_target(&records);
    let outcomes = seen.values_mut().flat_map(BTreeMap::values_mut);
    let repeated: Vec<_> = outcomes.filter(|outcomes| outcomes.len() > 1).collect();
    assert!(!repeated.is_empty());
    for outcomes in repeated {
        outcomes.remove("missed");
    }

    let settings = ServiceSettings::consumer(&topic, &database);
    let _consumer = Service::start("consumer", &[], &settings);
    let all = records.len();
    database
        .await_true(&format!("SELECT sum(next_offset) = {all} FROM offsets"))
        .await;
    let rows = database
        .rows("SELECT url, to_json(scheduled_at)::text, outcome::text FROM results")
        .await;
    let mut stored = BTreeMap::<String, BTreeMap<_, BTreeSet<_>>>::new();
    for row in &rows {
        let due: String = row.get(1);
        let due: Timestamp = due.trim_matches('"').parse().unwrap();
        let checks = stored.entry(row.get(0)).or_default();
        assert!(checks.insert(due, BTreeSet::from([row.get(2)])).is_none());
    }
    assert_eq!(stored, seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_kafka_a_drain_spools_and_the_next_start_publishes_in_order() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = write_targets(folder.path(), &site);
    let state = folder.path().join("state");
    let settings = ServiceSettings::monitor(&nowhere(), &targets).set("STATE_DIR", state.display());
    let mut monitor = Service::start("monitor", &[], &settings);
    await_requests(&site, 3 * TARGETS).await;
    assert_eq!(monitor.terminate().await, Some(0));
    monitor.await_line(&["published or spooled"]).await;
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets).set("STATE_DIR", state.display());
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor
        .await_line(&["Results are spooled from before"])
        .await;
    await_requests(&site, 3 * TARGETS).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    assert_each_second_has_its_result(&records);
    let mut seen = BTreeMap::new();
    for record in &records {
        let due: Timestamp = record["scheduled_at"].as_str().unwrap().parse().unwrap();
        let last = seen.insert(record["url"].to_string(), due);
        assert!(last.is_none_or(|last| last <= due), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_monitor_on_the_same_state_is_refused() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = write_targets(folder.path(), &site);
    let settings = ServiceSettings::monitor(&nowhere(), &targets)
        .set("STATE_DIR", folder.path().join("state").display());
    let _first = Service::start("monitor", &[], &settings);
    await_requests(&site, 1).await;
    let mut second = Service::start("monitor", &[], &settings);
    assert_eq!(second.exit().await.code(), Some(2));
    second.await_line(&["another monitor", "STATE_DIR"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_no_result_that_memory_can_hold() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), "24m").unwrap() else {
        println!("skipped: mounting a small file system needs root");
        return;
    };
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page(&"x".repeat(20_000))).await;
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url,regexp\n{},x+\n", site.url)).unwrap();
    let topic = Topic::create_on(&kafka, 1).await;
    kafka.stop().await.unwrap();
    fs::write(disk.folder().join("filler"), vec![0; 22_500_000]).unwrap();
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("WEBSITES_CHECK_INTERVAL", "0.2")
        .set("STATE_DIR", disk.folder().join("state").display());
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor
        .await_line(&["cannot be written", "STATE_DIR"])
        .await;
    await_requests(&site, 20).await;
    kafka.start().await.unwrap();
    monitor.await_line(&["Kafka: ready"]).await;
    fs::remove_file(disk.folder().join("filler")).unwrap();
    monitor
        .await_line(&["The state can be written again"])
        .await;
    assert_eq!(monitor.terminate().await, Some(0), "{:?}", monitor.log());
    let records = topic.read();
    let due: BTreeSet<Timestamp> = records
        .iter()
        .map(|record| record["scheduled_at"].as_str().unwrap().parse().unwrap())
        .collect();
    let due: Vec<_> = due.into_iter().collect();
    for pair in due.windows(2) {
        let step = pair[1].duration_since(pair[0]);
        assert_eq!(step.as_millis(), 200, "after {}", pair[0]);
    }
}
