//! The Python original's place is taken: its database, and its progress through the topic.

use crate::support::{Database, Service, ServiceSettings, Topic, eventually, original_record};

/// As the original's consumer makes them.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS websites (id SERIAL PRIMARY KEY, url VARCHAR(2048) NOT NULL UNIQUE,
        regexp VARCHAR(100) NOT NULL, created_at TIMESTAMP DEFAULT NOW());
    CREATE TABLE IF NOT EXISTS metrics (id SERIAL PRIMARY KEY, website_id INTEGER NOT NULL,
        error_code INTEGER NOT NULL, response_time REAL NOT NULL, matched_text VARCHAR(200),
        created_at TIMESTAMP DEFAULT NOW(),
        FOREIGN KEY (website_id) REFERENCES websites (id));";
/// What it stores of the records of `original_record`, and some of years before.
const STORED: &str = "
    INSERT INTO websites (url, regexp)
        SELECT 'https://site' || site || '.example/', 'Gmail' FROM generate_series(0, 49) AS site;
    INSERT INTO metrics (website_id, error_code, response_time, matched_text)
        SELECT 1 + number % 50, '200', ('0.' || to_char(number, 'FM000000'))::real, 'gmail ' || number
        FROM generate_series(0, 299) AS number;
    INSERT INTO metrics (website_id, error_code, response_time, matched_text, created_at)
        SELECT 1 + number % 50, -1, -1, '', now()::timestamp - number * interval '1 hour'
        FROM generate_series(1, 20000) AS number;";
const RECORDS: usize = 1000;
/// Of these, what the original had stored and committed.
const COMMITTED: i64 = 300;
const OLD_ROWS: i64 = 20_000;
/// The rows without what the takeover adds to them.
const ROWS: &str = "SELECT md5(string_agg(metrics::text, ';' ORDER BY id)) FROM
    (SELECT id, website_id, error_code, response_time, matched_text, created_at::timestamptz AS at
    FROM metrics WHERE id <= 20300) AS metrics";

#[tokio::test(flavor = "multi_thread")]
async fn the_originals_place_is_taken_where_it_stopped() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let values: Vec<_> = (0..RECORDS).map(original_record).collect();
    topic.write(values.iter().map(Vec::as_slice));
    topic.commit(&topic.name, &[COMMITTED]);
    database.execute(&format!("{TABLES} {STORED}")).await;
    let before: String = database.value(ROWS).await;

    // Killed in the midst of it, at one moment and another: nothing happened.
    let settings = ServiceSettings::consumer(&topic, &database);
    for line in ["taking over", "Making partitions"] {
        let mut killed = Service::start("consumer", &["migrate"], &settings);
        killed.await_line(&[line]).await;
        killed.kill();
        let gone = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()";
        database.await_true(gone).await;
        if database
            .value("SELECT to_regclass('offsets') IS NULL")
            .await
        {
            assert_eq!(database.value::<String>(ROWS).await, before, "{line}");
        }
    }

    let mut consumer = Service::start("consumer", &[], &settings);
    let all = OLD_ROWS + i64::try_from(RECORDS).unwrap();
    database.await_rows(all).await;
    assert_eq!(consumer.terminate().await, Some(0));
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM metrics").await,
        all
    );
    assert_eq!(database.value::<String>(ROWS).await, before);
    let once = "SELECT count(DISTINCT matched_text) = 1000 FROM metrics WHERE matched_text <> ''";
    assert!(database.value::<bool>(once).await);
    let account = format!(
        "SELECT start_offset = {COMMITTED} AND next_offset = 1000 AND rows = 700 FROM offsets"
    );
    assert!(database.value::<bool>(&account).await);
    let websites = "SELECT count(*) = 50 AND max(id) = 50 FROM websites";
    assert!(database.value::<bool>(websites).await);
    eventually("the group's committed offset follows", async || {
        (topic.committed(&topic.name) == 1000).then_some(())
    })
    .await;
    let mut verified = Service::start("consumer", &["verify"], &settings);
    assert_eq!(
        verified.exit().await.code(),
        Some(0),
        "{:?}",
        verified.log()
    );
}
