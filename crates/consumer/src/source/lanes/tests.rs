//! Lanes without Kafka, with workers who do nothing by themselves.

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::batch::Settled;

const PARTITIONS: i32 = 5;
const ROWS_MAX: usize = 2;

struct Bench {
    lanes: Lanes,
    progress: Progress,
    loads: mpsc::Receiver<Load>,
}

fn lane() -> Lane {
    let (_, found) = oneshot::channel();
    Lane::new(found, CancellationToken::new())
}

/// Lanes that are read from 0 on, with workers who do nothing by themselves.
fn bench() -> Bench {
    let (workers, loads) = mpsc::channel(8);
    let progress = Progress::default();
    let batch = BatchSettings { rows_max: ROWS_MAX };
    let mut lanes = Lanes::new(batch, workers, progress.clone());
    for partition in 0..PARTITIONS {
        lanes.insert(partition, lane());
        lanes.begin(partition, 0);
    }
    Bench {
        lanes,
        progress,
        loads,
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

/// The partitions of the next load, if there is one.
fn handed_on(loads: &mut mpsc::Receiver<Load>) -> Vec<i32> {
    let load = loads.try_recv().unwrap_or_default();
    load.iter().map(|delivery| delivery.partition).collect()
}

#[test]
fn as_many_batches_go_together_as_one_transaction_takes_and_each_gets_its_turn() {
    let mut bench = bench();
    for partition in 0..PARTITIONS {
        bench.lanes.take(partition, record(0));
    }
    // One load waits for a worker, at most.
    for expected in [vec![0, 1], vec![2, 3], vec![4]] {
        bench.lanes.turn = None;
        bench.lanes.dispatch(Instant::now()).unwrap();
        let load = bench.loads.try_recv().unwrap();
        let partitions: Vec<_> = load.iter().map(|it| it.partition).collect();
        assert_eq!(partitions, expected);
        for delivery in load {
            delivery.reply.send(Settled::Stored).unwrap();
        }
        bench.lanes.collect().unwrap();
        bench.lanes.take(0, record(1 + i64::from(expected[0])));
    }
    bench.lanes.turn = None;
    bench.lanes.dispatch(Instant::now()).unwrap();
    assert_eq!(handed_on(&mut bench.loads), [0]);
}

#[test]
fn a_batch_that_is_large_goes_alone() {
    let mut bench = bench();
    for offset in 0..2 {
        bench.lanes.take(1, record(offset));
    }
    for partition in [0, 2] {
        bench.lanes.take(partition, record(0));
    }
    bench.lanes.dispatch(Instant::now()).unwrap();
    assert_eq!(handed_on(&mut bench.loads), [0, 2]);
    bench.lanes.dispatch(Instant::now()).unwrap();
    assert_eq!(handed_on(&mut bench.loads), [1]);
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
    let load = bench.loads.try_recv().unwrap();
    for (delivery, outcome) in load.into_iter().zip([Settled::Stored, Settled::Elsewhere]) {
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
    bench.loads.close();
    assert!(bench.lanes.dispatch(Instant::now()).is_err());
}

#[test]
fn records_that_come_fast_gather_and_those_that_come_slowly_do_not() {
    let mut bench = bench();
    let start = Instant::now();
    let mut take = |lanes: &mut Lanes, partition, now| {
        lanes.take(partition, record(0));
        lanes.dispatch(now).unwrap();
        handed_on(&mut bench.loads)
    };
    let lanes = &mut bench.lanes;
    assert_eq!(take(lanes, 0, start), [0], "the first at once");
    let soon = start + TURN_INTERVAL / 5;
    assert!(take(lanes, 1, soon).is_empty());
    assert!(take(lanes, 2, soon).is_empty());
    let later = start + TURN_INTERVAL;
    assert_eq!(take(lanes, 1, later), [1, 2], "together");
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
