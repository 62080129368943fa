use messages::DueTimes;

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

/// Puts another list in force.
fn replace(schedule: &mut Schedule, list: &[Entry], now: Timestamp) {
    let known = schedule.planned.keys().map(Arc::clone);
    let gone: Vec<_> = known
        .filter(|target| list.iter().all(|entry| entry.target != *target))
        .collect();
    for target in gone {
        schedule.remove(&target, now);
    }
    for entry in list {
        schedule.put(entry.clone(), now);
    }
}

fn pop_all(schedule: &mut Schedule, now: Timestamp) -> Vec<Due> {
    std::iter::from_fn(|| schedule.pop(now)).collect()
}

#[test]
fn the_slot_under_way_is_due_at_once_and_then_every_interval() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
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
fn a_target_that_was_another_monitors_goes_on_where_that_one_left_off() {
    let entry = || targets(&["https://a.example"]).remove(0);
    let times = DueTimes::new("https://a.example", INTERVAL);
    let now = at("2026-01-01T00:00:05Z");
    let slot = times.slot_at(now);
    for (until, first, arrival) in [
        // The slot under way was that one's.
        (slot, slot + INTERVAL, Arrival::CameDue),
        (slot - Duration::from_micros(1), slot, Arrival::UnderWay),
    ] {
        let mut schedule = Schedule::new([], now);
        schedule.take_over(entry(), until, now);
        let mut due = pop_all(&mut schedule, now);
        due.extend(pop_all(&mut schedule, slot + INTERVAL));
        assert_eq!((due[0].scheduled_at, due[0].arrival), (first, arrival));
    }
}

#[test]
fn a_target_that_is_another_monitors_is_let_go_without_a_word() {
    let now = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example"]);
    let mut schedule = Schedule::new(list.clone(), now);
    let slot = pop_all(&mut schedule, now)[0].scheduled_at;
    schedule.hand_over(&list[0].target);
    assert_eq!(schedule.next_due(), None);
    assert!(schedule.take_last_words().is_empty());
    // It is back.
    schedule.take_over(list[0].clone(), slot, now);
    assert_eq!(schedule.next_due(), Some(slot + INTERVAL));
}

#[test]
fn a_restart_agrees_on_the_due_times() {
    let list = targets(&["https://a.example", "https://b.example"]);
    let dues = |start| {
        let mut schedule = Schedule::new(list.clone(), start);
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
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
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
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
    let first = pop_all(&mut schedule, start)[0].scheduled_at;
    let later = at("2036-01-01T00:00:05Z");
    let jumped = pop_all(&mut schedule, later);
    assert_eq!(jumped.len(), JUMPED_SLOTS_MAX + 1);
    // What is not told of is counted, once.
    let slots = later.duration_since(first).as_secs().unsigned_abs() / INTERVAL.as_secs();
    let forgotten = slots - u64::try_from(jumped.len()).unwrap();
    assert_eq!(schedule.take_forgotten_slots(), NonZeroU64::new(forgotten));
    assert_eq!(schedule.take_forgotten_slots(), None);
    assert!(
        jumped.last().is_some_and(
            |due| due.arrival == Arrival::CameDue && due.scheduled_at > later - INTERVAL
        )
    );
}

#[test]
fn targets_share_what_a_jump_may_tell_of() {
    let start = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example", "https://b.example"]);
    let mut schedule = Schedule::new(list, start);
    pop_all(&mut schedule, start);
    let jumped = pop_all(&mut schedule, at("2036-01-01T00:00:05Z"));
    assert_eq!(jumped.len(), JUMPED_SLOTS_MAX + 2);
}

#[test]
fn a_slot_that_begins_as_its_target_is_taken_up_came_due() {
    let slot = DueTimes::new("https://a.example", INTERVAL).slot_at(at("2026-01-01T00:00:05Z"));
    let mut schedule = Schedule::new(targets(&["https://a.example"]), slot);
    let due: Vec<_> = pop_all(&mut schedule, slot).iter().map(shown).collect();
    assert_eq!(due, [(slot, Arrival::CameDue)]);
}

#[test]
fn a_clock_set_back_a_little_makes_no_slot_due_twice() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
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
    let mut schedule = Schedule::new(targets(&urls), start);
    // Those whose slot is as good as over come with the next one, a moment later.
    let moment = Duration::from_millis(250);
    assert_eq!(pop_all(&mut schedule, start + moment).len(), 10_000);
    let half = pop_all(&mut schedule, start + moment + INTERVAL / 2);
    assert!((4_000..6_000).contains(&half.len()), "{}", half.len());
    assert!(half.is_sorted_by_key(|due| due.scheduled_at));
}

#[test]
fn a_new_list_leaves_those_that_stay_alone() {
    let start = at("2026-01-01T00:00:05Z");
    let both = targets(&["https://a.example", "https://b.example"]);
    let mut schedule = Schedule::new(both[..1].to_vec(), start);
    let stays = pop_all(&mut schedule, start)[0].scheduled_at;
    let later = start + Duration::from_secs(1);
    pop_all(&mut schedule, later);
    let unchanged = schedule.next_due();
    replace(&mut schedule, &both, later);
    let added = pop_all(&mut schedule, later);
    assert_eq!(added.len(), 1, "{added:?}");
    assert_eq!(added[0].target.url, "https://b.example");
    assert_eq!(added[0].arrival, Arrival::UnderWay);
    replace(&mut schedule, &both[..1], later);
    assert!(schedule.next_due() <= unchanged);
    let stayed = "https://a.example";
    let next = schedule
        .planned
        .values()
        .find(|it| it.entry.target.url == stayed);
    assert_eq!(next.unwrap().next, unchanged);
    assert!(stays <= start);
}

