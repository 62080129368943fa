//! The pair, end to end: sites → Kafka → rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use devstack::Sites;
use serde_json::Value;

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_website_becomes_a_row_with_what_the_record_says() {
    let site = Site::start(Answer::page("<h1>Grüße aus dem Gmail-Postfach</h1>")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let refused = devstack::free_port().unwrap();
    fs::write(
        &targets,
        format!(
            "url,regexp\n{},gr..e \\w+\nhttp://127.0.0.1:{refused}/,\n",
            site.url
        ),
    )
    .unwrap();
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    // A check that takes longer than its interval is missed, and on a machine that is busy with
    // twenty builds a second is not long.
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("MONITOR_LOCATION", "office")
        .set("WEBSITES_CHECK_INTERVAL", 3);
    let mut monitor = Service::start("monitor", &[], &settings);
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    database.await_rows(6).await;
    assert_eq!(monitor.terminate().await, Some(0));
    database
        .await_true(&format!(
            "SELECT sum(next_offset) = {} FROM offsets",
            topic.ends().iter().map(|(_, end)| end).sum::<i64>()
        ))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));

    let records = topic.read();
    let rows = database.value::<i64>("SELECT count(*) FROM metrics").await;
    assert_eq!(rows, records.len() as i64);
    for record in &records {
        assert_stored(&database, record).await;
        if record["outcome"] == "missed" {
            assert!(!is_missed_by_its_own_doing(record), "{record}");
        } else if record["url"] == site.url {
            assert_eq!(record["matched_text"], "Grüße aus");
        } else {
            assert_eq!(record["failure"]["reason"], "connect_refused");
        }
    }
    let ups = records
        .iter()
        .filter(|record| record["outcome"] == "up")
        .count();
    assert_eq!(ups, site.requests(), "each request is one result");
}

/// A machine that stands still for a second is no fault of the monitor's, nor that a slot ends while it starts;
/// that its own checks stand in each other's way is one.
fn is_missed_by_its_own_doing(record: &Value) -> bool {
    let detail = record["failure"]["detail"].as_str();
    record["outcome"] == "missed" && detail.is_some_and(|it| it.contains("still ran"))
}

/// At the start every target's slot under way is checked, and for some the next one comes due while
/// that check runs.
#[tokio::test(flavor = "multi_thread")]
async fn the_slot_under_way_at_the_start_and_the_one_due_right_after_it_are_both_looked_at() {
    const TARGETS: usize = 60;
    // So long that of these targets some are surely under way when they come due again.
    let takes = Duration::from_secs(1);
    let site = Site::start(Answer::page("well").later(takes)).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let rows: Vec<_> = (0..TARGETS)
        .map(|number| format!("{}{number}", site.url))
        .collect();
    fs::write(&targets, format!("url\n{}\n", rows.join("\n"))).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets)
        .set("WEBSITES_CHECK_INTERVAL", 3)
        .set("PROBES_PER_HOST_MAX", TARGETS);
    let mut monitor = Service::start("monitor", &[], &settings);
    eventually("each target is asked twice", async || {
        (site.requests() >= TARGETS * 2).then_some(())
    })
    .await;
    assert_eq!(monitor.terminate().await, Some(0));

    let mut checks = BTreeMap::<_, Vec<_>>::new();
    for record in topic.read() {
        let outcome = record["outcome"].as_str().unwrap();
        assert!(["up", "missed"].contains(&outcome), "{record}");
        assert!(!is_missed_by_its_own_doing(&record), "{record}");
        let url = record["url"].as_str().unwrap().to_owned();
        checks.entry(url).or_default().push(record);
    }
    assert_eq!(checks.len(), TARGETS);
    let mut waited = 0;
    for records in checks.values() {
        let times: BTreeSet<_> = records
            .iter()
            .map(|record| record["scheduled_at"].as_str())
            .collect();
        assert_eq!(
            times.len(),
            records.len(),
            "one result a check: {records:?}"
        );
        assert!(records.len() >= 2, "{records:?}");
        let lag = records[1]["prober"]["schedule_lag"].as_f64();
        waited += usize::from(lag.is_some_and(|lag| lag > 0.01));
    }
    assert!(waited > 0, "none came due while its last check ran");
}

