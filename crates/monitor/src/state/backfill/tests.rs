use std::collections::BTreeSet;

use messages::OutcomeKind;

use super::*;

fn owed(url: &str, watermark: i64, interval: Option<u64>) -> Owed {
    Owed {
        cover: Cover {
            url: url.into(),
            interval: Duration::from_secs(10),
            regexp: "well".into(),
            told: None,
        },
        watermark: at(watermark),
        interval: interval.map(Duration::from_secs),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn backfill(owed: Vec<Owed>, max: usize) -> Backfill {
    Backfill::new(owed, "here".into(), at(1_000), max)
}

#[test]
fn each_check_since_the_watermark_is_missed_except_the_one_that_is_made_now() {
    let a = owed("https://a.example/", 0, Some(10));
    let times = a.cover.times();
    let results: Vec<_> =
        backfill(vec![a, owed("https://b.example/", 500, Some(10))], 1_000).collect();
    let due = |url: &str| -> Vec<_> {
        let results = results.iter().filter(|result| result.check.url == url);
        results.map(|result| result.check.scheduled_at).collect()
    };
    let expected: Vec<_> = times
        .within(at(0) + Duration::from_micros(1)..times.slot_at(at(1_000)))
        .collect();
    assert_eq!(due("https://a.example/"), expected);
    assert!((49..=50).contains(&due("https://b.example/").len()));
    assert!(
        results
            .iter()
            .all(|result| result.kind() == OutcomeKind::Missed)
    );
    assert!(results.is_sorted_by_key(|result| result.check.scheduled_at));
    let ids: BTreeSet<_> = results.iter().map(|result| result.check.id()).collect();
    assert_eq!(ids.len(), results.len());
}

#[test]
fn a_target_that_was_removed_meanwhile_gets_its_last_word() {
    let results: Vec<_> = backfill(vec![owed("https://a.example/", 900, None)], 1_000).collect();
    let (last, before) = results.split_last().unwrap();
    assert_eq!(last.kind(), OutcomeKind::Skipped);
    assert!(
        before
            .iter()
            .all(|result| result.kind() == OutcomeKind::Missed)
    );
    assert_eq!(results.len(), 10);
}

#[test]
fn a_new_interval_counts_from_now_on() {
    let results: Vec<_> =
        backfill(vec![owed("https://a.example/", 900, Some(3_600))], 1_000).collect();
    assert_eq!(results.len(), 10);
}

#[test]
fn beyond_the_bound_checks_are_counted_and_not_told() {
    let all = backfill(vec![owed("https://a.example/", 0, Some(10))], 1_000).count();
    let mut bounded = backfill(vec![owed("https://a.example/", 0, Some(10))], 7);
    assert_eq!(bounded.by_ref().count(), 7);
    assert_eq!(bounded.untold(), (all - 7) as u64);
}

#[test]
fn a_watermark_ahead_of_the_clock_owes_nothing() {
    let ahead = owed("https://a.example/", 5_000, Some(10));
    assert_eq!(ahead.told_until(at(1_000)), at(5_000));
    assert_eq!(backfill(vec![ahead], 1_000).count(), 0);
}
