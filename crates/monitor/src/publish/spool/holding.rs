//! Where each result is that Kafka does not have, and when something is to be done about it.

use std::{sync::Arc, time::Duration};

use service::health::{Health, Remark};
use tokio::{sync::watch, time::Instant};

use super::{early::Early, pace::Pace, queue::Queue};
use crate::{
    clock,
    fleet::Ledger,
    publish::{
        backlog::{Backlog, Bound},
        disk::{Disk, Done},
        entry::Entry,
    },
    state::{Cover, Place, Resumed, Unopened, Watermarks},
    targets::Target,
};

/// The backlog is filled again when fewer results are in it.
const BACKLOG_LOW: usize = 1_000;

/// The lists of targets, each in force until the next.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    pub(crate) targets: watch::Receiver<Vec<Arc<Target>>>,
    /// From one check to the next, of targets that have no interval of their own.
    pub(crate) interval: Duration,
    /// Where checks are accounted for instead of the state, since others go on with these targets.
    pub(crate) ledger: Option<Ledger>,
}

impl Lists {
    /// What is kept of the targets that are in force; `None` where they have a ledger.
    pub(crate) fn covers(&self) -> Option<Vec<Cover>> {
        if self.ledger.is_some() {
            return None;
        }
        let targets = self.targets.borrow();
        let covers = targets.iter().map(|it| Cover::new(it, self.interval));
        Some(covers.collect())
    }
}

/// What a spool begins with.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    /// What was found there.
    pub(crate) resumed: Result<Resumed, Unopened>,
    pub(crate) lists: Lists,
}

/// The spool, as far as the publisher has to know it. Without a store it holds nothing.
#[derive(Debug)]
pub(crate) struct Spool {
    pub(super) disk: Disk,
    pub(super) watermarks: Watermarks,
    /// Where a store is looked for while there is none, with the targets whose checks are owed.
    pub(super) place: Option<(Place, Lists)>,
    /// Says when there is none, or when it refuses.
    pub(super) remark: Option<Remark>,
    /// The serial of the next result.
    pub(super) next: u64,
    /// Results below are on disk, unless they are settled.
    pub(super) written: u64,
    /// Results below are on disk once the store has done what it does.
    pub(super) writing: u64,
    /// Results below are in the backlog, unless they are settled.
    pub(super) loaded: u64,
    /// Results below gave way to newer ones, so that they are no longer on disk.
    pub(super) gone: u64,
    /// Results that were on disk before those in memory came.
    pub(super) early: Option<Early>,
    pub(super) queue: Queue,
    /// Results on disk that Kafka has by now, or will never get.
    pub(super) settled: Vec<u64>,
    pub(super) on_disk: u64,
    pub(super) pace: Pace,
}

impl Spool {
    /// A spool without a store.
    pub(crate) fn off() -> Self {
        Self {
            disk: Disk::Off,
            watermarks: Watermarks::default(),
            place: None,
            remark: None,
            next: 0,
            written: 0,
            writing: 0,
            loaded: 0,
            gone: 0,
            early: None,
            queue: Queue::new(Bound {
                results: 0,
                bytes: 0,
            }),
            settled: Vec::new(),
            on_disk: 0,
            pace: Pace::start(),
        }
    }

    /// Goes on where the state was left, or without, until there is a store. So much may wait in memory to
    /// be written.
    pub(crate) fn begin(kept: Kept, health: &Health, queue_bound: Bound) -> Self {
        let covers = kept.lists.covers();
        let mut spool = Self {
            remark: Some(health.remark("state")),
            place: Some((kept.place, kept.lists)),
            queue: Queue::new(queue_bound),
            ..Self::off()
        };
        match kept.resumed {
            Ok(resumed) => spool.go_on(resumed),
            Err(error) => {
                let covers = covers.into_iter().flatten();
                spool.watermarks.cover(covers, clock::now());
                spool.begin_without(&error.to_string());
            }
        }
        spool
    }

    fn go_on(&mut self, resumed: Resumed) {
        self.disk = Disk::Idle(resumed.store);
        self.watermarks = resumed.watermarks;
        self.next = resumed.next_serial;
        self.written = resumed.next_serial;
        self.writing = resumed.next_serial;
        self.loaded = resumed.first_serial;
        self.on_disk = resumed.results;
    }

