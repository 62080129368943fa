//! The Python original's database is taken over in place, or refused as it stands.

use database::PrepareError;

use super::fixture::{Fixture, counts, up};
use crate::store::chunk::Written;

/// The tables as the original makes them.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS websites (id SERIAL PRIMARY KEY, url VARCHAR(2048) NOT NULL UNIQUE,
        regexp VARCHAR(100) NOT NULL, created_at TIMESTAMP DEFAULT NOW());
    CREATE TABLE IF NOT EXISTS metrics (id SERIAL PRIMARY KEY, website_id INTEGER NOT NULL,
        error_code INTEGER NOT NULL, response_time REAL NOT NULL, matched_text VARCHAR(200),
        created_at TIMESTAMP DEFAULT NOW(),
        FOREIGN KEY (website_id) REFERENCES websites (id));";
/// Rows of three years, a website without any, one with the url of failures.
const ROWS: &str = "
    INSERT INTO websites (url, regexp, created_at) VALUES ('http://a/', 'old', '2023-01-01 00:00:00'),
        ('', '', '2023-01-02 03:04:05.678901'), ('http://idle/', 'x', NULL);
    INSERT INTO metrics (website_id, error_code, response_time, matched_text, created_at)
    SELECT 1 + number % 2, CASE number % 3 WHEN 0 THEN '200' WHEN 1 THEN '404' ELSE '-1' END::integer,
        0.1 * number, CASE number % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'text ' || number END,
        '2023-06-30 23:59:59.999999'::timestamp + number * interval '13 hours 7 minutes'
    FROM generate_series(1, 2000) AS number;
    DELETE FROM metrics WHERE id BETWEEN 100 AND 150;";
const INSERT: &str = "INSERT INTO metrics (website_id, error_code, response_time, matched_text)
    VALUES (1, '200', 0.25, 'still here')";
const STATE: &str = "SELECT coalesce(md5(string_agg(metrics::text, ';' ORDER BY id)), '') FROM
    (SELECT id, website_id, error_code, response_time, matched_text, created_at FROM metrics) AS metrics";

async fn original(rows: &str) -> Fixture {
    let fixture = Fixture::empty().await;
    let name: String = fixture.value("SELECT current_database()::text").await;
    // In winter and in summer other hours from UTC, as where its server may stand.
    let zone = format!("ALTER DATABASE \"{name}\" SET TimeZone = 'Europe/Berlin'");
    fixture.execute_as_superuser(&zone).await;
    fixture.execute("SET TimeZone = 'Europe/Berlin'").await;
    fixture.execute(&format!("{TABLES} {rows}")).await;
    fixture
}

async fn is(fixture: &Fixture, expected: &str) {
    assert!(fixture.value::<bool>(expected).await, "{expected}");
}

async fn prepare(fixture: &Fixture) -> Result<(), PrepareError> {
    database::prepare(fixture.writer.database()).await
}

/// Refused, with words that name this, and with everything as it was.
async fn is_refused(rows: &str, words: &[&str]) {
    let fixture = original(&format!("{ROWS} {rows}")).await;
    let before: String = fixture.value(STATE).await;
    let error = prepare(&fixture).await.unwrap_err();
    let story = error.explain(fixture.writer.database());
    assert!(matches!(error, PrepareError::Refused(_)), "{story}");
    for word in words {
        assert!(story.contains(word), "{word}: {story}");
    }
    assert_eq!(fixture.value::<String>(STATE).await, before);
    is(&fixture, "SELECT to_regclass('offsets') IS NULL").await;
}

