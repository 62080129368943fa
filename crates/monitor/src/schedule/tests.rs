use super::*;

const INTERVAL: Duration = Duration::from_secs(10);

fn targets(urls: &[&str]) -> Vec<Arc<Target>> {
    let targets = urls.iter().map(|url| {
        Arc::new(Target {
            url: (*url).into(),
            address: url::Url::parse(url).unwrap(),
            pattern: None,
        })
    });
    targets.collect()
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
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), INTERVAL, start);
    let first = pop_all(&mut schedule, start);
    assert_eq!(first.len(), 1);
    assert!(!first[0].after_start && !first[0].jumped_over);
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
    assert!(second[0].after_start && !second[0].jumped_over);
}

#[test]
fn a_restart_agrees_on_the_due_times() {
    let list = targets(&["https://a.example", "https://b.example"]);
    let dues = |start| {
        let mut schedule = Schedule::new(&list, INTERVAL, start);
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
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), INTERVAL, start);
    let slot = pop_all(&mut schedule, start)[0].scheduled_at;
    let jumped = pop_all(&mut schedule, slot + INTERVAL * 4);
    let seen: Vec<_> = jumped
        .iter()
        .map(|due| (due.scheduled_at, due.jumped_over))
        .collect();
    assert_eq!(
        seen,
        [
            (slot + INTERVAL, true),
            (slot + INTERVAL * 2, true),
            (slot + INTERVAL * 3, true),
            (slot + INTERVAL * 4, false)
        ]
    );
}

#[test]
fn a_jump_of_years_is_bounded() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), INTERVAL, start);
    pop_all(&mut schedule, start);
    let later = at("2036-01-01T00:00:05Z");
    let jumped = pop_all(&mut schedule, later);
    assert_eq!(jumped.len(), 101);
    assert!(
        jumped
            .last()
            .is_some_and(|due| !due.jumped_over && due.scheduled_at > later - INTERVAL)
    );
}

#[test]
fn a_clock_set_back_makes_no_slot_due_twice() {
    let start = at("2026-01-01T00:00:05Z");
    let mut schedule = Schedule::new(&targets(&["https://a.example"]), INTERVAL, start);
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
    let mut schedule = Schedule::new(&targets(&urls), INTERVAL, start);
    assert_eq!(pop_all(&mut schedule, start).len(), 10_000);
    let half = pop_all(&mut schedule, start + INTERVAL / 2);
    assert!((4_000..6_000).contains(&half.len()), "{}", half.len());
    assert!(half.is_sorted_by_key(|due| due.scheduled_at));
}

#[tokio::test]
async fn a_stop_ends_the_schedule_and_closes_the_way_to_the_prober() {
    let schedule = Schedule::new(
        &targets(&["https://a.example", "https://b.example"]),
        INTERVAL,
        now(),
    );
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(schedule, sender, stop.clone()));
    assert!(due.recv().await.is_some());
    stop.cancel();
    running.await.unwrap();
    while due.recv().await.is_some() {}
}
