//! The newest results, which wait in memory for their way to disk.

use std::collections::{VecDeque, vec_deque};

use crate::publish::{backlog::Bound, entry::Entry};

/// What the largest result takes: a record as large as Kafka takes one unless told otherwise, and as much
/// again for what it was made from.
const ENTRY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Results in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    bytes: usize,
    bound: Bound,
}

impl Queue {
    pub(super) fn new(bound: Bound) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            bound,
        }
    }

    pub(super) fn has_room(&self, entry: &Entry) -> bool {
        self.entries.len() < self.bound.results && self.bytes + entry.bytes() <= self.bound.bytes
    }

    /// Whether the next one finds room, however large it is.
    pub(super) fn has_room_for_any(&self) -> bool {
        self.entries.len() < self.bound.results && self.bytes + ENTRY_BYTES_MAX <= self.bound.bytes
    }

    /// Whether it is time to make room.
    pub(super) fn is_half_full(&self) -> bool {
        self.entries.len() * 2 >= self.bound.results || self.bytes * 2 >= self.bound.bytes
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
    }

    pub(super) fn iter(&self) -> vec_deque::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Lets go of those below a serial.
    pub(super) fn drop_below(&mut self, serial: u64) {
        let is_below = |entry: &Entry| entry.serial < serial;
        while self.entries.front().is_some_and(is_below) {
            let dropped = self.entries.pop_front();
            self.bytes -= dropped.map_or(0, |entry| entry.bytes());
        }
    }

    pub(super) fn take_all(&mut self) -> VecDeque<Entry> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}
