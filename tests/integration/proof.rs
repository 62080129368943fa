//! The consumer's commands on a real pipeline: `verify`, `status`, `dead-letters`, `redrive`.

use std::fs;

use serde_json::Value;

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, original_record};

const COLUMNS_MAX: usize = 120;
const BAD: &[u8] = b"{\"url\": \"http://a/\", \"error_code\": \"many\", \"response_time\": 1, \"regex_pattern\": \"a pattern that takes room in the list of dead letters\"}\x1b[2J";
const MENDED: &str = r#"{"url":"http://a/","error_code":200,"response_time":0.5}"#;

/// What a command prints that ends with this status, and that no line of it is broken by a terminal.
async fn printed(settings: &ServiceSettings, arguments: &[&str], status: i32) -> String {
    let (code, text, said) = Service::run("consumer", arguments, settings).await;
    assert_eq!(code, Some(status), "{arguments:?}: {text}{said}");
    if !arguments.contains(&"--json") {
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest.unwrap_or(0) <= COLUMNS_MAX, "{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
    text
}

async fn json(settings: &ServiceSettings, arguments: &[&str], status: i32) -> Value {
    let text = printed(settings, arguments, status).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A monitor and a consumer store some checks of a site, and the monitor stops.
async fn stored_checks(rows: i64) -> (Service, ServiceSettings, Database) {
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, format!("url\n{}\n", site.url)).unwrap();
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    let consumer = Service::start("consumer", &[], &settings);
    let mut monitor = Service::start("monitor", &[], &ServiceSettings::monitor(&topic, &targets));
    database.await_rows(rows).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let end = topic.ends().iter().map(|(_, end)| end).sum::<i64>();
    let stored = format!("SELECT sum(next_offset) = {end} FROM offsets");
    database.await_true(&stored).await;
    let settings = settings.set("HTTP_LISTEN", consumer.http_address().await);
    (consumer, settings, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_gone_is_named_by_verify_and_by_nothing_else() {
    let (consumer, settings, database) = stored_checks(6).await;
    let time = |which: &str| {
        let spelled = "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'";
        format!("SELECT to_char(({which}) AT TIME ZONE 'UTC', {spelled}) FROM metrics")
    };
    let since: String = database.value(&time("min(scheduled_at)")).await;
    let until = "max(scheduled_at) + interval '1 microsecond'";
    let until: String = database.value(&time(until)).await;
    let verify = ["verify", "--since", &since, "--until", &until];
    let text = printed(&settings, &verify, 0).await;
    assert!(text.contains("Everything is accounted for."), "{text}");
    let report = json(&settings, &[&verify[..], &["--json"]].concat(), 0).await;
    assert_eq!(report["unaccounted_checks"], 0);

    let gone = "SELECT scheduled_at FROM metrics ORDER BY scheduled_at OFFSET 2 LIMIT 1";
    let due = time(&format!("({gone})")) + " LIMIT 1";
    let due: String = database.value(&due).await;
    let delete = format!("DELETE FROM metrics WHERE scheduled_at = ({gone})");
    database.execute(&delete).await;
    let report = json(&settings, &[&verify[..], &["--json"]].concat(), 1).await;
    assert_eq!(report["unaccounted_checks"], 1, "{report}");
    assert_eq!(report["unaccounted_offsets"], 0, "{report}");
    let found = &report["checks"][0];
    assert_eq!(
        (&found["what"], &found["checks"]),
        (&"missing".into(), &1.into())
    );
    let told: jiff::Timestamp = found["first"].as_str().unwrap().parse().unwrap();
    assert_eq!(told, due.parse().unwrap());
    let text = printed(&settings, &verify, 1).await;
    assert!(text.contains("no row of the check due"), "{text}");

    // An offset that became nothing.
    database
        .execute("UPDATE offsets SET rows = rows - 1 WHERE rows > 0")
        .await;
    let report = json(&settings, &[&verify[..], &["--json"]].concat(), 1).await;
    assert_eq!(report["unaccounted_offsets"], 1, "{report}");
    printed(
        &settings,
        &["verify", "--since", &until, "--until", &since],
        2,
    )
    .await;
    drop(consumer);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_lag_owner_and_what_the_service_says() {
    let (mut consumer, settings, database) = stored_checks(2).await;
    let status = json(&settings, &["status", "--json"], 0).await;
    assert_eq!(status["service"]["ready"], true, "{status}");
    assert_eq!(status["error"], Value::Null, "{status}");
    let partitions = status["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 2, "{status}");
    for partition in partitions {
        assert_eq!(
            (&partition["lag"], &partition["lag_seconds"]),
            (&0.into(), &0.into())
        );
        let owner = partition["owner"].as_str().unwrap();
        assert!(owner.contains("MetricsConsumer1"), "{owner}");
    }
    let text = printed(&settings, &["status"], 0).await;
    assert!(
        text.contains("service: ready") && text.contains("lag 0 records, 0 s"),
        "{text}"
    );

    // A record that waits while nobody stores.
    assert_eq!(consumer.terminate().await, Some(0));
    database
        .execute("UPDATE offsets SET next_offset = next_offset - 1 WHERE next_offset > 0")
        .await;
    let status = json(&settings, &["status", "--json"], 0).await;
    assert_eq!(status["service"]["ready"], Value::Null, "{status}");
    let waiting = status["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["lag"] == 1);
    let waiting = waiting.unwrap_or_else(|| panic!("{status}"));
    assert!(waiting["lag_seconds"].as_i64().unwrap() < 600, "{status}");
    assert_eq!(waiting["owner"], Value::Null, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transactions_mark_at_the_end_is_waited_for_by_nobody() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    topic.write_together([original_record(1).as_slice()]);
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(1).await;
    let end = topic.ends()[0].1;
    let next = database
        .value::<i64>("SELECT next_offset FROM offsets")
        .await;
    assert_eq!((next, end), (1, 2), "the mark is behind the record");
    let lag = [
        "consumer_lag_records{partition=\"0\"} 0",
        "consumer_lag_seconds{partition=\"0\"} 0",
    ];
    consumer.await_answer("/metrics", &lag).await;
    let status = json(&settings, &["status", "--json"], 0).await;
    let partition = &status["partitions"][0];
    let told = (&partition["lag"], &partition["lag_seconds"]);
    assert_eq!(told, (&0.into(), &0.into()), "{status}");
    assert_eq!(consumer.terminate().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_tried_again_and_removed() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    topic.write([BAD, b"\xff\xfe".as_slice()]);
    let mut consumer = Service::start("consumer", &[], &settings);
    database
        .await_true("SELECT count(*) = 2 FROM dead_letters")
        .await;
    assert_eq!(consumer.terminate().await, Some(0));

    let list = printed(&settings, &["dead-letters", "list"], 0).await;
    assert_eq!(list.lines().count(), 2, "{list}");
    let listed = printed(&settings, &["dead-letters", "list", "--json"], 0).await;
    let listed: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<String> = listed.iter().map(|it| it["id"].to_string()).collect();
    let shown = json(&settings, &["dead-letters", "show", &ids[1], "--json"], 0).await;
    assert_eq!(shown["value"], r"\xff\xfe");
    let (code, whole, _) =
        Service::run("consumer", &["dead-letters", "show", &ids[0]], &settings).await;
    assert_eq!(code, Some(0));
    assert!(
        whole.contains("room in the list") && !whole.contains('\x1b'),
        "{whole}"
    );
    printed(&settings, &["dead-letters", "show", "999999"], 2).await;

    let (code, tried, _) = Service::run("consumer", &["redrive"], &settings).await;
    assert_eq!(code, Some(0));
    assert!(tried.contains("tried: 2; not a row: 2"), "{tried}");
    let mend = format!(
        "UPDATE dead_letters SET value = '{MENDED}' WHERE id = {}",
        ids[0]
    );
    database.execute(&mend).await;
    let id = ["redrive", "--id", &ids[0]];
    let dry = printed(&settings, &[&id[..], &["--dry-run"]].concat(), 0).await;
    assert!(dry.contains("would be tried"), "{dry}");
    let tried = printed(&settings, &id, 0).await;
    assert!(tried.contains("stored"), "{tried}");
    let again = printed(&settings, &id, 0).await;
    assert!(again.contains("tried: 0"), "{again}");
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM metrics").await,
        1
    );
    printed(&settings, &["dead-letters", "remove"], 2).await;
    let removed = printed(&settings, &["dead-letters", "remove", "--all"], 0).await;
    assert!(removed.contains("removed: 1"), "{removed}");
    assert_eq!(
        database
            .value::<i64>("SELECT count(*) FROM dead_letters")
            .await,
        0
    );
}
