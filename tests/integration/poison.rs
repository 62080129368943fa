//! Records that cannot become rows, between records that can.

use std::{fs, path::Path};

use crate::support::{Database, Service, ServiceSettings, Topic, original_record};

#[tokio::test(flavor = "multi_thread")]
async fn records_of_the_original_become_rows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/original");
    let mut values: Vec<Vec<u8>> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let failed = br#"{"url": "", "error_code": -1, "response_time": -1, "regex_pattern": "", "matched_text": ""}"#;
    values.extend([failed.to_vec(), failed.to_vec()]);
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    topic.write(values.iter().map(Vec::as_slice));
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    database.await_rows(values.len().try_into().unwrap()).await;
    assert_eq!(consumer.terminate().await, Some(0));
    database
        .assert_accounts(values.len().try_into().unwrap())
        .await;
    let alike =
        "SELECT count(*) FROM metrics JOIN websites ON websites.id = website_id WHERE url = ''";
    assert_eq!(
        database.value::<i64>(alike).await,
        3,
        "failures alike to the last byte are rows each"
    );
    let matched =
        "SELECT matched_text FROM metrics WHERE response_time = 0.15421::real AND error_code = 200";
    assert_eq!(database.value::<String>(matched).await, "gmail Ü");
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_dead_letters_and_stops_nothing() {
    let long_url = format!(
        r#"{{"url":"http://x/{}","error_code":200,"response_time":1}}"#,
        "x".repeat(2048)
    );
    let poison: Vec<&[u8]> = vec![
        b"",
        b"no json",
        b"\xff\xfe\x00",
        b"[1,2,3]",
        b"null",
        br#"{"url":"u","error_code":1e99,"response_time":1}"#,
        br#"{"url":"u","error_code":200,"response_time":NaN}"#,
        br#"{"url":"u","error_code":200,"response_time":1,"schema_version":1}"#,
        br#"{"url":"u","error_code":200,"response_time":1,"schema_version":1,"check_id":"3b241101-e2bb-4255-8caf-4136c566a962","scheduled_at":"1999-12-31T23:59:59Z"}"#,
        br#"{"url":"u","error_code":200,"response_time":1,"schema_version":1,"check_id":"3b241101-e2bb-4255-8caf-4136c566a962","scheduled_at":"2999-01-01T00:00:00Z"}"#,
        long_url.as_bytes(),
    ];
    let good: Vec<Vec<u8>> = (0..500).map(original_record).collect();
    let mut values: Vec<&[u8]> = Vec::new();
    for (number, record) in good.iter().enumerate() {
        values.push(record);
        if let Some(bad) = poison.get(number / 10).filter(|_| number % 10 == 0) {
            values.push(bad);
        }
    }
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    topic.write(values.iter().copied());
    let mut consumer = Service::start(
        "consumer",
        &[],
        &ServiceSettings::consumer(&topic, &database),
    );
    let records = i64::try_from(values.len()).unwrap();
    database
        .await_true(&format!("SELECT next_offset = {records} FROM offsets"))
        .await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(records).await;
    let letters =
        database.rows("SELECT value, reason, error FROM dead_letters ORDER BY \"offset\"");
    let letters = letters.await;
    assert_eq!(letters.len(), poison.len());
    for (letter, bad) in letters.iter().zip(&poison) {
        assert_eq!(
            letter.get::<_, &[u8]>(0),
            *bad,
            "the original bytes are kept"
        );
        assert!(!letter.get::<_, &str>(1).is_empty());
        assert!(!letter.get::<_, &str>(2).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_sent_twice_is_one_row_and_a_missed_one_gives_way() {
    let record = |id: u8, outcome: &str| {
        format!(
            r#"{{"url":"http://a/","error_code":200,"response_time":0.5,"schema_version":1,"check_id":"00000000-0000-5000-8000-0000000000{id:02}","scheduled_at":"2026-11-25T03:12:00Z","location":"x","outcome":"{outcome}"}}"#
        )
    };
    let values = [
        record(1, "up"),
        record(1, "up"),
        record(1, "missed"),
        record(2, "missed"),
        record(2, "down"),
        record(2, "up"),
        record(3, "missed"),
        record(3, "missed"),
    ];
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    // Half of them in one batch, half each in its own: both ways lead to the same rows.
    topic.write(values[..5].iter().map(String::as_bytes));
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    for (number, value) in values.iter().enumerate().skip(5) {
        topic.write([value.as_bytes()]);
        database
            .await_true(&format!("SELECT next_offset = {} FROM offsets", number + 1))
            .await;
    }
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(8).await;
    let outcomes = database
        .rows("SELECT outcome FROM metrics ORDER BY check_id")
        .await;
    let outcomes: Vec<&str> = outcomes.iter().map(|row| row.get(0)).collect();
    assert_eq!(outcomes, ["up", "down", "missed"]);
}
