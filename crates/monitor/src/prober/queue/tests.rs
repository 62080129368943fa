mod retries;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{prober::missed::Missed, schedule::Arrival, testing::target};

const INTERVAL: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

fn due(target: &Arc<Target>, arrival: Arrival) -> Due {
    Due {
        target: Arc::clone(target),
        scheduled_at: Timestamp::UNIX_EPOCH,
        interval: INTERVAL,
        arrival,
    }
}

fn queue(running_max: usize, running_per_host_max: usize) -> Queue {
    Queue::new(QueueSettings {
        running_max,
        running_per_host_max,
    })
}

fn offer(queue: &mut Queue, target: &Arc<Target>, now: Instant) -> Option<Missed> {
    let given_up = queue.offer(due(target, Arrival::CameDue), Duration::ZERO, now);
    given_up.map(|(_, why)| why)
}

fn begin(queue: &mut Queue, now: Instant) -> Option<String> {
    queue
        .begin(now)
        .map(|ready| ready.attempt.due.target.url.clone())
}

#[test]
fn both_bounds_hold_and_hosts_take_turns() {
    let (mut queue, now) = (queue(3, 2), Instant::now());
    let a: Vec<_> = (0..3)
        .map(|path| target(&format!("http://a/{path}")))
        .collect();
    let b = target("http://b/");
    for target in a.iter().chain([&b]) {
        assert_eq!(offer(&mut queue, target, now), None);
    }
    assert_eq!(begin(&mut queue, now).unwrap(), "http://a/0");
    assert_eq!(begin(&mut queue, now).unwrap(), "http://b/");
    assert_eq!(begin(&mut queue, now).unwrap(), "http://a/1");
    assert_eq!(begin(&mut queue, now), None, "three run");
    queue.end(&b, now);
    assert_eq!(begin(&mut queue, now), None, "two of the host run");
    queue.end(&a[0], now);
    assert_eq!(begin(&mut queue, now).unwrap(), "http://a/2");
    queue.end(&a[1], now);
    queue.end(&a[2], now);
    assert!(queue.is_idle());
    assert!(queue.hosts.is_empty() && queue.turns.iter().all(VecDeque::is_empty));
}

#[test]
fn a_check_waits_for_the_last_one_of_its_target_and_is_not_held_up_by_us() {
    let (mut queue, start) = (queue(2, 2), Instant::now());
    let a = target("http://a/");
    offer(&mut queue, &a, start);
    assert!(queue.begin(start).is_some());
    assert_eq!(offer(&mut queue, &a, start + SECOND), None, "it waits");
    assert!(queue.begin(start + SECOND).is_none(), "never two at once");
    queue.end(&a, start + SECOND * 5);
    let ready = queue.begin(start + SECOND * 6).unwrap();
    assert_eq!(ready.held_up, SECOND, "since the last one ended");
}

#[test]
fn a_check_waits_no_longer_than_until_its_interval_is_over() {
    let (mut queue, start) = (queue(1, 1), Instant::now());
    let (a, b) = (target("http://a/"), target("http://b/"));
    offer(&mut queue, &a, start);
    queue.begin(start).unwrap();
    let came_late = SECOND * 3;
    queue.offer(due(&b, Arrival::CameDue), came_late, start);
    offer(&mut queue, &a, start + SECOND);
    assert_eq!(queue.next_time(), Some(start + INTERVAL - came_late));
    let soon = start + INTERVAL - came_late - Duration::from_millis(1);
    assert!(queue.take_overdue(soon).is_none());

    let over = start + INTERVAL + SECOND;
    let overdue = std::iter::from_fn(|| queue.take_overdue(over));
    let overdue: Vec<_> = overdue
        .map(|(attempt, why)| (attempt.due.target.url.clone(), why))
        .collect();
    assert_eq!(
        overdue,
        [
            ("http://b/".into(), Missed::NoRoom),
            ("http://a/".into(), Missed::LastStillRan)
        ]
    );
    assert_eq!(queue.next_time(), None);
    queue.end(&a, over);
    assert!(queue.is_idle());
}

#[test]
fn who_waits_for_its_own_last_one_nearly_to_the_end_is_not_short_of_room() {
    for (last_ends, why) in [(9, Missed::LastStillRan), (1, Missed::NoRoom)] {
        let (mut queue, start) = (queue(1, 1), Instant::now());
        let (a, b) = (target("http://a/"), target("http://b/"));
        offer(&mut queue, &a, start);
        queue.begin(start).unwrap();
        offer(&mut queue, &a, start);
        queue.offer(due(&b, Arrival::CameDue), Duration::ZERO, start);
        queue.end(&a, start + SECOND * last_ends);
        assert_eq!(
            begin(&mut queue, start + SECOND * last_ends).unwrap(),
            "http://b/"
        );
        let (attempt, seen) = queue.take_overdue(start + INTERVAL).unwrap();
        assert_eq!((attempt.due.target.url.as_str(), seen), ("http://a/", why));
    }
}

#[test]
fn a_target_does_not_wait_twice() {
    let (mut queue, now) = (queue(1, 1), Instant::now());
    let (a, b) = (target("http://a/"), target("http://b/"));
    offer(&mut queue, &a, now);
    offer(&mut queue, &b, now);
    queue.begin(now).unwrap();
    assert_eq!(offer(&mut queue, &b, now), Some(Missed::NoRoom));
    assert_eq!(offer(&mut queue, &a, now), None);
    assert_eq!(offer(&mut queue, &a, now), Some(Missed::LastStillRan));
}

