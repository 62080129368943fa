//! The proof against a real PostgreSQL.

use std::time::Duration;

use ::status::Outcomes;
use database::{Database, DatabaseSettings, Passwords, TlsSettings};
use jiff::SignedDuration;
use messages::{DueTimes, check_id};
use tokio_postgres::{Client, NoTls};

use super::*;
use crate::testing;

const URL: &str = "http://u:secret@a/";
const DAYS: &str = "2026-11-23T00:00:00Z";

async fn prepared() -> (Database, Client) {
    let uri = testing::database().await;
    let settings = DatabaseSettings {
        connection: uri.parse().unwrap(),
        passwords: Passwords::default(),
        tls: TlsSettings::Off,
        connections_max: 2,
        application_name: "tests",
    };
    let database = Database::new(&settings).unwrap();
    database::prepare(&database).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = "CREATE TABLE part PARTITION OF metrics \
        FOR VALUES FROM ('2026-11-22Z') TO ('2026-11-27Z'); \
        INSERT INTO offsets (consumer_group, topic, partition, start_offset, next_offset, rows, \
        duplicates, lost) VALUES ('g', 't', 0, 10, 20, 7, 2, 1)";
    client.batch_execute(tables).await.unwrap();
    (database, client)
}

/// Rows of every check that is due in some hours, at a location.
async fn fill(client: &Client, url: &str, location: &str, seconds: u64, hours: Range<i64>) {
    let website = "INSERT INTO websites (url) VALUES ($1) ON CONFLICT DO NOTHING";
    client.execute(website, &[&url]).await.unwrap();
    let start: Timestamp = DAYS.parse().unwrap();
    let hour = |hours| start + SignedDuration::from_hours(hours);
    let times = DueTimes::new(url, Duration::from_secs(seconds));
    let times: Vec<Timestamp> = times.within(hour(hours.start)..hour(hours.end)).collect();
    let ids: Vec<_> = times
        .iter()
        .map(|due| check_id(location, url, *due))
        .collect();
    let times: Vec<_> = times.into_iter().map(database::system_time).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
    let interval = seconds as f32;
    let rows = "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, \
        response_time, \"interval\", outcome) SELECT websites.id, $2, due, check_id, 200, 0.1, $3, 'up' \
        FROM websites, unnest($4::timestamptz[], $5::uuid[]) AS row (due, check_id) WHERE url = $1";
    client
        .execute(rows, &[&url, &location, &interval, &times, &ids])
        .await
        .unwrap();
}

