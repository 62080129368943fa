//! Certificates: each is stored once, and known by its id.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use database::{DatabaseError, Statement, system_time};
use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;
use messages::{CertificateFields, Record};
use tokio_postgres::types::ToSql;

use super::{chunk::count, days, work::Work};

/// Bytes of certificates that are remembered, at most; then all are forgotten and asked for again.
const KNOWN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an entry takes beside its texts, roughly.
const ENTRY_BYTES: usize = 128;

const SELECT: Statement = Statement::new(
    "looking up certificates",
    "SELECT wanted.place, certificates.id, named_until \
    FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY \
    AS wanted (not_after, issuer, subject, due, place) JOIN certificates \
    ON ROW(certificates.not_after, certificates.issuer, certificates.subject)::certificate_identity \
    = ROW(wanted.not_after, wanted.issuer, wanted.subject)::certificate_identity \
    WHERE named_until > wanted.due",
)
.carrying_records();
/// In an order that is the same for all, so that two consumers do not deadlock. For some days more
/// than is needed now, so that it is seldom needed again.
const EXTEND: Statement = Statement::new(
    "noting that certificates are still named",
    "WITH outdated AS (SELECT certificates.id, wanted.due + interval '8 days' AS until \
        FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::timestamptz[]) \
        AS wanted (not_after, issuer, subject, due) JOIN certificates \
        ON ROW(certificates.not_after, certificates.issuer, certificates.subject)::certificate_identity \
        = ROW(wanted.not_after, wanted.issuer, wanted.subject)::certificate_identity \
        WHERE named_until <= wanted.due ORDER BY certificates.id FOR NO KEY UPDATE OF certificates) \
    UPDATE certificates SET named_until = outdated.until FROM outdated \
    WHERE certificates.id = outdated.id",
)
.carrying_records();
const INSERT: Statement = Statement::new(
    "storing certificates",
    "INSERT INTO certificates (not_after, issuer, subject, named_until) \
    SELECT not_after, issuer, subject, due + interval '8 days' \
    FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::timestamptz[]) \
    AS wanted (not_after, issuer, subject, due) \
    ON CONFLICT ON CONSTRAINT certificates_identity_key DO NOTHING",
)
.carrying_records();
const COUNT: Statement = Statement::new(
    "looking whether certificates are still there",
    "SELECT count(*) FROM certificates WHERE id = ANY ($1)",
);

/// The certificates that are known to be in the database.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    known: Mutex<Cache>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Cache {
    /// By their hash, so that nothing is copied to look one up.
    by_hash: HashMap<u64, (CertificateFields, Named)>,
    bytes: usize,
}

/// A certificate that is in the database.
#[derive(Clone, Copy, Debug)]
struct Named {
    id: i32,
    /// Rows that were due before then may name it.
    until: Timestamp,
}

/// Records of one certificate.
#[derive(Debug, Default)]
struct Wanted {
    /// Their places.
    places: Vec<usize>,
    /// When the last of them was due.
    due: Timestamp,
}

/// Certificates without an id yet, in an order that is the same for all, so that two consumers which
/// insert the same do not deadlock.
type Unknown<'a> = BTreeMap<&'a CertificateFields, Wanted>;

impl Certificates {
    /// The ids of these records' certificates; `None` for a record without one. Unknown ones are
    /// looked up, and made where they are missing, in a transaction of their own.
    pub(super) async fn resolve(
        &self,
        client: &Object,
        records: &[&Record],
    ) -> Result<Vec<Option<i32>>, DatabaseError> {
        let mut ids = vec![None; records.len()];
        let mut unknown = self.look_up(records, &mut ids);
        if unknown.is_empty() {
            return Ok(ids);
        }
        self.select(client, &mut unknown, &mut ids).await?;
        if !unknown.is_empty() {
            let wanted = Columns::of(&unknown);
            EXTEND.execute(client, &wanted.parameters()).await?;
            self.select(client, &mut unknown, &mut ids).await?;
        }
        if !unknown.is_empty() {
            // Only what is missing: a conflict would burn an id.
            let wanted = Columns::of(&unknown);
            INSERT.execute(client, &wanted.parameters()).await?;
            self.select(client, &mut unknown, &mut ids).await?;
        }
        if unknown.is_empty() {
            return Ok(ids);
        }
        Err(DatabaseError::Stale(
            "a certificate vanished while it was looked up",
        ))
    }

