//! Who waits, who runs, and who is next. Pure.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use crate::{schedule::Due, targets::Target};

/// How many may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueSettings {
    pub(super) running_max: usize,
    pub(super) running_per_host_max: usize,
}

/// The checks that wait and those that run: at most one of each target. Hosts take turns, so that
/// one with many targets, or with slow ones, delays nobody else.
#[derive(Debug)]
pub(super) struct Queue {
    settings: QueueSettings,
    hosts: HashMap<Host, Line>,
    /// The hosts of which a check waits that may begin, each once.
    turns: VecDeque<Host>,
    waiting: HashSet<Arc<Target>>,
    running: HashSet<Arc<Target>>,
}

/// Host and port.
type Host = (String, u16);

/// One host's checks.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Due>,
    running: usize,
    has_turn: bool,
}

/// What became of a check that was offered.
#[derive(Debug)]
pub(super) enum Offer {
    /// It waits for its turn.
    Waits,
    /// It cannot be made: the target's last check still runs.
    StillRuns(Due),
    /// It waits in the place of the target's last check, which never began.
    Replaces(Due),
}

impl Queue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            hosts: HashMap::new(),
            turns: VecDeque::new(),
            waiting: HashSet::new(),
            running: HashSet::new(),
        }
    }

    /// Takes a check that is due.
    pub(super) fn offer(&mut self, due: Due) -> Offer {
        if self.running.contains(&due.target) {
            return Offer::StillRuns(due);
        }
        let host = host(&due.target);
        let line = self.hosts.entry(host.clone()).or_default();
        if !self.waiting.insert(Arc::clone(&due.target)) {
            let mut waiting = line.waiting.iter_mut();
            if let Some(old) = waiting.find(|old| old.target == due.target) {
                return Offer::Replaces(std::mem::replace(old, due));
            }
        }
        line.waiting.push_back(due);
        self.give_turn(host);
        Offer::Waits
    }

    /// The next check that may begin; it counts as running until [`Queue::end`].
    pub(super) fn begin(&mut self) -> Option<Due> {
        if self.running.len() >= self.settings.running_max {
            return None;
        }
        let host = self.turns.pop_front()?;
        let line = self.hosts.get_mut(&host)?;
        line.has_turn = false;
        let due = line.waiting.pop_front()?;
        line.running += 1;
        self.waiting.remove(&due.target);
        self.running.insert(Arc::clone(&due.target));
        self.give_turn(host);
        Some(due)
    }

    /// The target's check has ended.
    pub(super) fn end(&mut self, target: &Arc<Target>) {
        if !self.running.remove(target) {
            return;
        }
        let host = host(target);
        if let Some(line) = self.hosts.get_mut(&host) {
            line.running -= 1;
            if line.running == 0 && line.waiting.is_empty() {
                self.hosts.remove(&host);
            } else {
                self.give_turn(host);
            }
        }
    }

    /// Takes out every check that waits.
    pub(super) fn take_waiting(&mut self) -> Vec<Due> {
        self.turns.clear();
        self.waiting.clear();
        let lines = self.hosts.values_mut();
        let taken = lines.flat_map(|line| {
            line.has_turn = false;
            std::mem::take(&mut line.waiting)
        });
        taken.collect()
    }

    /// Whether nothing waits and nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    fn give_turn(&mut self, host: Host) {
        if let Some(line) = self.hosts.get_mut(&host)
            && !line.has_turn
            && !line.waiting.is_empty()
            && line.running < self.settings.running_per_host_max
        {
            line.has_turn = true;
            self.turns.push_back(host);
        }
    }
}

fn host(target: &Target) -> Host {
    let host = target.address.host_str().unwrap_or_default().to_owned();
    let port = target.address.port_or_known_default().unwrap_or_default();
    (host, port)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{clock::now, schedule::Arrival, testing::target};

    fn due(target: &Arc<Target>) -> Due {
        Due {
            target: Arc::clone(target),
            scheduled_at: now(),
            interval: std::time::Duration::from_secs(1),
            arrival: Arrival::CameDue,
        }
    }

    fn queue(running_max: usize, running_per_host_max: usize) -> Queue {
        Queue::new(QueueSettings {
            running_max,
            running_per_host_max,
        })
    }

    fn begin(queue: &mut Queue) -> Option<String> {
        queue.begin().map(|due| due.target.url.clone())
    }

    #[test]
    fn both_bounds_hold_and_hosts_take_turns() {
        let mut queue = queue(3, 2);
        let a: Vec<_> = (0..3)
            .map(|path| target(&format!("http://a/{path}")))
            .collect();
        let b = target("http://b/");
        for target in a.iter().chain([&b]) {
            assert!(matches!(queue.offer(due(target)), Offer::Waits));
        }
        assert_eq!(begin(&mut queue).unwrap(), "http://a/0");
        assert_eq!(begin(&mut queue).unwrap(), "http://b/");
        assert_eq!(begin(&mut queue).unwrap(), "http://a/1");
        assert_eq!(begin(&mut queue), None, "three run");
        queue.end(&b);
        assert_eq!(begin(&mut queue), None, "two of the host run");
        queue.end(&a[0]);
        assert_eq!(begin(&mut queue).unwrap(), "http://a/2");
        queue.end(&a[1]);
        queue.end(&a[2]);
        assert!(queue.is_idle());
        assert!(queue.hosts.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_target_is_neither_run_twice_nor_does_it_wait_twice() {
        let mut queue = queue(1, 1);
        let (a, b) = (target("http://a/"), target("http://b/"));
        queue.offer(due(&a));
        queue.offer(due(&b));
        assert_eq!(begin(&mut queue).unwrap(), "http://a/");
        assert!(matches!(queue.offer(due(&a)), Offer::StillRuns(_)));
        assert!(matches!(queue.offer(due(&b)), Offer::Replaces(_)));
        queue.end(&a);
        assert_eq!(begin(&mut queue).unwrap(), "http://b/");
        assert_eq!(begin(&mut queue), None);
    }

    proptest! {
        #[test]
        fn every_check_comes_out_once_whatever_the_order(steps in prop::collection::vec((0_usize..6, 0_u8..3), 0..200)) {
            let mut queue = queue(3, 2);
            let targets: Vec<_> = (0..6).map(|n| target(&format!("http://{}/{n}", ["a", "b"][n % 2]))).collect();
            let (mut offered, mut out, mut running) = (0, 0, Vec::new());
            for (index, step) in steps {
                match step {
                    0 => {
                        offered += 1;
                        out += usize::from(!matches!(queue.offer(due(&targets[index])), Offer::Waits));
                    }
                    1 => running.extend(queue.begin()),
                    _ => if let Some(ended) = running.pop() {
                        queue.end(&ended.target);
                        out += 1;
                    },
                }
                prop_assert!(running.len() <= 3);
            }
            while !queue.is_idle() {
                running.extend(queue.begin());
                let ended = running.pop().unwrap();
                queue.end(&ended.target);
                out += 1;
            }
            prop_assert_eq!(offered, out);
        }
    }
}
