//! What is heard, from where, and up to when partitions are read: noted as chunks are stored, and written
//! by the keeper now and then. Nothing of it is on the way of records.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    incidents::{interval, location_name},
    store::Chunk,
};

/// Locations that are noted between two looks, at most: a topic has a few.
const LOCATIONS_MAX: usize = 1000;
/// How long it holds that a partition was read to its end: Kafka's client says so every two seconds.
const MEASURED: Duration = Duration::from_secs(10);

/// Shared by whoever stores and the keeper.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sightings: BTreeMap<Box<str>, Sighting>,
    read: BTreeMap<i32, Read>,
    /// How many partitions the topic has, where that is known.
    partitions: Option<i32>,
}

/// What came of a location since the last look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sighting {
    /// When its newest record was made, milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The shortest interval of its records, in seconds.
    pub(crate) interval: f64,
}

/// How far a partition was read when it was last measured.
#[derive(Clone, Copy, Debug)]
struct Read {
    at: Instant,
    /// When the first record was made that is not stored yet; none where nothing waits.
    unstored_since_ms: Option<i64>,
}

impl Heard {
    /// A chunk was stored, at that time.
    pub(crate) fn stored(&self, chunk: &Chunk<'_>, now_ms: i64) {
        let mut sightings: Vec<(&str, Sighting)> = Vec::new();
        for item in &chunk.items {
            let Ok(record) = &item.content else {
                continue;
            };
            let made_ms = chunk.batch.get(item.index).and_then(|it| it.timestamp_ms);
            let sighting = Sighting {
                // A clock that is ahead says nothing of the time to come.
                at_ms: made_ms.unwrap_or(now_ms).min(now_ms),
                interval: interval(record.interval).as_secs_f64(),
            };
            let location = location_name(&record.location);
            // Mostly there is one.
            if let Some((_, known)) = sightings.iter_mut().find(|(it, _)| *it == location) {
                known.add(sighting);
            } else if sightings.len() < LOCATIONS_MAX {
                sightings.push((location, sighting));
            }
        }
        self.note(sightings);
    }

    /// Adds what was heard, also what was taken and could not be written.
    pub(crate) fn note<Name: AsRef<str>>(
        &self,
        sightings: impl IntoIterator<Item = (Name, Sighting)>,
    ) {
        let mut state = self.lock();
        for (location, sighting) in sightings {
            if let Some(known) = state.sightings.get_mut(location.as_ref()) {
                known.add(sighting);
            } else if state.sightings.len() < LOCATIONS_MAX {
                state.sightings.insert(location.as_ref().into(), sighting);
            }
        }
    }

    /// Takes what was heard since the last look.
    pub(crate) fn take(&self) -> BTreeMap<Box<str>, Sighting> {
        std::mem::take(&mut self.lock().sightings)
    }

    /// How far a partition is stored: since when records wait, if any do.
    pub(crate) fn measured(&self, partition: i32, unstored_since_ms: Option<i64>, now: Instant) {
        let read = Read {
            at: now,
            unstored_since_ms,
        };
        self.lock().read.insert(partition, read);
    }

    /// The topic has so many partitions; none while it is gone, and then those stay that it had.
    pub(crate) fn topic_has(&self, partitions: usize) {
        let partitions = i32::try_from(partitions).ok().filter(|&count| count > 0);
        let mut state = self.lock();
        state.partitions = partitions.or(state.partitions);
    }

    /// How many partitions the topic has; as many as can be where that is not known yet.
    pub(crate) fn partitions(&self) -> i32 {
        self.lock().partitions.unwrap_or(i32::MAX)
    }

    /// A partition is not ours any more.
    pub(crate) fn forget(&self, partition: i32) {
        self.lock().read.remove(&partition);
    }

    /// Up to which time each partition is stored of which that is known, milliseconds since 1970.
    pub(crate) fn read_until(&self, now: Instant, now_ms: i64) -> Vec<(i32, i64)> {
        let state = self.lock();
        let fresh = state.read.iter();
        let fresh = fresh.filter(|(_, it)| now.saturating_duration_since(it.at) <= MEASURED);
        fresh
            .map(|(&partition, read)| (partition, read.unstored_since_ms.unwrap_or(now_ms)))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sighting {
    fn add(&mut self, other: Self) {
        self.at_ms = self.at_ms.max(other.at_ms);
        self.interval = self.interval.min(other.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(at_ms: i64, interval: f64) -> Sighting {
        Sighting { at_ms, interval }
    }

    #[test]
    fn a_location_is_heard_by_its_newest_record_and_its_shortest_interval() {
        let heard = Heard::default();
        heard.note([("a", sighting(5, 60.0)), ("b", sighting(1, 10.0))]);
        heard.note([("a", sighting(3, 30.0))]);
        let taken = heard.take();
        assert_eq!(taken["a"], sighting(5, 30.0));
        assert_eq!(taken["b"], sighting(1, 10.0));
        assert!(heard.take().is_empty());
        // What could not be written is heard all the same.
        heard.note(taken);
        assert_eq!(heard.take().len(), 2);
    }

    #[test]
    fn a_topic_that_is_gone_had_the_partitions_of_before() {
        let heard = Heard::default();
        assert_eq!(heard.partitions(), i32::MAX);
        heard.topic_has(4);
        heard.topic_has(0);
        assert_eq!(heard.partitions(), 4);
        heard.topic_has(2);
        assert_eq!(heard.partitions(), 2);
    }

    #[test]
    fn a_partition_is_read_up_to_what_waits_or_until_now() {
        let (heard, now) = (Heard::default(), Instant::now());
        heard.measured(0, None, now);
        heard.measured(1, Some(700), now);
        heard.measured(2, None, now);
        heard.forget(2);
        assert_eq!(heard.read_until(now, 900), [(0, 900), (1, 700)]);
        let later = now + MEASURED + Duration::from_secs(1);
        assert!(heard.read_until(later, 900).is_empty(), "nobody measures");
    }
}
