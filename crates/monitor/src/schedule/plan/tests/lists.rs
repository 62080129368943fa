//! Targets that change, leave and come back.

use super::*;

#[test]
fn a_target_whose_interval_changed_is_next_due_by_the_new_one() {
    let start = at("2026-01-01T00:00:05Z");
    for seconds in (1..=60).filter(|it| *it != INTERVAL.as_secs()) {
        let mut list = targets(&["https://a.example"]);
        let mut schedule = Schedule::new(list.clone(), start);
        pop_all(&mut schedule, start);
        list[0].interval = Duration::from_secs(seconds);
        replace(&mut schedule, &list, start);
        let times = DueTimes::new("https://a.example", list[0].interval);
        // Its slot under way is no check of its own: the old interval's had one.
        let next = times.slot_at(start) + list[0].interval;
        assert_eq!(schedule.next_due(), Some(next), "{seconds} s");
    }
}

#[test]
fn a_target_that_is_back_after_its_last_word_is_due_at_once_as_a_new_one_is() {
    let start = at("2026-01-01T00:00:05Z");
    let list = targets(&["https://a.example"]);
    let mut schedule = Schedule::new(list.clone(), start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    replace(&mut schedule, &[], start);
    assert_eq!(
        pop_all(&mut schedule, slot + INTERVAL).len(),
        1,
        "its last word"
    );
    let back = slot + INTERVAL * 5 / 2;
    replace(&mut schedule, &list, back);
    let due: Vec<_> = pop_all(&mut schedule, back).iter().map(shown).collect();
    assert_eq!(due, [(slot + INTERVAL * 2, Arrival::UnderWay)]);
}

#[test]
fn targets_that_leave_together_all_have_their_last_word() {
    let start = at("2026-01-01T00:00:05Z");
    let mut list = targets(&[
        "https://a.example",
        "https://b.example",
        "https://c.example",
    ]);
    for entry in &mut list {
        entry.interval = Duration::from_hours(1);
    }
    let mut schedule = Schedule::new(list.clone(), start);
    pop_all(&mut schedule, start);
    replace(&mut schedule, &[], start);
    // One is back in time.
    replace(&mut schedule, &list[..1], start);
    let words = pop_all(&mut schedule, start + LAST_WORD_WAIT);
    let mut words: Vec<_> = words
        .iter()
        .map(|due| (&*due.target.url, due.arrival))
        .collect();
    words.sort_unstable_by_key(|word| word.0);
    assert_eq!(
        words,
        [
            ("https://b.example", Arrival::Left),
            ("https://c.example", Arrival::Left)
        ]
    );
}