/// Fails unless the record's row says what the record says.
async fn assert_stored(database: &Database, record: &Value) {
    let id = record["check_id"].as_str().unwrap();
    let row = &database
        .rows(&format!(
            "SELECT url, regexp, error_code, response_time, matched_text, location, outcome, \
             to_char(scheduled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
             connect, first_byte, body, remote_address, http_version, body_bytes \
             FROM metrics JOIN websites ON websites.id = website_id WHERE check_id = '{id}'"
        ))
        .await[0];
    assert_eq!(row.get::<_, &str>(0), record["url"]);
    assert_eq!(row.get::<_, &str>(1), record["regex_pattern"]);
    assert_eq!(row.get::<_, i32>(2), record["error_code"]);
    assert_eq!(
        row.get::<_, Option<f32>>(3),
        seconds(&record["response_time"])
    );
    assert_eq!(row.get::<_, &str>(4), record["matched_text"]);
    assert_eq!(row.get::<_, &str>(5), "office");
    assert_eq!(row.get::<_, &str>(6), record["outcome"]);
    assert_eq!(row.get::<_, &str>(7), record["scheduled_at"]);
    for (column, phase) in [(8, "connect"), (9, "first_byte"), (10, "body")] {
        assert_eq!(
            row.get::<_, Option<f32>>(column),
            seconds(&record["timings"][phase])
        );
    }
    assert_eq!(
        row.get::<_, Option<&str>>(11),
        record["remote_address"].as_str()
    );
    assert_eq!(
        row.get::<_, Option<&str>>(12),
        record["http_version"].as_str()
    );
    assert_eq!(row.get::<_, Option<i64>>(13), record["body_bytes"].as_i64());
}

/// A time of a record, as exactly as its column keeps it.
fn seconds(value: &Value) -> Option<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// How each sample site is judged: its outcome, code, reason and match.
const JUDGEMENTS: [(&str, &str, i32, Option<&str>, &str); 13] = [
    ("well", "up", 200, None, "matched"),
    ("without the text", "up", 200, None, "not_matched"),
    ("slow", "up", 200, None, "matched"),
    ("big", "up", 200, None, "not_evaluated"),
    ("compressed", "up", 200, None, "matched"),
    ("redirecting", "up", 302, None, "not_matched"),
    (
        "failing",
        "down",
        500,
        Some("status_unexpected"),
        "not_evaluated",
    ),
    (
        "hanging",
        "down",
        -1,
        Some("first_byte_timeout"),
        "not_evaluated",
    ),
    (
        "refusing",
        "down",
        -1,
        Some("connect_refused"),
        "not_evaluated",
    ),
    ("encrypted", "up", 200, None, "matched"),
    ("expired", "down", -1, Some("tls_expired"), "not_evaluated"),
    (
        "self-signed",
        "down",
        -1,
        Some("tls_untrusted"),
        "not_evaluated",
    ),
    (
        "wrong host",
        "down",
        -1,
        Some("tls_wrong_host"),
        "not_evaluated",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_sample_site_is_judged_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let sites = Sites::start(folder.path()).await.unwrap();
    let (topic, database) = (Topic::named().await, Database::create().await);
    let settings = ServiceSettings::monitor(&topic, &sites.write_targets().unwrap())
        .set("WEBSITES_CHECK_INTERVAL", 30)
        .set("DOWNLOAD_TIMEOUT", 8)
        .set("SSL_CERT_FILE", sites.ca_file().display());
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    let mut monitor = Service::start("monitor", &[], &settings);
    let count = sites.all().len();
    database
        .await_true(&format!(
            "SELECT count(DISTINCT website_id) = {count} FROM metrics"
        ))
        .await;
    assert!(
        monitor.memory_peak_kib() < 64 * 1024,
        "{} KiB",
        monitor.memory_peak_kib()
    );
    assert_eq!(monitor.terminate().await, Some(0));
    assert_eq!(consumer.terminate().await, Some(0));
    for (name, outcome, error_code, reason, matched) in JUDGEMENTS {
        let site = sites
            .all()
            .iter()
            .find(|site| site.name == name)
            .expect("a sample site");
        let row = &database
            .rows(&format!(
                "SELECT outcome, error_code, failure_reason, match, certificate_not_after < now() \
                 FROM results WHERE url = '{}' \
                 ORDER BY scheduled_at LIMIT 1",
                site.url
            ))
            .await[0];
        assert_eq!(row.get::<_, &str>(0), outcome, "{name}");
        assert_eq!(row.get::<_, i32>(1), error_code, "{name}");
        assert_eq!(row.get::<_, Option<&str>>(2), reason, "{name}");
        assert_eq!(row.get::<_, &str>(3), matched, "{name}");
        let shown = ["encrypted", "expired", "self-signed", "wrong host"].contains(&name);
        let expired = shown.then_some(name == "expired");
        assert_eq!(
            row.get::<_, Option<bool>>(4),
            expired,
            "the certificate of {name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_made_with_the_partitions_asked_for() {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let topic = Topic::named().await;
    let settings = ServiceSettings::monitor(&topic, &targets).set("TOPIC_PARTITIONS", 3);
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Made the topic", &topic.name]).await;
    assert_eq!(topic.ends().len(), 3);
    assert_eq!(monitor.terminate().await, Some(0));
    assert!(shared().await.kafka.bootstrap() == topic.bootstrap);
}
