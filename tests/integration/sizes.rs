//! A topic that takes little at once: good results are published whatever they are batched with, and
//! what is itself too large is shortened, or named.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

/// Targets of one site: a path each.
fn targets(site: &Site, count: usize, regexp: &str) -> Vec<String> {
    (0..count)
        .map(|number| format!("{}{number},{regexp}", site.url))
        .collect()
}

/// The records of each target, once each has some.
async fn published(topic: &Topic, targets: usize, each: usize) -> BTreeMap<String, Vec<Value>> {
    eventually("each target has its records", async || {
        if topic.ends().iter().map(|(_, end)| end).sum::<i64>() < (targets * each) as i64 {
            return None;
        }
        let mut by_url: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for record in topic.read() {
            let url = record["url"].as_str().unwrap().to_owned();
            by_url.entry(url).or_default().push(record);
        }
        let complete = by_url.len() == targets && by_url.values().all(|it| it.len() >= each);
        complete.then_some(by_url)
    })
    .await
}

fn assert_in_order(records: &[Value]) {
    // A batch may come again after a refusal: the ids make that harmless.
    let mut times: Vec<_> = records
        .iter()
        .map(|it| it["scheduled_at"].as_str().unwrap().to_owned())
        .collect();
    times.dedup();
    assert!(times.is_sorted(), "{times:?}");
}

async fn run(topic_takes: &str, count: usize, alter_late: bool) {
    let site = Site::start(Answer::page("All is well")).await;
    let long = Site::start(Answer::page(&"x".repeat(100_000))).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("urls.csv");
    let mut rows = targets(&site, count, "well");
    rows.extend(targets(&long, 1, "x+"));
    fs::write(&file, format!("url,regexp\n{}\n", rows.join("\n"))).unwrap();
    let topic = Topic::create(1).await;
    if !alter_late {
        topic.alter("max.message.bytes", topic_takes).await;
    }
    let settings = ServiceSettings::monitor(&topic, &file)
        .set("PROBES_PER_HOST_MAX", 64)
        .set("WEBSITES_CHECK_INTERVAL", 5);
    let mut monitor = Service::start("monitor", &[], &settings);
    if alter_late {
        published(&topic, rows.len(), 1).await;
        topic.alter("max.message.bytes", topic_takes).await;
    }
    let records = published(&topic, rows.len(), 3).await;
    assert_eq!(monitor.terminate().await, Some(0));
    for (url, records) in &records {
        assert_in_order(records);
        let mut looked = records.iter().rev().filter(|it| it["outcome"] == "up");
        let Some(last) = looked.next() else { continue };
        let matched = last["matched_text"].as_str().unwrap();
        if url.starts_with(&long.url) {
            let most: usize = topic_takes.parse().unwrap();
            assert!(
                matched.len() > most / 4 && matched.len() < most,
                "{}",
                matched.len()
            );
        } else {
            assert_eq!(matched, "well", "{url}");
        }
    }
    assert!(
        !monitor.log().iter().any(|line| line.contains("dropped")),
        "{:#?}",
        monitor.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_takes_64_kib_gets_the_results_of_600_targets() {
    run("65536", 600, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_takes_hardly_more_than_a_record_gets_every_result() {
    run("2000", 10, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_takes_less_while_the_monitor_runs_gets_every_result() {
    run("2000", 10, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_no_topic_would_take_is_named_and_the_others_go() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("urls.csv");
    let mut rows = targets(&site, 5, "well");
    rows.push(format!("{}{},well", site.url, "x".repeat(1_900)));
    fs::write(&file, format!("url,regexp\n{}\n", rows.join("\n"))).unwrap();
    let topic = Topic::create(1).await;
    topic.alter("max.message.bytes", "2000").await;
    let settings = ServiceSettings::monitor(&topic, &file);
    let mut monitor = Service::start("monitor", &[], &settings);
    let line = monitor.await_line(&["larger than the topic takes"]).await;
    assert!(line.contains("max.message.bytes"), "{line}");
    assert!(line.contains("xxxx"), "{line}");
    published(&topic, 5, 5).await;
    assert_eq!(
        monitor.terminate().await,
        Some(1),
        "what was dropped is counted"
    );
    let told = monitor.log().join("\n");
    assert!(
        told.contains("because they were larger than Kafka takes"),
        "{told}"
    );
}
