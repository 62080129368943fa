//! Websites: from url to id, with the pattern that the newest record names.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use database::DatabaseError;
use deadpool_postgres::{Object, Transaction};
use jiff::{SignedDuration, Timestamp};
use messages::Record;

use crate::decode::system_time;

/// Bytes of urls that are remembered, at most; then all are forgotten and asked for again.
const KNOWN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an entry takes beside its url, roughly.
const ENTRY_BYTES: usize = 96;
/// How old the noted time of a pattern may get while its records go on to name it. A record that
/// comes late by less than this, after a restart, could set an older pattern.
const PATTERN_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

const SELECT: &str = "SELECT websites.url, id, regexp, regexp_scheduled_at FROM websites \
    JOIN unnest($1::text[]) AS wanted (url) ON websites.url = wanted.url";
const INSERT: &str = "INSERT INTO websites (url, regexp, regexp_scheduled_at) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE websites SET regexp = newer.regexp, \
    regexp_scheduled_at = newer.scheduled_at \
    FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS newer (id, regexp, scheduled_at) \
    WHERE websites.id = newer.id AND (websites.regexp_scheduled_at IS NULL \
    OR websites.regexp_scheduled_at < newer.scheduled_at)";

/// The websites that are known to be in the database.
#[derive(Debug, Default)]
pub(super) struct Websites {
    known: Mutex<Cache>,
    /// Patterns can be long: what is remembered of them is a hash.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Cache {
    by_url: HashMap<Box<str>, Website>,
    bytes: usize,
}

/// What is known of a website.
#[derive(Clone, Copy, Debug)]
struct Website {
    id: i64,
    /// The hash of its pattern.
    pattern: u64,
    /// When the check was due whose record named the pattern.
    named_at: Option<Timestamp>,
}

/// The websites of one chunk.
#[derive(Debug)]
pub(super) struct Known<'a> {
    by_url: HashMap<&'a str, Website>,
    hasher: &'a RandomState,
}

/// A website whose pattern, or its time, has to be noted.
#[derive(Debug)]
pub(super) struct Change<'a> {
    website: Website,
    record: &'a Record,
}

impl Websites {
    /// The websites of these records. Unknown ones are looked up, and made where they are missing,
    /// in a transaction of their own.
    pub(super) async fn resolve<'a>(
        &'a self,
        client: &Object,
        records: &[&'a Record],
    ) -> Result<Known<'a>, DatabaseError> {
        let mut known = Known {
            by_url: HashMap::new(),
            hasher: &self.hasher,
        };
        let mut unknown = self.look_up(records, &mut known);
        if unknown.is_empty() {
            return Ok(known);
        }
        self.select(client, &mut unknown, &mut known).await?;
        if !unknown.is_empty() {
            insert(client, &unknown).await?;
            self.select(client, &mut unknown, &mut known).await?;
        }
        if !unknown.is_empty() {
            return Err(DatabaseError::Stale(
                "a website vanished while it was looked up",
            ));
        }
        Ok(known)
    }

    /// Fills in what is known, and returns the rest: for each url its newest record, sorted, so
    /// that two consumers that insert the same do not deadlock.
    fn look_up<'a>(
        &self,
        records: &[&'a Record],
        known: &mut Known<'a>,
    ) -> BTreeMap<&'a str, &'a Record> {
        let cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = BTreeMap::new();
        for &record in records {
            let url = record.url.as_str();
            if known.by_url.contains_key(url) {
                continue;
            }
            if let Some(website) = cache.by_url.get(url) {
                known.by_url.insert(url, *website);
                continue;
            }
            let newest = unknown.entry(url).or_insert(record);
            if newest.scheduled_at < record.scheduled_at {
                *newest = record;
            }
        }
        unknown
    }

    /// Moves those that are in the database from the unknown to the known.
    async fn select<'a>(
        &self,
        client: &Object,
        unknown: &mut BTreeMap<&'a str, &'a Record>,
        known: &mut Known<'a>,
    ) -> Result<(), DatabaseError> {
        let urls: Vec<&str> = unknown.keys().copied().collect();
        let rows = async {
            let statement = client.prepare_cached(SELECT).await?;
            client.query(&statement, &[&urls]).await
        };
        let rows = rows
            .await
            .map_err(DatabaseError::when("looking up websites"))?;
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &rows {
            let Some((url, _)) = unknown.remove_entry(row.get::<_, &str>(0)) else {
                continue;
            };
            let named_at: Option<std::time::SystemTime> = row.get(3);
            let website = Website {
                id: row.get(1),
                pattern: self.hasher.hash_one(row.get::<_, &str>(2)),
                named_at: named_at.and_then(|time| Timestamp::try_from(time).ok()),
            };
            known.by_url.insert(url, website);
            cache.insert(url, website);
        }
        Ok(())
    }

    /// Notes changes that are committed.
    pub(super) fn changed(&self, changes: &[Change<'_>]) {
        if changes.is_empty() {
            return;
        }
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            // Only what is still known: a website forgotten meanwhile is asked for again.
            if let Some(website) = cache.by_url.get_mut(change.record.url.as_str()) {
                website.pattern = self.hasher.hash_one(&change.record.regex_pattern);
                website.named_at = Some(change.record.scheduled_at);
            }
        }
    }

    /// Forgets all.
    pub(super) fn forget(&self) {
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *cache = Cache::default();
    }
}

