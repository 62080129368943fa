//! Websites: from url to id, with the settings that the newest record names: pattern and `target`.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use database::{DatabaseError, Parameters, Statement, system_time};
use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;
use messages::Record;

use super::{
    known::{Change, Known, Website, WebsiteSettings},
    work::Work,
};

/// Bytes of urls that are remembered, at most; then all are forgotten and asked for again.
const KNOWN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an entry takes beside its url, roughly.
const ENTRY_BYTES: usize = 96;

const SELECT: Statement = Statement::new(
    "looking up websites",
    "SELECT websites.url, id, regexp, regexp_scheduled_at, target::text FROM websites \
    JOIN unnest($1::text[]) AS wanted (url) ON websites.url = wanted.url",
)
.carrying_records();
const INSERT: Statement = Statement::new(
    "storing websites",
    "INSERT INTO websites (url, regexp, target, regexp_scheduled_at) \
    SELECT url, regexp, target::jsonb, scheduled_at \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) \
    AS newer (url, regexp, target, scheduled_at) \
    ON CONFLICT ON CONSTRAINT websites_url_key DO NOTHING",
)
.carrying_records();
const UPDATE: Statement = Statement::new(
    "storing changed settings of websites",
    "UPDATE websites SET regexp = newer.regexp, target = newer.target::jsonb, \
    regexp_scheduled_at = newer.scheduled_at \
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) \
    AS newer (id, regexp, target, scheduled_at) \
    WHERE websites.id = newer.id AND (websites.regexp_scheduled_at IS NULL \
    OR websites.regexp_scheduled_at < newer.scheduled_at)",
)
.carrying_records();

/// The websites that are known to be in the database.
#[derive(Debug, Default)]
pub(super) struct Websites {
    known: Mutex<Cache>,
    /// Settings can be long: what is remembered of them is a hash.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Cache {
    by_url: HashMap<Box<str>, Website>,
    bytes: usize,
}

/// Websites that are not known yet, sorted by url, so that two consumers that insert the same do not
/// deadlock.
type Unknown<'a> = BTreeMap<&'a str, Wanted<'a>>;

/// A website that is not known yet.
#[derive(Debug)]
struct Wanted<'a> {
    /// Its newest record, which says its settings.
    newest: &'a Record,
    /// Where its records stand.
    places: Vec<usize>,
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
            by_place: vec![None; records.len()],
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

    /// Fills in what is known, and returns the rest.
    fn look_up<'a>(&self, records: &[&'a Record], known: &mut Known<'a>) -> Unknown<'a> {
        let cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = Unknown::new();
        for (place, &record) in records.iter().enumerate() {
            let url = record.url.as_str();
            if let Some(website) = cache.by_url.get(url) {
                known.by_place[place] = Some(*website);
                continue;
            }
            let wanted = unknown.entry(url).or_insert_with(|| Wanted {
                newest: record,
                places: Vec::new(),
            });
            wanted.places.push(place);
            if wanted.newest.scheduled_at < record.scheduled_at {
                wanted.newest = record;
            }
        }
        unknown
    }

    /// Moves those that are in the database from the unknown to the known.
    async fn select<'a>(
        &self,
        client: &Object,
        unknown: &mut Unknown<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), DatabaseError> {
        let urls: Vec<&str> = unknown.keys().copied().collect();
        let rows = SELECT.query(client, &[&urls]).await?;
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &rows {
            let Some((url, wanted)) = unknown.remove_entry(row.get::<_, &str>(0)) else {
                continue;
            };
            let named_at: Option<SystemTime> = row.get(3);
            let target: Option<&str> = row.get(4);
            // What is no object was put there by somebody else: the next record replaces it.
            let target = target.and_then(|json| serde_json::from_str(json).ok());
            let settings = WebsiteSettings {
                regexp: row.get(2),
                target: target.as_ref(),
            };
            let website = Website {
                id: row.get(1),
                settings: self.hasher.hash_one(settings),
                named_at: named_at.and_then(|time| Timestamp::try_from(time).ok()),
            };
            for place in wanted.places {
                known.by_place[place] = Some(website);
            }
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
                let settings = WebsiteSettings::of(change.record);
                website.settings = self.hasher.hash_one(settings);
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

/// What records say of their websites, a list a column.
struct Columns<'a> {
    patterns: Vec<&'a str>,
    targets: Vec<Option<String>>,
    times: Vec<SystemTime>,
}

impl<'a> Columns<'a> {
    fn of(records: impl Iterator<Item = &'a Record> + Clone) -> Self {
        let settings = records.clone().map(WebsiteSettings::of);
        Self {
            patterns: settings.clone().map(|it| it.regexp).collect(),
            targets: settings.map(|it| it.target_json()).collect(),
            times: records.map(|it| system_time(it.scheduled_at)).collect(),
        }
    }
}

async fn insert(client: &Object, unknown: &Unknown<'_>) -> Result<(), DatabaseError> {
    let urls: Vec<&str> = unknown.keys().copied().collect();
    let Columns {
        patterns,
        targets,
        times,
    } = Columns::of(unknown.values().map(|wanted| wanted.newest));
    INSERT
        .execute(client, &[&urls, &patterns, &targets, &times])
        .await?;
    Ok(())
}

/// Stores what the chunk's records change, in the batch's transaction.
pub(super) async fn store_changes(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
) -> Result<(), DatabaseError> {
    let changes = work.websites.changes(&work.records);
    if changes.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = changes.iter().map(|it| it.website.id).collect();
    let Columns {
        patterns,
        targets,
        times,
    } = Columns::of(changes.iter().map(|change| change.record));
    let parameters: &Parameters<'_> = &[&ids, &patterns, &targets, &times];
    UPDATE.execute(transaction, parameters).await?;
    work.changes = changes;
    Ok(())
}
