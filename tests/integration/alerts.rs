//! Alerts, by the program as its user runs it.

use std::{fs, path::PathBuf};

use devstack::{Answer, Inbox, Posted};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{Database, PATIENCE, Service, ServiceSettings, Topic, original_record};

/// What is to be told: a website went down a minute ago.
const DOWN: &str = "WITH website AS (INSERT INTO websites (url) VALUES ('http://a.test/') RETURNING id), \
    incident AS (INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, \
    failure_reason, locations_down, locations_heard) SELECT id, now() - interval '1 minute', now(), \
    gen_random_uuid(), '', -1, 'connect_refused', 1, 1 FROM website RETURNING id, website_id) \
    INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, created_at) \
    SELECT 'ops', 'down', 'incident ' || id, id, website_id, now() - interval '1 minute' FROM incident";

/// A file of one receiver.
struct Alerts {
    inbox: Inbox,
    path: PathBuf,
    _folder: TempDir,
}

impl Alerts {
    async fn start() -> Self {
        let inbox = Inbox::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.toml");
        let url = inbox.url();
        let text = format!("[[receiver]]\nname = \"ops\"\ntype = \"webhook\"\nurl = \"{url}\"\n");
        fs::write(&path, text).unwrap();
        Self {
            inbox,
            path,
            _folder: folder,
        }
    }

    async fn posted(&mut self) -> Posted {
        let posted = timeout(PATIENCE, self.inbox.next()).await;
        posted.expect("something is told").expect("the inbox lives")
    }
}

#[tokio::test]
async fn a_wrong_file_ends_the_start_with_line_field_and_what_would_be_right() {
    let alerts = Alerts::start().await;
    fs::write(
        &alerts.path,
        "[[receiver]]\nname = \"ops\"\ntype = \"slack\"\nurl = \"${MISSING}\"\ndefualt = true\n",
    )
    .unwrap();
    let settings = ServiceSettings::default()
        .set("PG_URI", "postgres://u:p@127.0.0.1:1/d")
        .set("TOPIC_NAME", "checks")
        .set("SECURITY_PROTOCOL", "PLAINTEXT")
        .set("ALERTS_FILE", alerts.path.display());
    for arguments in [&["run"][..], &["alert-test", "ops"]] {
        let (code, _, said) = Service::run("consumer", arguments, &settings).await;
        assert_eq!(code, Some(2), "{said}");
        for part in [
            "ALERTS_FILE: ",
            "alerts.toml:4: receiver ops: url: the environment does not set MISSING",
            "alerts.toml:5: receiver ops: defualt: is not known; did you mean default?",
        ] {
            assert!(said.contains(part), "{part:?} in {said}");
        }
    }
}

#[tokio::test]
async fn a_test_proves_that_a_receiver_is_reached() {
    let mut alerts = Alerts::start().await;
    let settings = ServiceSettings::default().set("ALERTS_FILE", alerts.path.display());
    let (code, printed, said) = Service::run("consumer", &["alert-test", "ops"], &settings).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        printed.starts_with("ops has taken the test alert "),
        "{printed}"
    );
    assert!(
        alerts
            .posted()
            .await
            .body
            .contains("a test: alerts arrive here")
    );
    alerts.inbox.answer(Answer::Status(403, ""));
    let (code, _, said) = Service::run("consumer", &["alert-test", "ops"], &settings).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("127.0.0.1 answered 403 Forbidden"), "{said}");
    let (code, _, said) = Service::run("consumer", &["alert-test", "opps"], &settings).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there are ops"), "{said}");
}

#[tokio::test]
async fn a_receiver_is_reached_through_the_environments_proxy() {
    let mut alerts = Alerts::start().await;
    let proxy = alerts.inbox.url();
    let text =
        "[[receiver]]\nname = \"ops\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:1/alerts\"\n";
    fs::write(&alerts.path, text).unwrap();
    let settings = ServiceSettings::default()
        .set("ALERTS_FILE", alerts.path.display())
        .set("HTTP_PROXY", &proxy);
    let (code, _, said) = Service::run("consumer", &["alert-test", "ops"], &settings).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(alerts.posted().await.header("host"), Some("127.0.0.1:1"));
    let settings = settings.set("NO_PROXY", "127.0.0.1");
    let (code, _, said) = Service::run("consumer", &["alert-test", "ops"], &settings).await;
    assert_eq!(code, Some(1), "nobody listens there: {said}");
}