#[tokio::test]
async fn rows_of_the_original_keep_their_ids_and_values() {
    let fixture = original(ROWS).await;
    fixture
        .execute(
            "SELECT setval('metrics_id_seq', 17); CREATE TABLE before AS SELECT * FROM metrics; \
                  CREATE TABLE sites_before AS SELECT * FROM websites; \
                  GRANT SELECT ON metrics TO PUBLIC",
        )
        .await;
    prepare(&fixture).await.unwrap();
    is(
        &fixture,
        "SELECT count(*) = 1949 AND count(DISTINCT check_id) = 1949 FROM metrics",
    )
    .await;
    is(
        &fixture,
        "SELECT count(*) = 1949 FROM metrics JOIN before USING (id, website_id, error_code, \
        response_time) WHERE metrics.matched_text IS NOT DISTINCT FROM before.matched_text \
        AND metrics.created_at = before.created_at AT TIME ZONE 'Europe/Berlin' \
        AND scheduled_at = metrics.created_at AND location = '' \
        AND num_nonnulls(outcome, schema_version, started_at, \"match\", certificate_id) = 0",
    )
    .await;
    is(
        &fixture,
        "SELECT check_id = '00000000-0000-8000-8000-0000000007d0' FROM metrics WHERE id = 2000",
    )
    .await;
    is(&fixture, "SELECT count(*) = 3 FROM websites JOIN sites_before USING (id, url, regexp) \
        WHERE coalesce(sites_before.created_at AT TIME ZONE 'Europe/Berlin' = websites.created_at, true)").await;
    is(
        &fixture,
        "SELECT count(*) = 0 FROM pg_class WHERE relname LIKE 'original%'",
    )
    .await;
    is(
        &fixture,
        "SELECT has_table_privilege('public', 'metrics', 'SELECT')",
    )
    .await;

    // What the original still stores while it runs is a row, too; the sequence had lagged.
    fixture
        .execute("INSERT INTO websites (url, regexp) VALUES ('http://new/', '')")
        .await;
    prepare(&fixture).await.unwrap();
    fixture
        .writer
        .make_days_ahead(jiff::Timestamp::now())
        .await
        .unwrap();
    fixture.execute(INSERT).await;
    is(&fixture, "SELECT max(id) = 2001 FROM metrics").await;
    is(&fixture, "SELECT max(id) = 4 FROM websites").await;
    let begun = fixture
        .writer
        .offsets()
        .begin_partition(super::fixture::PARTITION, 0);
    begun.await.unwrap();
    let written = fixture.write(0, vec![up(1)]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
    // It is the website that was there, with what the newest record says.
    is(&fixture, "SELECT website_id = 1 AND regexp = 'old' FROM results WHERE location <> '' OR schema_version = 1").await;
}

#[tokio::test]
async fn rights_and_comments_stand_on_our_tables_again() {
    let fixture = original(ROWS).await;
    let role: String = fixture
        .value("SELECT 'reader ' || current_database()")
        .await;
    let create = format!("CREATE ROLE \"{role}\"");
    fixture.execute_as_superuser(&create).await;
    fixture
        .execute(&format!(
            "GRANT SELECT (url), UPDATE (regexp) ON websites TO \"{role}\"; \
             GRANT INSERT ON metrics TO \"{role}\" WITH GRANT OPTION; \
             GRANT USAGE ON SEQUENCE metrics_id_seq TO \"{role}\"; \
             COMMENT ON TABLE metrics IS 'what''s seen'; COMMENT ON COLUMN websites.url IS 'where'"
        ))
        .await;
    prepare(&fixture).await.unwrap();
    for (may, right) in [
        (
            true,
            "has_column_privilege('ROLE', 'websites', 'url', 'SELECT')",
        ),
        (
            true,
            "has_column_privilege('ROLE', 'websites', 'regexp', 'UPDATE')",
        ),
        (
            false,
            "has_column_privilege('ROLE', 'websites', 'regexp', 'SELECT')",
        ),
        (
            true,
            "has_table_privilege('ROLE', 'metrics', 'INSERT WITH GRANT OPTION')",
        ),
        (false, "has_table_privilege('ROLE', 'metrics', 'SELECT')"),
        (
            true,
            "has_sequence_privilege('ROLE', pg_get_serial_sequence('metrics', 'id'), 'USAGE')",
        ),
        (
            false,
            "has_sequence_privilege('ROLE', pg_get_serial_sequence('websites', 'id'), 'USAGE')",
        ),
    ] {
        let right = right.replace("ROLE", &role);
        is(&fixture, &format!("SELECT {right} = {may}")).await;
    }
    is(
        &fixture,
        "SELECT obj_description('metrics'::regclass) = 'what''s seen' \
        AND col_description('websites'::regclass, (SELECT attnum FROM pg_attribute \
            WHERE attrelid = 'websites'::regclass AND attname = 'url')) = 'where'",
    )
    .await;
    let drop = format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"");
    fixture.execute_as_superuser(&drop).await;
}

#[tokio::test]
async fn a_database_of_the_original_without_rows_is_taken_over() {
    let fixture = original("").await;
    prepare(&fixture).await.unwrap();
    fixture
        .writer
        .make_days_ahead(jiff::Timestamp::now())
        .await
        .unwrap();
    fixture
        .execute("INSERT INTO websites (url, regexp) VALUES ('http://a/', '')")
        .await;
    fixture.execute(INSERT).await;
    is(&fixture, "SELECT id = 1 AND website_id = 1 FROM metrics").await;
}

#[tokio::test]
async fn rows_without_a_time_get_that_of_the_row_before() {
    let fixture = original(ROWS).await;
    fixture
        .execute("UPDATE metrics SET created_at = NULL WHERE id IN (1, 2, 90, 151)")
        .await;
    prepare(&fixture).await.unwrap();
    is(&fixture, "SELECT count(*) = 1949 FROM metrics").await;
    for (gap, neighbour) in [(1, 3), (2, 3), (90, 89), (151, 99)] {
        is(&fixture, &format!("SELECT count(DISTINCT created_at) = 1 FROM metrics WHERE id IN ({gap}, {neighbour})")).await;
    }
}

