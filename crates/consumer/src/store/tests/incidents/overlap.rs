//! Two transactions that are open on one website at the same time: who decides second knows what the
//! first one decided.

use std::time::Duration;

use messages::OutcomeKind::{Down, Up};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_postgres::NoTls;

use super::{PARTITIONS, consumer, prepared, result_at, try_write, write};
use crate::{
    batch::Batch,
    store::{
        chunk::Chunk,
        tests::fixture::{Content, Fixture, PARTITION, items, refused},
        writer::BatchWriter,
    },
};

const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// Waits until so many sessions wait for others.
async fn until_waiting(fixture: &Fixture, sessions: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async {
        while fixture.value::<i64>(waiting).await < sessions {
            sleep(POLL).await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{sessions} sessions wait"));
}

/// Does something while whoever decides cannot write what it decided, and lets it go on then.
async fn while_states_are_locked(
    fixture: &Fixture,
    act: impl AsyncFnOnce() -> [JoinHandle<()>; 2],
) {
    let (mut client, connection) = tokio_postgres::connect(&fixture.uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    let lock = client.transaction().await.unwrap();
    let statement = "LOCK TABLE states IN SHARE MODE";
    lock.batch_execute(statement).await.unwrap();
    let under_way = act().await;
    lock.commit().await.unwrap();
    for task in under_way {
        timeout(PATIENCE, task).await.expect("it goes on").unwrap();
    }
}

/// Writes one record meanwhile.
fn writing(by: &BatchWriter, partition: i32, from: i64, record: Content) -> JoinHandle<()> {
    let by = by.clone();
    tokio::spawn(async move {
        let written = try_write(&by, partition, from, vec![record]).await;
        written.unwrap();
    })
}

/// Tries a dead letter again meanwhile, whose record is this.
fn redriving(by: &BatchWriter, letter: i64, record: Content) -> JoinHandle<()> {
    let by = by.clone();
    tokio::spawn(async move {
        let mut batch = Batch::default();
        let items = items(1, vec![record], &mut batch);
        let chunk = Chunk {
            partition: PARTITION,
            from: 1,
            to: 2,
            items,
            batch: &batch,
        };
        let counts = by.redrive(letter, &chunk).await.unwrap();
        assert_eq!(counts.unwrap().rows, 1);
    })
}

async fn opened_and_closed(fixture: &Fixture) -> String {
    let incidents = "SELECT coalesce(string_agg(to_char(opened_at, 'MI:SS') || ' ' || \
        coalesce(to_char(closed_at, 'MI:SS'), 'open'), ', ' ORDER BY id), 'none') FROM incidents";
    fixture.value(incidents).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_on_one_website_decide_one_after_the_other() {
    let fixture = prepared().await;
    let first = vec![result_at(0, Up)];
    write(&consumer(&fixture), PARTITION, 0, first).await;
    // Its records come through several partitions, again and again.
    fixture.execute("UPDATE homes SET moves = 3").await;
    let consumers = [consumer(&fixture), consumer(&fixture)];
    while_states_are_locked(&fixture, async || {
        let one = writing(&consumers[0], PARTITION, 1, result_at(10, Down));
        until_waiting(&fixture, 1).await;
        let other = writing(&consumers[1], PARTITIONS[1], 0, result_at(20, Down));
        until_waiting(&fixture, 2).await;
        [one, other]
    })
    .await;
    assert_eq!(opened_and_closed(&fixture).await, "12:20 open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_tried_again_decides_after_its_websites_owner_and_before_it() {
    let fixture = prepared().await;
    let owner = consumer(&fixture);
    let first = vec![result_at(0, Up), refused()];
    let next = write(&owner, PARTITION, 0, first).await;
    let letter = fixture.value("SELECT max(id) FROM dead_letters").await;
    let somebody = consumer(&fixture);
    while_states_are_locked(&fixture, async || {
        let one = writing(&owner, PARTITION, next, result_at(10, Down));
        until_waiting(&fixture, 1).await;
        let other = redriving(&somebody, letter, result_at(20, Down));
        until_waiting(&fixture, 2).await;
        [one, other]
    })
    .await;
    assert_eq!(opened_and_closed(&fixture).await, "12:20 open");
    // The owner does not go by what it remembers.
    write(&owner, PARTITION, next + 1, vec![result_at(30, Up)]).await;
    assert_eq!(opened_and_closed(&fixture).await, "12:20 12:30");
}
