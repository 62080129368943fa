//! What holds of the tables, whoever changed them meanwhile.

use database::{Action, PrepareError};
use jiff::Timestamp;
use messages::OutcomeKind;

use super::fixture::{Fixture, counts, time, up};
use crate::{
    store::chunk::Written,
    testing::{record, writer},
};

#[tokio::test]
async fn any_url_of_2048_characters_is_a_website() {
    let fixture = Fixture::prepared().await;
    let urls = ['a', 'ü', '\u{1d11e}'].map(|char| char.to_string().repeat(2048));
    // Random enough not to be compressed below what a btree entry holds.
    let mixed: String = (0..2048_u32)
        .map(|at| char::from_u32(0x4e00 + at * 7919 % 20_000).unwrap())
        .collect();
    let records = urls.iter().chain([&mixed]).map(|url| {
        let mut record = record(1, OutcomeKind::Up);
        record.url = url.as_str().into();
        Ok(record)
    });
    let written = fixture.write(0, records.collect()).await.unwrap();
    assert_eq!(written, Written::Now(counts(4, 0, 0)));
    let again = format!("INSERT INTO websites (url) VALUES ('{mixed}')");
    let refused = fixture.client.batch_execute(&again).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23P01", "urls are unique");
}

#[tokio::test]
async fn looking_up_websites_burns_no_ids() {
    let fixture = Fixture::prepared().await;
    for (offset, number) in (0..).zip(1..=5) {
        fixture.writer.forget();
        fixture.write(offset, vec![up(number)]).await.unwrap();
    }
    let next = "SELECT nextval(pg_get_serial_sequence('websites', 'id'))";
    assert_eq!(fixture.value::<i64>(next).await, 2);
}

#[tokio::test]
async fn a_certificate_is_stored_once() {
    let with = |number: u8, subject: &str| {
        let mut record = record(number, OutcomeKind::Up);
        record.certificate.not_after = Some(time("2027-01-31T23:59:59Z"));
        record.certificate.subject = Some(subject.into());
        Ok(record)
    };
    let fixture = Fixture::prepared().await;
    // Longer than a btree's entry could be, and without an issuer.
    let long = "CN=a, ".repeat(2_000);
    let records = vec![with(1, "CN=a"), with(2, &long), up(3), with(4, "CN=a")];
    fixture.write(0, records).await.unwrap();
    fixture.writer.forget();
    fixture.write(4, vec![with(5, &long)]).await.unwrap();
    let subjects = "SELECT string_agg(coalesce(left(certificate_subject, 4), 'none'), ' ' \
                    ORDER BY check_id) FROM results";
    assert_eq!(
        fixture.value::<String>(subjects).await,
        "CN=a CN=a none CN=a CN=a"
    );
    let ids = "SELECT string_agg(certificate_id::text, ' ' ORDER BY check_id) FROM metrics";
    assert_eq!(fixture.value::<String>(ids).await, "1 2 1 2");
    let next = "SELECT nextval(pg_get_serial_sequence('certificates', 'id'))";
    assert_eq!(fixture.value::<i64>(next).await, 3, "no id is burnt");
}

#[tokio::test]
async fn a_lag_that_two_times_say_is_told_and_not_stored() {
    let with = |number: u8, started_at: Option<&str>, lag| {
        let mut record = record(number, OutcomeKind::Up);
        record.scheduled_at = time("2026-11-25T03:12:00Z");
        record.started_at = started_at.map(time);
        record.self_doubt.schedule_lag = lag;
        Ok(record)
    };
    let fixture = Fixture::prepared().await;
    let started = Some("2026-11-25T03:12:00.250123Z");
    let records = vec![
        with(1, started, Some(0.250_123)),
        with(2, started, Some(7.0)),
        with(3, None, Some(0.5)),
        with(4, None, None),
    ];
    fixture.write(0, records).await.unwrap();
    let lags = |table: &str| {
        format!("SELECT array_agg(schedule_lag ORDER BY check_id)::text FROM {table}")
    };
    assert_eq!(
        fixture.value::<String>(&lags("metrics")).await,
        "{NULL,7,0.5,NULL}"
    );
    assert_eq!(
        fixture.value::<String>(&lags("results")).await,
        "{0.250123,7,0.5,NULL}"
    );
}

#[tokio::test]
async fn what_vanished_is_read_anew_and_condemns_no_record() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    let harms = [
        "DELETE FROM metrics; DELETE FROM websites",
        "DO $$ BEGIN EXECUTE (SELECT 'DROP TABLE ' || inhrelid::regclass FROM pg_inherits \
         WHERE inhparent = 'metrics'::regclass LIMIT 1); END $$",
    ];
    for (from, harm) in (1..).zip(harms) {
        fixture.execute(harm).await;
        let error = fixture.write(from, vec![up(2)]).await.unwrap_err();
        assert_eq!(error.action(), Action::Refresh, "{harm}: {error:?}");
        fixture.writer.refresh().await.unwrap();
        let written = fixture.write(from, vec![up(2)]).await.unwrap();
        assert_eq!(written, Written::Now(counts(1, 0, 0)), "{harm}");
    }
    // The whole database, emptied: the tables are made again.
    fixture.execute("DROP OWNED BY CURRENT_USER").await;
    let error = fixture.write(3, vec![up(2)]).await.unwrap_err();
    assert_eq!(error.action(), Action::Refresh, "{error:?}");
    fixture.writer.refresh().await.unwrap();
    assert_eq!(
        fixture.write(3, vec![up(2)]).await.unwrap(),
        Written::Elsewhere
    );
}

