//! Many sites fail together: where no witness answers either, our own network is out.

use std::fs;

use serde_json::Value;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

const TARGETS: usize = 3;

/// Targets at which nobody answers, and the records of their checks until one says this of the witness.
async fn records_until(witness_url: &str, said: &str, readiness: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let urls = (0..TARGETS).map(|_| closed());
    let rows: Vec<_> = ["url".into()].into_iter().chain(urls).collect();
    fs::write(&targets, rows.join("\n")).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets).set("WITNESS_URLS", witness_url);
    let mut monitor = Service::start("monitor", &[], &settings);
    let is_said = |record: &Value| record["prober"]["witness"] == said;
    let records = eventually("the witness is told of", async || {
        let records = topic.read();
        (records.iter().filter(|it| is_said(it)).count() >= TARGETS).then_some(records)
    })
    .await;
    monitor.await_answer("/readyz", &[readiness]).await;
    assert_eq!(monitor.terminate().await, Some(0));
    records
}

/// A url whose port nobody listens at.
fn closed() -> String {
    format!("http://127.0.0.1:{}/", devstack::free_port().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_witness_answers_either_the_records_and_readiness_say_so() {
    let out = "our own network is out";
    let records = records_until(&closed(), "down", out).await;
    // A machine that stands still for a second makes no check of that second.
    let mut looked = records.iter().filter(|it| it["outcome"] != "missed");
    assert!(
        looked.all(|it| it["failure"]["reason"] == "connect_refused"),
        "{records:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_witness_answers_it_is_the_sites_that_are_down() {
    let witness = Site::start(Answer::page("well")).await;
    let records = records_until(&witness.url, "up", "200 OK").await;
    assert!(witness.requests() > 0);
    let blamed = records
        .iter()
        .filter(|it| it["prober"]["witness"] == "down");
    assert_eq!(blamed.count(), 0);
}
