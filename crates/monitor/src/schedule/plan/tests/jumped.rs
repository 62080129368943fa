//! What the clock jumped over, and what comes due while that is told.

use super::*;

const TARGETS: usize = 50;
/// Of each target, that the clock jumps over.
const SLOTS: u32 = 100;

/// All targets have been checked, and then the clock jumped to this time.
fn jumped() -> (Schedule, Timestamp) {
    let urls: Vec<_> = (0..TARGETS)
        .map(|number| format!("https://{number}.example"))
        .collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(targets(&urls), start);
    pop_all(&mut schedule, start);
    (schedule, start + INTERVAL * SLOTS)
}

/// The first that are due.
fn pop_some(schedule: &mut Schedule, now: Timestamp, count: usize) -> Vec<Due> {
    let all = std::iter::from_fn(|| schedule.pop(now));
    all.take(count).collect()
}

#[test]
fn who_comes_due_does_not_wait_for_all_that_was_jumped_over() {
    let (mut schedule, now) = jumped();
    let told = pop_some(&mut schedule, now, 3 * usize::try_from(SLOTS).unwrap());
    let caught_up = told.iter().filter(|due| due.arrival == Arrival::CameDue);
    let caught_up: Vec<_> = caught_up.map(|due| due.target.url.clone()).collect();
    assert!(caught_up.len() >= 2, "{caught_up:?}");
    let next = pop_some(&mut schedule, now + INTERVAL, caught_up.len() * 2);
    let came: Vec<_> = next
        .into_iter()
        .filter(|due| due.arrival == Arrival::CameDue)
        .map(|due| due.target.url.clone())
        .collect();
    for url in caught_up {
        assert!(came.contains(&url), "{url} waits: {came:?}");
    }
}

#[test]
fn what_was_jumped_over_is_told_however_much_comes_due() {
    let (mut schedule, mut now) = jumped();
    // Half of them have caught up: from now on as many come due in each interval as are told.
    pop_some(
        &mut schedule,
        now,
        TARGETS / 2 * usize::try_from(SLOTS).unwrap(),
    );
    let (mut jumped, mut all) = (0, 0);
    while all < 200 {
        let some = pop_some(&mut schedule, now, TARGETS / 2);
        all += some.len();
        jumped += some
            .iter()
            .filter(|due| due.arrival == Arrival::JumpedOver)
            .count();
        now += INTERVAL;
    }
    assert!(jumped >= all / 2, "{jumped} of {all}");
}

#[test]
fn each_check_of_a_target_is_told_once_and_in_order_while_others_come_between() {
    let (mut schedule, mut now) = jumped();
    let mut seen: std::collections::HashMap<_, Vec<_>> = std::collections::HashMap::new();
    loop {
        let some = pop_some(&mut schedule, now, 200);
        let is_all = some.len() < 200;
        for due in some {
            let slots = seen.entry(due.target.url.clone()).or_default();
            slots.push(due.scheduled_at);
        }
        if is_all {
            break;
        }
        now += INTERVAL;
    }
    assert_eq!(seen.len(), TARGETS);
    for (url, slots) in seen {
        let is_next = |pair: &[Timestamp]| pair[1] == pair[0] + INTERVAL;
        assert!(slots.windows(2).all(is_next), "{url}: {slots:?}");
        let last = DueTimes::new(&url, INTERVAL).slot_at(now);
        assert_eq!(slots.last(), Some(&last), "{url}");
    }
    assert_eq!(schedule.take_forgotten_slots(), None);
}
