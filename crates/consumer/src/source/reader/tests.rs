//! The source's thread, with a Kafka and books that are made up.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use rdkafka::{
    Timestamp,
    error::{KafkaError, KafkaResult},
    message::OwnedMessage,
    types::RDKafkaErrorCode,
};
use service::health::Health;
use tokio::sync::mpsc;

use super::*;
use crate::{
    batch::{BatchSettings, Delivery, Load, Settled},
    progress::Progress,
    source::{
        ends::Behind,
        finder::Setback,
        settings::{OffsetReset, SourceSettings},
        start::Start,
    },
    testing,
    trouble::Troubles,
};

/// A Kafka that is made up, and what was asked of it.
#[derive(Default)]
struct MadeUp {
    changes: Mutex<VecDeque<Change>>,
    polled: Mutex<VecDeque<Result<OwnedMessage, Interruption>>>,
    asked: Mutex<Vec<String>>,
}

impl MadeUp {
    fn note(&self, asked: String) {
        self.asked.lock().unwrap().push(asked);
    }

    fn brings(&self, offset: i64) {
        let value = Some(b"{}".to_vec());
        let time = Timestamp::NotAvailable;
        let record = OwnedMessage::new(value, None, "checks".into(), time, 0, offset, None);
        self.polled.lock().unwrap().push_back(Ok(record));
    }
}

impl Feed for MadeUp {
    type Record<'a> = OwnedMessage;

    /// Brings nothing while no partition is placed, as Kafka does.
    fn poll(&self, _wait: Duration) -> Option<Result<OwnedMessage, Interruption>> {
        let asked = self.asked.lock().unwrap();
        let placed = asked.iter().rfind(|it| it.contains("place"));
        let is_placed = placed.is_some_and(|it| it.starts_with("place"));
        drop(asked);
        let mut polled = self.polled.lock().unwrap();
        let next = if is_placed { polled.pop_front() } else { None };
        if next.is_none() {
            thread::yield_now();
        }
        next
    }

    fn next_change(&self) -> Option<Change> {
        self.changes.lock().unwrap().pop_front()
    }

    fn place(&self, partition: i32, at: i64) -> KafkaResult<()> {
        self.note(format!("place {partition} at {at}"));
        Ok(())
    }

    fn unplace(&self, partition: i32) {
        self.note(format!("unplace {partition}"));
    }

    fn pause(&self, partition: i32) -> bool {
        self.note(format!("pause {partition}"));
        true
    }

    fn resume(&self, partition: i32) -> bool {
        self.note(format!("resume {partition}"));
        true
    }

    fn stored(&self, partition: i32, at: i64) {
        self.note(format!("stored {partition} at {at}"));
    }

    fn forget(&self, partition: i32) {
        self.note(format!("forget {partition}"));
    }

    fn hint(&self, mode: CommitMode) {
        if matches!(mode, CommitMode::Sync) {
            self.note("hint".into());
        }
    }

    fn behind(&self) -> Vec<Behind> {
        Vec::new()
    }
}

/// Books in which a partition begins at each of these, one after the other.
struct Begins(Mutex<VecDeque<i64>>);

impl Books for Begins {
    async fn look_up(&self, _partition: i32) -> Result<Start, Setback> {
        let next = self.0.lock().unwrap().pop_front();
        match next {
            Some(at) => Ok(Start::Resume(at)),
            None => std::future::pending().await,
        }
    }

    async fn enter(&self, _partition: i32, _start: Start) -> Result<(), Setback> {
        Ok(())
    }

    async fn refresh(&self) {}

    async fn stored(&self) -> Option<BTreeMap<i32, i64>> {
        None
    }
}

/// How long anything may take on a slow machine before the test is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, what).await;
    waited.expect("it comes in time")
}

struct Bench {
    kafka: Arc<MadeUp>,
    loads: mpsc::Receiver<Load>,
    progress: Progress,
    stop: CancellationToken,
    drained: oneshot::Receiver<anyhow::Result<()>>,
    closed: oneshot::Receiver<()>,
}

impl Bench {
    async fn delivery(&mut self) -> Delivery {
        let mut load = soon(self.loads.recv()).await.unwrap();
        assert_eq!(load.len(), 1, "there is one partition");
        load.remove(0)
    }

