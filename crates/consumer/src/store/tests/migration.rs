//! A database of an older version is brought over with its rows as they are.

use tokio_postgres::SimpleQueryMessage;

use super::fixture::{Fixture, counts, up};
use crate::store::chunk::Written;

const V1: &str = include_str!("../../../../../migrations/V1__first_tables.sql");
const V2: &str = include_str!("../../../../../migrations/V2__tls_version_and_witness.sql");
const V3: &str = include_str!("../../../../../migrations/V3__target_of_websites.sql");
const V4: &str = include_str!("../../../../../migrations/V4__lost_records.sql");
/// Rows of all kinds: two days, two of one certificate, one without, numbers at the edges.
const ROWS: &str = "
    CREATE TABLE metrics_20261124 PARTITION OF metrics FOR VALUES FROM ('2026-11-24+00') TO ('2026-11-25+00');
    CREATE TABLE november PARTITION OF metrics FOR VALUES FROM ('2026-11-25+00') TO ('2026-12-01+00');
    INSERT INTO websites (url, regexp) VALUES ('http://a/', 'old'), ('http://b/', '');
    INSERT INTO metrics (id, website_id, error_code, response_time, matched_text, created_at, check_id,
        scheduled_at, location, outcome, schema_version, started_at, \"interval\", failure_reason,
        failure_phase, failure_detail, \"match\", dns, connect, tls, first_byte, body, attempt,
        remote_address, http_version, redirects, body_bytes, body_truncated, certificate_not_after,
        certificate_issuer, certificate_subject, schedule_lag, in_flight, overloaded, tls_version, witness)
    SELECT 40 + number, 1 + number % 2, 200 + number, 0.187345 * number, 'text ' || number,
        '2026-11-25 04:00:00.123456+00', gen_random_uuid(),
        '2026-11-24 23:00+00'::timestamptz + number * interval '20 minutes', 'here', 'down', 1,
        '2026-11-24 23:00:00.25+00'::timestamptz + number * interval '20 minutes', 60, 'body_timeout',
        'body', 'nothing more', 'matched', 0.01, 0.02, 0.03, 0.04, 29.9, 2, '192.0.2.1:443', 'HTTP/1.1',
        1, 5000000000, true, '2027-01-31 23:59:59+00', 'CN=CA', 'CN=a', 0.25, 3, true, 'TLSv1.2', 'up'
    FROM generate_series(0, 4) AS number;
    UPDATE metrics SET certificate_issuer = NULL, certificate_subject = repeat('long ', 2000),
        schedule_lag = 7 WHERE id = 41;
    INSERT INTO metrics (id, website_id, error_code, response_time, check_id, scheduled_at, body, dns)
    VALUES (50, 1, -1, 1e300, gen_random_uuid(), '2026-11-25 10:00+00', 1e-300, -1e39),
        (51, 1, -1, -1, gen_random_uuid(), '2026-11-25 11:00+00', NULL, 0);
    SELECT setval('metrics_id_seq', 60);
    GRANT SELECT ON metrics TO PUBLIC;";
/// All that the record says, whichever way it is stored. Durations have the digits of `real`.
const BEFORE: &str = "
    SELECT metrics.id, url, website_id, error_code, response_time::real, matched_text,
        metrics.created_at, check_id, scheduled_at, location, outcome, schema_version, started_at,
        \"interval\"::real, failure_reason, failure_phase, failure_detail, \"match\", dns::real,
        connect::real, tls::real, first_byte::real, body::real, attempt, remote_address, http_version,
        redirects, body_bytes, body_truncated, certificate_not_after, certificate_issuer,
        certificate_subject, schedule_lag::real, in_flight, overloaded, tls_version, witness
    FROM metrics JOIN websites ON websites.id = website_id WHERE metrics.id < 50 ORDER BY id";

async fn rows(fixture: &Fixture, query: &str) -> Vec<Vec<Option<String>>> {
    let messages = fixture.client.simple_query(query).await.unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|at| row.get(at).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    });
    rows.collect()
}

/// A database as the consumer left it before rows became smaller.
async fn of_version_4() -> Fixture {
    let (newest, old) = (Fixture::prepared().await, Fixture::empty().await);
    old.execute(&format!(
        "{V1}; {V2}; {V3}; {V4}; CREATE TABLE websites_monitor_migrations (version int4 PRIMARY KEY, \
         name varchar(255), applied_on varchar(255), checksum varchar(255))"
    ))
    .await;
    let history = "SELECT * FROM websites_monitor_migrations WHERE version <= 4";
    for row in rows(&newest, history).await {
        let values: Vec<_> = row.into_iter().flatten().collect();
        let insert = format!(
            "INSERT INTO websites_monitor_migrations VALUES ('{}')",
            values.join("', '")
        );
        old.execute(&insert).await;
    }
    old
}

#[tokio::test]
async fn a_database_of_the_version_before_keeps_its_rows() {
    let fixture = of_version_4().await;
    fixture.execute(ROWS).await;
    let before = rows(&fixture, BEFORE).await;
    assert_eq!(before.len(), 5);
    database::prepare(fixture.writer.database()).await.unwrap();
    let after = BEFORE.replace(
        "metrics JOIN websites ON websites.id = website_id WHERE metrics.id",
        "results AS metrics WHERE metrics.id",
    );
    assert_eq!(rows(&fixture, &after).await, before);

    let is = async |expected: &str| assert!(fixture.value::<bool>(expected).await, "{expected}");
    is("SELECT count(*) = 2 FROM certificates").await;
    is("SELECT count(*) = 1 FROM metrics WHERE schedule_lag = 7 AND certificate_id IS NOT NULL")
        .await;
    is("SELECT count(schedule_lag) = 1 FROM metrics").await;
    let edges = "SELECT response_time = 3.4e38::real AND body = 0 AND dns = -3.4e38::real \
                 AND certificate_id IS NULL FROM metrics WHERE id = 50";
    is(edges).await;
    is("SELECT dns = 0 AND body IS NULL FROM metrics WHERE id = 51").await;
    is("SELECT tableoid::regclass::text = 'november' FROM metrics WHERE id = 51").await;
    is("SELECT has_table_privilege('public', 'metrics', 'SELECT')").await;
    is("SELECT to_regclass('metrics_before') IS NULL").await;
    // All that is there is to be counted, each hour of a day that has rows.
    is(
        "SELECT count(*) > 24 AND count(*) = count(DISTINCT hour) AND min(hour) = '2026-11-24+00' \
        AND bool_or(hour = '2026-11-25 10:00+00') FROM dirty_hours",
    )
    .await;

    fixture
        .writer
        .offsets()
        .begin_partition(super::fixture::PARTITION, 0)
        .await
        .unwrap();
    let written = fixture.write(0, vec![up(1)]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
    is("SELECT max(id) = 61 FROM metrics").await;
}

#[tokio::test]
async fn a_column_of_somebody_is_not_dropped_with_the_old_table() {
    let fixture = of_version_4().await;
    fixture
        .execute("ALTER TABLE metrics ADD COLUMN note text")
        .await;
    let error = database::prepare(fixture.writer.database())
        .await
        .unwrap_err();
    let story = error.explain(fixture.writer.database());
    assert!(story.contains("does not know: note"), "{story}");
}