#[tokio::test]
async fn days_of_long_ago_share_partitions_where_locks_are_few() {
    let fixture = original(ROWS).await;
    let many = "INSERT INTO metrics (website_id, error_code, response_time, created_at)
        SELECT 1, 200, 1, '2001-02-03 04:05:06'::timestamp + number * interval '1 day'
        FROM generate_series(0, 8000) AS number";
    fixture.execute(many).await;
    prepare(&fixture).await.unwrap();
    is(&fixture, "SELECT count(*) = 9950 FROM metrics").await;
    is(
        &fixture,
        "SELECT to_regclass('metrics_200102') IS NOT NULL AND to_regclass(to_char( \
         max(scheduled_at) AT TIME ZONE 'UTC', '\"metrics_\"YYYYMMDD')) IS NOT NULL FROM metrics",
    )
    .await;
    // A late record finds its day among a month's.
    fixture
        .execute(
            "INSERT INTO metrics (website_id, error_code, response_time, scheduled_at) \
        VALUES (1, 200, 1, '2001-02-28')",
        )
        .await;
}

#[tokio::test]
async fn what_hangs_on_the_originals_tables_is_named() {
    is_refused(
        "ALTER TABLE metrics ADD note text",
        &["column note of table metrics", "drop"],
    )
    .await;
    is_refused(
        "CREATE INDEX by_time ON metrics (created_at)",
        &["index by_time"],
    )
    .await;
    is_refused(
        "CREATE VIEW recent AS SELECT * FROM metrics; CREATE MATERIALIZED VIEW sites AS TABLE websites; \
         CREATE TABLE notes (website integer REFERENCES websites (id)); \
         ALTER TABLE metrics ADD CONSTRAINT sane CHECK (response_time > -9)",
        &["view recent", "materialized view sites", "on table notes", "constraint sane"],
    ).await;
    is_refused(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TRIGGER t AFTER INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION f()",
        &["trigger t on table metrics"],
    )
    .await;
}

#[tokio::test]
async fn rows_that_the_original_would_not_have_stored_are_named() {
    is_refused(
        "ALTER TABLE metrics DROP CONSTRAINT metrics_website_id_fkey, ALTER website_id DROP NOT NULL; \
         UPDATE metrics SET website_id = NULL WHERE id = 5; UPDATE metrics SET website_id = 77 WHERE id = 6",
        &["2 metrics without a website", "id 5"],
    ).await;
    is_refused(
        "ALTER TABLE websites DROP CONSTRAINT websites_url_key; UPDATE websites SET url = 'http://a/'",
        &["1 websites with a url that others have, too"],
    ).await;
    is_refused(
        "UPDATE metrics SET created_at = '1999-01-01' WHERE id = 9",
        &["1 metrics with a created_at before the year 2000", "id 9"],
    )
    .await;
}

#[tokio::test]
async fn tables_of_another_system_are_refused() {
    let fixture = Fixture::empty().await;
    fixture
        .execute("CREATE TABLE metrics (id integer, name text)")
        .await;
    let error = prepare(&fixture).await.unwrap_err();
    let story = error.explain(fixture.writer.database());
    assert!(story.contains("neither ours nor the original's"), "{story}");
}

#[tokio::test]
async fn a_role_that_does_not_own_the_tables_is_told_whose_they_must_be() {
    let fixture = original(ROWS).await;
    fixture
        .execute_as_superuser(
            "ALTER TABLE metrics OWNER TO CURRENT_USER; GRANT ALL ON metrics TO PUBLIC",
        )
        .await;
    let error = prepare(&fixture).await.unwrap_err();
    let story = error.explain(fixture.writer.database());
    assert!(matches!(error, PrepareError::Database(_)), "{story}");
    assert!(story.contains("ALTER TABLE metrics OWNER TO"), "{story}");
    is(&fixture, "SELECT to_regclass('offsets') IS NULL").await;
}

#[tokio::test]
async fn a_reader_in_the_way_is_waited_for_and_nothing_changed() {
    let fixture = original(ROWS).await;
    fixture.execute("BEGIN; SELECT count(*) FROM metrics").await;
    let error = prepare(&fixture).await.unwrap_err();
    let story = error.explain(fixture.writer.database());
    assert!(story.contains("locking the original's tables"), "{story}");
    fixture.execute("COMMIT").await;
    prepare(&fixture).await.unwrap();
    is(&fixture, "SELECT count(*) = 1949 FROM metrics").await;
}
