use std::time::Duration;

use proptest::prelude::*;

use super::*;

const URL: &str = "https://a.example/";

fn cover(interval: u64) -> Cover {
    Cover {
        url: URL.into(),
        interval: Duration::from_secs(interval),
        regexp: String::new(),
        told: None,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn watermarks(interval: u64) -> Watermarks {
    let mut watermarks = Watermarks::default();
    watermarks.cover([cover(interval)].into_iter(), at(0));
    watermarks
}

fn slots(interval: u64, seconds: i64) -> Vec<Timestamp> {
    let times = cover(interval).times();
    times
        .within(at(0) + Duration::from_nanos(1)..at(seconds))
        .collect()
}

fn watermark(watermarks: &Watermarks) -> Timestamp {
    watermarks.targets[URL].mark.watermark()
}

proptest! {
    /// Results come in any order within some checks, as they do when one is missed while the one
    /// before still runs.
    #[test]
    fn no_check_is_passed_by_before_it_is_accounted_for(
        order in Just((0..40_usize).collect::<Vec<_>>()).prop_shuffle(),
        stop in 0..40_usize,
    ) {
        let slots = slots(10, 401);
        let mut watermarks = watermarks(10);
        let (settled, owed) = order.split_at(stop);
        for index in settled {
            watermarks.settle(URL, slots[*index]);
        }
        let first_owed = owed.iter().map(|index| slots[*index]).min();
        let mark = watermark(&watermarks);
        prop_assert!(first_owed.is_none_or(|owed| mark < owed));
        // Nor does it stay behind what is accounted for without a gap.
        let before = slots.iter().filter(|slot| first_owed.is_none_or(|owed| **slot < owed)).max();
        prop_assert!(before.is_none_or(|slot| mark >= *slot));
    }
}

#[test]
fn a_check_whose_time_was_jumped_over_holds_up_nothing_for_ever() {
    let slots = slots(60, 3_600);
    let mut watermarks = watermarks(60);
    for slot in &slots[1..10] {
        watermarks.settle(URL, *slot);
        assert!(watermark(&watermarks) < slots[0]);
    }
    for slot in &slots[10..20] {
        watermarks.settle(URL, *slot);
    }
    assert_eq!(watermark(&watermarks), slots[19]);
}

#[test]
fn a_clock_set_back_takes_the_watermark_with_it() {
    let mut watermarks = watermarks(10);
    for slot in slots(10, 1_000) {
        watermarks.settle(URL, slot);
    }
    let mut changes = Changes::default();
    watermarks.take_changes(&mut changes, at(100));
    assert_eq!(changes.watermarks, [(0, at(100))]);
    // What is due for the second time is due a little later.
    let again = slots(10, 120)[10] + Duration::from_micros(1);
    watermarks.settle(URL, again);
    assert_eq!(watermark(&watermarks), again);
}

#[test]
fn a_clock_that_is_wrong_for_certain_moves_no_watermark() {
    let slots = slots(10, 1_000);
    let mut watermarks = watermarks(10);
    watermarks.settle(URL, slots[0]);
    let wrong: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    watermarks.settle(URL, wrong);
    watermarks.take_changes(&mut Changes::default(), wrong);
    assert_eq!(watermark(&watermarks), slots[0]);
    watermarks.settle(URL, slots[1]);
    assert_eq!(watermark(&watermarks), slots[1]);
}

#[test]
fn what_did_not_get_to_disk_is_written_the_next_time() {
    let mut watermarks = watermarks(10);
    let mut changes = Changes::default();
    watermarks.take_changes(&mut changes, at(1));
    assert_eq!((changes.covered.len(), changes.watermarks.len()), (1, 1));
    let mut none = Changes::default();
    watermarks.take_changes(&mut none, at(1));
    assert!(none.covered.is_empty() && none.watermarks.is_empty());
    watermarks.not_written(&changes);
    let mut again = Changes::default();
    watermarks.take_changes(&mut again, at(1));
    assert_eq!(again.covered, changes.covered);
    assert_eq!(again.watermarks, changes.watermarks);
}

#[test]
fn a_target_that_was_away_is_owed_nothing_of_that_time() {
    let slots = slots(10, 200);
    let mut watermarks = watermarks(10);
    watermarks.settle(URL, slots[0]);
    watermarks.cover(std::iter::empty(), slots[1] + Duration::from_secs(1));
    // Its last word, and back within the time that it is remembered.
    watermarks.settle(URL, slots[2]);
    assert_eq!(watermark(&watermarks), slots[0]);
    watermarks.settle(URL, slots[1]);
    watermarks.cover([cover(10)].into_iter(), slots[6] + Duration::from_secs(5));
    assert_eq!(watermark(&watermarks), slots[5]);
    // The slot under way is checked.
    watermarks.settle(URL, slots[6]);
    assert_eq!(watermark(&watermarks), slots[6]);
    let mut changes = Changes::default();
    watermarks.take_changes(&mut changes, at(200));
    assert!(changes.uncovered.is_empty());
}

#[test]
fn a_store_that_is_there_later_goes_on_by_its_own_ids() {
    let url = |url: &str| Cover {
        url: url.into(),
        ..cover(10)
    };
    let mut stored = Watermarks::default();
    stored.resume(7, url("https://gone.example/"), at(0));
    stored.resume(9, cover(10), at(0));
    let mut watermarks = Watermarks::default();
    let now = [url("https://new.example/"), cover(10)];
    watermarks.cover(now.into_iter(), at(20));
    let slot = slots(10, 40)
        .into_iter()
        .find(|slot| *slot > at(20))
        .unwrap();
    watermarks.settle(URL, slot);
    watermarks.go_on_in(stored, at(30));
    let mut changes = Changes::default();
    watermarks.take_changes(&mut changes, at(31));
    let mut ids: Vec<_> = changes.covered.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [7, 9, 10]);
    assert!(changes.watermarks.contains(&(9, slot)));
    watermarks.take_changes(&mut changes, at(100));
    assert_eq!(changes.uncovered, [7]);
}

#[test]
fn a_target_that_left_is_remembered_until_its_last_word_is_settled() {
    let mut watermarks = watermarks(10);
    watermarks.cover(std::iter::empty(), at(5));
    let mut changes = Changes::default();
    watermarks.take_changes(&mut changes, at(10));
    assert!(changes.uncovered.is_empty());
    watermarks.take_changes(&mut changes, at(70));
    assert_eq!(changes.uncovered, [0]);
    // One that comes back has missed nothing.
    watermarks.cover([cover(10)].into_iter(), at(100));
    assert_eq!(watermark(&watermarks), at(100));
}
