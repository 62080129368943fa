//! A busy monitor that is killed at random points while Kafka is away.

use std::fs;

use devstack::{Kafka, KafkaOptions, Server};

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually};

/// Checked each second.
const TARGETS: usize = 100;
const KILLS: u32 = 10;
/// Requests of the site between two kills, at most.
const REQUESTS_MAX: u64 = 200;
/// Decides when it is killed, so that a failure can be had again.
const SEED: u64 = 5;

async fn asked(site: &Site, more: usize) {
    let before = site.requests();
    eventually("the site is asked", async || {
        (site.requests() >= before + more).then_some(())
    })
    .await;
}

/// A number below a bound, at random.
fn below(state: &mut u64, bound: u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    usize::try_from((*state >> 33) % bound).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_busy_monitor_killed_at_random_points_each_due_check_is_accounted_for() {
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let urls = (0..TARGETS).map(|number| format!("{}{number}", site.url));
    let rows: Vec<_> = ["url".into()].into_iter().chain(urls).collect();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, rows.join("\n")).unwrap();
    let (topic, database) = (Topic::create_on(&kafka, 4).await, Database::create().await);
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("STATE_DIR", folder.path().join("state").display());
    kafka.stop().await.unwrap();
    let mut random = SEED;
    for _ in 0..KILLS {
        let mut monitor = Service::start("monitor", &[], &settings);
        asked(&site, 1 + below(&mut random, REQUESTS_MAX)).await;
        monitor.kill();
    }
    kafka.start().await.unwrap();
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Kafka: ready"]).await;
    let none = "\nmonitor_spooled_results 0\n";
    monitor.await_answer("/metrics", &[none]).await;
    asked(&site, TARGETS).await;
    assert_eq!(monitor.terminate().await, Some(0));

    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    let all: i64 = topic.ends().iter().map(|it| it.1).sum();
    database
        .await_true(&format!("SELECT sum(next_offset) = {all} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    let (code, report, said) = Service::run("consumer", &["verify"], &settings).await;
    assert_eq!(code, Some(0), "{report}{said}");
    let each = "SELECT count(DISTINCT website_id) FROM metrics";
    assert_eq!(database.value::<i64>(each).await, TARGETS as i64);
    let twice = "SELECT count(*) FROM (SELECT FROM metrics GROUP BY website_id, location, scheduled_at \
        HAVING count(*) > 1) AS checks";
    assert_eq!(database.value::<i64>(twice).await, 0);
    let silence = "SELECT count(*) FROM (SELECT scheduled_at - lag(scheduled_at) OVER \
        (PARTITION BY website_id ORDER BY scheduled_at) AS step FROM metrics) AS steps \
        WHERE step <> interval '1 second'";
    assert_eq!(database.value::<i64>(silence).await, 0);
}