    /// The serial for a result that comes.
    pub(crate) fn take_serial(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Whether a result that comes belongs into the queue here.
    pub(crate) fn comes_next(&self, backlog: &Backlog) -> bool {
        self.disk.is_there() && (self.is_deep() || backlog.is_half_full())
    }

    /// Whether results wait behind those of the backlog.
    pub(super) fn is_deep(&self) -> bool {
        self.early.is_some() || self.loaded < self.next
    }

    /// The backlog took the newest result.
    pub(crate) fn bypassed(&mut self) {
        self.loaded = self.next;
    }

    pub(crate) fn has_room(&self, entry: &Entry) -> bool {
        self.queue.has_room(entry)
    }

    /// The same, however large it is.
    pub(crate) fn has_room_for_any(&self) -> bool {
        self.queue.has_room_for_any()
    }

    pub(crate) fn queue(&mut self, entry: Entry) {
        self.queue.push(entry);
    }

    /// Nothing more is to be done for a result: Kafka has it, or will never get it.
    pub(crate) fn settle(&mut self, entry: &Entry) {
        self.watermarks.settle(&entry.url, entry.scheduled_at);
        if let Some(ledger) = self.ledger() {
            ledger.settle(&entry.url, entry.scheduled_at);
        }
        if self.disk.is_there() && entry.serial < self.writing {
            self.settled.push(entry.serial);
        }
    }

    /// Kafka acknowledged something.
    pub(crate) fn kafka_answered(&mut self) {
        self.pace.kafka_answered();
    }

    /// Sees whether other targets are checked by now.
    pub(crate) fn follow_targets(&mut self) {
        if !self.disk.is_there() {
            self.watermarks.tend_without_store(clock::now());
        }
        let Some((place, lists)) = &mut self.place else {
            return;
        };
        if place.follow_clock(clock::now()) {
            self.watermarks.begin_at(place.since);
            self.pace.open_again_at = Instant::now();
        }
        if lists.targets.has_changed().unwrap_or_default() {
            lists.targets.mark_unchanged();
            let covers = lists.covers().into_iter().flatten();
            self.watermarks.cover(covers, clock::now());
        }
    }

    /// Whether results of this target may still come.
    pub(crate) fn knows(&self, url: &str) -> bool {
        let is_listed = |ledger: &Ledger| ledger.knows(url);
        self.place.is_none() || self.watermarks.knows(url) || self.ledger().is_some_and(is_listed)
    }

    fn ledger(&self) -> Option<&Ledger> {
        self.place.as_ref()?.1.ledger.as_ref()
    }

    /// Results that are neither in Kafka nor on disk.
    pub(crate) fn unsafe_results(&self, backlog: &Backlog) -> usize {
        let in_danger = |entry: &&Entry| entry.serial >= self.written || entry.serial < self.gone;
        backlog
            .iter()
            .chain(self.queue.iter())
            .filter(in_danger)
            .count()
    }

    /// Results on disk.
    pub(crate) fn on_disk(&self) -> u64 {
        self.on_disk
    }

    /// Whether everything is on disk that is not in Kafka.
    pub(crate) fn is_all_written(&self) -> bool {
        self.disk.is_idle() && self.written == self.next && self.gone <= self.loaded
    }

    /// Whether nothing waits here.
    pub(crate) fn is_empty(&self) -> bool {
        !self.is_deep()
    }

    /// When there is something to do next.
    pub(crate) fn due(&self, backlog: &Backlog) -> Option<Instant> {
        if self.disk.is_off() && self.place.is_some() {
            return Some(self.pace.open_again_at);
        }
        if !self.disk.is_idle() {
            return None;
        }
        let write = self.write_due(backlog);
        let fill = self.is_low(backlog).then_some(self.pace.read_again_at);
        write.into_iter().chain(fill).min()
    }

    pub(super) fn is_low(&self, backlog: &Backlog) -> bool {
        // What was there before must not come between results that are not on disk.
        let may_be_filled = self.early.is_none() || self.unwritten(backlog).next().is_none();
        self.is_deep() && may_be_filled && backlog.len() < BACKLOG_LOW && !backlog.is_half_full()
    }

    pub(super) fn write_due(&self, backlog: &Backlog) -> Option<Instant> {
        let group = self.group_due(backlog);
        let settled = (!self.settled.is_empty()).then(|| self.pace.settled_due());
        let moved = self
            .watermarks
            .is_moved()
            .then(|| self.pace.watermarks_due());
        // Of a target that is not known on disk, nothing would be owed.
        let covered = self.watermarks.is_unwritten().then(Instant::now);
        let due = [group, settled, moved, covered].into_iter().flatten().min();
        due.map(|due| due.max(self.pace.write_again_at))
    }

    /// When what is not on disk has to get there: at once, where little more finds room.
    pub(super) fn group_due(&self, backlog: &Backlog) -> Option<Instant> {
        let came_at = self.unwritten(backlog).next()?.came_at;
        if self.queue.is_half_full() {
            return Some(came_at);
        }
        let hurry = self.is_deep() || self.on_disk > 0;
        Some(self.pace.group_due(came_at, hurry))
    }

    pub(super) fn unwritten<'a>(&'a self, backlog: &'a Backlog) -> impl Iterator<Item = &'a Entry> {
        let all = backlog.iter_from(self.written).chain(self.queue.iter());
        all.filter(|entry| entry.serial >= self.written)
    }

    /// Waits until there is something to do, or something was done.
    pub(crate) async fn next(&mut self, due: Option<Instant>) -> Option<Done> {
        match due {
            Some(due) => {
                tokio::time::sleep_until(due).await;
                None
            }
            None => Some(self.disk.done().await),
        }
    }
}
