//! Incidents: decided once and rightly, whatever is killed, whoever writes, in whatever order.

mod overlap;
mod recount;
mod stream;

use std::collections::BTreeMap;

use database::{Action, DatabaseError};
use messages::{
    OutcomeKind::{self, Down, Up},
    Witness,
};

use self::{
    recount::{recount, stored},
    stream::{Stream, at, result},
};
use super::fixture::{Content, Fixture, PARTITION, items};
use crate::{
    batch::Batch,
    incidents::Rules,
    store::{
        chunk::{Chunk, Written},
        writer::BatchWriter,
    },
    testing::writer,
};

/// Partitions through which records come.
const PARTITIONS: [i32; 2] = [PARTITION, PARTITION + 1];

/// Everybody who is told.
fn rules() -> Rules {
    Rules {
        receivers: ["mail".to_owned(), "night".to_owned()].into(),
        defaults: ["mail".to_owned()].into(),
        ..Rules::default()
    }
}

/// A consumer that starts now.
fn consumer(fixture: &Fixture) -> BatchWriter {
    writer(&fixture.uri).with_rules(rules())
}

async fn prepared() -> Fixture {
    let fixture = Fixture::prepared().await;
    let offsets = fixture.writer.offsets();
    offsets.begin_partition(PARTITIONS[1], 0).await.unwrap();
    fixture
}

/// A result of the website that most tests speak of.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a list of these holds refusals as well"
)]
fn result_at(second: i64, outcome: OutcomeKind) -> Content {
    Ok(result("http://a/", "ams", second, outcome))
}

/// Tries once to write records that go on in a partition.
async fn try_write(
    writer: &BatchWriter,
    partition: i32,
    from: i64,
    records: Vec<Content>,
) -> Result<Written, DatabaseError> {
    let to = from + i64::try_from(records.len()).unwrap();
    let mut batch = Batch::default();
    let items = items(from, records, &mut batch);
    let chunk = Chunk {
        partition,
        from,
        to,
        items,
        batch: &batch,
    };
    writer.write(&chunk).await
}

/// Writes them, however often PostgreSQL refuses.
async fn write(writer: &BatchWriter, partition: i32, from: i64, records: Vec<Content>) -> i64 {
    let to = from + i64::try_from(records.len()).unwrap();
    loop {
        match try_write(writer, partition, from, records.clone()).await {
            Ok(Written::Elsewhere) => panic!("nobody else moves the offset"),
            Ok(_) => return to,
            Err(error) => {
                let code = error.code().map(|it| it.code().to_owned());
                let code = code.unwrap_or_default();
                assert!(
                    matches!(&*code, "P0001" | "40P01"),
                    "{}",
                    writer.database().explain(&error)
                );
            }
        }
    }
}

/// Makes PostgreSQL refuse one change in so many of each table that a batch writes.
async fn refuse_now_and_then(fixture: &Fixture) {
    let make = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF random() < 0.1 THEN RAISE 'not now'; END IF; RETURN NULL; END $$";
    fixture.execute(make).await;
    for table in ["states", "incidents", "outbox", "offsets", "metrics"] {
        let trigger = format!(
            "CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
        );
        fixture.execute(&trigger).await;
    }
}

#[tokio::test]
async fn an_incident_is_stored_with_its_reason_and_told_to_whom_it_concerns() {
    let fixture = prepared().await;
    let consumer = consumer(&fixture);
    let mut failed = result("http://u:p@a/", "ams", 10, Down);
    failed.error_code = 503;
    failed.failure.detail = Some("503 Service Unavailable".into());
    let mut again = failed.clone();
    again.check_id = uuid::Uuid::from_u128(1);
    again.scheduled_at = at(20);
    let first = result("http://u:p@a/", "ams", 0, Up);
    let next = write(&consumer, PARTITION, 0, vec![Ok(first), Ok(failed)]).await;
    let count = "SELECT count(*) FROM incidents";
    assert_eq!(fixture.value::<i64>(count).await, 0);
    let next = write(&consumer, PARTITION, next, vec![Ok(again)]).await;
    let is_open = "SELECT started_at = '2026-11-25T03:12:10Z' AND opened_at = '2026-11-25T03:12:20Z' \
        AND last_good_at = '2026-11-25T03:12:00Z' AND closed_at IS NULL AND error_code = 503 \
        AND failure_detail = '503 Service Unavailable' AND location = 'ams' \
        AND locations_down = 1 AND locations_heard = 1 FROM incidents";
    assert!(fixture.value::<bool>(is_open).await);
    let up = result("http://u:p@a/", "ams", 30, Up);
    write(&consumer, PARTITION, next, vec![Ok(up)]).await;
    let is_over =
        "SELECT ended_at = '2026-11-25T03:12:30Z' AND closed_at = ended_at FROM incidents";
    assert!(fixture.value::<bool>(is_over).await);
    let told = "SELECT string_agg(receiver || ' ' || kind || ' ' || subject, ', ' ORDER BY id) FROM outbox";
    assert_eq!(
        fixture.value::<String>(told).await,
        "mail down incident 1, mail up incident 1"
    );
}