#[tokio::test]
async fn a_row_that_postgresql_refuses_is_told_from_an_outage() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute("ALTER TABLE metrics ADD CONSTRAINT sane CHECK (response_time < 1000)")
        .await;
    let mut slow = record(1, OutcomeKind::Up);
    slow.response_time = 1e6;
    let error = fixture.write(0, vec![Ok(slow)]).await.unwrap_err();
    assert_eq!(error.action(), Action::Isolate, "{error:?}");
    fixture
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    for _ in 0..10 {
        match fixture.write(0, vec![up(1)]).await {
            Ok(written) => return assert_eq!(written, Written::Now(counts(1, 0, 0))),
            Err(error) => assert_eq!(error.action(), Action::Reconnect, "{error:?}"),
        }
    }
    panic!("a new connection is made");
}

#[tokio::test]
async fn a_void_statement_costs_a_new_connection() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    let offsets = fixture.writer.offsets();
    offsets.stored_offsets().await.unwrap();
    // Its result has another type now: "cached plan must not change result type" (0A000).
    let to = |name| format!("ALTER TABLE offsets ALTER COLUMN next_offset TYPE {name}");
    fixture.execute(&to("integer")).await;
    let error = offsets.stored_offsets().await.unwrap_err();
    assert_eq!(error.action(), Action::Reconnect, "{error:?}");
    fixture.execute(&to("bigint")).await;
    let written = fixture.write(1, vec![up(2)]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
    offsets.stored_offsets().await.unwrap();
}

#[tokio::test]
async fn partitions_are_made_where_they_are_missing() {
    let fixture = Fixture::prepared().await;
    // Somebody's detached partition is his; somebody's month covers its days.
    fixture
        .execute(
            "CREATE TABLE metrics_20200101 (LIKE metrics); \
             CREATE TABLE may PARTITION OF metrics FOR VALUES FROM ('2020-05-01+00') TO ('2020-06-01+00')",
        )
        .await;
    let due = |text: &str, number| {
        let mut record = record(number, OutcomeKind::Up);
        record.scheduled_at = time(text);
        Ok(record)
    };
    let records = vec![
        due("2000-01-01T00:00:00Z", 1),
        due("2020-01-01T23:59:59.999999Z", 2),
        due("2020-05-05T00:00:00Z", 3),
        due("2020-07-07T12:00:00Z", 4),
    ];
    let written = fixture.write(0, records).await.unwrap();
    assert_eq!(written, Written::Now(counts(4, 0, 0)));
    let tables =
        "SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY scheduled_at) FROM metrics";
    assert_eq!(
        fixture.value::<String>(tables).await,
        "metrics_20000101 metrics_20200101_2 may metrics_20200707"
    );
}

#[tokio::test]
async fn two_prepare_an_empty_database_at_the_same_time() {
    let fixture = Fixture::empty().await;
    let other = writer(&fixture.uri);
    let (one, two) = tokio::join!(
        database::prepare(fixture.writer.database()),
        database::prepare(other.database())
    );
    one.unwrap();
    two.unwrap();
    let now = Timestamp::now();
    let (one, two) = tokio::join!(
        fixture.writer.make_days_ahead(now),
        other.make_days_ahead(now)
    );
    one.unwrap();
    two.unwrap();
}

#[tokio::test]
async fn databases_that_are_not_for_us_are_refused() {
    let refusal = async |fixture: &Fixture| match database::prepare(fixture.writer.database()).await
    {
        Err(PrepareError::Refused(refused)) => refused.to_string(),
        other => panic!("not refused: {other:?}"),
    };
    let originals = Fixture::empty().await;
    originals.execute("CREATE TABLE websites (id serial)").await;
    assert!(refusal(&originals).await.contains("original"));

    let newer = Fixture::prepared().await;
    newer
        .execute(
            "INSERT INTO websites_monitor_migrations \
             SELECT 999, 'later', applied_on, checksum FROM websites_monitor_migrations \
             LIMIT 1",
        )
        .await;
    assert!(refusal(&newer).await.contains("newer consumer"));

    let latin = Fixture::empty().await;
    latin
        .execute("CREATE DATABASE latin_one ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        .await;
    let uri = latin.uri.rsplit_once('/').unwrap().0.to_owned() + "/latin_one";
    let latin = Fixture {
        writer: writer(&uri),
        ..latin
    };
    assert!(refusal(&latin).await.contains("LATIN1"));
}
