//! The results that Kafka does not have yet, in order. Pure.

use std::collections::{BTreeMap, VecDeque};

use super::entry::Entry;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct BacklogSettings {
    /// All results that Kafka does not have.
    pub(super) all: Bound,
    /// Of these, those that Kafka's client has.
    pub(super) sent: Bound,
}

/// A bound in number and size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) results: usize,
    pub(super) bytes: usize,
}

/// Results in the order in which they came: first those that the client has, then those that wait.
#[derive(Debug)]
pub(super) struct Backlog {
    settings: BacklogSettings,
    sent: BTreeMap<usize, Entry>,
    sent_bytes: usize,
    waiting: VecDeque<Entry>,
    /// The number of the first that waits. Numbers go up by one and are never used twice.
    next: usize,
    bytes: usize,
}

impl Backlog {
    pub(super) fn new(settings: BacklogSettings) -> Self {
        Self {
            settings,
            sent: BTreeMap::new(),
            sent_bytes: 0,
            waiting: VecDeque::new(),
            next: 0,
            bytes: 0,
        }
    }

    /// Takes a result; `false` when there is no room for it.
    pub(super) fn accept(&mut self, entry: Entry) -> bool {
        let all = self.settings.all;
        if self.len() >= all.results || self.bytes + entry.bytes() > all.bytes {
            return false;
        }
        self.restore(entry);
        true
    }

    /// Takes a result that was taken before, from where it waited meanwhile: there is room for it.
    pub(super) fn restore(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.waiting.push_back(entry);
    }

    /// Whether the other half is to be kept for what is read from disk.
    pub(super) fn is_half_full(&self) -> bool {
        let all = self.settings.all;
        self.len() * 2 >= all.results || self.bytes * 2 >= all.bytes
    }

    /// Gives all results serials from this one on, in the order in which they go.
    pub(super) fn number_from(&mut self, first: u64) {
        let all = self.sent.values_mut().chain(&mut self.waiting);
        for (serial, entry) in (first..).zip(all) {
            entry.serial = serial;
        }
    }

    /// Results in the order in which they go.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.sent.values().chain(&self.waiting)
    }

    /// The oldest that came last: those from this serial on.
    pub(super) fn iter_from(&self, serial: u64) -> impl Iterator<Item = &Entry> {
        let first = self.waiting.partition_point(|entry| entry.serial < serial);
        // Where the client has the newest that is written, what waits is not.
        let last = self.sent.last_key_value();
        let none = last.is_none_or(|(_, last)| last.serial < serial);
        let sent = self.sent.values().take(if none { 0 } else { usize::MAX });
        let sent = sent.skip_while(move |entry| entry.serial < serial);
        sent.chain(self.waiting.range(first..))
    }

    /// The next entry to hand to the client, with its number.
    pub(super) fn next_to_send(&self) -> Option<(usize, &Entry)> {
        let entry = self.waiting.front()?;
        let fits = self.sent.is_empty()
            || self.sent.len() < self.settings.sent.results
                && self.sent_bytes + entry.record.len() <= self.settings.sent.bytes;
        fits.then_some((self.next, entry))
    }

    /// The client has the next entry.
    pub(super) fn sent(&mut self) {
        if let Some(entry) = self.waiting.pop_front() {
            self.sent_bytes += entry.record.len();
            self.sent.insert(self.next, entry);
            self.next += 1;
        }
    }

    /// An entry that the client has, or the next that it would get.
    pub(super) fn get(&self, number: usize) -> Option<&Entry> {
        let next = || self.waiting.front().filter(|_| number == self.next);
        self.sent.get(&number).or_else(next)
    }

    /// Takes out an entry that the client has, or the next that it would get.
    pub(super) fn remove(&mut self, number: usize) -> Option<Entry> {
        let entry = if let Some(entry) = self.sent.remove(&number) {
            self.sent_bytes -= entry.record.len();
            entry
        } else if number == self.next {
            self.waiting.pop_front()?
        } else {
            return None;
        };
        self.bytes -= entry.bytes();
        Some(entry)
    }

    /// Changes an entry in its place. `None` when there is none of this number.
    pub(super) fn change<T>(
        &mut self,
        number: usize,
        change: impl FnOnce(&mut Entry) -> T,
    ) -> Option<T> {
        let is_sent = self.sent.contains_key(&number);
        let mut entry = self.remove(number)?;
        let changed = change(&mut entry);
        self.bytes += entry.bytes();
        if is_sent {
            self.sent_bytes += entry.record.len();
            self.sent.insert(number, entry);
        } else {
            self.waiting.push_front(entry);
        }
        Some(changed)
    }

    /// What the client had, waits again, in its old order and before all others.
    pub(super) fn take_back(&mut self) {
        for entry in std::mem::take(&mut self.sent).into_values().rev() {
            self.waiting.push_front(entry);
        }
        self.sent_bytes = 0;
    }

    /// Results that Kafka does not have.
    pub(super) fn len(&self) -> usize {
        self.sent.len() + self.waiting.len()
    }

    /// Whether Kafka has everything.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest that the client has.
    pub(super) fn first_sent(&self) -> Option<usize> {
        self.sent.first_key_value().map(|(number, _)| *number)
    }

    /// The number that the next which the client gets will bear.
    pub(super) fn next_number(&self) -> usize {
        self.next
    }

    /// Whether the client has something to deliver.
    pub(super) fn has_sent(&self) -> bool {
        !self.sent.is_empty()
    }
}

#[cfg(test)]
mod tests;
