//! Whatever the lists, the intervals and the clock do.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    SetBack(Duration),
    Passes(Duration),
    /// Which of the targets are in the new list, and with which interval.
    Lists([Option<u64>; 3]),
}

fn step() -> impl Strategy<Value = Step> {
    // Some shorter than a last word waits, some longer.
    let seconds = prop_oneof![1_u64..5, 20_u64..60];
    prop_oneof![
        4 => (0_u64..15_000).prop_map(|millis| Step::Passes(Duration::from_millis(millis))),
        1 => (0_u64..60_000).prop_map(|millis| Step::SetBack(Duration::from_millis(millis))),
        2 => prop::array::uniform3(prop::option::of(seconds)).prop_map(Step::Lists),
    ]
}

/// A schedule, and what it said so far.
struct Run {
    schedule: Schedule,
    now: Timestamp,
    listed: HashSet<String>,
    seen: HashMap<String, Vec<Due>>,
}

impl Run {
    fn new(list: Vec<Entry>) -> Self {
        let now = at("2026-01-01T00:00:05Z");
        Self {
            listed: list.iter().map(|entry| entry.target.url.clone()).collect(),
            schedule: Schedule::new(list, now),
            now,
            seen: HashMap::new(),
        }
    }

    fn take(&mut self, step: Step, all: &[Entry], set_backs: &mut usize) {
        match step {
            Step::Passes(time) => self.now += time,
            Step::SetBack(time) if *set_backs < WALKS_MAX => {
                *set_backs += 1;
                self.schedule.set_back(self.now, self.now - time);
                self.now -= time;
            }
            Step::SetBack(_) => {}
            Step::Lists(intervals) => {
                let chosen = all
                    .iter()
                    .skip(1)
                    .zip(intervals)
                    .filter_map(|(entry, seconds)| {
                        let interval = Duration::from_secs(seconds?);
                        let target = Arc::clone(&entry.target);
                        Some(Entry { target, interval })
                    });
                let list: Vec<_> = [all[0].clone()].into_iter().chain(chosen).collect();
                replace(&mut self.schedule, &list, self.now);
                self.listed = list.iter().map(|it| it.target.url.clone()).collect();
            }
        }
    }

    fn pop(&mut self) -> Result<(), TestCaseError> {
        for due in pop_all(&mut self.schedule, self.now) {
            let url = &due.target.url;
            let left = due.arrival == Arrival::Left;
            prop_assert_eq!(self.listed.contains(url), !left, "{:?}", due);
            prop_assert!(left || due.scheduled_at <= self.now + MICROSECOND * 99);
            self.seen.entry(url.clone()).or_default().push(due);
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_check_is_due_twice_none_of_a_target_that_stays_is_left_out_and_who_leaves_has_a_last_word(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let all = targets(&[
            "https://a.example", "https://b.example", "https://c.example", "https://d.example",
        ]);
        let mut run = Run::new(all[..1].to_vec());
        let mut set_backs = 0;
        for step in steps {
            run.take(step, &all, &mut set_backs);
            run.pop()?;
        }
        // At the end everybody leaves.
        let words = {
            replace(&mut run.schedule, &[], run.now);
            run.listed.clear();
            run.schedule.take_last_words()
        };
        for word in words {
            run.seen.entry(word.target.url.clone()).or_default().push(word);
        }
        for (url, dues) in &run.seen {
            let times: Vec<_> = dues.iter().map(|due| due.scheduled_at).collect();
            let unique: HashSet<_> = times.iter().collect();
            prop_assert_eq!(unique.len(), times.len(), "{}: {:?}", url, dues);
            let last = dues.last().map(|due| due.arrival);
            prop_assert_eq!(last, Some(Arrival::Left), "{}: {:?}", url, dues);
        }
        if set_backs == 0 {
            let stayed = &run.seen["https://a.example"];
            let in_time = |pair: &[Due]| pair[1].scheduled_at == pair[0].scheduled_at + INTERVAL;
            prop_assert!(stayed.windows(2).all(in_time), "{stayed:?}");
        }
    }
}
