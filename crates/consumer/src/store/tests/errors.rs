//! What a database does to us that is no record's fault, made by a real server.

use database::{Action, Statement};
use messages::OutcomeKind;

use super::fixture::{Content, Fixture, counts, refused, time, up};
use crate::{
    store::chunk::{Counts, Written},
    testing::{record, writer},
};

#[expect(clippy::unnecessary_wraps, reason = "as the others of the fixture")]
/// A record whose day has no partition.
fn old() -> Content {
    let mut record = record(9, OutcomeKind::Up);
    record.scheduled_at = time("2026-11-14T03:12:00Z");
    Ok(record)
}

const FUNCTION: &str = "CREATE FUNCTION raise_it() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN RAISE EXCEPTION ''not today''; END'";

#[tokio::test]
async fn an_event_trigger_that_forbids_tables_is_waited_for() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute_as_superuser(
            "CREATE FUNCTION no_tables() RETURNS event_trigger LANGUAGE plpgsql AS \
         'BEGIN RAISE EXCEPTION ''no tables here''; END'; \
         CREATE EVENT TRIGGER no_tables ON ddl_command_start WHEN TAG IN ('CREATE TABLE') \
         EXECUTE FUNCTION no_tables()",
        )
        .await;
    let (action, story) = fixture.fail(0, old()).await;
    assert_eq!(action, Action::Ask, "{story}");
    assert!(
        story.contains("no tables here") && story.contains("PL/pgSQL function no_tables()"),
        "{story}"
    );
    fixture
        .execute_as_superuser("DROP EVENT TRIGGER no_tables")
        .await;
    let written = fixture.write(0, vec![old()]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
}

#[tokio::test]
async fn a_trigger_on_our_own_tables_is_waited_for() {
    let fixture = Fixture::prepared().await;
    fixture.execute(FUNCTION).await;
    for table in ["websites", "metrics", "offsets"] {
        let trigger = format!(
            "CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW \
             EXECUTE FUNCTION raise_it()"
        );
        fixture.execute(&trigger).await;
        let (action, story) = fixture.fail(0, up(1)).await;
        assert_eq!(action, Action::Ask, "{table}: {story}");
        assert!(story.contains("no record is to blame"), "{story}");
        fixture
            .execute(&format!("DROP TRIGGER raises ON {table}"))
            .await;
    }
    // One that fails with a code of bad values: it is the trigger's division, not the record's.
    fixture
        .execute(
            "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN NEW.error_code := 1 / 0; RETURN NEW; END'; \
         CREATE TRIGGER divides BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION divide()",
        )
        .await;
    let (action, story) = fixture.fail(0, up(1)).await;
    assert_eq!(action, Action::Ask, "{story}");
}

#[tokio::test]
async fn a_statement_without_a_records_values_condemns_none() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute("ALTER TABLE offsets ADD CONSTRAINT small CHECK (next_offset < 1)")
        .await;
    let (action, story) = fixture.fail(0, up(1)).await;
    assert_eq!(action, Action::Ask, "{story}");
    assert!(story.contains("moving stored offsets"), "{story}");
}

#[tokio::test]
async fn sequences_that_a_restore_left_behind_are_set_forth() {
    let fixture = Fixture::prepared().await;
    let with = |number: u8, subject: &str| {
        let mut record = record(number, OutcomeKind::Up);
        record.certificate.subject = Some(subject.into());
        record
    };
    let first = vec![Ok(with(1, "CN=a")), refused()];
    fixture.write(0, first).await.unwrap();
    fixture
        .execute(
            "ALTER TABLE websites ALTER id RESTART WITH 1; \
         ALTER TABLE certificates ALTER id RESTART WITH 1; \
         ALTER TABLE dead_letters ALTER id RESTART WITH 1",
        )
        .await;
    let mut other = with(2, "CN=b");
    other.url = "http://b/".into();
    for content in [Ok(other.clone()), Ok(with(2, "CN=b")), refused()] {
        let (action, story) = fixture.fail(2, content).await;
        assert_eq!(action, Action::Refresh, "{story}");
        assert!(
            story.contains("SELECT setval(pg_get_serial_sequence("),
            "{story}"
        );
    }
    fixture.writer.refresh().await.unwrap();
    let written = fixture.write(2, vec![Ok(other), refused()]).await.unwrap();
    let counts = Counts {
        dead_letters: 1,
        ..counts(1, 0, 0)
    };
    assert_eq!(written, Written::Now(counts));
    let stored = "SELECT count(*) FROM dead_letters";
    assert_eq!(
        fixture.value::<i64>(stored).await,
        2,
        "what is counted is there"
    );
    assert_eq!(
        fixture.value::<i64>("SELECT max(id) FROM websites").await,
        2
    );
}

#[tokio::test]
async fn a_sequence_at_its_end_condemns_no_record() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute("ALTER TABLE metrics ALTER id SET MAXVALUE 2 RESTART WITH 2")
        .await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    let (action, story) = fixture.fail(1, up(2)).await;
    assert_eq!(action, Action::Ask, "{story}");
    assert!(story.contains("ALTER SEQUENCE"), "{story}");
}

