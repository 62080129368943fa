//! Days that are kept no longer go while records come, and the proof stays whole.

use std::{ops::Range, time::Duration};

use jiff::{SignedDuration, Timestamp};
use messages::{DueTimes, check_id};
use serde_json::json;

use crate::support::{Database, Service, ServiceSettings, Topic};

const URL: &str = "http://kept.example/";
const INTERVAL: Duration = Duration::from_hours(6);
const KEPT_DAYS: i64 = 2;

/// A record of each check that was due in a period.
fn records(location: &str, period: Range<Timestamp>) -> Vec<Vec<u8>> {
    let due = DueTimes::new(URL, INTERVAL).within(period);
    let record = due.map(|due| {
        json!({
            "url": URL, "error_code": 200, "response_time": 0.25, "schema_version": 1,
            "check_id": check_id(location, URL, due), "scheduled_at": due, "location": location,
            "interval": INTERVAL.as_secs(), "outcome": "up",
        })
    });
    record.map(|it| it.to_string().into_bytes()).collect()
}

fn write(topic: &Topic, records: &[Vec<u8>]) -> i64 {
    topic.write_to(Some(0), records.iter().map(Vec::as_slice));
    i64::try_from(records.len()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_past_retention_go_behind_a_long_reader_and_the_proof_stays_whole() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let now = Timestamp::now();
    let days_ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    let stored = write(&topic, &records("a", days_ago(5)..days_ago(0)));
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(stored).await;
    // A day goes only once the roll-ups have it. They let what is new settle first: here it is old.
    for marks in ["dirty_hours", "dirty_days"] {
        let age = format!("UPDATE {marks} SET created_at = '-infinity'");
        database.execute(&age).await;
        let counted = format!("SELECT NOT EXISTS (SELECT FROM {marks})");
        database.await_true(&counted).await;
    }
    assert_eq!(consumer.terminate().await, Some(0));

    // Somebody reads all of it, and takes their time.
    let reader = database.connect().await.unwrap();
    let read = "BEGIN; SELECT count(*) FROM metrics";
    reader.batch_execute(read).await.unwrap();
    let settings = settings.set("RETENTION_DAYS", KEPT_DAYS);
    let mut consumer = Service::start("consumer", &[], &settings);
    consumer
        .await_line(&["stays for now", "lock timeout"])
        .await;
    // Whoever writes is not held up; what comes too late is neither a row nor a dead letter.
    let late = write(&topic, &records("b", days_ago(5)..days_ago(KEPT_DAYS + 1)));
    let fresh = write(&topic, &records("b", days_ago(1)..days_ago(0)));
    let all = stored + late + fresh;
    let read_all = format!("SELECT next_offset = {all} AND expired = {late} FROM offsets");
    database.await_true(&read_all).await;
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM metrics").await,
        stored + fresh
    );

    reader.batch_execute("COMMIT").await.unwrap();
    let first_kept = days_ago(KEPT_DAYS).strftime("metrics_%Y%m%d");
    // By midnight, the next one is the first.
    let gone = format!(
        "SELECT min(inhrelid::regclass::text) BETWEEN '{first_kept}' \
         AND to_char((now() - interval '{KEPT_DAYS} days') AT TIME ZONE 'UTC', '\"metrics_\"YYYYMMDD') \
         FROM pg_inherits WHERE inhparent = 'metrics'::regclass"
    );
    database.await_true(&gone).await;
    assert_eq!(consumer.terminate().await, Some(0));
    let since = days_ago(6).to_string();
    let verify = ["verify", "--since", &since, "--until", &now.to_string()];
    let (code, report, said) = Service::run("consumer", &verify, &settings).await;
    assert_eq!(code, Some(0), "{report}{said}");
    assert!(report.contains(&format!("{late} expired")), "{report}");
}