/// Whom a check is of, when it is due, how its time came.
fn shown(due: &Due) -> (Timestamp, Arrival) {
    (due.scheduled_at, due.arrival)
}

#[test]
fn a_target_that_leaves_has_one_last_word_for_the_check_that_it_will_not_have() {
    let start = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example"]);
    let mut schedule = Schedule::new(list, start);
    let next = pop_all(&mut schedule, start)[0].scheduled_at + INTERVAL;
    replace(&mut schedule, &[], start);
    assert_eq!(schedule.next_due(), Some(next));
    let words = pop_all(&mut schedule, next);
    assert_eq!(
        words.iter().map(shown).collect::<Vec<_>>(),
        [(next, Arrival::Left)]
    );
    // Nobody is remembered for ever.
    let later = next + Duration::from_hours(24);
    assert_eq!(schedule.next_due(), Some(later));
    assert!(pop_all(&mut schedule, later).is_empty());
    assert!(schedule.planned.is_empty());
    assert_eq!(schedule.next_due(), None);
}

#[test]
fn the_last_word_of_a_target_that_is_seldom_checked_does_not_wait_for_its_slot() {
    let start = at("2026-01-01T00:00:05Z");
    let hour = Duration::from_hours(1);
    let mut list = targets(&["https://a.example"]);
    list[0].interval = hour;
    let mut schedule = Schedule::new(list.clone(), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    replace(&mut schedule, &[], start);
    let said_at = start + LAST_WORD_WAIT;
    assert_eq!(schedule.next_due(), Some(said_at));
    let words = pop_all(&mut schedule, said_at);
    assert_eq!(
        words.iter().map(shown).collect::<Vec<_>>(),
        [(slot + hour, Arrival::Left)]
    );
    // The slot has its result, so it gets no other when the target is back.
    replace(&mut schedule, &list, said_at);
    assert_eq!(schedule.next_due(), Some(slot + hour * 2));
    // By another interval there are slots before it.
    list[0].interval = INTERVAL;
    replace(&mut schedule, &list, said_at);
    let mut now = said_at;
    let mut slots = Vec::new();
    while now < slot + hour + INTERVAL {
        now += INTERVAL;
        slots.extend(
            pop_all(&mut schedule, now)
                .iter()
                .map(|due| due.scheduled_at),
        );
    }
    let told = slot + hour;
    assert!(slots.contains(&(told - INTERVAL)) && slots.contains(&(told + INTERVAL)));
    assert!(!slots.contains(&told));
}

#[test]
fn a_target_that_is_back_a_moment_before_the_slot_of_its_last_word_has_no_other_there() {
    let start = at("2026-01-01T00:00:05Z");
    let mut list = targets(&["https://a.example"]);
    list[0].interval = Duration::from_mins(1);
    let mut schedule = Schedule::new(list.clone(), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    replace(&mut schedule, &[], start);
    let words = pop_all(&mut schedule, start + LAST_WORD_WAIT);
    let told = slot + list[0].interval;
    assert_eq!(words[0].scheduled_at, told);
    // By the other interval the slot under way had no result, and so little is left of it that the
    // next one would be the first.
    list[0].interval = Duration::from_secs(20);
    let back = told - Duration::from_millis(100);
    replace(&mut schedule, &list, back);
    assert_eq!(schedule.next_due(), Some(told + list[0].interval));
    replace(&mut schedule, &[], back);
    let words = schedule.take_last_words();
    assert_eq!(words[0].scheduled_at, told + list[0].interval);
}

#[test]
fn a_target_that_is_back_at_once_has_missed_nothing() {
    let start = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example"]);
    let mut schedule = Schedule::new(list.clone(), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    replace(&mut schedule, &[], start);
    replace(&mut schedule, &list, start + Duration::from_millis(1));
    assert_eq!(schedule.next_due(), Some(slot + INTERVAL));
    let due = pop_all(&mut schedule, slot + INTERVAL);
    assert_eq!(
        due.iter().map(shown).collect::<Vec<_>>(),
        [(slot + INTERVAL, Arrival::CameDue)]
    );
}

#[test]
fn at_the_end_the_last_words_that_wait_are_said() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(targets(&["https://a.example", "https://b.example"]), start);
    pop_all(&mut schedule, start);
    replace(&mut schedule, &targets(&["https://b.example"]), start);
    let words = schedule.take_last_words();
    assert_eq!(words.len(), 1);
    assert_eq!(words[0].target.url, "https://a.example");
    assert_eq!(words[0].arrival, Arrival::Left);
    assert!(schedule.take_last_words().is_empty());
}

#[test]
fn a_changed_target_is_checked_as_it_is_now() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    let changed = targets(&["https://a.example"]);
    replace(&mut schedule, &changed, start);
    let due = pop_all(&mut schedule, slot + INTERVAL);
    assert_eq!(due.len(), 1);
    assert!(Arc::ptr_eq(&due[0].target, &changed[0].target));
}

#[test]
fn each_target_has_an_interval_of_its_own() {
    let start = at("2026-01-01T00:00:05Z");
    let mut list = targets(&["https://a.example", "https://b.example"]);
    list[0].interval = Duration::from_secs(2);
    let mut schedule = Schedule::new(list.clone(), start);
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
    let mut schedule = Schedule::new(targets(&["https://a.example"]), start);
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

mod jumped;
mod lists;
mod property;
