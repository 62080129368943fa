//! A Sentry, told of what went wrong.

use std::fs;

use devstack::Inbox;
use serde_json::Value;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic};

#[tokio::test(flavor = "multi_thread")]
async fn a_sentry_is_told_of_an_error_and_of_a_service_that_ends_in_failure() {
    let site = Site::start(Answer::page("well")).await;
    let mut inbox = Inbox::start().await.unwrap();
    let dsn = inbox.url().replace("/alerts", "/42");
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    fs::write(folder.path().join("state.redb"), "no store").unwrap();
    let nobody = devstack::free_port().unwrap();
    let topic = Topic {
        name: "nowhere".into(),
        bootstrap: format!("127.0.0.1:{nobody}"),
    };
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("STATE_DIR", folder.path().display())
        .set("SENTRY_DSN", dsn.replace("://", "://thekey@"))
        .set("SENTRY_ENVIRONMENT", "kitchen");
    let mut monitor = Service::start("monitor", &[], &settings);
    let torn = told(&mut inbox).await;
    assert!(
        torn["message"].as_str().unwrap().contains("is torn"),
        "{torn}"
    );
    assert_eq!(
        torn["level"],
        Value::Null,
        "an error, as it is where none is named"
    );
    assert_eq!(monitor.terminate().await, Some(0));

    // A file is no folder: there is no state, and what Kafka does not take is lost.
    let settings = settings
        .set("STATE_DIR", targets.display())
        .set("DRAIN_TIMEOUT", 1);
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Going on without state"]).await;
    let before = site.requests();
    crate::support::eventually("the site is asked", async || {
        (site.requests() >= before + 2).then_some(())
    })
    .await;
    assert_eq!(monitor.terminate().await, Some(1));
    let mut end = told(&mut inbox).await;
    while end["level"] != "fatal" {
        end = told(&mut inbox).await;
    }
    let message = end["message"].as_str().unwrap();
    assert!(message.starts_with("monitor ends: "), "{end}");
    assert_eq!(end["environment"], "kitchen", "{end}");
    let release = end["release"].as_str().unwrap();
    assert!(release.starts_with("websites-monitor@"), "{end}");
}

/// The next event.
async fn told(inbox: &mut Inbox) -> Value {
    let posted = inbox.next().await.unwrap();
    let event = posted.body.lines().nth(2).unwrap();
    serde_json::from_str(event).unwrap()
}
