//! Certificates: each is stored once, and known by its id.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use database::{DatabaseError, Statement, system_time};
use deadpool_postgres::Object;
use messages::{CertificateFields, Record};
use tokio_postgres::types::ToSql;

/// Bytes of certificates that are remembered, at most; then all are forgotten and asked for again.
const KNOWN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an entry takes beside its texts, roughly.
const ENTRY_BYTES: usize = 128;

const SELECT: Statement = Statement::new(
    "looking up certificates",
    "SELECT wanted.place, certificates.id \
    FROM unnest($1::timestamptz[], $2::text[], $3::text[]) WITH ORDINALITY \
    AS wanted (not_after, issuer, subject, place) JOIN certificates \
    ON ROW(certificates.not_after, certificates.issuer, certificates.subject)::certificate_identity \
    = ROW(wanted.not_after, wanted.issuer, wanted.subject)::certificate_identity",
)
.carrying_records();
const INSERT: Statement = Statement::new(
    "storing certificates",
    "INSERT INTO certificates (not_after, issuer, subject) \
    SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[]) ON CONFLICT ON CONSTRAINT certificates_identity_key DO NOTHING",
)
.carrying_records();

/// The certificates that are known to be in the database.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    known: Mutex<Cache>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Cache {
    /// By their hash, so that nothing is copied to look one up.
    by_hash: HashMap<u64, (CertificateFields, i32)>,
    bytes: usize,
}

/// Certificates without an id yet, in an order that is the same for all, so that two consumers which
/// insert the same do not deadlock; each with the places of its records.
type Unknown<'a> = BTreeMap<&'a CertificateFields, Vec<usize>>;

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
                Some((known, id)) if known == certificate => ids[place] = Some(*id),
                _ => unknown.entry(certificate).or_default().push(place),
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
            let (Some(certificate), id) = (certificates.get(place), row.get(1)) else {
                continue;
            };
            for place in unknown.remove(certificate).unwrap_or_default() {
                ids[place] = Some(id);
            }
            cache.insert(self.hasher.hash_one(certificate), certificate, id);
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
    fn insert(&mut self, hash: u64, certificate: &CertificateFields, id: i32) {
        if self.bytes > KNOWN_BYTES_MAX {
            *self = Self::default();
        }
        let texts = [&certificate.issuer, &certificate.subject];
        let lengths = texts.iter().map(|it| it.as_ref().map_or(0, |it| it.len()));
        self.bytes += lengths.sum::<usize>() + ENTRY_BYTES;
        self.by_hash.insert(hash, (certificate.clone(), id));
    }
}

/// Certificates, column by column, as `unnest` takes them.
struct Columns<'a> {
    not_after: Vec<Option<std::time::SystemTime>>,
    issuers: Vec<Option<&'a str>>,
    subjects: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(unknown: &Unknown<'a>) -> Self {
        let all = || unknown.keys();
        Self {
            not_after: all().map(|it| it.not_after.map(system_time)).collect(),
            issuers: all().map(|it| it.issuer.as_deref()).collect(),
            subjects: all().map(|it| it.subject.as_deref()).collect(),
        }
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.not_after, &self.issuers, &self.subjects]
    }
}
