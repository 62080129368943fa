//! What somebody changed in our tables condemns no record, and loses none.

use database::Action;
use jiff::{SignedDuration, Timestamp};

use super::fixture::{Content, Fixture, counts, refused, up};
use crate::{
    store::{
        chunk::{Counts, Written},
        expiry::expired_partitions,
    },
    testing::writer,
};

/// Statements that change the tables so that nothing can be stored, what is said of it, and statements that
/// change it back.
const CHANGES: [(&str, &str, &str); 9] = [
    (
        "ALTER TABLE metrics ADD COLUMN team text NOT NULL",
        "ALTER team DROP NOT NULL",
        "ALTER TABLE metrics ALTER team SET DEFAULT ''",
    ),
    (
        "ALTER TABLE websites ADD COLUMN team text; ALTER TABLE websites ALTER team SET NOT NULL",
        "ALTER TABLE websites ALTER team DROP NOT NULL",
        "ALTER TABLE websites DROP COLUMN team",
    ),
    (
        "DROP VIEW results, latest_status, phase_percentiles; ALTER TABLE metrics ALTER response_time TYPE double precision",
        "insufficient data left in message",
        "ALTER TABLE metrics ALTER response_time TYPE real",
    ),
    (
        "DROP VIEW results, latest_status, phase_percentiles; ALTER TABLE metrics ALTER error_code TYPE smallint",
        "another type than the consumer writes",
        "ALTER TABLE metrics ALTER error_code TYPE integer",
    ),
    (
        "CREATE TRIGGER swallows BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION swallow()",
        "rows were taken and are not there",
        "DROP TRIGGER swallows ON metrics",
    ),
    (
        "CREATE TRIGGER swallows BEFORE INSERT ON dead_letters FOR EACH ROW EXECUTE FUNCTION swallow()",
        "dead letters were taken and are not there",
        "DROP TRIGGER swallows ON dead_letters",
    ),
    (
        "CREATE RULE swallows AS ON INSERT TO dead_letters DO INSTEAD NOTHING",
        "dead letters were taken and are not there",
        "DROP RULE swallows ON dead_letters",
    ),
    (
        "CREATE TRIGGER swallows BEFORE UPDATE ON offsets FOR EACH ROW EXECUTE FUNCTION swallow()",
        "",
        "DROP TRIGGER swallows ON offsets",
    ),
    (
        "ALTER TABLE dead_letters ADD COLUMN team text NOT NULL",
        "ALTER TABLE dead_letters ALTER team DROP NOT NULL",
        "ALTER TABLE dead_letters DROP COLUMN team",
    ),
];

const SWALLOW: &str =
    "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'";

/// A good record and one that is none, as one batch.
fn both() -> Vec<Content> {
    vec![up(1), refused()]
}

#[tokio::test]
async fn tables_that_take_nothing_any_more_condemn_no_record_and_lose_none() {
    for (change, said, back) in CHANGES {
        let fixture = Fixture::prepared().await;
        fixture.execute(SWALLOW).await;
        fixture.execute(change).await;
        match fixture.write(0, both()).await {
            Ok(written) => assert_eq!(written, Written::Elsewhere, "{change}"),
            Err(error) => {
                let story = fixture.writer.database().explain(&error);
                assert_ne!(error.action(), Action::Isolate, "{change}: {story}");
                assert!(story.contains(said), "{change}: {story}");
            }
        }
        let nothing = "SELECT (SELECT count(*) FROM metrics) + (SELECT count(*) FROM dead_letters)";
        assert_eq!(fixture.value::<i64>(nothing).await, 0, "{change}");
        fixture.execute(back).await;
        fixture.writer.refresh().await.unwrap();
        let expected = Counts {
            dead_letters: 1,
            ..counts(1, 0, 0)
        };
        let written = fixture.write(0, both()).await.unwrap();
        assert_eq!(written, Written::Now(expected), "{change}");
    }
}

#[tokio::test]
async fn a_trigger_that_swallows_rows_is_seen_also_where_some_are_there() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    fixture.execute(SWALLOW).await;
    let trigger =
        "CREATE TRIGGER swallows BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION swallow()";
    fixture.execute(trigger).await;
    for (from, contents) in [(1, vec![up(1), up(2)]), (1, vec![up(2), up(1)])] {
        let error = fixture.write(from, contents).await.unwrap_err();
        assert_eq!(error.action(), Action::Ask, "{error}");
    }
    let fates = "SELECT rows = 1 AND duplicates = 0 FROM offsets";
    assert!(fixture.value::<bool>(fates).await);
}

#[tokio::test]
async fn a_day_made_later_has_what_somebody_added_to_the_table() {
    let fixture = Fixture::prepared().await;
    let added = "ALTER TABLE metrics ADD COLUMN is_error boolean GENERATED ALWAYS AS (error_code >= 400) STORED, \
        ADD COLUMN team text NOT NULL DEFAULT 'ours'";
    fixture.execute(added).await;
    let written = fixture.write(0, vec![up(1)]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
    let row = "SELECT is_error = false AND team = 'ours' FROM metrics";
    assert!(fixture.value::<bool>(row).await);
}

#[tokio::test]
async fn a_key_that_is_gone_is_said_with_how_to_make_it_again() {
    let fixture = Fixture::prepared().await;
    fixture.writer.check_key().await.unwrap();
    fixture
        .execute("ALTER TABLE metrics DROP CONSTRAINT metrics_check_key")
        .await;
    let error = fixture.writer.check_key().await.unwrap_err();
    assert_eq!(error.action(), Action::Ask);
    let story = fixture.writer.database().explain(&error);
    let (_, again) = story.split_once("repeats, and ").unwrap();
    fixture.execute(again).await;
    fixture.writer.check_key().await.unwrap();
}

#[tokio::test]
async fn a_role_that_reads_backslashes_otherwise_finds_the_same_days() {
    let fixture = Fixture::prepared().await;
    let settings = [
        "standard_conforming_strings = off",
        "escape_string_warning = off",
        "DateStyle = 'SQL, DMY'",
        "TimeZone = 'Asia/Kathmandu'",
    ];
    fixture.set(&settings).await;
    let ours = writer(&fixture.uri);
    ours.make_days_ahead(Timestamp::now()).await.unwrap();
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 30);
    let expired = expired_partitions(ours.database(), later).await.unwrap();
    assert_eq!(expired.len(), 3);
}
