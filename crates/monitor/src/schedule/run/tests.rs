use std::sync::Arc;

use messages::DueTimes;
use service::health::Health;

use super::*;
use crate::{
    schedule::Arrival,
    testing::{Log, target},
};

const PATIENCE: Duration = Duration::from_secs(30);
/// Checked too rarely to come due again while a test runs.
const INTERVAL: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

fn feed(urls: &[&str]) -> (mpsc::Sender<Vec<Change>>, Feed) {
    let (sender, changes) = mpsc::channel(1);
    let feed = Feed {
        since: now(),
        targets: urls.iter().map(|url| target(url)).collect(),
        changes,
        interval: INTERVAL,
    };
    (sender, feed)
}

fn clock() -> Condition {
    Health::default().given("clock")
}

/// A schedule in time, and whom it sends checks to. The clock was right when it was made.
fn running(schedule: Schedule, time: Timestamp) -> (Running, mpsc::Receiver<Due>) {
    let (sender, due) = mpsc::channel(64);
    let running = Running {
        schedule,
        under_way: UnderWay::default(),
        wellness: Wellness::new(clock(), time),
        time,
        right_until: believable(time),
        interval: INTERVAL,
        due: sender,
    };
    (running, due)
}

#[tokio::test]
async fn a_stop_ends_the_schedule_and_closes_the_way_to_the_prober() {
    let (_changes, feed) = feed(&["https://a.example", "https://b.example"]);
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(feed, sender, clock(), stop.clone()));
    assert!(due.recv().await.is_some());
    stop.cancel();
    running.await.unwrap();
    while due.recv().await.is_some() {}
}

#[tokio::test]
async fn changes_are_taken_up_while_it_runs_and_a_stop_leaves_no_last_word_unsaid() {
    let (changes, feed) = feed(&["https://a.example"]);
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(feed, sender, clock(), stop.clone()));
    let first = due.recv().await.unwrap();
    assert_eq!(first.target.url, "https://a.example");
    let change = vec![
        Change::Remove(first.target),
        Change::Put(target("https://b.example")),
    ];
    changes.send(change).await.unwrap();
    assert_eq!(due.recv().await.unwrap().target.url, "https://b.example");
    drop(changes);
    stop.cancel();
    let last = due.recv().await.unwrap();
    assert_eq!(last.target.url, "https://a.example");
    assert_eq!(last.arrival, Arrival::Left);
    running.await.unwrap();
}