#[tokio::test]
async fn missed_results_give_way_also_where_the_tables_are_published() {
    let fixture = Fixture::prepared().await;
    // A partition as an older version made it, or a person.
    fixture.execute("CREATE TABLE may PARTITION OF metrics FOR VALUES FROM ('2020-05-01+00') TO ('2020-06-01+00')").await;
    fixture
        .execute_as_superuser("CREATE PUBLICATION all_of_it FOR ALL TABLES")
        .await;
    let made_by = |outcome, day: &str| {
        let mut record = record(1, outcome);
        record.scheduled_at = time(day);
        Ok(record)
    };
    let ours = "2026-11-25T03:12:00Z";
    fixture
        .write(0, vec![made_by(OutcomeKind::Missed, ours)])
        .await
        .unwrap();
    let written = fixture
        .write(1, vec![made_by(OutcomeKind::Up, ours)])
        .await
        .unwrap();
    assert_eq!(
        written,
        Written::Now(counts(0, 0, 1)),
        "partitions of ours are born so"
    );
    let theirs = "2020-05-05T03:12:00Z";
    fixture
        .write(2, vec![made_by(OutcomeKind::Missed, theirs)])
        .await
        .unwrap();
    let (action, story) = fixture.fail(3, made_by(OutcomeKind::Up, theirs)).await;
    assert_eq!(action, Action::Refresh, "{story}");
    assert!(story.contains("REPLICA IDENTITY"), "{story}");
    fixture.writer.refresh().await.unwrap();
    let written = fixture
        .write(3, vec![made_by(OutcomeKind::Up, theirs)])
        .await
        .unwrap();
    assert_eq!(written, Written::Now(counts(0, 0, 1)));
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_not_taken_for_missing() {
    for table in ["offsets", "websites", "metrics", "dead_letters"] {
        let fixture = Fixture::prepared().await;
        fixture.write(0, vec![up(1)]).await.unwrap();
        fixture.execute(&format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        )).await;
        fixture.writer.forget();
        let error = fixture
            .write(1, vec![up(1), up(2), refused()])
            .await
            .unwrap_err();
        let story = fixture.writer.database().explain(&error);
        assert_eq!(error.action(), Action::Ask, "{table}: {story}");
        assert!(story.contains("BYPASSRLS"), "{table}: {story}");
    }
}

#[tokio::test]
async fn a_read_only_database_is_waited_for() {
    let fixture = Fixture::prepared().await;
    fixture.set(&["default_transaction_read_only = on"]).await;
    let other = writer(&fixture.uri);
    let error = other.offsets().begin_partition(7, 0).await.unwrap_err();
    assert_eq!(error.action(), Action::Reconnect);
    let story = other.database().explain(&error);
    assert!(story.contains("default_transaction_read_only"), "{story}");
}

#[tokio::test]
async fn settings_of_role_and_database_are_overridden_or_obeyed() {
    let fixture = Fixture::empty().await;
    let name = fixture
        .value::<String>("SELECT current_database()::text")
        .await;
    fixture
        .execute(&format!(
            "CREATE SCHEMA own; \
         ALTER ROLE CURRENT_USER IN DATABASE {name} SET search_path = own; \
         ALTER ROLE CURRENT_USER IN DATABASE {name} SET statement_timeout = '1ms'; \
         ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
        ))
        .await;
    let ours = writer(&fixture.uri);
    database::prepare(ours.database()).await.unwrap();
    let fixture = Fixture {
        writer: ours,
        ..fixture
    };
    fixture
        .writer
        .offsets()
        .begin_partition(super::fixture::PARTITION, 0)
        .await
        .unwrap();
    let written = fixture.write(0, vec![up(1), old()]).await.unwrap();
    assert_eq!(written, Written::Now(counts(2, 0, 0)));
    let rows = "SELECT count(*) FROM own.metrics";
    assert_eq!(fixture.value::<i64>(rows).await, 2);
}

#[tokio::test]
async fn a_role_of_few_connections_is_lived_with() {
    const ROUNDS_MAX: usize = 100;
    let nap = Statement::new("taking a nap", "SELECT pg_sleep(0.05)");
    for limit in 1..=2 {
        let fixture = Fixture::empty().await;
        fixture
            .execute_as_superuser(&format!(
                "CREATE ROLE few_{limit} LOGIN PASSWORD 'few' CONNECTION LIMIT {limit}"
            ))
            .await;
        let (_, server) = fixture.uri.rsplit_once('@').unwrap();
        let database = writer(&format!("postgres://few_{limit}:few@{server}"))
            .database()
            .clone();
        let mut stories = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let naps = || database.attempt(async |client| nap.run(client).await);
            let (one, two, three) = tokio::join!(naps(), naps(), naps());
            let errors = [one, two, three].into_iter().filter_map(Result::err);
            let round: Vec<_> = errors.map(|error| database.explain(&error)).collect();
            if round.is_empty() {
                break;
            }
            stories.extend(round);
        }
        assert!(!stories.is_empty(), "the limit of {limit} is met");
        for story in &stories {
            assert!(
                story.contains(&format!("ALTER ROLE \"few_{limit}\" CONNECTION LIMIT")),
                "{story}"
            );
        }
        for _ in 0..3 {
            let naps = || database.attempt(async |client| nap.run(client).await);
            let (one, two, three) = tokio::join!(naps(), naps(), naps());
            assert!(
                [one, two, three].iter().all(Result::is_ok),
                "and then lived with"
            );
        }
    }
}
