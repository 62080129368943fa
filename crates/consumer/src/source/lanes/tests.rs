//! Lanes without Kafka, with workers who do nothing by themselves.

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::batch::Settled;

const PARTITIONS: i32 = 5;
const WORKERS: usize = 2;

struct Bench {
    lanes: Lanes,
    progress: Progress,
    deliveries: Vec<mpsc::Receiver<Delivery>>,
}

fn lane() -> Lane {
    let (_, found) = oneshot::channel();
    Lane::new(found, CancellationToken::new())
}

/// Lanes that are read from 0 on, with workers who do nothing by themselves.
fn bench() -> Bench {
    let (workers, deliveries) = (0..WORKERS).map(|_| mpsc::channel(8)).unzip();
    let progress = Progress::default();
    let batch = BatchSettings { rows_max: 2 };
    let mut lanes = Lanes::new(batch, workers, progress.clone());
    for partition in 0..PARTITIONS {
        lanes.insert(partition, lane());
        lanes.begin(partition, 0);
    }
    Bench {
        lanes,
        progress,
        deliveries,
    }
}

fn record(offset: i64) -> RawRecord<'static> {
    RawRecord {
        offset,
        timestamp_ms: None,
        key: None,
        value: Some(b"{}"),
    }
}

#[test]
fn a_partition_always_goes_to_the_same_worker() {
    let mut bench = bench();
    for offset in 0..2 {
        for partition in 0..PARTITIONS {
            bench.lanes.take(partition, record(offset));
        }
        bench.lanes.dispatch(Instant::now()).unwrap();
    }
    for (number, deliveries) in bench.deliveries.iter_mut().enumerate() {
        while let Ok(delivery) = deliveries.try_recv() {
            let partition = usize::try_from(delivery.partition).unwrap();
            assert_eq!(partition % WORKERS, number);
        }
    }
}

#[test]
fn what_is_let_go_is_settled() {
    let Bench {
        mut lanes,
        progress,
        ..
    } = bench();
    for partition in 0..3 {
        assert!(!lanes.take(partition, record(0)));
    }
    assert!(lanes.take(0, record(1)), "full");
    assert!(!lanes.take(PARTITIONS, record(0)), "none of ours");
    assert_eq!(progress.unsettled(), 4);
    lanes.remove(0);
    assert_eq!(progress.unsettled(), 2);
    lanes.insert(1, lane());
    assert_eq!(progress.unsettled(), 1);
    assert_eq!(lanes.let_go(), 1);
    assert_eq!(progress.unsettled(), 0);
    assert!(!lanes.is_busy());
}

#[test]
fn only_idle_partitions_are_audited() {
    let Bench { mut lanes, .. } = bench();
    lanes.take(0, record(0));
    lanes.insert(1, lane());
    lanes.begin(2, 7);
    assert_eq!(lanes.idle(), [(2, 7), (3, 0), (4, 0)].into());
    assert_eq!(lanes.reading(), [0, 2, 3, 4]);
}

#[test]
fn news_are_told_of_each_partition() {
    let mut bench = bench();
    for partition in [0, 2] {
        bench.lanes.take(partition, record(4));
    }
    bench.lanes.dispatch(Instant::now()).unwrap();
    assert_eq!(bench.lanes.collect().unwrap(), News::default());
    for outcome in [Settled::Stored, Settled::Elsewhere] {
        let delivery = bench.deliveries[0].try_recv().unwrap();
        delivery.reply.send(outcome).unwrap();
    }
    let news = News {
        stored: vec![(0, 5)],
        elsewhere: vec![2],
    };
    assert_eq!(bench.lanes.collect().unwrap(), news);
}

#[test]
fn a_worker_that_is_gone_ends_the_reading() {
    let mut bench = bench();
    bench.lanes.take(0, record(0));
    bench.deliveries.clear();
    assert!(bench.lanes.dispatch(Instant::now()).is_err());
}

#[test]
fn records_that_come_fast_gather_and_those_that_come_slowly_do_not() {
    let mut bench = bench();
    let start = Instant::now();
    let mut handed_on = |lanes: &mut Lanes, partition, now| {
        lanes.take(partition, record(0));
        lanes.dispatch(now).unwrap();
        let deliveries = &mut bench.deliveries;
        let taken = deliveries.iter_mut().filter_map(|it| it.try_recv().ok());
        taken.map(|delivery| delivery.partition).collect::<Vec<_>>()
    };
    let lanes = &mut bench.lanes;
    assert_eq!(handed_on(lanes, 0, start), [0], "the first at once");
    let soon = start + TURN_INTERVAL / 5;
    assert!(handed_on(lanes, 1, soon).is_empty());
    assert!(handed_on(lanes, 2, soon).is_empty());
    let later = start + TURN_INTERVAL;
    assert_eq!(handed_on(lanes, 4, later), [2, 1], "together");
}

#[test]
fn where_little_comes_there_is_time_to_rest_between_two_turns() {
    let mut bench = bench();
    let lanes = &mut bench.lanes;
    let start = Instant::now();
    assert_eq!(lanes.rest(start), None, "the first at once");
    lanes.take(0, record(0));
    lanes.dispatch(start).unwrap();
    let call = TURN_INTERVAL.checked_sub(CALL_BEFORE_TURN).unwrap();
    let called = start + call;
    assert_eq!(lanes.rest(start), Some(call));
    assert_eq!(lanes.rest(called), Some(CALL_BEFORE_TURN));
    assert_eq!(lanes.rest(start + 2 * TURN_INTERVAL), None, "after a pause");
}

#[test]
fn where_much_comes_there_is_none() {
    let mut bench = bench();
    let lanes = &mut bench.lanes;
    let start = Instant::now();
    lanes.take(0, record(0));
    lanes.dispatch(start).unwrap();
    for (offset, _) in (1..).zip(0..RESTING_RECORDS_MAX) {
        lanes.take(0, record(offset));
    }
    assert!(lanes.rest(start).is_some());
    lanes.take(1, record(0));
    assert_eq!(lanes.rest(start), None);
}
