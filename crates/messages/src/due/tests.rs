use proptest::prelude::*;

use super::*;

const URL: &str = "https://www.google.com";
const INTERVAL: Duration = Duration::from_secs(10);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn offsets_are_the_same_for_ever() {
    // XXH64, seed 0, as the reference implementation has it.
    assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
    assert_eq!(
        DueTimes::new(URL, INTERVAL).offset(),
        Duration::from_micros(XxHash64::oneshot(0, URL.as_bytes()) % 10_000_000)
    );
    let shortest = DueTimes::new(URL, Duration::from_micros(1));
    assert_eq!(shortest.offset(), Duration::ZERO);
    assert_eq!(DueTimes::new(URL, Duration::ZERO), shortest);
}

#[test]
fn the_slot_under_way_lasts_until_the_next_due_time() {
    let due_times = DueTimes::new(URL, INTERVAL);
    let slot = due_times.slot_at(at("2026-11-25T03:12:00Z"));
    assert_eq!(due_times.slot_at(slot), slot);
    let next = slot + INTERVAL;
    assert_eq!(due_times.slot_at(next - Duration::from_nanos(1)), slot);
    assert_eq!(due_times.slot_at(next), next);
}

#[test]
fn a_period_holds_its_first_moment_and_not_its_end() {
    let due_times = DueTimes::new(URL, INTERVAL);
    let first = due_times.slot_at(at("2026-11-25T03:12:00Z"));
    let within = |from, to| due_times.within(from..to).collect::<Vec<_>>();
    assert_eq!(
        within(first, first + 2 * INTERVAL),
        [first, first + INTERVAL]
    );
    let moment = Duration::from_nanos(1);
    assert_eq!(within(first + moment, first + INTERVAL), []);
    assert_eq!(within(first - moment, first + moment), [first]);
    assert_eq!(within(first, first), []);
    assert_eq!(within(first + INTERVAL, first), []);
}

#[test]
fn time_has_a_beginning_and_an_end() {
    for interval in [INTERVAL, Duration::MAX] {
        let due_times = DueTimes::new(URL, interval);
        assert!(due_times.slot_at(Timestamp::MIN) <= due_times.slot_at(Timestamp::MAX));
        let last = Timestamp::MAX - Duration::from_mins(1);
        assert!(due_times.within(last..Timestamp::MAX).count() <= 6);
    }
}

proptest! {
    #[test]
    fn every_due_time_is_the_slot_under_way_at_it(
        url in ".*",
        interval in 1_u64..100_000_000,
        from in -1_000_000_000_000_i64..2_000_000_000_000,
        intervals in 0_u64..20,
    ) {
        let interval = Duration::from_micros(interval);
        let due_times = DueTimes::new(&url, interval);
        let from = Timestamp::from_microsecond(from).unwrap();
        let length = interval * u32::try_from(intervals).unwrap();
        let due: Vec<_> = due_times.within(from..from + length).collect();
        prop_assert_eq!(due.len() as u64, intervals);
        for (place, time) in due.iter().enumerate() {
            prop_assert_eq!(due_times.slot_at(*time), *time);
            prop_assert_eq!(*time, due[0] + interval * u32::try_from(place).unwrap());
            let since_epoch = time.as_microsecond() - i64::try_from(due_times.offset().as_micros()).unwrap();
            prop_assert_eq!(since_epoch % i64::try_from(interval.as_micros()).unwrap(), 0);
        }
    }
}

#[test]
fn whoever_begins_looks_at_the_slot_under_way_unless_it_is_as_good_as_over() {
    for (interval_ms, left_min_ms) in [(60_000, 250), (3_000, 150)] {
        let interval = Duration::from_millis(interval_ms);
        let times = DueTimes::new("http://a.example/", interval);
        let slot = times.slot_at(Timestamp::from_second(1_800_000_000).unwrap());
        let next = slot + interval;
        let before_end = |left| next - Duration::from_millis(left);
        assert_eq!(times.first_slot_at(slot), slot);
        assert_eq!(times.first_slot_at(before_end(left_min_ms + 1)), slot);
        assert_eq!(times.first_slot_at(before_end(left_min_ms)), next);
        assert_eq!(times.first_slot_at(before_end(1)), next);
    }
}
