//! How far each target's checks are accounted for: acknowledged by Kafka, spooled, or dropped and
//! counted. Pure.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    changes::{Changes, TargetId},
    cover::Cover,
    mark::Mark,
};
use crate::clock::is_before_build;

/// How long a target that left the list is remembered: its last result is on its way.
const LEFT_KEPT: SignedDuration = SignedDuration::from_secs(60);

/// The watermarks of all targets, and what of them is not on disk yet.
#[derive(Debug, Default)]
pub(crate) struct Watermarks {
    targets: HashMap<Arc<str>, Tracked>,
    next_id: TargetId,
    /// Those whose watermark on disk is older.
    moved: HashSet<Arc<str>>,
    /// Those that are not on disk as they are.
    unwritten: HashSet<Arc<str>>,
    left: Vec<(Arc<str>, Timestamp)>,
    /// Those that are forgotten here, and not on disk.
    forgotten: Vec<TargetId>,
}

/// A target's watermark.
#[derive(Debug)]
struct Tracked {
    id: TargetId,
    cover: Cover,
    mark: Mark,
}

impl Watermarks {
    /// A target as it is known from before.
    pub(super) fn resume(&mut self, id: TargetId, cover: Cover, watermark: Timestamp) {
        self.next_id = self.next_id.max(id + 1);
        let url: Arc<str> = cover.url.as_str().into();
        self.moved.insert(Arc::clone(&url));
        self.targets.insert(url, Tracked::new(id, cover, watermark));
    }

    /// The targets from now on. One that is new has missed nothing.
    pub(crate) fn cover(&mut self, covers: impl Iterator<Item = Cover>, now: Timestamp) {
        let mut gone: HashSet<Arc<str>> = self.targets.keys().cloned().collect();
        let left: HashMap<_, _> = self.left.drain(..).collect();
        for cover in covers {
            gone.remove(cover.url.as_str());
            let url: Arc<str> = cover.url.as_str().into();
            self.cover_one(cover, now);
            if let Some(left_at) = left.get(&url) {
                self.come_back(&url, *left_at..now);
            }
        }
        self.left = left
            .into_iter()
            .filter(|(url, _)| gone.contains(url))
            .collect();
        for url in gone {
            if self.left.iter().all(|(left, _)| *left != url) {
                self.left.push((url, now));
            }
        }
    }

    /// Nothing of a target was due while it was not in the list; its slot under way is.
    fn come_back(&mut self, url: &Arc<str>, away: Range<Timestamp>) {
        let Some(tracked) = self.targets.get_mut(url) else {
            return;
        };
        let times = tracked.cover.times();
        let slots = times.within(away.start..times.first_slot_at(away.end));
        let moves = slots.map(|time| tracked.mark.settle(time));
        if moves.fold(false, |any, one| any | one) {
            self.moved.insert(Arc::clone(url));
        }
    }

    fn cover_one(&mut self, cover: Cover, now: Timestamp) {
        let url: Arc<str> = cover.url.as_str().into();
        match self.targets.get_mut(&url) {
            Some(tracked) if tracked.cover == cover => return,
            Some(tracked) if tracked.cover.interval == cover.interval => tracked.cover = cover,
            // By its new interval, nothing was due until now.
            Some(tracked) => {
                *tracked = Tracked::new(tracked.id, cover, now);
                self.moved.insert(Arc::clone(&url));
            }
            None => {
                let tracked = Tracked::new(self.next_id, cover, now);
                self.next_id += 1;
                self.targets.insert(Arc::clone(&url), tracked);
                self.moved.insert(Arc::clone(&url));
            }
        }
        self.unwritten.insert(url);
    }

    /// Goes on in a store that knows these from before: each target by the id that it has there, and as
    /// far as it is accounted for here.
    pub(crate) fn go_on_in(&mut self, stored: Self, now: Timestamp) {
        self.next_id = stored.next_id;
        let mut stored = stored.targets;
        for (url, tracked) in &mut self.targets {
            tracked.id = stored.remove(url).map_or_else(
                || {
                    self.next_id += 1;
                    self.next_id - 1
                },
                |before| before.id,
            );
        }
        for (url, tracked) in stored {
            self.left.push((Arc::clone(&url), now));
            self.targets.insert(url, tracked);
        }
        self.moved = self.targets.keys().cloned().collect();
        self.unwritten.clone_from(&self.moved);
    }

