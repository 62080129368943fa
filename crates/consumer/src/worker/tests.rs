//! Workers, against a PostgreSQL and against one that is made up.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use messages::OutcomeKind;
use service::health::Health;
use tokio::sync::oneshot;
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;

use super::{cut::cut, sink::WriteError, *};
use crate::{
    batch::{Batch, RawRecord},
    schemas::Known,
    store::{BatchWriter, Counts},
    testing,
    trouble::Troubles,
};

/// A worker on a database in which partition 0 begins at 0.
async fn worker(uri: &str, rows_max: usize) -> Worker<BatchWriter> {
    let writer = testing::writer(uri);
    database::prepare(writer.database()).await.unwrap();
    writer.offsets().begin_partition(0, 0).await.unwrap();
    working(writer, rows_max).0
}

/// A worker, and what is said to be wrong.
fn working<S: Sink>(sink: S, rows_max: usize) -> (Worker<S>, Health) {
    let health = Health::default();
    let troubles = Troubles::new(health.condition("PostgreSQL"));
    let trouble = troubles.of("worker");
    let worker = Worker::new(
        sink,
        Progress::default(),
        trouble,
        rows_max,
        Decoding::default(),
    );
    (worker, health)
}

/// A PostgreSQL that is made up: `judge` says what becomes of each chunk.
struct MadeUp<J> {
    judge: J,
    /// The chunks that were stored: from, to, and the reasons of those that were no rows.
    stored: Mutex<Vec<(i64, i64, Vec<&'static str>)>>,
    refreshes: AtomicU32,
}

impl<J: Fn(&Chunk<'_>) -> Result<Written, WriteError> + Send + Sync + 'static> MadeUp<J> {
    fn new(judge: J) -> Self {
        Self {
            judge,
            stored: Mutex::default(),
            refreshes: AtomicU32::new(0),
        }
    }

    fn borders(&self) -> Vec<(i64, i64)> {
        let stored = self.stored.lock().unwrap();
        stored.iter().map(|&(from, to, _)| (from, to)).collect()
    }
}

impl<J: Fn(&Chunk<'_>) -> Result<Written, WriteError> + Send + Sync + 'static> Sink for MadeUp<J> {
    fn topic(&self) -> &str {
        testing::TOPIC
    }

    async fn write(&self, chunk: &Chunk<'_>) -> Result<Written, WriteError> {
        let written = (self.judge)(chunk)?;
        let refusals = chunk.items.iter();
        let refusals = refusals.filter_map(|item| item.content.as_ref().err());
        let reasons = refusals.map(|refusal| refusal.reason).collect();
        let mut stored = self.stored.lock().unwrap();
        stored.push((chunk.from, chunk.to, reasons));
        Ok(written)
    }

    async fn write_together(
        &self,
        chunks: &[Chunk<'_>],
    ) -> Result<Option<Vec<Counts>>, WriteError> {
        let mut all = Vec::new();
        for chunk in chunks {
            match (self.judge)(chunk)? {
                Written::Now(counts) => all.push(counts),
                Written::Before | Written::Elsewhere => return Ok(None),
            }
        }
        let borders = chunks.iter().map(|it| (it.from, it.to, vec!["together"]));
        self.stored.lock().unwrap().extend(borders);
        Ok(Some(all))
    }

    async fn refresh(&self) -> Result<(), String> {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

const NOW: Written = Written::Now(Counts {
    rows: 1,
    duplicates: 0,
    replaced: 0,
    dead_letters: 0,
    expired: 0,
    gaps: 0,
});

fn refused(action: Action) -> Result<Written, WriteError> {
    Err(WriteError {
        action,
        is_constraint: true,
        story: "no".into(),
    })
}

/// Whether a chunk holds a record of this offset that is to become a row.
fn holds(chunk: &Chunk<'_>, offset: i64) -> bool {
    let mut items = chunk.items.iter();
    items.any(|item| item.offset == offset && item.content.is_ok())
}

fn delivery(
    partition: i32,
    from: i64,
    values: &[String],
) -> (Delivery, oneshot::Receiver<Settled>) {
    let mut batch = Batch::default();
    for (offset, value) in (from..).zip(values) {
        batch.push(RawRecord {
            offset,
            timestamp_ms: None,
            key: None,
            value: Some(value.as_bytes()),
        });
    }
    let (reply, settled) = oneshot::channel();
    let delivery = Delivery {
        partition,
        from,
        batch,
        epoch: CancellationToken::new(),
        reply,
    };
    (delivery, settled)
}

async fn connect(uri: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn values(numbers: impl Iterator<Item = u8>) -> Vec<String> {
    numbers
        .map(|number| testing::value(number, OutcomeKind::Up))
        .collect()
}

#[tokio::test]
async fn records_that_postgresql_refuses_are_found_among_those_it_takes() {
    let uri = testing::database().await;
    let mut worker = worker(&uri, 100).await;
    let client = connect(&uri).await;
    let sane = "ALTER TABLE metrics ADD CONSTRAINT sane CHECK (response_time < 1000)";
    client.batch_execute(sane).await.unwrap();
    let mut values = values(0..50);
    for refused in [0, 17, 18, 49] {
        values[refused] = values[refused].replace("0.5", "5000");
    }
    let (delivery, _) = delivery(0, 0, &values);
    assert_eq!(worker.write(&delivery).await, Settled::Stored);
    let account = "SELECT next_offset = 50 AND rows = 46 AND dead_letters = 4 FROM offsets";
    assert!(
        client
            .query_one(account, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    let letters = "SELECT array_agg(\"offset\" ORDER BY \"offset\") FROM dead_letters \
                   WHERE reason = 'refused_by_postgresql' AND error LIKE '%sane%'";
    let offsets: Vec<i64> = client.query_one(letters, &[]).await.unwrap().get(0);
    assert_eq!(offsets, [0, 17, 18, 49]);
}

#[tokio::test]
async fn what_the_database_forbids_is_said_and_waited_for_and_condemns_nothing() {
    let uri = testing::database().await;
    let writer = testing::writer(&uri);
    database::prepare(writer.database()).await.unwrap();
    writer.offsets().begin_partition(0, 0).await.unwrap();
    let (mut worker, health) = working(writer, 100);
    let superuser = connect(&testing::as_superuser(&uri)).await;
    let forbid = "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS \
                  'BEGIN RAISE EXCEPTION ''no tables here''; END'; \
                  CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()";
    superuser.batch_execute(forbid).await.unwrap();
    let (delivery, _) = delivery(0, 0, &values(0..10));
    let allowed = async {
        while !health.problems().concat().contains("no tables here") {
            tokio::task::yield_now().await;
        }
        let allow = "DROP EVENT TRIGGER no";
        superuser.batch_execute(allow).await.unwrap();
    };
    let (settled, ()) = tokio::join!(worker.write(&delivery), allowed);
    assert_eq!(settled, Settled::Stored);
    assert!(health.problems().is_empty());
    let account = "SELECT rows = 10 AND dead_letters = 0 FROM offsets";
    let row = superuser.query_one(account, &[]).await.unwrap();
    assert!(row.get::<_, bool>(0));
}

#[test]
fn a_batch_of_many_days_is_cut_into_transactions_of_few() {
    let mut values = values(0..40);
    for (number, value) in values.iter_mut().enumerate() {
        *value = value.replace("2026-11-25", &format!("20{number:02}-11-25"));
    }
    values.truncate(25);
    let (delivery, _) = delivery(0, 5, &values);
    let decoder = Decoder {
        topic: testing::TOPIC,
        partition: 0,
        now: Timestamp::now(),
        kept_since: None,
        schemas: &Known::default(),
    };
    let borders = |rows| -> Vec<_> {
        let chunks = cut(&delivery, &decoder, rows);
        chunks.iter().map(|chunk| (chunk.from, chunk.to)).collect()
    };
    assert_eq!(borders(100), [(5, 21), (21, 30)]);
    assert_eq!(borders(10), [(5, 15), (15, 25), (25, 30)]);
}

#[tokio::test]
async fn an_older_epoch_is_let_go_also_while_the_database_is_away() {
    let uri = testing::database().await;
    let mut worker = worker(&uri, 100).await;
    let client = connect(&uri).await;
    client
        .batch_execute("ALTER TABLE offsets RENAME TO away")
        .await
        .unwrap();
    let (delivery, settled) = delivery(0, 0, &values(0..3));
    let epoch = delivery.epoch.clone();
    let (sender, queue) = Queue::new();
    sender.send(vec![delivery]).await.unwrap();
    worker.trouble.began("the test begins");
    let running = tokio::spawn(worker.run(queue));
    epoch.cancel();
    assert_eq!(settled.await.unwrap(), Settled::LetGo);
    drop(sender);
    running.await.unwrap();
}

#[tokio::test]
async fn a_refused_record_is_condemned_alone_and_no_offset_is_left_out() {
    let (mut worker, _) = working(
        MadeUp::new(|chunk: &Chunk<'_>| {
            if holds(chunk, 3) {
                refused(Action::Isolate)
            } else {
                Ok(NOW)
            }
        }),
        100,
    );
    let (delivery, _) = delivery(0, 0, &values(0..8));
    assert_eq!(worker.write(&delivery).await, Settled::Stored);
    let stored = worker.sink.stored.lock().unwrap();
    let mut next = 0;
    for (from, to, reasons) in stored.iter() {
        assert_eq!(*from, next);
        let is_condemned = (*from, *to) == (3, 4);
        assert_eq!(*reasons == ["refused_by_postgresql"], is_condemned);
        next = *to;
    }
    assert_eq!(next, 8);
}

#[tokio::test]
async fn nothing_is_condemned_where_no_record_is_to_blame() {
    let attempts = AtomicU32::new(0);
    let (mut worker, health) = working(
        MadeUp::new(
            move |_: &Chunk<'_>| match attempts.fetch_add(1, Ordering::Relaxed) {
                0 => refused(Action::Isolate),
                _ => Ok(NOW),
            },
        ),
        100,
    );
    let (delivery, _) = delivery(0, 0, &["no JSON".into()]);
    assert_eq!(worker.write(&delivery).await, Settled::Stored);
    let stored = worker.sink.stored.lock().unwrap();
    assert_eq!(stored[0].2, ["not_json"], "its own reason");
    assert!(health.problems().is_empty());
}

#[tokio::test]
async fn what_overwhelms_the_server_is_halved_until_it_does_not() {
    let (mut worker, _) = working(
        MadeUp::new(|chunk: &Chunk<'_>| match chunk.items.len() {
            0..=2 => Ok(NOW),
            _ => refused(Action::RetrySmaller),
        }),
        8,
    );
    let (delivery, _) = delivery(0, 0, &values(0..8));
    assert_eq!(worker.write(&delivery).await, Settled::Stored);
    assert_eq!(worker.sink.borders(), [(0, 2), (2, 4), (4, 6), (6, 8)]);
    assert_eq!(worker.rows, 8, "and then it may be much again");
}

#[tokio::test]
async fn a_constraint_that_fails_after_all_that_was_read_anew_is_the_records_fault() {
    let (mut worker, _) = working(
        MadeUp::new(|chunk: &Chunk<'_>| {
            if holds(chunk, 0) {
                refused(Action::Refresh)
            } else {
                Ok(NOW)
            }
        }),
        100,
    );
    let (delivery, _) = delivery(0, 0, &values(0..1));
    assert_eq!(worker.write(&delivery).await, Settled::Stored);
    assert_eq!(worker.sink.refreshes.load(Ordering::Relaxed), 3);
    let stored = worker.sink.stored.lock().unwrap();
    assert_eq!(stored[0].2, ["refused_by_postgresql"]);
}

#[tokio::test]
async fn what_follows_a_chunk_that_is_stored_elsewhere_is_not_written() {
    let (mut worker, _) = working(
        MadeUp::new(|chunk: &Chunk<'_>| match chunk.from {
            0 => Ok(Written::Before),
            1 => Ok(Written::Elsewhere),
            _ => Ok(NOW),
        }),
        1,
    );
    let (delivery, _) = delivery(0, 0, &values(0..3));
    assert_eq!(worker.write(&delivery).await, Settled::Elsewhere);
    assert_eq!(worker.sink.borders(), [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn an_outage_is_said_and_waited_for_until_the_epoch_ends() {
    let (mut worker, health) =
        working(MadeUp::new(|_: &Chunk<'_>| refused(Action::Reconnect)), 100);
    let (delivery, _) = delivery(0, 0, &values(0..3));
    let epoch = delivery.epoch.clone();
    let said = async {
        while health.problems() != ["PostgreSQL: no; retrying"] {
            tokio::task::yield_now().await;
        }
        epoch.cancel();
    };
    let (settled, ()) = tokio::join!(worker.write(&delivery), said);
    assert_eq!(settled, Settled::LetGo);
    assert_eq!(worker.sink.borders(), []);
}

/// Three batches of as many partitions, which begin where their partition's number is.
fn load() -> (Load, Vec<oneshot::Receiver<Settled>>) {
    let deliveries = (0..3).map(|it| delivery(it, it.into(), &values(0..1)));
    deliveries.unzip()
}

/// What became of a load, by a worker and those who had time for what it put back.
async fn settled<S: Sink>(worker: &mut Worker<S>, load: Load) {
    let (sender, queue) = Queue::new();
    worker.take(load, &queue).await;
    drop(sender);
    while let Some(load) = queue.next().await {
        worker.take(load, &queue).await;
    }
}

#[tokio::test]
async fn the_batches_of_a_load_are_stored_together() {
    let (mut worker, health) = working(MadeUp::new(|_: &Chunk<'_>| Ok(NOW)), 100);
    let (load, replies) = load();
    settled(&mut worker, load).await;
    for reply in replies {
        assert_eq!(reply.await.unwrap(), Settled::Stored);
    }
    let stored = worker.sink.stored.lock().unwrap();
    assert_eq!(stored.len(), 3);
    assert!(stored.iter().all(|it| it.2 == ["together"]));
    assert!(health.problems().is_empty());
}

#[tokio::test]
async fn an_outage_is_said_by_the_first_attempt_at_a_load() {
    for (action, is_said) in [(Action::Reconnect, true), (Action::Retry, false)] {
        let made_up = MadeUp::new(move |_: &Chunk<'_>| refused(action));
        let (mut worker, health) = working(made_up, 100);
        worker.trouble.ended();
        let (load, _replies) = load();
        assert!(!worker.write_together(&load).await);
        assert_eq!(!health.problems().is_empty(), is_said, "{action:?}");
    }
}

#[tokio::test]
async fn what_keeps_one_batch_from_being_stored_keeps_no_other() {
    let judges: [fn(u32) -> Result<Written, WriteError>; 3] = [
        |_| Ok(Written::Elsewhere),
        |attempt| match attempt {
            0 => refused(Action::Retry),
            _ => Ok(Written::Elsewhere),
        },
        |attempt| match attempt {
            0 => refused(Action::Isolate),
            _ => Ok(Written::Elsewhere),
        },
    ];
    for judge in judges {
        let attempts = AtomicU32::new(0);
        let (mut worker, _) = working(
            MadeUp::new(move |chunk: &Chunk<'_>| match chunk.from {
                1 => judge(attempts.fetch_add(1, Ordering::Relaxed)),
                _ => Ok(NOW),
            }),
            100,
        );
        let (load, replies) = load();
        settled(&mut worker, load).await;
        let mut outcomes = Vec::new();
        for reply in replies {
            outcomes.push(reply.await.unwrap());
        }
        let expected = [Settled::Stored, Settled::Elsewhere, Settled::Stored];
        assert_eq!(outcomes, expected);
        let stored = worker.sink.stored.lock().unwrap();
        assert!(stored.iter().all(|it| it.2.is_empty()), "apart");
    }
}

#[tokio::test]
async fn a_load_with_a_batch_of_an_older_epoch_is_stored_without_it() {
    let (mut worker, _) = working(MadeUp::new(|_: &Chunk<'_>| Ok(NOW)), 100);
    let (load, replies) = load();
    load[1].epoch.cancel();
    settled(&mut worker, load).await;
    let mut outcomes = Vec::new();
    for reply in replies {
        outcomes.push(reply.await.unwrap());
    }
    let expected = [Settled::Stored, Settled::LetGo, Settled::Stored];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn what_does_not_fit_into_one_transaction_is_stored_apart() {
    let (mut worker, _) = working(MadeUp::new(|_: &Chunk<'_>| Ok(NOW)), 2);
    let (load, _replies) = load();
    settled(&mut worker, load).await;
    let stored = worker.sink.stored.lock().unwrap();
    assert_eq!(stored.len(), 3);
    assert!(stored.iter().all(|it| it.2.is_empty()));
}
