use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::testing::target;

const INTERVAL: Duration = Duration::from_secs(10);

fn targets(urls: &[&str]) -> Vec<Entry> {
    let targets: Vec<_> = urls.iter().map(|url| target(url)).collect();
    Entry::every(INTERVAL, &targets)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn pop_all(schedule: &mut Schedule, now: Timestamp) -> Vec<Due> {
    std::iter::from_fn(|| schedule.pop(now)).collect()
}

#[test]
fn the_slot_under_way_is_due_at_once_and_then_every_interval() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), start);
    let first = pop_all(&mut schedule, start);
    assert_eq!(first.len(), 1);
    assert!(first[0].arrival == Arrival::UnderWay);
    let slot = first[0].scheduled_at;
    assert!(slot <= start && slot > start - INTERVAL);
    let offset = DueTimes::new("https://a.example", INTERVAL)
        .offset()
        .as_micros();
    assert_eq!(
        u128::from(slot.as_microsecond().unsigned_abs()) % 10_000_000,
        offset
    );

    let next = slot + INTERVAL;
    assert_eq!(schedule.next_due(), Some(next));
    assert!(schedule.pop(next - Duration::from_micros(1)).is_none());
    let second = pop_all(&mut schedule, next);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].scheduled_at, next);
    assert!(second[0].arrival == Arrival::CameDue);
}

#[test]
fn a_restart_agrees_on_the_due_times() {
    let list = targets(&["https://a.example", "https://b.example"]);
    let dues = |start| {
        let mut schedule = Schedule::new(&list, start);
        pop_all(&mut schedule, start);
        pop_all(&mut schedule, start + INTERVAL)
            .into_iter()
            .map(|due| {
                (
                    due.target.url.clone(),
                    due.scheduled_at.as_microsecond() % 10_000_000,
                )
            })
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(
        dues(at("2026-01-01T00:00:00Z")),
        dues(at("2027-03-04T05:06:07.89Z"))
    );
}

#[test]
fn slots_jumped_over_are_told_and_the_last_one_is_checked() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    let jumped = pop_all(&mut schedule, slot + INTERVAL * 4);
    let seen: Vec<_> = jumped
        .iter()
        .map(|due| (due.scheduled_at, due.arrival))
        .collect();
    assert_eq!(
        seen,
        [
            (slot + INTERVAL, Arrival::JumpedOver),
            (slot + INTERVAL * 2, Arrival::JumpedOver),
            (slot + INTERVAL * 3, Arrival::JumpedOver),
            (slot + INTERVAL * 4, Arrival::CameDue)
        ]
    );
}

#[test]
fn a_jump_of_years_is_bounded() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), start);
    pop_all(&mut schedule, start);
    let later = at("2036-01-01T00:00:05Z");
    let jumped = pop_all(&mut schedule, later);
    assert_eq!(jumped.len(), 101);
    assert!(
        jumped.last().is_some_and(
            |due| due.arrival == Arrival::CameDue && due.scheduled_at > later - INTERVAL
        )
    );
}

#[test]
fn a_clock_set_back_a_little_makes_no_slot_due_twice() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    assert!(pop_all(&mut schedule, start - INTERVAL * 3).is_empty());
    assert_eq!(
        pop_all(&mut schedule, slot + INTERVAL)[0].scheduled_at,
        slot + INTERVAL
    );
}

#[test]
fn the_due_times_of_many_targets_are_spread_and_in_order() {
    let urls: Vec<_> = (0..10_000)
        .map(|number| format!("https://{number}.example"))
        .collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let start = at("2026-01-01T00:00:00Z");
    let mut schedule = Schedule::new(&targets(&urls), start);
    assert_eq!(pop_all(&mut schedule, start).len(), 10_000);
    let half = pop_all(&mut schedule, start + INTERVAL / 2);
    assert!((4_000..6_000).contains(&half.len()), "{}", half.len());
    assert!(half.is_sorted_by_key(|due| due.scheduled_at));
}

#[test]
fn a_new_list_leaves_those_that_stay_alone() {
    let start = at("2026-01-01T00:00:05Z");
    let both = targets(&["https://a.example", "https://b.example"]);
    let mut schedule = Schedule::new(&both[..1], start);
    let stays = pop_all(&mut schedule, start)[0].scheduled_at;
    let later = start + Duration::from_secs(1);
    pop_all(&mut schedule, later);
    let unchanged = schedule.next_due();
    schedule.replace(&both, later);
    let added = pop_all(&mut schedule, later);
    assert_eq!(added.len(), 1, "{added:?}");
    assert_eq!(added[0].target.url, "https://b.example");
    assert_eq!(added[0].arrival, Arrival::UnderWay);
    schedule.replace(&both[..1], later);
    assert_eq!(schedule.next_due(), unchanged);
    assert!(stays <= start);
}