async fn prove_hours(database: &Database, hours: Range<i64>) -> Report {
    let start: Timestamp = DAYS.parse().unwrap();
    let hour = |hours| start + SignedDuration::from_hours(hours);
    prove(database, hour(hours.start)..hour(hours.end))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_whole_is_accounted_for_across_days_locations_and_intervals() {
    let (database, client) = prepared().await;
    fill(&client, URL, "a", 30, 0..30).await;
    fill(&client, URL, "a", 45, 30..60).await;
    fill(&client, URL, "a", 30, 60..72).await;
    fill(&client, URL, "b", 600, 0..72).await;
    fill(&client, "http://new/", "a", 60, 50..72).await;
    // A row of the original says nothing of what was due.
    let original = "INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, \
        response_time) SELECT id, '2026-11-24T00:00:01Z', gen_random_uuid(), 200, 1 FROM websites";
    client.batch_execute(original).await.unwrap();
    for hours in [0..72, 1..71, 5..29, 20..40, 47..49, 55..65] {
        let report = prove_hours(&database, hours.clone()).await;
        assert_eq!(report.unaccounted(), (0, 0), "{hours:?}: {report}");
    }
    let report = prove_hours(&database, 0..72).await;
    assert_eq!(report.checks.rows_without_interval, 2);
    assert!(report.to_string().contains("Everything is accounted for."));
}

#[tokio::test]
async fn exactly_what_is_wrong_is_told() {
    let (database, client) = prepared().await;
    fill(&client, URL, "a", 60, 0..72).await;
    let wrong = "DELETE FROM metrics WHERE scheduled_at BETWEEN '2026-11-23T10:00Z' AND '2026-11-23T10:05Z'; \
        DELETE FROM metrics WHERE scheduled_at BETWEEN '2026-11-24T23:59Z' AND '2026-11-25T00:01Z'; \
        INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, \"interval\") \
        SELECT website_id, location, scheduled_at, gen_random_uuid(), error_code, response_time, \"interval\" \
        FROM metrics WHERE scheduled_at BETWEEN '2026-11-24T10:00Z' AND '2026-11-24T10:01Z'; \
        UPDATE offsets SET next_offset = 23";
    client.batch_execute(wrong).await.unwrap();
    let report = prove_hours(&database, 0..72).await;
    assert_eq!(report.unaccounted(), (5 + 2 + 1, 3), "{report}");
    let json = report.json();
    let what: Vec<_> = json["checks"].as_array().unwrap().iter().collect();
    let told: Vec<_> = what
        .iter()
        .map(|it| (it["what"].as_str().unwrap(), it["checks"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("missing", 5), ("repeated", 1), ("missing", 2)]);
    assert!(
        what[0]["first"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-23T10:00:")
    );
    assert!(
        what[0]["last"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-23T10:04:")
    );
    assert_eq!(json["partitions"][0]["unaccounted"], 3);
    let text = report.to_string();
    assert!(text.contains("UNACCOUNTED FOR: 3"), "{text}");
    assert!(!text.contains("secret") && !json.to_string().contains("secret"));
    // A check that is missing and another that stands there twice: the count alone is right.
    let swapped = "DELETE FROM metrics WHERE scheduled_at BETWEEN '2026-11-24T10:02Z' AND '2026-11-24T10:03Z'";
    client.batch_execute(swapped).await.unwrap();
    let report = prove_hours(&database, 25..47).await;
    assert_eq!(report.unaccounted().0, 2, "{report}");
}

#[tokio::test]
async fn a_silent_website_is_missed_and_a_retired_one_is_not() {
    let (database, client) = prepared().await;
    fill(&client, URL, "a", 60, 0..10).await;
    fill(&client, "http://retired/", "a", 60, 0..10).await;
    let retire = "UPDATE metrics SET outcome = 'skipped', failure_reason = 'target_removed' \
        WHERE scheduled_at = (SELECT max(scheduled_at) FROM metrics JOIN websites ON websites.id = website_id \
        WHERE url = 'http://retired/')";
    client.batch_execute(retire).await.unwrap();
    // Within the period, and when nothing at all came in it.
    for (hours, checks) in [(0..12, 120), (20..22, 120)] {
        let report = prove_hours(&database, hours).await;
        let json = report.json();
        let found = json["checks"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{report}");
        assert_eq!(found[0]["what"], "silent", "{report}");
        assert_eq!(
            (&json["retired"], &found[0]["checks"]),
            (&1.into(), &checks.into())
        );
    }
}

#[tokio::test]
async fn the_account_of_a_day_is_that_of_the_websites_that_may_be_seen() {
    let (database, client) = prepared().await;
    fill(&client, URL, "a", 60, 0..72).await;
    fill(&client, "http://hidden/", "a", 60, 0..72).await;
    let changed = "UPDATE websites SET target = '{\"name\": \"A\", \"tags\": [\"customer\"]}' \
        WHERE url LIKE '%secret%'; \
        UPDATE metrics SET outcome = 'missed' WHERE scheduled_at BETWEEN '2026-11-24T10:00Z' AND '2026-11-24T10:05Z'; \
        DELETE FROM metrics USING websites WHERE websites.id = website_id AND url LIKE '%secret%' \
            AND scheduled_at BETWEEN '2026-11-24T11:00Z' AND '2026-11-24T11:03Z'";
    client.batch_execute(changed).await.unwrap();
    let start: Timestamp = DAYS.parse().unwrap();
    // Its last two minutes are still under way.
    let now = start + SignedDuration::from_mins(48 * 60 + 2);
    let public = ["customer".to_owned()];
    let account = last_day(&database, Some(&public), now).await.unwrap();
    assert_eq!((account.due, account.unaccounted), (24 * 60, 3));
    let outcomes = Outcomes {
        up: 24 * 60 - 5 - 3,
        missed: 5,
        ..Outcomes::default()
    };
    assert_eq!(account.outcomes, outcomes);
    let finding = &account.findings[0];
    assert_eq!((finding.name.as_deref(), finding.checks), (Some("A"), 3));
    assert_eq!((account.findings.len(), account.other_findings), (1, 0));
    let all = last_day(&database, None, now).await.unwrap();
    assert_eq!((all.due, all.unaccounted), (2 * 24 * 60, 3));
}

/// What is found in some hours: what it is, where, and of how many checks.
async fn found(database: &Database, hours: Range<i64>) -> Vec<(String, String, i64)> {
    let json = prove_hours(database, hours).await.json();
    let text = |it: &serde_json::Value| it.as_str().unwrap().to_owned();
    let found = json["checks"].as_array().unwrap().iter();
    let found = found.map(|it| {
        let checks = it["checks"].as_i64().unwrap();
        (text(&it["what"]), text(&it["location"]), checks)
    });
    found.collect()
}

#[tokio::test]
async fn silence_of_long_ago_is_found_and_so_is_that_at_one_of_two_locations() {
    let (database, client) = prepared().await;
    fill(&client, URL, "a", 60, 0..10).await;
    fill(&client, URL, "b", 60, 0..10).await;
    // Newer rows of the original say nothing, and hide nothing.
    let original = "INSERT INTO metrics (website_id, scheduled_at, error_code, response_time) \
        SELECT id, '2026-11-23T12:00:00Z', 200, 1 FROM websites";
    client.batch_execute(original).await.unwrap();
    let silent = |location: &str| ("silent".to_owned(), location.to_owned(), 60);
    assert_eq!(
        found(&database, 70..71).await,
        [silent("a"), silent("b")],
        "two days later"
    );
    fill(&client, URL, "a", 60, 10..72).await;
    assert_eq!(found(&database, 30..31).await, [silent("b")]);
    assert_eq!(
        found(&database, 40..41).await,
        [],
        "after a day it was given up there"
    );
    // A day that is gone, of a website that was not heard of since the day before it.
    let gone = "DELETE FROM metrics WHERE location = 'a' AND scheduled_at >= '2026-11-24Z' \
        AND scheduled_at < '2026-11-25Z'";
    client.batch_execute(gone).await.unwrap();
    let missing = ("missing".to_owned(), "a".to_owned(), 60);
    assert_eq!(
        found(&database, 30..31).await,
        [missing.clone(), silent("b")]
    );
    assert_eq!(found(&database, 47..49).await, [missing]);
}