#[tokio::test]
async fn what_a_killed_consumer_was_telling_another_tells_by_the_same_id() {
    let mut alerts = Alerts::start().await;
    alerts.inbox.answer(Answer::Silence);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings =
        ServiceSettings::consumer(&topic, &database).set("ALERTS_FILE", alerts.path.display());
    let mut killed = Service::start("consumer", &[], &settings);
    database
        .await_true("SELECT to_regclass('outbox') IS NOT NULL")
        .await;
    database.execute(DOWN).await;
    let first = alerts.posted().await;
    killed.kill();
    let other = Service::start("consumer", &[], &settings);
    // Nobody may tell it before the lease of the one that was killed is over; time goes by.
    database
        .execute("UPDATE alerts SET next_attempt_at = now()")
        .await;
    let second = alerts.posted().await;
    assert_eq!(
        first.header("idempotency-key"),
        second.header("idempotency-key")
    );
    assert_eq!(first.body, second.body);
    database
        .await_true("SELECT count(*) = 1 FROM alerts WHERE sent_at IS NOT NULL AND attempts = 2")
        .await;
    other
        .await_line(&["Told ops: http://a.test/: connection refused"])
        .await;
    let sent = "consumer_alerts_sent_total{receiver=\"ops\"} 1";
    other.await_answer("/metrics", &[sent]).await;
}

#[tokio::test]
async fn a_location_that_falls_silent_is_told_and_so_is_that_it_is_heard_again() {
    let mut alerts = Alerts::start().await;
    alerts.inbox.answer(Answer::Status(500, ""));
    // Of one partition nothing ever comes: that it is read to its end is known all the same.
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database)
        .set("ALERTS_FILE", alerts.path.display())
        .set("ALERT_GROUP_WAIT", "0.1");
    let consumer = Service::start("consumer", &[], &settings);
    topic.write([original_record(0).as_slice()]);
    database
        .await_true(
            "SELECT to_regclass('readings') IS NOT NULL AND (SELECT count(*) = 2 FROM readings) \
            AND EXISTS (SELECT FROM locations)",
        )
        .await;
    // An hour goes by.
    database
        .execute(
            "UPDATE locations SET heard_at = heard_at - interval '1 hour'; \
            UPDATE readings SET since = since - interval '2 hours'",
        )
        .await;
    let silent = alerts.posted().await.body;
    let what = "nothing comes from the monitor without a location since ";
    assert!(silent.contains(what), "{silent}");
    // The receiver refuses it, which is seen; it is not tried again before we have looked.
    let hold = "WITH held AS (UPDATE alerts SET next_attempt_at = now() + interval '1 hour' \
        WHERE last_error IS NOT NULL RETURNING id) SELECT count(*) = 1 FROM held";
    database.await_true(hold).await;
    let are_shown = [
        "consumer_silent_locations 1",
        "consumer_alerts_refused_attempts{receiver=\"ops\"} 1",
    ];
    consumer.await_answer("/metrics", &are_shown).await;
    let (code, printed, said) = Service::run("consumer", &["status"], &settings).await;
    assert_eq!(code, Some(0), "{said}");
    for part in [
        ", silent since ",
        "receiver ops: 1 alerts wait, ",
        "127.0.0.1 answered 500 Internal Server Error",
    ] {
        assert!(printed.contains(part), "{part:?} in {printed}");
    }
    database
        .execute("UPDATE alerts SET next_attempt_at = now()")
        .await;
    assert_eq!(alerts.posted().await.body, silent, "it is tried again");
    topic.write([original_record(1).as_slice()]);
    let heard = alerts.posted().await.body;
    assert!(heard.contains("is heard again, after 1 h"), "{heard}");
    assert!(heard.contains("\"is_over\":true"), "{heard}");
}
