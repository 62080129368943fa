//! Checks that are tried again.

use messages::{FailureReason, SelfDoubt};

use super::*;
use crate::{
    prober::attempt::{Found, Next, RETRY_PAUSE},
    testing::{down, up},
};

fn with_retries(url: &str, retries: u32) -> Arc<Target> {
    let mut target = target(url);
    Arc::get_mut(&mut target).unwrap().own.asked.retries = Some(retries);
    target
}

fn found(fails: bool) -> Found {
    let result = if fails {
        down("http://a/", FailureReason::ConnectRefused)
    } else {
        up("http://a/")
    };
    Found {
        outcome: result.outcome,
        self_doubt: SelfDoubt::default(),
    }
}

fn again(next: Next) -> Attempt {
    match next {
        Next::Again(attempt) => attempt,
        Next::Told(..) => panic!("it is told"),
    }
}

#[test]
fn a_failed_check_pauses_without_taking_anybody_s_place() {
    let (mut queue, start) = (queue(1, 1), Instant::now());
    let (a, b) = (with_retries("http://a/", 1), target("http://b/"));
    offer(&mut queue, &a, start);
    let ready = queue.begin(start).unwrap();
    offer(&mut queue, &b, start);
    queue.end(&a, start);
    let attempt = again(ready.attempt.end(found(true), false));
    assert!(
        queue
            .retry(attempt, start + RETRY_PAUSE, ready.deadline)
            .is_none()
    );
    assert_eq!(begin(&mut queue, start).unwrap(), "http://b/");
    queue.end(&b, start);
    assert_eq!(begin(&mut queue, start), None, "it pauses");
    assert_eq!(queue.next_time(), Some(start + RETRY_PAUSE));
    let ready = queue.begin(start + RETRY_PAUSE).unwrap();
    assert_eq!((ready.attempt.number(), ready.held_up), (2, Duration::ZERO));
    assert_eq!(ready.deadline, start + INTERVAL, "the check's own");
    queue.end(&a, start);
    assert!(matches!(
        ready.attempt.end(found(true), false),
        Next::Told(..)
    ));
    assert!(queue.is_idle());
}

#[test]
fn a_failed_check_is_not_tried_past_its_interval_nor_before_the_next_one() {
    let (mut queue, start) = (queue(1, 1), Instant::now());
    let a = with_retries("http://a/", 5);
    let failed = |queue: &mut Queue, now| {
        offer(queue, &a, now);
        let ready = queue.begin(now).unwrap();
        queue.end(&a, now);
        (again(ready.attempt.end(found(true), false)), ready.deadline)
    };
    let (attempt, deadline) = failed(&mut queue, start);
    let attempt = queue.retry(attempt, deadline, deadline).unwrap();
    // It pauses when the next one comes, whose interval it would take.
    assert!(
        queue
            .retry(attempt, start + RETRY_PAUSE, deadline)
            .is_none()
    );
    let given_up = queue.offer(due(&a, Arrival::CameDue), Duration::ZERO, start);
    let (attempt, why) = given_up.unwrap();
    assert!(attempt.give_up(why).is_ok(), "what it found is told");
    let (attempt, deadline) = (failed(&mut queue, start), start + INTERVAL);
    offer(&mut queue, &a, start);
    assert!(
        queue
            .retry(attempt.0, start + RETRY_PAUSE, deadline)
            .is_some()
    );
}

#[derive(Clone, Debug)]
enum Step {
    Offer(usize),
    Begin,
    End(usize, bool),
    Passes(u64),
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_usize..5).prop_map(Step::Offer),
        40 => Just(Step::Begin),
        30 => (0_usize..5, any::<bool>()).prop_map(|(which, fails)| Step::End(which, fails)),
        20 => (0_u64..2_500).prop_map(Step::Passes),
        1 => Just(Step::Stop),
    ]
}

/// The prober's part, without probes: each check has a number of its own, its due time.
struct Prober {
    queue: Queue,
    running: Vec<Ready>,
    /// How often each check was told.
    told: HashMap<Timestamp, usize>,
}

impl Prober {
    fn tell(&mut self, due: &Due) {
        *self.told.entry(due.scheduled_at).or_default() += 1;
    }

    fn let_go(&mut self, (attempt, why): GivenUp) {
        match attempt.give_up(why) {
            Ok((due, _)) | Err((due, _)) => self.tell(&due),
        }
    }

    fn end(&mut self, which: usize, fails: bool, now: Instant) {
        let ready = self.running.remove(which % self.running.len());
        self.queue.end(&ready.attempt.due.target, now);
        match ready.attempt.end(found(fails), false) {
            Next::Told(due, _) => self.tell(&due),
            Next::Again(attempt) => {
                let given_up = self.queue.retry(attempt, now + RETRY_PAUSE, ready.deadline);
                if let Some(attempt) = given_up {
                    self.let_go((attempt, Missed::LastStillRan));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn every_check_is_told_once_however_often_it_is_tried(steps in prop::collection::vec(step(), 0..400)) {
        let mut prober = Prober { queue: queue(2, 1), running: Vec::new(), told: HashMap::new() };
        let targets: Vec<_> = (0..5_u32).map(|n| with_retries(&format!("http://{}/{n}", n % 3), n)).collect();
        let mut now = Instant::now();
        let mut offered = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Offer(index) => {
                    let scheduled_at = Timestamp::from_second(i64::try_from(number).unwrap()).unwrap();
                    offered.push(scheduled_at);
                    let interval = SECOND * (1 + 3 * u32::try_from(index).unwrap());
                    let due = Due { scheduled_at, interval, ..due(&targets[index], Arrival::CameDue) };
                    if let Some(given_up) = prober.queue.offer(due, Duration::ZERO, now) {
                        prober.let_go(given_up);
                    }
                }
                Step::Begin => if let Some(ready) = prober.queue.begin(now) {
                    let due = &ready.attempt.due;
                    let retries = due.target.own.asked.retries.unwrap();
                    prop_assert!(ready.attempt.number() <= 1 + retries);
                    prop_assert!(!ready.attempt.is_retry() || now < ready.deadline);
                    prop_assert!(prober.running.iter().all(|it| it.attempt.due.target != due.target));
                    prober.running.push(ready);
                },
                Step::End(which, fails) => if !prober.running.is_empty() {
                    prober.end(which, fails, now);
                },
                Step::Passes(milliseconds) => {
                    now += Duration::from_millis(milliseconds);
                    while let Some(given_up) = prober.queue.take_overdue(now) {
                        prober.let_go(given_up);
                    }
                }
                Step::Stop => while let Some(attempt) = prober.queue.take_waiting() {
                    prober.let_go((attempt, Missed::Stopped));
                },
            }
        }
        while !prober.running.is_empty() {
            prober.end(0, false, now);
        }
        while let Some(attempt) = prober.queue.take_waiting() {
            prober.let_go((attempt, Missed::Stopped));
        }
        prop_assert!(prober.queue.is_idle() && prober.queue.pauses.is_empty());
        prop_assert_eq!(prober.told.len(), offered.len());
        prop_assert!(prober.told.values().all(|times| *times == 1));
    }
}