impl Cache {
    fn insert(&mut self, url: &str, website: Website) {
        if self.bytes > KNOWN_BYTES_MAX {
            *self = Self::default();
        }
        self.bytes += url.len() + ENTRY_BYTES;
        self.by_url.insert(url.into(), website);
    }
}

impl Known<'_> {
    /// A website's id. Every url of the chunk has one.
    pub(super) fn id(&self, url: &str) -> Option<i64> {
        Some(self.by_url.get(url)?.id)
    }

    /// What these records change: a pattern that differs from the noted one, in a record newer than
    /// the one that named it; or the noted time alone, when it has got old. Sorted by id.
    pub(super) fn changes<'r>(&self, records: &[&'r Record]) -> Vec<Change<'r>> {
        let mut newest: HashMap<&str, &'r Record> = HashMap::new();
        for &record in records {
            let known = newest.entry(&record.url).or_insert(record);
            if known.scheduled_at < record.scheduled_at {
                *known = record;
            }
        }
        let mut changes: Vec<_> = newest
            .into_values()
            .filter_map(|record| {
                let website = *self.by_url.get(record.url.as_str())?;
                self.is_change(website, record)
                    .then_some(Change { website, record })
            })
            .collect();
        changes.sort_by_key(|change| change.website.id);
        changes
    }

    fn is_change(&self, website: Website, record: &Record) -> bool {
        let Some(named_at) = website.named_at else {
            return true;
        };
        let age = record.scheduled_at.duration_since(named_at);
        let differs = website.pattern != self.hasher.hash_one(&record.regex_pattern);
        age > PATTERN_AGE_MAX || differs && age.is_positive()
    }
}

async fn insert(client: &Object, unknown: &BTreeMap<&str, &Record>) -> Result<(), DatabaseError> {
    let urls: Vec<&str> = unknown.keys().copied().collect();
    let records = || unknown.values();
    let patterns: Vec<&str> = records().map(|it| it.regex_pattern.as_str()).collect();
    let times: Vec<_> = records().map(|it| system_time(it.scheduled_at)).collect();
    let inserted = async {
        let statement = client.prepare_cached(INSERT).await?;
        client
            .execute(&statement, &[&urls, &patterns, &times])
            .await
    };
    inserted
        .await
        .map_err(DatabaseError::when("storing websites"))?;
    Ok(())
}

/// Stores changes, in the batch's transaction.
pub(super) async fn update(
    transaction: &Transaction<'_>,
    changes: &[Change<'_>],
) -> Result<(), DatabaseError> {
    if changes.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = changes.iter().map(|it| it.website.id).collect();
    let records = || changes.iter().map(|change| change.record);
    let patterns: Vec<&str> = records().map(|it| it.regex_pattern.as_str()).collect();
    let times: Vec<_> = records().map(|it| system_time(it.scheduled_at)).collect();
    let updated = async {
        let statement = transaction.prepare_cached(UPDATE).await?;
        transaction
            .execute(&statement, &[&ids, &patterns, &times])
            .await
    };
    updated
        .await
        .map_err(DatabaseError::when("storing changed patterns"))?;
    Ok(())
}