    /// The clock is right for the first time: nothing was due by it until now.
    pub(crate) fn begin_at(&mut self, now: Timestamp) {
        for tracked in self.targets.values_mut() {
            *tracked = Tracked::new(tracked.id, tracked.cover.clone(), now);
        }
    }

    /// Keeps nothing for a store that is not there: [`Watermarks::go_on_in`] makes up for it.
    pub(crate) fn tend_without_store(&mut self, now: Timestamp) {
        self.forget_left(now);
        self.forgotten.clear();
    }

    /// Whether this target is in the list, or was until just now.
    pub(crate) fn knows(&self, url: &str) -> bool {
        self.targets.contains_key(url)
    }

    /// A check is accounted for.
    pub(crate) fn settle(&mut self, url: &str, scheduled_at: Timestamp) {
        let Some((url, _)) = self.targets.get_key_value(url) else {
            return;
        };
        let url = Arc::clone(url);
        if let Some(tracked) = self.targets.get_mut(&url)
            && tracked.mark.settle(scheduled_at)
        {
            self.moved.insert(url);
        }
    }

    /// Whether a watermark on disk is older.
    pub(crate) fn is_moved(&self) -> bool {
        !self.moved.is_empty()
    }

    /// Whether a target is not on disk as it is.
    pub(crate) fn is_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Adds to `changes` what is not on disk. Where they are not written in the end, they come back by
    /// [`Watermarks::not_written`].
    pub(crate) fn take_changes(&mut self, changes: &mut Changes, now: Timestamp) {
        self.follow_set_back(now);
        self.forget_left(now);
        changes.uncovered.append(&mut self.forgotten);
        for url in self.unwritten.drain() {
            let tracked = self.targets.get(&url);
            let covered = tracked.map(|tracked| (tracked.id, tracked.cover.clone()));
            changes.covered.extend(covered);
        }
        for url in self.moved.drain() {
            let tracked = self.targets.get(&url);
            let watermark = tracked.map(|tracked| (tracked.id, tracked.mark.watermark()));
            changes.watermarks.extend(watermark);
        }
    }

    /// Forgets the targets whose last result has long been on its way.
    fn forget_left(&mut self, now: Timestamp) {
        let is_gone =
            |(_, at): &mut (Arc<str>, Timestamp)| now.duration_since(*at).abs() >= LEFT_KEPT;
        for (url, _) in self.left.extract_if(.., is_gone) {
            self.moved.remove(&url);
            self.unwritten.remove(&url);
            let gone = self.targets.remove(&url);
            self.forgotten.extend(gone.map(|tracked| tracked.id));
        }
    }

    /// These changes did not get to disk.
    pub(crate) fn not_written(&mut self, changes: &Changes) {
        self.forgotten.extend(&changes.uncovered);
        let moved: HashSet<_> = changes.watermarks.iter().map(|(id, _)| *id).collect();
        let unwritten: HashSet<_> = changes.covered.iter().map(|(id, _)| *id).collect();
        for (url, tracked) in &self.targets {
            if moved.contains(&tracked.id) {
                self.moved.insert(Arc::clone(url));
            }
            if unwritten.contains(&tracked.id) {
                self.unwritten.insert(Arc::clone(url));
            }
        }
    }

    /// Where the clock was set back, checks are due again from the time that it shows.
    fn follow_set_back(&mut self, now: Timestamp) {
        // It is wrong for certain, and will be right again.
        if is_before_build(now) {
            return;
        }
        for (url, tracked) in &mut self.targets {
            if tracked.mark.follow_set_back(now) {
                self.moved.insert(Arc::clone(url));
            }
        }
    }
}

impl Tracked {
    fn new(id: TargetId, cover: Cover, watermark: Timestamp) -> Self {
        Self {
            id,
            mark: Mark::new(cover.times(), watermark),
            cover,
        }
    }
}

#[cfg(test)]
mod tests;
