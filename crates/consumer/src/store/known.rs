//! What is known of a chunk's websites, and what its records change of them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use jiff::{SignedDuration, Timestamp};
use messages::Record;
use serde_json::{Map, Value};

/// How old the noted time of a website's settings may get while its records go on to say the same. A
/// record that comes late by less than this, after a restart, could set older ones.
const SETTINGS_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What is known of a website.
#[derive(Clone, Copy, Debug)]
pub(super) struct Website {
    pub(super) id: i64,
    /// The hash of its settings.
    pub(super) settings: u64,
    /// When the check was due whose record said so.
    pub(super) named_at: Option<Timestamp>,
}

/// What a record says of its website's settings.
#[derive(Debug, Hash)]
pub(super) struct WebsiteSettings<'a> {
    pub(super) regexp: &'a str,
    pub(super) target: Option<&'a Map<String, Value>>,
}

impl<'a> WebsiteSettings<'a> {
    /// A record's.
    pub(super) fn of(record: &'a Record) -> Self {
        Self {
            regexp: &record.regex_pattern,
            target: record.target.as_ref(),
        }
    }

    /// `target` as PostgreSQL reads it.
    pub(super) fn target_json(&self) -> Option<String> {
        let target = self.target?;
        // Its keys are strings, so it can be written.
        serde_json::to_string(target).ok()
    }
}

/// The websites of one chunk.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// Those of its records, by the records' places: a url is looked up once.
    pub(super) by_place: Vec<Option<Website>>,
    pub(super) hasher: &'a RandomState,
}

/// A website whose settings, or their time, have to be noted.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) website: Website,
    pub(super) record: &'a Record,
}

impl Known<'_> {
    /// The id of a record's website. Every record has one, once they are looked up.
    pub(super) fn id(&self, place: usize) -> Option<i64> {
        Some(self.at(place)?.id)
    }

    fn at(&self, place: usize) -> Option<Website> {
        self.by_place.get(place).copied().flatten()
    }

    /// What these records change: settings that differ from the noted ones, in a record newer than
    /// the one that named them; or the noted time alone, when it has got old. Sorted by id.
    pub(super) fn changes<'r>(&self, records: &[&'r Record]) -> Vec<Change<'r>> {
        let mut newest: HashMap<i64, Change<'r>> = HashMap::new();
        for (place, &record) in records.iter().enumerate() {
            let Some(website) = self.at(place) else {
                continue;
            };
            let change = newest
                .entry(website.id)
                .or_insert(Change { website, record });
            if change.record.scheduled_at < record.scheduled_at {
                change.record = record;
            }
        }
        let mut changes: Vec<_> = newest
            .into_values()
            .filter(|change| self.is_change(change.website, change.record))
            .collect();
        changes.sort_by_key(|change| change.website.id);
        changes
    }

    fn is_change(&self, website: Website, record: &Record) -> bool {
        let Some(named_at) = website.named_at else {
            return true;
        };
        let age = record.scheduled_at.duration_since(named_at);
        let differs = website.settings != self.hasher.hash_one(WebsiteSettings::of(record));
        age > SETTINGS_AGE_MAX || differs && age.is_positive()
    }
}
