//! The topic is deleted under a running monitor, and made again.

use std::{collections::BTreeSet, fs, time::Duration};

use devstack::{Kafka, KafkaOptions};
use jiff::Timestamp;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

/// Results that come while the topic is away.
const AWAY: u64 = 5;
const INTERVAL: Duration = Duration::from_secs(1);

fn due_times(topic: &Topic) -> Vec<Timestamp> {
    let records = topic.read();
    let times = records
        .iter()
        .map(|record| record["scheduled_at"].as_str().unwrap().parse().unwrap());
    times.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_deleted_under_the_monitor_is_named_and_nothing_is_lost() {
    let kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let topic = Topic::create_on(&kafka, 1).await;
    let mut monitor = Service::start("monitor", &[], &ServiceSettings::monitor(&topic, &targets));
    monitor.await_answer("/readyz", &["200 OK"]).await;
    eventually("results are published", async || {
        (topic.read().len() >= 2).then_some(())
    })
    .await;
    kafka.delete_topic(&topic.name).await.unwrap();
    monitor.await_line(&["WARN", &topic.name, "is gone"]).await;
    let answer = ["503", topic.name.as_str(), "is gone"];
    monitor.await_answer("/readyz", &answer).await;
    let before = site.requests();
    eventually("checks go on", async || {
        (site.requests() >= before + usize::try_from(AWAY).unwrap()).then_some(())
    })
    .await;
    // Where we might make it, too, it is the operator's to make.
    let made = monitor
        .log()
        .into_iter()
        .find(|it| it.contains("Made the topic"));
    assert_eq!(made, None);
    let made_at = Timestamp::now();
    kafka.create_topic(&topic.name, 1).await.unwrap();
    monitor.await_answer("/readyz", &["200 OK"]).await;
    let goes_on = made_at + INTERVAL;
    let times = eventually("what waited and what came is there", async || {
        let times = due_times(&topic);
        times
            .last()
            .is_some_and(|last| *last > goes_on)
            .then_some(times)
    })
    .await;
    assert!(times.is_sorted(), "{times:?}");
    let seen: BTreeSet<_> = times.iter().copied().collect();
    let mut due = times[0];
    while due < times[times.len() - 1] {
        assert!(seen.contains(&due), "{due} is missing: {times:?}");
        due += INTERVAL;
    }
    assert!(times[0] + Duration::from_secs(AWAY) < made_at, "{times:?}");
    assert_eq!(monitor.terminate().await, Some(0));
}