#[tokio::test]
async fn what_comes_due_goes_before_the_slots_that_were_under_way() {
    // By now, one check at least has come due.
    let since = now() - Duration::from_secs(2);
    // Of five hundred targets, one comes due in some second of the day: of these, none does.
    let meanwhile = since..since + Duration::from_hours(1);
    let is_under_way = |url: &String| {
        let mut due = DueTimes::new(url, INTERVAL).within(meanwhile.clone());
        due.next().is_none()
    };
    let urls = (0..).map(|number| format!("https://{number}.example"));
    let urls: Vec<_> = urls.filter(is_under_way).take(500).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let (_changes, mut feed) = feed(&urls);
    feed.since = since;
    let mut often = Arc::into_inner(target("https://often.example")).unwrap();
    often.own.interval = Some(SECOND);
    feed.targets.push(often.into());
    let (sender, mut due) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(feed, sender, clock(), stop.clone()));
    let mut before = Vec::new();
    let came = loop {
        let check = due.recv().await.unwrap();
        if check.arrival == Arrival::CameDue {
            break check;
        }
        before.push(check);
    };
    assert_eq!(came.target.url, "https://often.example");
    assert!(before.len() < 20, "{} went before", before.len());
    let of_same = before
        .iter()
        .filter(|check| check.target.url == came.target.url);
    assert!(of_same.map(|check| check.scheduled_at).is_sorted());
    let mut all = before.len();
    while all < 500 {
        let check = due.recv().await.unwrap();
        all += usize::from(check.arrival == Arrival::UnderWay);
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn nothing_is_due_by_a_clock_whose_time_no_row_can_hold() {
    let health = Health::default();
    let time = now();
    let (mut running, _due) = running(schedule_of(INTERVAL, time), time);
    running.wellness = Wellness::new(health.given("clock"), time);
    running.follow_clock(Timestamp::UNIX_EPOCH);
    assert_eq!(running.time, time, "the schedule stays where it was");
    assert!(
        health.problems()[0].contains("1970"),
        "{:?}",
        health.problems()
    );
    let problems = health.problems();
    running.follow_clock(Timestamp::UNIX_EPOCH + SECOND);
    assert_eq!(health.problems(), problems, "it is the same trouble");
    let later = time + SECOND;
    running.follow_clock(later);
    assert_eq!(running.time, later);

    let mut wellness = Wellness::new(health.given("clock"), now());
    // The clock of this machine is right by the next look.
    let since = until_told(&mut wellness, Timestamp::UNIX_EPOCH).await;
    assert!(since >= time, "{since}");
}

#[tokio::test]
async fn checks_go_on_from_the_time_that_a_clock_shows_which_was_set_back() {
    let time = now();
    let (mut running, _due) = running(schedule_of(SECOND, time), time);
    running.send_due().await.unwrap();
    let back = time - Duration::from_hours(1);
    running.follow_clock(back);
    let next = running.schedule.next_due();
    assert!(next.is_some_and(|next| next <= back + SECOND), "{next:?}");
}

#[tokio::test]
async fn what_was_due_before_a_change_is_sent_as_it_was() {
    let slot = DueTimes::new("https://a.example", SECOND).slot_at(now());
    let time = slot + SECOND / 10;
    let (mut running, mut due) = running(schedule_of(SECOND, time), time);
    running.send_due().await.unwrap();
    running.follow_clock(time + SECOND);
    let leaves = Change::Remove(target("https://a.example"));
    running.change(vec![leaves]).await.unwrap();
    let sent: Vec<_> = std::iter::from_fn(|| due.try_recv().ok())
        .map(|check| (check.scheduled_at, check.arrival))
        .collect();
    assert_eq!(
        sent,
        [(slot, Arrival::UnderWay), (slot + SECOND, Arrival::CameDue)]
    );
}

#[tokio::test]
async fn slots_under_way_go_in_steps_that_leave_room_for_what_comes_due() {
    let time = now();
    for (capacity, step) in [(1, 1), (4, 2), (100, UNDER_WAY_STEP)] {
        let targets: Vec<_> = (0..100)
            .map(|number| target(&format!("https://{number}.example")))
            .collect();
        let schedule = Schedule::new(Entry::every(INTERVAL, &targets), time);
        let (sender, due) = mpsc::channel(capacity);
        let mut running = Running {
            due: sender,
            ..running(schedule, time).0
        };
        running.send_due().await.unwrap();
        assert!(due.is_empty(), "they wait for what comes due");
        running.send_under_way().await.unwrap();
        assert_eq!(due.len(), step, "of {capacity}");
    }
}

#[tokio::test]
async fn checks_that_get_no_result_after_a_jump_of_the_clock_are_said() {
    let (log, _listening) = Log::listen();
    let time = now() - Duration::from_hours(48);
    let (mut running, _due) = running(schedule_of(SECOND, time), time);
    running.send_due().await.unwrap();
    running.say_forgotten();
    assert_eq!(log.read(), "", "there are none");
    running.follow_clock(now());
    // With the first of them, those before it are let go.
    assert!(running.schedule.pop(running.time).is_some());
    running.say_forgotten();
    let said = log.read();
    assert!(said.contains("The clock jumped too far"), "{said}");
}

#[tokio::test]
async fn what_a_clock_jumps_over_on_its_way_to_the_right_time_was_never_due() {
    let wrong: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    let second = Duration::from_secs(1);
    let url = "https://a.example";
    // Not at a slot's end: one that is as good as over is not begun.
    let slot = DueTimes::new(url, second).slot_at(now());
    let right = slot + second / 10;
    let slots_since = |time| DueTimes::new(url, second).within(time..right).count();
    for right_until in [None, Some(right - second * 5)] {
        let time = right_until.unwrap_or(wrong);
        let (mut running, mut due) = running(schedule_of(second, time), time);
        running.send_due().await.unwrap();
        running.follow_clock(wrong);
        running.send_due().await.unwrap();
        running.follow_clock(wrong + second);
        running.send_due().await.unwrap();
        running.follow_clock(right);
        running.send_due().await.unwrap();
        while !running.under_way.is_empty() {
            running.send_under_way().await.unwrap();
        }
        let mut seen = Vec::new();
        while let Ok(check) = due.try_recv() {
            seen.push((check.scheduled_at, check.arrival));
        }
        let (right, wrong): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(due, _)| !is_before_build(*due));
        assert!(!wrong.is_empty(), "a wrong clock has its results, too");
        let times: Vec<_> = right.iter().map(|(due, _)| *due).collect();
        assert!(
            times.is_sorted_by(|a, b| b.duration_since(*a).as_secs() == 1),
            "{times:?}"
        );
        // Those since the clock was right and the one under way then, none of the years between.
        let expected = right_until.map_or(1, |time| 1 + slots_since(time));
        assert_eq!(times.len(), expected, "{times:?}");
    }
}

