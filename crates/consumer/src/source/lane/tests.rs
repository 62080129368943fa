//! A lane without Kafka and without a worker.

use super::*;
use crate::batch::BatchSettings;

fn reading(at: i64) -> Lane {
    let (_, found) = oneshot::channel();
    let mut lane = Lane::new(found, CancellationToken::new());
    lane.begin(at);
    lane
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
fn a_batch_goes_on_from_the_end_of_the_one_before_it_also_over_gaps() {
    let limits = BatchSettings { rows_max: 2 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(10);
    for offset in [12, 13, 20, 21] {
        assert!(lane.take(record(offset)));
        assert!(lane.dispatch(0, limits, true, &worker));
    }
    let first = deliveries.try_recv().unwrap();
    assert_eq!(
        (first.from, first.batch.end()),
        (10, Some(13)),
        "small, for an idle worker"
    );
    let second = deliveries.try_recv().unwrap();
    assert_eq!((second.from, second.batch.end()), (13, Some(21)), "full");
    assert!(
        deliveries.try_recv().is_err(),
        "the rest waits until it is full or alone"
    );
}

#[test]
fn records_of_an_older_position_are_not_taken() {
    let mut lane = reading(10);
    assert!(!lane.take(record(9)));
    assert!(lane.take(record(10)));
    assert!(!lane.take(record(10)));
    let (_, found) = oneshot::channel();
    assert!(!Lane::new(found, CancellationToken::new()).take(record(10)));
}

#[test]
fn outcomes_are_collected_in_order() {
    let limits = BatchSettings { rows_max: 1 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(0);
    for offset in [0, 1] {
        lane.take(record(offset));
        lane.dispatch(0, limits, true, &worker);
    }
    let (first, second) = (
        deliveries.try_recv().unwrap(),
        deliveries.try_recv().unwrap(),
    );
    second.reply.send(Settled::Stored).unwrap();
    assert!(matches!(lane.collect(), Collected::Nothing));
    first.reply.send(Settled::Stored).unwrap();
    assert!(matches!(lane.collect(), Collected::Stored(2)));
    assert_eq!(lane.idle_at(), Some(2));
}

#[test]
fn a_lane_that_is_held_up_is_paused_until_it_is_nearly_empty() {
    let limits = BatchSettings { rows_max: 1 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(0);
    for offset in 0..3 {
        lane.take(record(offset));
        assert!(lane.dispatch(0, limits, true, &worker));
    }
    assert!(lane.is_held_up(limits));
    lane.set_paused(true);
    assert!(!lane.is_held_up(limits), "once is enough");
    let mut stored = |lane: &mut Lane| {
        let delivery: Delivery = deliveries.try_recv().unwrap();
        delivery.reply.send(Settled::Stored).unwrap();
        lane.collect();
        lane.dispatch(0, limits, true, &worker);
    };
    stored(&mut lane);
    assert!(!lane.is_to_resume(), "two are under way");
    stored(&mut lane);
    assert!(lane.is_to_resume(), "one is under way");
    lane.set_paused(false);
    assert!(!lane.is_to_resume());
}

#[test]
fn the_end_of_an_epoch_reaches_what_was_handed_on() {
    let limits = BatchSettings { rows_max: 2 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(0);
    lane.take(record(0));
    lane.dispatch(0, limits, true, &worker);
    lane.take(record(1));
    assert_eq!(lane.let_go(), 1, "what was not handed on");
    assert!(deliveries.try_recv().unwrap().epoch.is_cancelled());
}

#[test]
fn a_worker_that_is_gone_is_noticed() {
    let limits = BatchSettings { rows_max: 1 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(1);
    let mut lane = reading(0);
    lane.take(record(0));
    lane.dispatch(0, limits, true, &worker);
    drop(deliveries.try_recv());
    assert!(matches!(lane.collect(), Collected::Lost));
    drop(deliveries);
    lane.take(record(1));
    assert!(!lane.dispatch(0, limits, true, &worker));
}

#[test]
fn a_lane_takes_no_more_than_its_share_of_a_workers_queue() {
    let limits = BatchSettings { rows_max: 1 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(8);
    let mut lane = reading(0);
    for offset in 0..4 {
        if !lane.is_full(limits) {
            lane.take(record(offset));
        }
        lane.dispatch(0, limits, true, &worker);
    }
    assert!(lane.is_full(limits));
    deliveries.close();
    assert_eq!(
        std::iter::from_fn(|| deliveries.try_recv().ok()).count(),
        IN_FLIGHT_MAX
    );
}

#[test]
fn a_small_batch_waits_for_its_turn_and_a_large_one_does_not() {
    let limits = BatchSettings { rows_max: 10_000 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(0);
    let offsets = i64::try_from(GATHERED_ROWS).unwrap();
    for offset in 0..offsets {
        assert!(deliveries.try_recv().is_err(), "{offset}");
        lane.take(record(offset));
        lane.dispatch(0, limits, false, &worker);
    }
    assert_eq!(deliveries.try_recv().unwrap().batch.len(), GATHERED_ROWS);
}

#[test]
fn how_old_the_first_record_is_that_is_not_stored_is_known_also_in_the_next_epoch() {
    let limits = BatchSettings { rows_max: 2 }.limits(1);
    let (worker, mut deliveries) = mpsc::channel(4);
    let mut lane = reading(0);
    assert_eq!(lane.unstored_since_ms(), None, "nothing was ever read");
    for offset in 0..3 {
        lane.take(RawRecord {
            timestamp_ms: Some(1_000 + offset),
            ..record(offset)
        });
        lane.dispatch(0, limits, true, &worker);
    }
    assert_eq!(lane.unstored_since_ms(), Some(1_000), "of the first batch");
    let first = deliveries.try_recv().unwrap();
    first.reply.send(Settled::Stored).unwrap();
    lane.collect();
    assert_eq!(lane.unstored_since_ms(), Some(1_001), "of the second batch");
    let mut next = reading(1);
    next.succeed(&lane);
    assert_eq!(next.unstored_since_ms(), Some(1_001));
}