#[test]
fn who_comes_due_goes_before_the_slots_that_were_under_way() {
    let (mut queue, now) = (queue(1, 1), Instant::now());
    let herd: Vec<_> = (0..3)
        .map(|number| target(&format!("http://{number}.example/")))
        .collect();
    for target in &herd {
        queue.offer(due(target, Arrival::UnderWay), INTERVAL / 2, now);
    }
    assert_eq!(begin(&mut queue, now).unwrap(), "http://0.example/");
    // Of the same host as one of the herd, and of another.
    let (same, other) = (
        target("http://2.example/due"),
        target("http://3.example/due"),
    );
    offer(&mut queue, &same, now);
    offer(&mut queue, &other, now);
    let mut order = Vec::new();
    let mut runs = Arc::clone(&herd[0]);
    while !queue.is_idle() {
        queue.end(&runs, now);
        if let Some(next) = queue.begin(now) {
            order.push(next.attempt.due.target.url.clone());
            runs = next.attempt.due.target;
        }
    }
    assert_eq!(
        order,
        [
            "http://2.example/due",
            "http://3.example/due",
            "http://1.example/",
            "http://2.example/"
        ]
    );
}

/// With a capacity that follows the interval's beat, the same targets would be served for ever.
#[test]
fn who_waited_in_vain_keeps_the_place_in_line() {
    let (mut queue, start) = (queue(1, 1), Instant::now());
    let all: Vec<_> = (0..3)
        .map(|path| target(&format!("http://a/{path}")))
        .collect();
    let mut served = HashSet::new();
    for round in 0..3 {
        let now = start + INTERVAL * round;
        while queue.take_overdue(now).is_some() {}
        for target in &all {
            offer(&mut queue, target, now);
        }
        let ready = queue.begin(now).unwrap();
        served.insert(ready.attempt.due.target.url.clone());
        queue.end(&ready.attempt.due.target, now + SECOND);
    }
    assert_eq!(served.len(), 3, "each had its turn: {served:?}");
}

#[derive(Clone, Debug)]
enum Step {
    Offer(usize, Arrival),
    Begin,
    End(usize),
    Passes(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..6, any::<bool>()).prop_map(|(index, came_due)| {
            Step::Offer(index, if came_due { Arrival::CameDue } else { Arrival::UnderWay })
        }),
        3 => Just(Step::Begin),
        2 => (0_usize..6).prop_map(Step::End),
        1 => (0_u64..15).prop_map(Step::Passes),
    ]
}

/// Who could begin of those that wait, by the words of the rule alone.
fn may_begin(waiting: &[Due], running: &[Due], arrival: Arrival) -> bool {
    let per_host = |due: &Due| {
        let of_host = running
            .iter()
            .filter(|other| other.target.host == due.target.host);
        of_host.count()
    };
    waiting.iter().any(|due| {
        due.arrival == arrival
            && per_host(due) < 2
            && running.iter().all(|other| other.target != due.target)
    })
}

proptest! {
    #[test]
    fn every_check_comes_out_once_in_time_and_by_rank(steps in prop::collection::vec(step(), 0..300)) {
        let mut queue = queue(3, 2);
        let mut now = Instant::now();
        let targets: Vec<_> = (0..6).map(|n| target(&format!("http://{}/{n}", ["a", "b"][n % 2]))).collect();
        let (mut waiting, mut running) = (Vec::<Due>::new(), Vec::<Due>::new());
        let mut deadlines = HashMap::new();
        let (mut offered, mut out) = (0, 0);
        for step in steps {
            match step {
                Step::Offer(index, arrival) => {
                    offered += 1;
                    let due = due(&targets[index], arrival);
                    let given_up = queue.offer(due.clone(), Duration::ZERO, now);
                    let waited = waiting.len();
                    waiting.retain(|other| other.target != due.target);
                    prop_assert_eq!(given_up.is_some(), waiting.len() < waited);
                    out += usize::from(given_up.is_some());
                    waiting.push(due);
                    deadlines.insert(index, now + INTERVAL);
                }
                Step::Begin => if let Some(Ready { attempt: Attempt { due, .. }, .. }) = queue.begin(now) {
                    let overtakes = due.arrival == Arrival::UnderWay
                        && may_begin(&waiting, &running, Arrival::CameDue);
                    prop_assert!(!overtakes);
                    prop_assert!(running.iter().all(|other| other.target != due.target));
                    waiting.retain(|other| other.target != due.target);
                    running.push(due);
                } else {
                    let free = running.len() < 3;
                    for arrival in [Arrival::CameDue, Arrival::UnderWay] {
                        prop_assert!(!(free && may_begin(&waiting, &running, arrival)));
                    }
                },
                Step::End(which) => if !running.is_empty() {
                    let ended = running.remove(which % running.len());
                    queue.end(&ended.target, now);
                    out += 1;
                },
                Step::Passes(seconds) => {
                    now += Duration::from_secs(seconds);
                    while let Some((attempt, _)) = queue.take_overdue(now) {
                        waiting.retain(|other| other.target != attempt.due.target);
                        out += 1;
                    }
                    for due in &waiting {
                        let index = targets.iter().position(|it| *it == due.target).unwrap();
                        prop_assert!(deadlines[&index] > now, "it waits too long");
                    }
                }
            }
            prop_assert!(running.len() <= 3);
            prop_assert_eq!(queue.next_time().is_some(), !waiting.is_empty());
        }
        for ended in running {
            queue.end(&ended.target, now);
            out += 1;
        }
        out += std::iter::from_fn(|| queue.take_waiting()).count();
        prop_assert_eq!(offered, out);
        prop_assert!(queue.is_idle());
    }
}
