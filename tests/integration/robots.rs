//! A site that asks not to be looked at, and a monitor that obeys.

use std::fs;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn what_robots_txt_forbids_is_skipped_and_asked_for_once() {
    let site = Site::start(Answer::page("User-agent: *\nDisallow: /private\n")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{0}private/a\n{0}open\n", site.url)).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets).set("ROBOTSTXT_OBEY", 1);
    let mut monitor = Service::start("monitor", &[], &settings);
    eventually("both are checked, one at least again", async || {
        (topic.ends()[0].1 >= 4 && site.requests() >= 2).then_some(())
    })
    .await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    // A machine that stands still for a second makes no check of that second.
    let (forbidden, open): (Vec<_>, Vec<_>) = records
        .iter()
        .filter(|record| record["outcome"] != "missed")
        .partition(|record| record["url"].as_str().unwrap().ends_with("private/a"));
    assert!(!forbidden.is_empty() && !open.is_empty(), "{records:?}");
    for record in forbidden {
        assert_eq!(record["outcome"], "skipped", "{record}");
        assert_eq!(record["failure"]["reason"], "robots_disallowed", "{record}");
    }
    assert!(
        open.iter().all(|record| record["outcome"] == "up"),
        "{open:?}"
    );
    assert_eq!(site.requests(), open.len() + 1, "robots.txt once");
}
