//! The checks of a chunk, each once: Kafka may hold several records of one.

use std::collections::{HashMap, hash_map::Entry};

use database::DatabaseError;
use messages::Record;

use super::{
    known::Known,
    row::{Fate, Row, Stored},
};

/// A check that is to have its row: one statement must not hold it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The record of it that came first, by its place among the records.
    pub(super) first: usize,
    /// The record that the row is made of: the first that is not missed, or the first.
    pub(super) best: usize,
}

/// The records as rows, and each check once. What becomes of a record is what it would be if none
/// of the checks had a row yet, which is nearly always so.
pub(super) fn plan<'a>(
    records: &[&'a Record],
    websites: &Known<'_>,
    certificates: &[Option<i32>],
) -> Result<(Vec<Stored<'a>>, Vec<Check>), DatabaseError> {
    let mut places = HashMap::with_capacity(records.len());
    let mut checks: Vec<Check> = Vec::with_capacity(records.len());
    let mut stored: Vec<Stored<'a>> = Vec::with_capacity(records.len());
    for (place, &record) in records.iter().enumerate() {
        let Some(website_id) = websites.id(place) else {
            return Err(DatabaseError::Stale("a website was not looked up"));
        };
        let row = Row {
            website_id,
            certificate_id: certificates.get(place).copied().flatten(),
            record,
        };
        // Finer than a microsecond, PostgreSQL does not see.
        let due = record.scheduled_at.as_microsecond();
        let fate = match places.entry((website_id, due, record.check_id)) {
            Entry::Vacant(entry) => {
                entry.insert(checks.len());
                checks.push(Check {
                    first: place,
                    best: place,
                });
                Fate::New
            }
            Entry::Occupied(entry) => {
                let check = &mut checks[*entry.get()];
                if stored[check.best].row.is_missed() && !row.is_missed() {
                    check.best = place;
                    Fate::Replaced
                } else {
                    Fate::Repeat
                }
            }
        };
        stored.push(Stored { row, fate });
    }
    Ok((stored, checks))
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use jiff::ToSpan;
    use messages::OutcomeKind::{Down, Missed, Up};

    use super::{
        Fate::{New, Repeat, Replaced},
        *,
    };
    use crate::{store::known::Website, testing::record};

    #[test]
    fn a_check_is_its_first_record_that_is_not_missed() {
        let records = [
            record(1, Missed),
            record(2, Up),
            record(1, Missed),
            record(1, Down),
            record(1, Up),
            record(2, Missed),
        ];
        let hasher = RandomState::new();
        let website = Website {
            id: 7,
            settings: 0,
            named_at: None,
        };
        let websites = Known {
            by_place: vec![Some(website); records.len()],
            hasher: &hasher,
        };
        let all: Vec<_> = records.iter().collect();
        let (stored, checks) = plan(&all, &websites, &[]).unwrap();
        let check = |first, best| Check { first, best };
        assert_eq!(checks, [check(0, 3), check(1, 1)]);
        let fates: Vec<_> = stored.iter().map(|it| it.fate).collect();
        assert_eq!(fates, [New, New, Repeat, Replaced, Repeat, Repeat]);

        // A check of another due time is another one; a nanosecond is nothing to PostgreSQL.
        let mut later = record(1, Up);
        later.scheduled_at += 1.nanoseconds();
        let mut latest = record(1, Up);
        latest.scheduled_at += 1.microseconds();
        let (_, checks) = plan(&[&records[0], &later, &latest], &websites, &[]).unwrap();
        assert_eq!(checks, [check(0, 1), check(2, 2)]);

        let nobody = Known {
            by_place: Vec::new(),
            hasher: &hasher,
        };
        let error = plan(&all, &nobody, &[]).unwrap_err();
        assert!(matches!(error, DatabaseError::Stale(_)), "none is left out");
    }
}
