//! A lane without Kafka and without workers.

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
    let mut lane = reading(10);
    for offset in [12, 13] {
        assert!(lane.take(record(offset)));
    }
    assert_eq!(lane.due(limits, false), 2, "full");
    let first = lane.hand_on(0);
    assert_eq!((first.from, first.batch.end()), (10, Some(14)));
    for offset in [20, 21] {
        assert!(lane.take(record(offset)));
        assert_eq!(lane.due(limits, true), 0, "another is under way");
    }
    first.reply.send(Settled::Stored).unwrap();
    assert!(matches!(lane.collect(), Collected::Stored(14)));
    assert_eq!(lane.due(limits, false), 2);
    let second = lane.hand_on(0);
    assert_eq!((second.from, second.batch.end()), (14, Some(22)));
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
fn a_lane_is_idle_once_all_that_was_read_is_stored() {
    let mut lane = reading(0);
    lane.take(record(0));
    let delivery = lane.hand_on(0);
    assert!(matches!(lane.collect(), Collected::Nothing));
    assert!(lane.is_busy());
    delivery.reply.send(Settled::Stored).unwrap();
    assert!(matches!(lane.collect(), Collected::Stored(1)));
    assert_eq!(lane.idle_at(), Some(1));
}

#[test]
fn a_lane_that_is_held_up_is_paused_until_its_batch_is_handed_on() {
    let limits = BatchSettings { rows_max: 1 }.limits(1);
    let mut lane = reading(0);
    lane.take(record(0));
    let first = lane.hand_on(0);
    lane.take(record(1));
    assert!(lane.is_held_up(limits));
    lane.set_paused(true);
    assert!(!lane.is_held_up(limits), "once is enough");
    assert!(!lane.is_to_resume());
    first.reply.send(Settled::Stored).unwrap();
    lane.collect();
    lane.hand_on(0);
    assert!(lane.is_to_resume());
    lane.set_paused(false);
    assert!(!lane.is_to_resume());
}

#[test]
fn the_end_of_an_epoch_reaches_what_was_handed_on() {
    let mut lane = reading(0);
    lane.take(record(0));
    let delivery = lane.hand_on(0);
    lane.take(record(1));
    assert_eq!(lane.let_go(), 1, "what was not handed on");
    assert!(delivery.epoch.is_cancelled());
}

#[test]
fn a_worker_that_is_gone_is_noticed() {
    let mut lane = reading(0);
    lane.take(record(0));
    drop(lane.hand_on(0));
    assert!(matches!(lane.collect(), Collected::Lost));
}

#[test]
fn a_small_batch_waits_for_its_turn_and_a_large_one_does_not() {
    let limits = BatchSettings { rows_max: 10_000 }.limits(1);
    let mut lane = reading(0);
    let offsets = i64::try_from(GATHERED_ROWS).unwrap();
    for offset in 0..offsets {
        assert_eq!(lane.due(limits, false), 0, "{offset}");
        lane.take(record(offset));
    }
    assert_eq!(lane.due(limits, false), GATHERED_ROWS);
}

#[test]
fn how_old_the_first_record_is_that_is_not_stored_is_known_also_in_the_next_epoch() {
    let mut lane = reading(0);
    let take = |lane: &mut Lane, offset| {
        lane.take(RawRecord {
            timestamp_ms: Some(1_000 + offset),
            ..record(offset)
        })
    };
    assert_eq!(lane.unstored_since_ms(), None, "nothing was ever read");
    take(&mut lane, 0);
    let first = lane.hand_on(0);
    take(&mut lane, 1);
    take(&mut lane, 2);
    assert_eq!(lane.unstored_since_ms(), Some(1_000), "of the first batch");
    first.reply.send(Settled::Stored).unwrap();
    lane.collect();
    assert_eq!(lane.unstored_since_ms(), Some(1_001), "of the second batch");
    let mut next = reading(1);
    next.succeed(&lane);
    assert_eq!(next.unstored_since_ms(), Some(1_001));
}