fn schedule_of(interval: Duration, time: Timestamp) -> Schedule {
    Schedule::new(Entry::every(interval, &[target("https://a.example")]), time)
}

#[test]
fn a_clock_is_waited_for_up_to_two_seconds() {
    let time = now();
    let slot_after = |back: Duration| {
        let mut schedule = schedule_of(SECOND, time);
        while schedule.pop(time).is_some() {}
        follow_set_back(&mut schedule, time, time - back);
        schedule.next_due().unwrap()
    };
    assert!(slot_after(SET_BACK_TOLERANCE) > time);
    let more = SET_BACK_TOLERANCE + Duration::from_micros(1);
    assert!(slot_after(more) < time);
}

#[test]
fn the_clock_is_read_as_often_as_it_has_to_be() {
    let nothing = Schedule::new([], now());
    assert_eq!(until_next(&nothing), CLOCK_READ_INTERVAL);
    let mut schedule = schedule_of(INTERVAL, now());
    assert_eq!(until_next(&schedule), Duration::ZERO, "it is due");
    while schedule.pop(now()).is_some() {}
    // Unless the day of this target ends just now.
    assert!(until_next(&schedule) > Duration::ZERO);
}

#[tokio::test]
async fn the_first_time_of_which_a_row_can_tell_is_one() {
    let before = TOLD_SINCE - Duration::from_micros(1);
    let (mut running, _due) = running(schedule_of(INTERVAL, now()), now());
    running.follow_clock(before);
    assert_ne!(running.time, before);
    running.follow_clock(TOLD_SINCE);
    assert_eq!(running.time, TOLD_SINCE);
    let mut wellness = Wellness::new(clock(), TOLD_SINCE);
    let since = until_told(&mut wellness, TOLD_SINCE).await;
    assert_eq!(since, TOLD_SINCE);
}

/// A clock that jumped by an hour: more checks than the prober, which takes none, has room for.
fn jumped() -> (Running, mpsc::Receiver<Due>) {
    let time = now() - Duration::from_hours(1);
    running(schedule_of(SECOND, time), time)
}

#[tokio::test]
async fn the_clock_is_read_while_a_jump_is_told() {
    let (mut running, mut due) = jumped();
    running.send_all_due().await.unwrap();
    running.follow_clock(now());
    // The prober takes nothing.
    let cut_short = timeout(PATIENCE, running.send_due_for_now()).await;
    cut_short.expect("it is time to read the clock").unwrap();
    // None is lost by it.
    let rest = async {
        running.send_all_due().await.unwrap();
        drop(running);
    };
    let all = async {
        let mut all = Vec::new();
        while let Some(check) = due.recv().await {
            all.push(check.scheduled_at);
        }
        all
    };
    let ((), all) = tokio::join!(rest, all);
    assert!(all.len() >= 3_600, "{}", all.len());
    let is_next = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_micros() == 1_000_000;
    assert!(all.windows(2).all(is_next), "{all:?}");
}

#[tokio::test]
async fn a_change_is_heard_of_while_a_jump_is_told() {
    let (mut running, due) = jumped();
    let (changes, receiver) = mpsc::channel(1);
    // There is room for the second once the first is taken.
    let heard = async {
        // The prober takes nothing, so that it is told until there is no room.
        while due.len() < due.max_capacity() {
            sleep(Duration::from_millis(1)).await;
        }
        changes.send(Vec::new()).await.unwrap();
        changes.send(Vec::new()).await.unwrap();
    };
    let both = async {
        tokio::select! {
            ended = running.serve(receiver) => panic!("it ended: {ended:?}"),
            () = heard => {}
        }
    };
    timeout(PATIENCE, both).await.expect("a change is heard of");
}