    /// Fills in what is known, and returns the rest.
    fn look_up<'a>(&self, records: &[&'a Record], ids: &mut [Option<i32>]) -> Unknown<'a> {
        let cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let none = CertificateFields::default();
        let mut unknown = Unknown::new();
        for (place, record) in records.iter().enumerate() {
            let certificate = &record.certificate;
            if *certificate == none {
                continue;
            }
            match cache.by_hash.get(&self.hasher.hash_one(certificate)) {
                Some((known, named))
                    if known == certificate && record.scheduled_at < named.until =>
                {
                    ids[place] = Some(named.id);
                }
                _ => {
                    let wanted = unknown.entry(certificate).or_default();
                    wanted.places.push(place);
                    wanted.due = wanted.due.max(record.scheduled_at);
                }
            }
        }
        unknown
    }

    /// Moves those that are in the database from the unknown to the known.
    async fn select(
        &self,
        client: &Object,
        unknown: &mut Unknown<'_>,
        ids: &mut [Option<i32>],
    ) -> Result<(), DatabaseError> {
        let wanted = Columns::of(unknown);
        let rows = SELECT.query(client, &wanted.parameters()).await?;
        let certificates: Vec<&CertificateFields> = unknown.keys().copied().collect();
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &rows {
            let place = usize::try_from(row.get::<_, i64>(0) - 1).unwrap_or(usize::MAX);
            let Some(certificate) = certificates.get(place) else {
                continue;
            };
            let named = Named {
                id: row.get(1),
                // What no calendar holds is for ever.
                until: Timestamp::try_from(row.get::<_, SystemTime>(2)).unwrap_or(Timestamp::MAX),
            };
            for place in unknown.remove(certificate).unwrap_or_default().places {
                ids[place] = Some(named.id);
            }
            cache.insert(self.hasher.hash_one(certificate), certificate, named);
        }
        Ok(())
    }

    /// Forgets all.
    pub(super) fn forget(&self) {
        let mut cache = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *cache = Cache::default();
    }
}

impl Cache {
    fn insert(&mut self, hash: u64, certificate: &CertificateFields, named: Named) {
        if self.bytes > KNOWN_BYTES_MAX {
            *self = Self::default();
        }
        let texts = [&certificate.issuer, &certificate.subject];
        let lengths = texts.iter().map(|it| it.as_ref().map_or(0, |it| it.len()));
        self.bytes += lengths.sum::<usize>() + ENTRY_BYTES;
        self.by_hash.insert(hash, (certificate.clone(), named));
    }
}

/// Makes sure, once rows are stored and before they are committed, that the certificates of late ones
/// are still there: a day can have been dropped since they were looked up, and certificates with it.
/// Whoever removes some waits until we are done, and then finds our day.
pub(super) async fn confirm(
    transaction: &Transaction<'_>,
    work: &Work<'_>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let today = days::of(now);
    let late = work.records.iter().zip(&work.certificates);
    let late = late.filter(|(record, _)| days::of(record.scheduled_at) < today);
    let ids: BTreeSet<i32> = late.filter_map(|(_, id)| *id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<i32> = ids.into_iter().collect();
    let there: i64 = COUNT.query_one(transaction, &[&ids]).await?.get(0);
    if there == count(ids.len()) {
        return Ok(());
    }
    Err(DatabaseError::Stale("a certificate was removed meanwhile"))
}

/// Certificates, column by column, as `unnest` takes them.
struct Columns<'a> {
    not_after: Vec<Option<SystemTime>>,
    issuers: Vec<Option<&'a str>>,
    subjects: Vec<Option<&'a str>>,
    due: Vec<SystemTime>,
}

impl<'a> Columns<'a> {
    fn of(unknown: &Unknown<'a>) -> Self {
        let all = || unknown.keys();
        Self {
            not_after: all().map(|it| it.not_after.map(system_time)).collect(),
            issuers: all().map(|it| it.issuer.as_deref()).collect(),
            subjects: all().map(|it| it.subject.as_deref()).collect(),
            due: unknown.values().map(|it| system_time(it.due)).collect(),
        }
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.not_after, &self.issuers, &self.subjects, &self.due]
    }
}
