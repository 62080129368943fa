//! What is kept no longer goes, and holds nobody up.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use database::{Action, DatabaseError, Statement};
use jiff::{SignedDuration, Timestamp};
use messages::OutcomeKind;

use super::fixture::{Content, Fixture, PARTITION, counts, up};
use crate::{
    store::{
        Counts, Refusal,
        chunk::Written,
        expiry::{
            drop_partition, expired_partitions, remove_certificates, remove_hours, remove_letters,
            remove_offsets,
        },
    },
    testing::record,
};

/// Whoever waits for the long reader waits for ever; far longer than a lock is waited for on a machine that
/// is busy with other tests.
const MOMENT: Duration = Duration::from_secs(30);
/// One time for all of a test's days: no midnight comes between two of them.
static NOW: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);

/// A record that was due so many days ago, with a certificate of that issuer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a list of these holds refusals as well"
)]
fn with_certificate(number: u8, days_ago: i64, issuer: &str) -> Content {
    let mut record = record(number, OutcomeKind::Up);
    record.scheduled_at = self::days_ago(days_ago);
    record.certificate.issuer = Some(issuer.to_owned().into());
    Ok(record)
}

fn days_ago(days: i64) -> Timestamp {
    *NOW - SignedDuration::from_hours(24 * days)
}

/// Drops what was due longer ago than so many days, as if all were counted.
async fn drop_before(fixture: &Fixture, days: i64) -> Result<usize, DatabaseError> {
    const FORGET: Statement = Statement::new("forgetting marks", "DELETE FROM dirty_hours");
    let database = fixture.writer.database();
    database
        .attempt(async |client| FORGET.run(client).await)
        .await?;
    drop_counted_before(fixture, days).await
}

/// Drops what was due longer ago than so many days.
async fn drop_counted_before(fixture: &Fixture, days: i64) -> Result<usize, DatabaseError> {
    let database = fixture.writer.database();
    let mut dropped = 0;
    for partition in &expired_partitions(database, days_ago(days)).await? {
        dropped += usize::from(drop_partition(database, partition).await?);
    }
    Ok(dropped)
}

async fn certificates(fixture: &Fixture) -> i64 {
    fixture.value("SELECT count(*) FROM certificates").await
}

#[tokio::test]
async fn a_record_that_is_expired_is_counted_and_kept_nowhere() {
    let fixture = Fixture::prepared().await;
    let written = fixture
        .write(0, vec![Err(Refusal::expired()), up(1)])
        .await
        .unwrap();
    let expected = Counts {
        expired: 1,
        ..counts(1, 0, 0)
    };
    assert_eq!(written, Written::Now(expected));
    let account = "SELECT expired = 1 AND dead_letters = 0 AND next_offset - start_offset = rows \
        + duplicates + replaced + dead_letters + expired + gaps + lost FROM offsets";
    assert!(fixture.value::<bool>(account).await);
    assert_eq!(
        fixture
            .value::<i64>("SELECT count(*) FROM dead_letters")
            .await,
        0
    );
}

#[tokio::test]
async fn a_day_is_dropped_without_waiting_for_a_long_reader_or_holding_up_a_writer() {
    let fixture = Fixture::prepared().await;
    let records = (0..4).map(|days| with_certificate(10 + days, i64::from(days) * 3, "CA"));
    fixture.write(0, records.collect()).await.unwrap();
    // One day is empty, one is somebody's own, of more days.
    fixture
        .execute(
            "CREATE TABLE old PARTITION OF metrics FOR VALUES FROM ('2001-01-01+00') TO ('2001-03-01+00'); \
             DELETE FROM metrics WHERE scheduled_at < now() - interval '8 days'",
        )
        .await;
    fixture.execute("BEGIN; SELECT count(*) FROM results").await;
    let began = Instant::now();
    let (dropped, written) = tokio::join!(
        drop_before(&fixture, 4),
        fixture.write(4, vec![with_certificate(1, 0, "CA")])
    );
    let story = fixture.writer.database().explain(&dropped.unwrap_err());
    assert!(story.contains("lock timeout"), "{story}");
    assert_eq!(written.unwrap(), Written::Now(counts(1, 0, 0)));
    assert!(began.elapsed() < MOMENT, "{:?}", began.elapsed());

    fixture.execute("COMMIT").await;
    assert_eq!(drop_before(&fixture, 4).await.unwrap(), 3);
    assert_eq!(drop_before(&fixture, 4).await.unwrap(), 0);
    assert_eq!(
        fixture.value::<i64>("SELECT count(*) FROM metrics").await,
        3
    );
    // A late one that was read before its day was dropped still finds a place.
    let late = fixture.write(5, vec![with_certificate(2, 6, "CA")]).await;
    assert_eq!(late.unwrap_err().action(), Action::Refresh);
    fixture.writer.refresh().await.unwrap();
    let late = fixture.write(5, vec![with_certificate(2, 6, "CA")]).await;
    assert_eq!(late.unwrap(), Written::Now(counts(1, 0, 0)));
}