#[tokio::test]
async fn sequences_that_a_restore_left_behind_are_set_forth_for_incidents_too() {
    let fixture = prepared().await;
    let consumer = consumer(&fixture);
    let incident = |second| {
        vec![
            result_at(second, Down),
            result_at(second + 10, Down),
            result_at(second + 20, Up),
        ]
    };
    let mut next = write(&consumer, PARTITION, 0, incident(0)).await;
    for (table, second) in [("incidents", 30), ("outbox", 60)] {
        let behind = format!("ALTER TABLE {table} ALTER id RESTART WITH 1");
        fixture.execute(&behind).await;
        let error = try_write(&consumer, PARTITION, next, incident(second)).await;
        let error = error.expect_err("its id is taken");
        let story = consumer.database().explain(&error);
        assert_eq!(error.action(), Action::Refresh, "{story}");
        consumer.refresh().await.unwrap();
        next = write(&consumer, PARTITION, next, incident(second)).await;
    }
    let told = "SELECT (SELECT count(*) FROM incidents) = 3 AND (SELECT count(*) FROM outbox) = 6";
    assert!(fixture.value::<bool>(told).await);
}

#[tokio::test]
async fn sites_that_are_well_write_no_states() {
    let fixture = prepared().await;
    let consumer = consumer(&fixture);
    let up = |second| Ok(result("http://a/", "ams", second, Up));
    let mut next = write(&consumer, PARTITION, 0, vec![up(0), up(10)]).await;
    let version = "SELECT xmin::text FROM states";
    let before = fixture.value::<String>(version).await;
    for second in (20..600).step_by(10) {
        next = write(&consumer, PARTITION, next, vec![up(second)]).await;
    }
    assert_eq!(fixture.value::<String>(version).await, before);
    // The next consumer knows all the same what was newest: what is older changes nothing.
    let late = |second| Ok(result("http://a/", "ams", second, Down));
    let next = write(
        &self::consumer(&fixture),
        PARTITION,
        next,
        vec![late(585), late(586)],
    )
    .await;
    let incidents = "SELECT count(*) FROM incidents";
    assert_eq!(fixture.value::<i64>(incidents).await, 0);
    write(&consumer, PARTITION, next, vec![late(600), late(610)]).await;
    let begun = "SELECT last_good_at = '2026-11-25T03:21:50Z' FROM incidents";
    assert!(fixture.value::<bool>(begun).await);
}

#[tokio::test]
async fn how_a_site_stands_is_written_again_after_sixty_intervals() {
    let fixture = prepared().await;
    let consumer = consumer(&fixture);
    let mut next = 0;
    for (second, written) in [(0, 0), (600, 0), (610, 610)] {
        next = write(&consumer, PARTITION, next, vec![result_at(second, Up)]).await;
        let newest =
            "SELECT extract(epoch FROM newest_at - '2026-11-25T03:12:00Z')::bigint FROM states";
        assert_eq!(fixture.value::<i64>(newest).await, written, "at {second}");
    }
}

/// Writes streams through partitions in turns, with consumers that start anew now and then, and
/// compares what is there with what the rows come to.
async fn is_decided_rightly(is_keyed: bool, seed: u64) {
    let fixture = prepared().await;
    refuse_now_and_then(&fixture).await;
    let mut stream = Stream::new(seed);
    let mut consumers = [consumer(&fixture), consumer(&fixture)];
    let mut next = BTreeMap::from(PARTITIONS.map(|partition| (partition, 0)));
    for _ in 0..60 {
        let place = stream.below(2);
        if stream.below(8) == 0 {
            consumers[place] = consumer(&fixture);
        }
        let partition = PARTITIONS[place];
        let records = stream.records(is_keyed.then_some(place));
        let from = next[&partition];
        // A partition may go from one consumer to the other.
        let by = if stream.below(6) == 0 {
            1 - place
        } else {
            place
        };
        let to = write(&consumers[by], partition, from, records).await;
        next.insert(partition, to);
    }
    let (stored, counted) = (stored(&fixture).await, recount(&fixture).await);
    assert!(stored.len() > 5, "{} incidents", stored.len());
    assert_eq!(stored, counted, "seed {seed}");
    let told = "SELECT (SELECT count(*) FROM outbox WHERE kind = 'down') = count(*) \
        AND (SELECT count(*) FROM outbox WHERE kind = 'up') = count(closed_at) FROM incidents";
    assert!(fixture.value::<bool>(told).await, "each is told once");
}

#[tokio::test]
async fn incidents_are_what_the_rows_come_to_whoever_is_killed() {
    for seed in 0..4 {
        is_decided_rightly(true, seed).await;
    }
}

#[tokio::test]
async fn incidents_are_what_the_rows_come_to_also_where_records_have_no_key() {
    for seed in 4..8 {
        is_decided_rightly(false, seed).await;
    }
}

#[tokio::test]
async fn checks_that_their_monitor_doubts_are_noted_with_them_and_once() {
    let fixture = prepared().await;
    let writer = consumer(&fixture);
    let doubted = |second| {
        let mut record = result("http://a/", "ams", second, Down);
        record.self_doubt.witness = Some(Witness::Down);
        Ok(record)
    };
    let good = || Ok(result("http://a/", "ams", 90, Up));
    let next = write(
        &writer,
        PARTITION,
        0,
        vec![doubted(30), good(), doubted(50)],
    )
    .await;
    let next = write(&writer, PARTITION, next, vec![doubted(30), good()]).await;
    let noted = "SELECT string_agg(location || ' ' || (until - since), ', ') FROM doubts";
    assert_eq!(fixture.value::<String>(noted).await, "ams 00:00:20");
    write(&writer, PARTITION, next, vec![doubted(60)]).await;
    let count = "SELECT count(*) FROM doubts";
    assert_eq!(fixture.value::<i64>(count).await, 2);
}