    /// Waits until so many records are read and neither stored nor let go.
    async fn unsettled(&self, records: i64) {
        soon(async {
            while self.progress.unsettled() != records {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Stops the thread, and returns what was asked of Kafka.
    async fn stop(self) -> Vec<String> {
        self.stop.cancel();
        soon(self.drained).await.unwrap().unwrap();
        soon(self.closed).await.unwrap();
        self.kafka.asked.lock().unwrap().clone()
    }
}

/// A thread at work: partition 0 is assigned, and begins at each of these, one after the other.
fn start(begins: impl IntoIterator<Item = i64>, drop_on_stop: bool) -> Bench {
    let kafka = Arc::new(MadeUp::default());
    kafka
        .changes
        .lock()
        .unwrap()
        .push_back(Change::Assigned(vec![0]));
    let (workers, loads) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let troubles = Troubles::new(Health::default().condition("PostgreSQL"));
    let finder = Finder::new(
        Begins(Mutex::new(begins.into_iter().collect())),
        troubles.clone(),
    );
    let progress = Progress::default();
    let parts = Parts {
        settings: SourceSettings {
            client_id: "test".into(),
            group: "group".into(),
            topic: "checks".into(),
            reset: OffsetReset::Earliest,
        },
        batch: BatchSettings { rows_max: 2 },
        writer: testing::writer("postgresql://nobody@127.0.0.1/nothing"),
        troubles,
        progress: progress.clone(),
        workers,
        stop: stop.clone(),
        drop_on_stop,
    };
    let reader = Reader::new(parts, Arc::clone(&kafka), finder);
    let (drained_sender, drained) = oneshot::channel();
    let (closed_sender, closed) = oneshot::channel();
    thread::spawn(move || reader.run(drained_sender, closed_sender));
    Bench {
        kafka,
        loads,
        progress,
        stop,
        drained,
        closed,
    }
}

#[tokio::test]
async fn what_was_read_is_stored_and_hinted_before_the_end() {
    let mut bench = start([5], false);
    bench.kafka.brings(5);
    let delivery = bench.delivery().await;
    assert_eq!((delivery.from, delivery.batch.end()), (5, Some(6)));
    bench.stop.cancel();
    delivery.reply.send(Settled::Stored).unwrap();
    let asked = bench.stop().await;
    assert_eq!(asked, ["place 0 at 5", "stored 0 at 6", "hint"]);
}

/// Three records are read, of which a worker has one; then comes the stop.
async fn stop_with_records_that_are_not_handed_on(drop_on_stop: bool) -> (Bench, Delivery) {
    let mut bench = start([5], drop_on_stop);
    bench.kafka.brings(5);
    let first = bench.delivery().await;
    for offset in [6, 7] {
        bench.kafka.brings(offset);
    }
    bench.unsettled(3).await;
    bench.stop.cancel();
    (bench, first)
}

#[tokio::test]
async fn what_was_not_handed_on_is_stored_before_the_end() {
    let (mut bench, first) = stop_with_records_that_are_not_handed_on(false).await;
    first.reply.send(Settled::Stored).unwrap();
    let second = bench.delivery().await;
    assert_eq!((second.from, second.batch.end()), (6, Some(8)));
    second.reply.send(Settled::Stored).unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn what_was_not_handed_on_is_let_go_on_request() {
    let (mut bench, first) = stop_with_records_that_are_not_handed_on(true).await;
    bench.unsettled(1).await;
    // Whether what a worker has in hand is written or not, it says so.
    first.reply.send(Settled::LetGo).unwrap();
    assert!(soon(bench.loads.recv()).await.is_none());
    bench.stop().await;
}

#[tokio::test]
async fn a_partition_that_is_stored_elsewhere_begins_a_new_epoch_there() {
    let mut bench = start([5, 9], false);
    bench.kafka.brings(5);
    let delivery = bench.delivery().await;
    delivery.reply.send(Settled::Elsewhere).unwrap();
    soon(delivery.epoch.cancelled()).await;
    for offset in [6, 9] {
        bench.kafka.brings(offset);
    }
    let next = bench.delivery().await;
    assert_eq!((next.from, next.batch.end()), (9, Some(10)));
    next.reply.send(Settled::Stored).unwrap();
    let asked = bench.stop().await;
    assert_eq!(asked[..3], ["place 0 at 5", "unplace 0", "place 0 at 9"]);
}

#[tokio::test]
async fn a_position_that_is_gone_is_sought_again() {
    let mut bench = start([5, 7], false);
    bench
        .kafka
        .polled
        .lock()
        .unwrap()
        .push_back(Err(Interruption::OffsetGone));
    bench.kafka.brings(7);
    let delivery = bench.delivery().await;
    assert_eq!(delivery.from, 7);
    delivery.reply.send(Settled::Stored).unwrap();
    assert_eq!(bench.stop().await[1], "unplace 0");
}

#[tokio::test]
async fn a_client_that_gives_up_ends_the_source() {
    let bench = start([5], false);
    let gave_up = Interruption::GaveUp(RDKafkaErrorCode::Fail);
    bench.kafka.polled.lock().unwrap().push_back(Err(gave_up));
    let ended = soon(bench.drained).await.unwrap().unwrap_err();
    assert!(ended.to_string().contains("gave up"), "{ended}");
}

#[tokio::test]
async fn a_passing_error_changes_nothing() {
    let mut bench = start([5], false);
    let passing = Interruption::Passing(KafkaError::Canceled);
    bench.kafka.polled.lock().unwrap().push_back(Err(passing));
    bench.kafka.brings(5);
    let delivery = bench.delivery().await;
    delivery.reply.send(Settled::Stored).unwrap();
    let asked = bench.stop().await;
    assert!(!asked.contains(&"unplace 0".to_owned()), "{asked:?}");
}