#[tokio::test]
async fn a_day_whose_hours_are_to_be_counted_stays() {
    let fixture = Fixture::prepared().await;
    let records = vec![
        with_certificate(1, 6, "CA"),
        with_certificate(2, 9, "CA"),
        with_certificate(2, 9, "CA"),
    ];
    fixture.write(0, records).await.unwrap();
    let marks = "SELECT count(*) FROM dirty_hours";
    assert_eq!(fixture.value::<i64>(marks).await, 2);
    assert_eq!(drop_counted_before(&fixture, 4).await.unwrap(), 0);
    let counted = "DELETE FROM dirty_hours WHERE hour < now() - interval '8 days'";
    fixture.execute(counted).await;
    // One that is stored just now is waited for, and its mark is seen.
    fixture
        .execute(
            "BEGIN; INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time) \
             SELECT website_id, min(scheduled_at), gen_random_uuid(), 200, 1 FROM metrics GROUP BY website_id",
        )
        .await;
    drop_counted_before(&fixture, 4).await.unwrap_err();
    fixture
        .execute(
            "INSERT INTO dirty_hours (hour) \
             SELECT date_trunc('hour', min(scheduled_at), 'UTC') FROM metrics; COMMIT",
        )
        .await;
    assert_eq!(drop_counted_before(&fixture, 4).await.unwrap(), 0);
    fixture.execute(counted).await;
    assert_eq!(drop_counted_before(&fixture, 4).await.unwrap(), 1);
    let left = "SELECT count(*) FROM metrics";
    assert_eq!(fixture.value::<i64>(left).await, 1);
}

#[tokio::test]
async fn certificates_stay_while_a_row_may_name_them() {
    let fixture = Fixture::prepared().await;
    let records = vec![
        with_certificate(1, 60, "old"),
        with_certificate(2, 60, "renewed"),
        with_certificate(3, 1, "renewed"),
        with_certificate(4, 40, "between"),
    ];
    fixture.write(0, records).await.unwrap();
    let database = fixture.writer.database();
    assert_eq!(remove_certificates(database).await.unwrap(), 0);
    assert_eq!(drop_before(&fixture, 50).await.unwrap(), 1);
    // Until now a batch may be at it: nothing is removed, and nobody waits for long.
    fixture
        .execute("BEGIN; DELETE FROM metrics WHERE false")
        .await;
    let began = Instant::now();
    remove_certificates(database).await.unwrap_err();
    assert!(began.elapsed() < MOMENT, "{:?}", began.elapsed());
    assert_eq!(certificates(&fixture).await, 3);
    fixture.execute("COMMIT").await;

    assert_eq!(remove_certificates(database).await.unwrap(), 1);
    let kept =
        "SELECT string_agg(issuer, ' ' ORDER BY issuer) = 'between renewed' FROM certificates";
    assert!(fixture.value::<bool>(kept).await);
    let named = "SELECT count(*) = 2 AND bool_and(certificate_issuer IS NOT NULL) FROM results";
    assert!(fixture.value::<bool>(named).await);
}