#[test]
fn a_target_that_left_and_came_back_is_not_checked_twice_for_one_slot() {
    let start = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example"]);
    let mut schedule = Schedule::new(&list, start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    schedule.replace(&[], start);
    assert_eq!(schedule.next_due(), None);
    schedule.replace(&list, start);
    assert_eq!(schedule.next_due(), Some(slot + INTERVAL));
    schedule.replace(&[], start);
    schedule.replace(&[], slot + LEFT_KEPT + INTERVAL);
    assert!(schedule.left.is_empty(), "nobody is remembered for ever");
}

#[test]
fn each_target_has_an_interval_of_its_own() {
    let start = at("2026-01-01T00:00:05Z");
    let mut list = targets(&["https://a.example", "https://b.example"]);
    list[0].interval = Duration::from_secs(2);
    let mut schedule = Schedule::new(&list, start);
    pop_all(&mut schedule, start);
    let mut due = |seconds| {
        let mut times = [0, 0];
        for second in 1..=seconds {
            for due in pop_all(&mut schedule, start + Duration::from_secs(second)) {
                times[usize::from(due.target.url == "https://b.example")] += 1;
                assert_eq!(due.arrival, Arrival::CameDue);
            }
        }
        times
    };
    assert_eq!(due(20), [10, 2]);
}

#[test]
fn checks_go_on_after_the_clock_was_set_back() {
    let start = at("2026-01-01T02:00:05Z");
    let two_hours = Duration::from_hours(2);
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    // Where the clock has not been before, due times are those of every monitor.
    schedule.set_back(start, start - two_hours);
    let first = slot - two_hours + INTERVAL;
    let due = pop_all(&mut schedule, first);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].scheduled_at, first);
    assert_eq!(due[0].arrival, Arrival::CameDue);
    // Where it has been, the same slot is another check.
    schedule.set_back(first, first - INTERVAL);
    let again = pop_all(&mut schedule, first);
    assert_eq!(again[0].scheduled_at, first + MICROSECOND);
    assert_eq!(schedule.next_due(), Some(first + INTERVAL));
}

#[derive(Clone, Debug)]
enum Step {
    SetBack(Duration),
    Passes(Duration),
    /// Which of the targets are in the new list, and with which interval.
    Lists([Option<u64>; 3]),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..15_000).prop_map(|millis| Step::Passes(Duration::from_millis(millis))),
        1 => (0_u64..60_000).prop_map(|millis| Step::SetBack(Duration::from_millis(millis))),
        1 => prop::array::uniform3(prop::option::of(1_u64..5)).prop_map(Step::Lists),
    ]
}

proptest! {
    #[test]
    fn whatever_the_lists_and_the_clock_no_check_is_due_twice_and_none_of_a_target_that_stays_is_left_out(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let all = targets(&["https://a.example", "https://b.example", "https://c.example"]);
        let mut now = at("2026-01-01T00:00:05Z");
        let mut schedule = Schedule::new(&all[..1], now);
        let mut set_backs = 0;
        let mut seen = HashMap::<String, Vec<Timestamp>>::new();
        for step in steps {
            match step {
                Step::Passes(time) => now += time,
                Step::SetBack(time) if set_backs < WALKS_MAX => {
                    set_backs += 1;
                    schedule.set_back(now, now - time);
                    now -= time;
                }
                Step::SetBack(_) => {}
                Step::Lists(intervals) => {
                    let chosen = all.iter().zip(intervals).skip(1).filter_map(|(entry, seconds)| {
                        let interval = Duration::from_secs(seconds?);
                        Some(Entry { interval, ..entry.clone() })
                    });
                    let list: Vec<_> = [all[0].clone()].into_iter().chain(chosen).collect();
                    schedule.replace(&list, now);
                }
            }
            for due in pop_all(&mut schedule, now) {
                prop_assert!(due.scheduled_at <= now);
                seen.entry(due.target.url.clone()).or_default().push(due.scheduled_at);
            }
        }
        for (url, times) in &seen {
            let unique: HashSet<_> = times.iter().collect();
            prop_assert_eq!(unique.len(), times.len(), "{}: {:?}", url, times);
        }
        if set_backs == 0 {
            let stayed = &seen["https://a.example"];
            prop_assert!(stayed.windows(2).all(|pair| pair[1] == pair[0] + INTERVAL), "{stayed:?}");
        }
        // Whatever the clock did, every target is due within its interval.
        prop_assert!(schedule.next_due().is_some_and(|due| due <= now + INTERVAL));
    }
}
