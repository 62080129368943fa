//! What has to be stored, by what was acknowledged.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use uuid::Uuid;

use crate::{
    publisher::Acknowledged,
    stream::{Meaning, Planned, Row, Settings, Stream, identify},
    world::History,
};

/// Where a record stands: partition and offset.
pub(super) type Place = (i32, i64);

/// What has to be stored.
pub(super) struct Expected {
    stream: Stream,
    topic: String,
    /// By check, the record that its row is made of.
    pub(super) rows: HashMap<Uuid, Best>,
    /// Dead letters, by the record's place: its number.
    pub(super) letters: HashMap<Place, u64>,
    /// By check, the places of records that become its row or dead letters, as PostgreSQL was just
    /// then.
    pub(super) contested: HashMap<Uuid, Contested>,
    /// By url, what the website's newest record says, and when it was due.
    pub(super) websites: HashMap<String, (i64, Settings)>,
    /// Websites of records that were lost: whether they left a trace is left to chance.
    pub(super) unsure_websites: HashSet<String>,
    /// Records that were there to be read, by partition.
    pub(super) records: BTreeMap<i32, i64>,
    /// Offsets whose records were removed unread, by partition.
    pub(super) lost: BTreeMap<i32, i64>,
    /// Whether records were read twice.
    pub(super) is_reread: bool,
}

/// The record that a check's row is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    pub(super) number: u64,
    place: Place,
    is_missed: bool,
}

/// A check whose records may be refused.
#[derive(Clone, Debug)]
pub(super) struct Contested {
    pub(super) number: u64,
    pub(super) places: Vec<Place>,
    /// Dead letters that were found of it.
    pub(super) letters: usize,
}

impl Expected {
    pub(super) fn of(
        stream: Stream,
        topic: &str,
        mut acknowledged: Vec<Acknowledged>,
        history: &History,
    ) -> Self {
        acknowledged.sort_unstable_by_key(|it| (it.partition, it.offset));
        let mut expected = Self {
            stream,
            topic: topic.to_owned(),
            rows: HashMap::new(),
            letters: HashMap::new(),
            contested: HashMap::new(),
            websites: HashMap::new(),
            unsure_websites: HashSet::new(),
            records: BTreeMap::new(),
            lost: BTreeMap::new(),
            is_reread: !history.reread.is_empty(),
        };
        for (partition, from, to) in &history.lost {
            *expected.lost.entry(*partition).or_default() += to - from;
        }
        for it in acknowledged {
            let is_lost = history.lost.iter().any(|(partition, from, to)| {
                it.partition == *partition && (*from..*to).contains(&it.offset)
            });
            expected.add(it, is_lost);
        }
        expected
    }

    fn add(&mut self, acknowledged: Acknowledged, is_lost: bool) {
        let Acknowledged {
            number,
            partition,
            offset,
        } = acknowledged;
        let planned = self.stream.record(number);
        if is_lost {
            if let Meaning::Row { row, .. } = planned.meaning {
                self.unsure_websites.insert(row.url);
            }
            return;
        }
        *self.records.entry(partition).or_default() += 1;
        let place = (partition, offset);
        match planned.meaning {
            Meaning::Letter { .. } => {
                self.letters.insert(place, number);
            }
            Meaning::Row {
                is_contested: true,
                row,
                ..
            } => {
                let contested = self.contested.entry(row.check_id).or_insert(Contested {
                    number,
                    places: Vec::new(),
                    letters: 0,
                });
                contested.places.push(place);
            }
            Meaning::Row {
                row,
                settings,
                is_original,
                ..
            } => {
                self.add_website(&row, settings);
                let check = if is_original {
                    identify(&self.topic, partition, offset, planned.timestamp_ms)
                } else {
                    row.check_id
                };
                let best = Best {
                    number,
                    place,
                    is_missed: row.outcome.as_deref() == Some("missed"),
                };
                self.add_row(check, best);
            }
        }
    }

    /// The first record of a check is its row, unless it was missed and a later one was not.
    fn add_row(&mut self, check: Uuid, best: Best) {
        match self.rows.entry(check) {
            Entry::Vacant(entry) => {
                entry.insert(best);
            }
            Entry::Occupied(mut entry) => {
                if entry.get().is_missed && !best.is_missed {
                    entry.insert(best);
                }
            }
        }
    }

    fn add_website(&mut self, row: &Row, settings: Settings) {
        let website = self.websites.entry(row.url.clone()).or_default();
        if website.1 == Settings::default() || website.0 < row.scheduled_at {
            *website = (row.scheduled_at, settings);
        }
    }

    /// A record by its number.
    pub(super) fn planned(&self, number: u64) -> Planned {
        self.stream.record(number)
    }

    /// What the record says of its website's `target` that the row of a check is made of. To be asked
    /// before the rows are compared.
    pub(super) fn settings(&self, check: Uuid) -> Settings {
        let number = self.rows.get(&check).map(|best| best.number);
        let number = number.or_else(|| self.contested.get(&check).map(|it| it.number));
        number.map_or_else(Settings::default, |number| self.stream.settings(number))
    }

    /// The row that has to be made of a record.
    pub(super) fn row(&self, best: Best) -> Option<Row> {
        let planned = self.planned(best.number);
        let Meaning::Row {
            mut row,
            is_original,
            ..
        } = planned.meaning
        else {
            return None;
        };
        if is_original {
            let (partition, offset) = best.place;
            row.check_id = identify(&self.topic, partition, offset, planned.timestamp_ms);
        }
        Some(*row)
    }
}