#[tokio::test]
async fn a_row_never_names_a_certificate_that_was_removed_meanwhile() {
    let fixture = Fixture::prepared().await;
    let late = |number| vec![with_certificate(number, 60, "gone")];
    let ahead = fixture.writer.make_days_ahead(Timestamp::now());
    ahead.await.unwrap();
    fixture.write(0, late(1)).await.unwrap();
    assert_eq!(drop_before(&fixture, 50).await.unwrap(), 1);
    let database = fixture.writer.database();
    assert_eq!(remove_certificates(database).await.unwrap(), 1);
    // Another consumer makes the day anew; this one still knows the certificate by its id.
    let day = days_ago(60).strftime("%Y-%m-%d");
    fixture
        .execute(&format!(
            "CREATE TABLE again PARTITION OF metrics FOR VALUES FROM ('{day}+00') \
             TO ('{day}+00'::timestamptz + interval '1 day')"
        ))
        .await;
    let error = fixture.write(1, late(2)).await.unwrap_err();
    assert_eq!(error.action(), Action::Refresh, "{error}");
    assert_eq!(
        fixture.value::<i64>("SELECT count(*) FROM metrics").await,
        0
    );
    fixture.writer.refresh().await.unwrap();
    fixture.write(1, late(2)).await.unwrap();
    let named = "SELECT count(*) = 1 AND bool_and(certificate_issuer = 'gone') FROM results";
    assert!(fixture.value::<bool>(named).await);
    assert_eq!(remove_certificates(database).await.unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_that_goes_on_being_named_is_noted_again() {
    let fixture = Fixture::prepared().await;
    fixture
        .write(0, vec![with_certificate(1, 30, "CA")])
        .await
        .unwrap();
    fixture
        .write(1, vec![with_certificate(2, 0, "CA")])
        .await
        .unwrap();
    let noted = "SELECT count(*) = 1 AND bool_and(named_until > now() + interval '7 days') \
        AND max(id) = 1 FROM certificates";
    assert!(fixture.value::<bool>(noted).await);
    // One that an older version stored is for ever.
    fixture
        .execute("INSERT INTO certificates (issuer) VALUES ('older')")
        .await;
    fixture
        .write(2, vec![with_certificate(3, 0, "older")])
        .await
        .unwrap();
    assert_eq!(certificates(&fixture).await, 2);
}

#[tokio::test]
async fn letters_and_offsets_go_when_their_own_time_is_over() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute(
            "INSERT INTO dead_letters (topic, partition, \"offset\", reason, error, created_at) \
             SELECT 't', 0, number, 'r', 'e', now() - interval '30 days' FROM generate_series(1, 2500) AS number; \
             INSERT INTO dead_letters (topic, partition, \"offset\", reason, error) VALUES ('t', 1, 1, 'r', 'e'); \
             INSERT INTO offsets (consumer_group, topic, partition, next_offset, updated_at) VALUES \
             ('silent', 'checks', 0, 1, now() - interval '2 years'), \
             ('half', 'checks', 0, 1, now() - interval '2 years'), ('half', 'checks', 1, 1, now()); \
             UPDATE offsets SET updated_at = now() - interval '2 years' WHERE consumer_group = 'group'",
        )
        .await;
    let database = fixture.writer.database();
    assert_eq!(remove_letters(database, 0).await.unwrap(), 0);
    assert_eq!(remove_letters(database, 31).await.unwrap(), 0);
    assert_eq!(remove_letters(database, 29).await.unwrap(), 2500);
    let removed = remove_offsets(database, fixture.writer.offsets().key()).await;
    assert_eq!(removed.unwrap(), 1, "our own stay, however silent");
    let left = fixture.writer.offsets().stored_offsets().await.unwrap();
    assert_eq!(left.get(&PARTITION), Some(&0));
}

#[tokio::test]
async fn roll_ups_of_hours_go_by_whole_days_and_those_of_days_stay() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute(
            "INSERT INTO websites (url) SELECT n::text FROM generate_series(1, 150) AS n;
            INSERT INTO hours SELECT id, date_trunc('day', now(), 'UTC') - days * interval '1 day' + hour * interval '1 hour',
                '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}'
            FROM websites, generate_series(0, 4) AS days, unnest(ARRAY[0, 23]) AS hour;
            INSERT INTO dirty_days (day, website_ids) SELECT (now() AT TIME ZONE 'UTC')::date - 4, '{1}'",
        )
        .await;
    let database = fixture.writer.database();
    assert_eq!(remove_hours(database, 0).await.unwrap(), 0, "for ever");
    assert_eq!(
        remove_hours(database, 2).await.unwrap(),
        300,
        "a day waits to be put together"
    );
    let kept = "SELECT count(DISTINCT hour) FROM hours \
        WHERE hour >= date_trunc('day', now(), 'UTC') - interval '2 days'";
    assert_eq!(fixture.value::<i64>(kept).await, 6);
    fixture.execute("DELETE FROM dirty_days").await;
    assert_eq!(remove_hours(database, 2).await.unwrap(), 300);
    assert_eq!(remove_hours(database, 2).await.unwrap(), 0);
}
